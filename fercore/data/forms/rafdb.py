"""RAF-DB basic (Li, Deng and Du 2017, http://www.whdeld.cn/RAF/model1.html): its own lists, and numbered folders."""

from __future__ import annotations

from importlib.resources.abc import Traversable

from fercore.data import trees
from fercore.data.choices import Choices
from fercore.data.dataset import DataError
from fercore.data.forms.finding import child, lines
from fercore.data.listing import Listed, Listing
from fercore.data.members import children
from fercore.data.records import Source

CODES = {"1": "surprise", "2": "fear", "3": "disgust", "4": "happy", "5": "sad", "6": "angry", "7": "neutral"}
LIST = "list_patition_label.txt"  # so spelt by its authors
LICENCE = "RAF-DB: for non-commercial research only, given out by its authors on request"
NOTE = "number code of RAF-DB: " + ", ".join(f"{code} {name}" for code, name in CODES.items())


def fits(folder: Traversable, _: Choices) -> bool:
    """Whether it has RAF-DB's list, or folders of splits with exactly the classes 1 to 7."""
    return _list(folder) is not None or _numbered(folder) == set(CODES)


def open_rafdb(folder: Traversable, name: str, container: str, choices: Choices) -> Source:
    """The images of RAF-DB's list, or of numbered folders."""
    file = _list(folder)
    if file is None:
        layout = trees.Layout("RAF-DB, images in numbered folders", CODES, (NOTE,), LICENCE, "rafdb")
        return trees.open_tree(folder, name, container, choices, layout)
    images, listing = _images(folder, name), Listing(name, choices)
    for number, line in lines(file, f"{name}: {LIST}"):
        _take(listing, images, f"{LIST} line {number}", line.split())
    return listing.source_of(
        f"RAF-DB, aligned images with a list in a {container}",
        dataset="rafdb",
        cut=("val",) if any(image.split == "train" for image in listing.images) else (),
        notes=[NOTE],
        licence=LICENCE,
        options=choices.options(),
    )


def _take(listing: Listing, images: dict[str, Traversable], where: str, cells: list[str]) -> None:
    """One line of the list: train_00001.jpg 5."""
    if len(cells) != 2 or cells[1] not in CODES or not cells[0].lower().startswith(("train_", "test_")):
        listing.add_bad(f"{where}: {' '.join(cells)[:60]!r}, expected a line such as train_00001.jpg 5 (1 to 7)")
        return
    file = images.get(cells[0].rpartition(".")[0].lower())
    if file is None:
        listing.add_bad(f"{where}: there is no image {cells[0]!r} in aligned/")
        return
    if chosen := listing.class_of(CODES[cells[1]], where, 1, cells[1]):
        listing.add(Listed(file, file.name, chosen, cells[0].partition("_")[0].lower()))


def _list(folder: Traversable) -> Traversable | None:
    below = child(folder, "EmoLabel")
    found = child(folder, LIST) or (child(below, LIST) if below is not None and below.is_dir() else None)
    return found if found is not None and found.is_file() else None


def _images(folder: Traversable, name: str) -> dict[str, Traversable]:
    """Name in the list without its ending -> aligned image."""
    outer = child(folder, "Image")
    aligned = child(folder, "aligned") or (child(outer, "aligned") if outer is not None and outer.is_dir() else None)
    if aligned is None or not aligned.is_dir():
        raise DataError(f"{name}: {LIST} is there without aligned/; unpack Image/aligned.zip beside it")
    stems = ((file.name.rpartition(".")[0].lower(), file) for file in children(aligned))
    return {stem.removesuffix("_aligned"): file for stem, file in stems}


def _numbered(folder: Traversable) -> set[str]:
    """The names of all folders in folders of splits."""
    splits = [entry for entry in children(folder) if entry.name.lower() in trees.SPLIT_FOLDERS and entry.is_dir()]
    inner = [trees.nested(split) or split for split in splits]
    return {entry.name for split in inner for entry in children(split) if entry.is_dir()}
