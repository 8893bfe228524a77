"""ExpW (Zhang, Luo, Loy and Tang 2018, http://mmlab.ie.cuhk.edu.hk/projects/socialrelation/): pictures, and label.lst
with the box of each face."""

from __future__ import annotations

from importlib.resources.abc import Traversable

from fercore.data.choices import Choices
from fercore.data.dataset import DataError
from fercore.data.forms.finding import below, child, lines
from fercore.data.listing import Listed, Listing
from fercore.data.records import Source

CODES = {"0": "angry", "1": "disgust", "2": "fear", "3": "happy", "4": "sad", "5": "surprise", "6": "neutral"}
LIST = "label.lst"
LICENCE = "ExpW: for non-commercial research only"
NOTE = "number code of ExpW: " + ", ".join(f"{code} {name}" for code, name in CODES.items())
_LINE = "a line such as angry_actor_104.jpg 0 28 113 226 141 22.9362 0 (image, face, top, left, right, bottom, ...)"


def fits(folder: Traversable, _: Choices) -> bool:
    """Whether it has ExpW's list, here or in a folder label/."""
    return _list(folder) is not None


def open_expw(folder: Traversable, name: str, container: str, choices: Choices) -> Source:
    """The faces in the list; those of one picture stay in one split."""
    file, listing = _list(folder), Listing(name, choices)
    if file is None:
        raise DataError(f"{name}: no {LIST} in it; expected {LIST} beside the folder of pictures")
    images = _pictures(folder)
    for number, line in lines(file, f"{name}: {LIST}"):
        _take(listing, images, f"{LIST} line {number}", line.split())
    return listing.source_of(
        f"ExpW, faces in pictures with a list in a {container}",
        dataset="expw",
        cut=("val", "test"),
        together="picture",
        notes=[NOTE, "no splits in ExpW: they are cut, and all faces of a picture stay in one"],
        licence=LICENCE,
        options=choices.options(),
    )


def _take(listing: Listing, images: Traversable, where: str, cells: list[str]) -> None:
    """One line of the list: image, face, top, left, right, bottom, confidence, label."""
    try:
        picture, face, *numbers, _, code = cells
        top, left, right, bottom = map(int, numbers)
    except ValueError:
        listing.add_bad(f"{where}: {' '.join(cells)[:80]!r}, expected {_LINE}")
        return
    if code not in CODES or not (left < right and top < bottom):
        listing.add_bad(f"{where}: label {code[:20]} or box {numbers}, expected 0 to 6, and left < right, top < bottom")
    elif (file := below(images, picture)) is None:
        listing.add_bad(f"{where}: there is no picture {picture[:80]!r}")
    elif chosen := listing.class_of(CODES[code], where, 1, code):
        box = (left, top, right, bottom)
        listing.add(Listed(file, picture, chosen, "train", {"picture": picture}, box, f"#{face}"))


def _pictures(folder: Traversable) -> Traversable:
    """The folder of pictures: origin/, image/origin/ or image/."""
    for name in ("image", "images"):
        inner = child(folder, name)
        folder = inner if inner is not None and inner.is_dir() else folder
    return child(folder, "origin") or folder


def _list(folder: Traversable) -> Traversable | None:
    inner = child(folder, "label")
    found = child(folder, LIST) or (child(inner, LIST) if inner is not None and inner.is_dir() else None)
    return found if found is not None and found.is_file() else None
