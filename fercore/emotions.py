"""The classes this field knows: their order, their colours, and the names that other data sets and models use for them.

The order is FER2013's own (codes 0 to 6), then contempt. Folder listings sort otherwise and other models number
otherwise, so everything that enters the project is mapped by name, and an unknown name is refused. A data set may have
other classes: `color` and `colors` know one for any name.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable, Iterator

EMOTIONS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")  # the classes of FER2013
KNOWN = (*EMOTIONS, "contempt")  # those of AffectNet, FER+ and CK+ too

# Okabe and Ito's palette (2008), told apart by colour-blind eyes and legible on white and on dark; grey for neutral.
# Contempt's was chosen by search as the colours below.
COLORS = {
    "angry": "#D55E00",
    "disgust": "#009E73",
    "fear": "#CC79A7",
    "happy": "#E69F00",
    "sad": "#0072B2",
    "surprise": "#56B4E9",
    "neutral": "#8C8C8C",
    "contempt": "#843024",
}

# For classes beyond the known ones. Each is the colour farthest from all before it (at least 0.06 in Oklab), as seen
# with normal vision and with simulated protanopia, deuteranopia and tritanopia (Machado et al. 2009), of those with a
# contrast of at least 2:1 to both grounds.
OTHER_COLORS = (
    *("#3C4878", "#9000FC", "#C0B49C", "#905460", "#6C18B4", "#B43C0C", "#B460F0", "#CC24C0"),
    *("#785484", "#6CB46C", "#E47830", "#6C3C54", "#906C90", "#FC84FC"),
)

ALIASES = {
    "anger": "angry",
    "angered": "angry",
    "mad": "angry",
    "contemptuous": "contempt",
    "disgusted": "disgust",
    "disgusting": "disgust",
    "afraid": "fear",
    "fearful": "fear",
    "scared": "fear",
    "happiness": "happy",
    "joy": "happy",
    "joyful": "happy",
    "sadness": "sad",
    "suprise": "surprise",  # a misspelling that several published models carry
    "surprised": "surprise",
    "neutrality": "neutral",
}

# What FER+ and AffectNet have beyond the seven: a model may know them, though no image of FER2013 is one.
OTHER_EMOTIONS = ("contempt", "uncertain", "unknown")

MOST_CLASSES, LONGEST_NAME = 1000, 60  # classes of a data set or model, and characters of a class's name


class UnknownEmotion(ValueError):
    """A class name that is none of those expected."""


def canonical(name: object) -> str:
    """The name this project uses for a class: " Joy\\n" is "happy"; a name it does not know stays, in lower case."""
    key = str(name).strip().lower()
    return ALIASES.get(key, key)


def emotion_index(name: str, classes: tuple[str, ...] = EMOTIONS) -> int:
    """Class index of an emotion given by any of its usual names.

    Parameters
    ----------
    name
        Name in any case, with blanks around it: "happy", "Happiness", " JOY ".
    classes
        The classes in question, by default those of FER2013.

    Returns
    -------
    int
        The position in `classes`.

    Raises
    ------
    UnknownEmotion
        If the name is none of them; nothing is guessed.
    """
    key = canonical(name)
    if key not in classes:
        others = sorted(alias for alias, meant in ALIASES.items() if meant in classes)
        raise UnknownEmotion(
            f"unknown emotion {name!r}; expected one of {', '.join(classes)}"
            + f" (or {', '.join(others)})" * bool(others)
        )
    return classes.index(key)


def classes_problem(classes: object) -> str | None:
    """What is wrong with a list of class names, in words to follow a file's name; None where it is one."""
    if not isinstance(classes, list) or not 2 <= len(classes) <= MOST_CLASSES:
        received = f"{len(classes):,} entries" if isinstance(classes, list) else type(classes).__name__
        return f"received {received}, expected a list of 2 to {MOST_CLASSES:,} names"
    for name in classes:
        if not isinstance(name, str) or not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
            return f"received {repr(name)[:80]}, expected printable names of 1 to {LONGEST_NAME} characters"
        if name != name.strip():
            return f"received {name!r}, expected names without blanks around them"
    twice = [name for name in classes if classes.count(name) > 1]
    return f"received {twice[0]!r} twice, expected every class once" if twice else None


def class_columns(classes: Iterable[str], others: Iterable[str]) -> tuple[str, ...]:
    """What the columns of classes are called in a table: by their names, but for one that another column has.

    Parameters
    ----------
    classes
        Names of the classes, each once.
    others
        Names of the table's other columns: the class "time" is "time (class)" beside a column "time".
    """
    names, taken = list(classes), set(others)
    clash = [name in taken for name in names]
    taken.update(names)
    for place in (place for place, clashes in enumerate(clash) if clashes):
        names[place] = next(name for name in _marked(names[place]) if name not in taken)
        taken.add(names[place])
    return tuple(names)


def _marked(name: str) -> Iterator[str]:
    """Names for a column that cannot have its own, best first, without end."""
    yield f"{name} (class)"
    yield from (f"{name} (class {number})" for number in itertools.count(2))


def color(name: str) -> str:
    """Colour "#RRGGBB" of a class, the same wherever it appears; `colors` also keeps several unknown ones apart."""
    return colors((name,))[name]


def colors(classes: Iterable[str]) -> dict[str, str]:
    """Name -> colour "#RRGGBB" of the classes of one data set or model, no two the same.

    The known eight have their own. Any other class has one that follows from its name, or the next free one where an
    earlier class of the list took that.
    """
    found: dict[str, str] = {}
    for name in classes:
        if name not in COLORS:
            taken = {*COLORS.values(), *found.values()}
            found[name] = next(one for one in _own_colors(name) if one not in taken)
        else:
            found[name] = COLORS[name]
    return found


def _own_colors(name: str) -> Iterable[str]:
    """Colours for a class beyond the known ones, best first, without end."""
    start = int.from_bytes(hashlib.sha256(name.encode("utf-8", "replace")).digest()[:4], "big")
    yield from (OTHER_COLORS[(start + step) % len(OTHER_COLORS)] for step in range(len(OTHER_COLORS)))
    number = 0
    while True:  # more classes than can be told apart by colour: at least no two are the same
        yield f"#{(start + number * 7919) % (1 << 24):06X}"
        number += 1
