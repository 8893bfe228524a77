"""The seven classes of FER2013: their order, their colours, and the names that other data sets and models use for them.

The order is FER2013's own (codes 0 to 6). Folder listings sort otherwise and other models number otherwise, so
everything that enters the project is mapped by name, and an unknown name is refused.
"""

EMOTIONS = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")

# Okabe and Ito's palette (2008), told apart by colour-blind eyes and legible on white and on dark; grey for neutral.
COLORS = {
    "angry": "#D55E00",
    "disgust": "#009E73",
    "fear": "#CC79A7",
    "happy": "#E69F00",
    "sad": "#0072B2",
    "surprise": "#56B4E9",
    "neutral": "#8C8C8C",
}

_ALIASES = {
    "anger": "angry",
    "disgusted": "disgust",
    "fearful": "fear",
    "scared": "fear",
    "happiness": "happy",
    "joy": "happy",
    "sadness": "sad",
    "suprise": "surprise",  # a misspelling that several published models carry
    "surprised": "surprise",
}

# Classes that FER+ and AffectNet have beyond the seven: a model may know them, though no image of FER2013 is one.
OTHER_EMOTIONS = ("contempt", "uncertain", "unknown")


class UnknownEmotion(ValueError):
    """A class name that is none of the seven."""


def emotion_index(name: str) -> int:
    """Class index of an emotion given by any of its usual names.

    Parameters
    ----------
    name
        Name in any case, with blanks around it: "happy", "Happiness", " JOY ".

    Returns
    -------
    int
        0 to 6, the position in `EMOTIONS`.

    Raises
    ------
    UnknownEmotion
        If the name is none that is known; nothing is guessed.
    """
    key = str(name).strip().lower()
    key = _ALIASES.get(key, key)
    if key not in EMOTIONS:
        raise UnknownEmotion(
            f"unknown emotion {name!r}; expected one of {', '.join(EMOTIONS)} (or {', '.join(sorted(_ALIASES))})"
        )
    return EMOTIONS.index(key)
