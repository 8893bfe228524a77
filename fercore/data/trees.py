"""Images in folders of classes, with folders of splits around them or without, on disk or inside an archive: the layout
of the Kaggle archive and of most others."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from importlib.resources.abc import Traversable

from fercore.data.choices import Choices, UnknownClass
from fercore.data.dataset import SPLITS
from fercore.data.fer2013 import OFFICIAL_SPLIT_NAMES, USAGES
from fercore.data.listing import Listed, Listing, split_counts
from fercore.data.members import children
from fercore.data.records import PLAIN_SPLIT_NAMES, Source

SPLIT_FOLDERS = {
    "train": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
    "train_set": "train",
    "val_set": "val",
    "test_set": "test",
} | USAGES
# The Kaggle archive keeps PublicTest_ and PrivateTest_ files together in test/.
_PREFIX_FITS = {"train": {"train"}, "val": {"val"}, "test": {"val", "test"}}
# Frames of CK+ (Lucey et al. 2010): person, sequence and frame, S010_004_00000017.png.
CKPLUS_FRAME = re.compile(r"(S\d{3})_(\d{3})_(\d{8})\.[A-Za-z]+")


@dataclass(frozen=True)
class Layout:
    """What is known of a tree besides its folders.

    Attributes
    ----------
    form
        In words, before "in a folder".
    codes
        Name of the class folder -> class, where folders have numbers; {} where they have names.
    notes, licence, dataset
        See `Source`.
    """

    form: str = "images"
    codes: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    licence: str = ""
    dataset: str = ""


def has_splits(folder: Traversable) -> bool:
    """Whether a folder holds folders of splits."""
    return any(child.name.lower() in SPLIT_FOLDERS and child.is_dir() for child in children(folder))


def has_classes(folder: Traversable, choices: Choices) -> bool:
    """Whether a folder holds folders of classes whose names are known."""
    return any(_is_known(child.name, choices) and child.is_dir() for child in children(folder))


def open_tree(
    root: Traversable, name: str, container: str, choices: Choices | None = None, layout: Layout | None = None
) -> Source:
    """List a tree of images train|val|validation|test/<class>/<file>, or <class>/<file>.

    Parameters
    ----------
    root
        The folder that holds the folders of splits or classes.
    name
        For messages and dataset.json.
    container
        What the tree lies in: "folder", "zip", ...
    choices
        How it is to be read. With `splits` "names", the prefixes Training_, PublicTest_ and PrivateTest_ restore the
        official splits, and one that contradicts its folder is refused (Training_ in test/ would be a leak).
    layout
        What else is known of it.

    Returns
    -------
    Source
        Its records come sorted by id: "train/angry/Training_3908", the path below the root without its ending (with it
        where two files differ in nothing else).
    """
    choices, layout = choices or Choices(), layout or Layout()
    listing = Listing(name, choices)
    splits = has_splits(root)
    tree = _Tree(listing, layout)
    if splits:
        tree.read_splits(root)
    else:
        tree.read_classes(root, "", "train")
    official = splits and bool(tree.official) and all(tree.official)
    cut, notes = _cuts(listing, splits, official), list(layout.notes)
    if not splits:
        notes.append("no folders of splits: all images are in one list, from which splits are cut")
    dataset = "fer2013" if official else layout.dataset
    if _are_frames(listing):
        notes += _name_people(listing)
        dataset = dataset or "ckplus"
    return listing.source_of(
        f"{layout.form} in a {container}",
        dataset=dataset or name,
        split_names=OFFICIAL_SPLIT_NAMES if official else PLAIN_SPLIT_NAMES,
        cut=cut,
        classes=choices.order(listing.classes, seven=official),
        notes=notes,
        options={"splits": choices.splits} | choices.options(),
        licence=layout.licence,
        expected=SPLITS if official else (),
    )


class _Tree:
    """Reads folders into a listing."""

    def __init__(self, listing: Listing, layout: Layout) -> None:
        self.listing, self.codes, self.choices = listing, layout.codes, listing.choices
        self.official: list[bool] = []  # whether each image tells its split in the words of FER2013

    def read_splits(self, root: Traversable, inside: str = "") -> None:
        for folder in children(root):
            if folder.is_file():  # a read-me or a licence
                continue
            if folder.name.lower() not in SPLIT_FOLDERS:
                expected = f"expected {', '.join(SPLIT_FOLDERS)}"
                self.listing.add_bad(f"unknown folder {inside + folder.name!r}; {expected}", _count(folder))
                continue
            path, deeper = inside + folder.name, nested(folder)
            self.read_classes(deeper or folder, f"{path}/{deeper.name}/" if deeper else f"{path}/", folder.name)

    def read_classes(self, root: Traversable, inside: str, split: str) -> None:
        for folder in children(root):
            path = inside + folder.name
            if folder.is_file():
                if inside and not _is_table(folder.name):
                    self.listing.add_bad(f"{path!r} is a file beside the class folders; expected it inside one")
                continue
            if files := list(self._files(folder, path)):
                name = self.listing.class_of(
                    self.codes.get(folder.name, folder.name), f"unknown folder {path!r}", len(files), folder.name
                )
            else:
                name = self._empty(folder.name)
            for file in files if name else ():
                self._place(file, split, f"{path}/{file.name}", name)

    def _empty(self, folder: str) -> None:
        """An empty folder still says that the data set has the class, if it is one."""
        if _is_known(name := self.codes.get(folder, folder), self.choices):
            self.listing.class_of(name, "", 0, folder)

    def _files(self, folder: Traversable, path: str) -> Iterator[Traversable]:
        for file in children(folder):
            if not file.name.isprintable():
                problem = "a name with characters that cannot be shown; expected plain text"
            elif not file.is_file():
                problem = "a folder or a special file; expected an image"
            else:
                yield file
                continue
            images = _count(file) if file.is_dir() else 1
            self.listing.add_bad(f"{path + '/' + file.name!r}: {problem}", images)

    def _place(self, file: Traversable, folder: str, path: str, name: str) -> None:
        """Split of one file from its folder and, if wanted, from its prefix."""
        split, prefix = SPLIT_FOLDERS[folder.lower()], file.name.split("_")[0].lower()
        if self.choices.splits == "folders" or prefix not in USAGES:
            self.official.append(self.choices.splits == "names" and folder.lower() in USAGES)
        elif USAGES[prefix] not in _PREFIX_FITS[split]:
            self.listing.add_bad(
                f"{path!r}: the name says {OFFICIAL_SPLIT_NAMES[USAGES[prefix]]}, the folder says {split}; expected "
                "them to agree: move it back, or take the folders as they are with --splits folders"
            )
            return
        else:
            self.official.append(True)
            split = USAGES[prefix]
        self.listing.add(Listed(file, path, name, split))


def nested(folder: Traversable) -> Traversable | None:
    """The folder in train/train/, an archive unpacked into a folder of its own name."""
    folders = [child for child in children(folder) if child.is_dir()]
    same = [child for child in folders if child.name.lower() == folder.name.lower()]
    return same[0] if same and len(folders) == 1 else None


def _cuts(listing: Listing, splits: bool, official: bool) -> tuple[str, ...]:
    if not splits:
        return ("val", "test")
    found = split_counts(listing.images)
    return () if official or found["val"] or not found["train"] else ("val",)


def _are_frames(listing: Listing) -> bool:
    """Whether most images are frames of CK+, and nothing else says who is shown."""
    frames = sum(bool(CKPLUS_FRAME.fullmatch(image.path.rpartition("/")[2])) for image in listing.images)
    return listing.choices.subject is None and frames * 2 > len(listing.images)


def _name_people(listing: Listing) -> list[str]:
    """Note person and sequence of each frame of CK+; returns what is to be told."""
    for place, image in enumerate(listing.images):
        found = CKPLUS_FRAME.fullmatch(image.path.rpartition("/")[2])
        person, sequence = found.groups()[:2] if found else ("", "")
        listing.images[place] = replace(image, extra={"subject": person, "sequence": sequence})
    people = {image.extra["subject"] for image in listing.images} - {""}
    return [f"frames of CK+, named person_sequence_frame: {len(people):,} people"]


def _count(folder: Traversable) -> int:
    """Files in a folder and below, which would have been images."""
    return sum(_count(child) if child.is_dir() else 1 for child in children(folder))


def _is_known(name: str, choices: Choices) -> bool:
    try:
        choices.class_of(name)
    except UnknownClass:
        return False
    return True


def _is_table(name: str) -> bool:
    return name.lower().endswith((".csv", ".txt", ".md", ".json", ".jsonl"))
