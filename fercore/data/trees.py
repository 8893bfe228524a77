"""Images in folders, split/class/file, on disk or inside a zip: the layout of the Kaggle archive and of most others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from pathlib import PurePosixPath

from fercore.data.decode import UnreadableImage, decode_gray
from fercore.data.fer2013 import OFFICIAL_SPLIT_NAMES, USAGES, DataError
from fercore.data.members import children, read_bytes
from fercore.data.records import PLAIN_SPLIT_NAMES, BadRecord, OnBad, Record, Source
from fercore.emotions import UnknownEmotion, emotion_index

SPLIT_FOLDERS = {
    "train": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
} | USAGES
# The Kaggle archive keeps PublicTest_ and PrivateTest_ files together in test/.
_PREFIX_FITS = {"train": {"train"}, "val": {"val"}, "test": {"val", "test"}}


@dataclass(frozen=True)
class _Image:
    file: Traversable
    path: str  # below the root, with "/"
    label: int
    split: str
    official: bool  # whether its name tells its split in the words of FER2013


def open_tree(root: Traversable, name: str, form: str, splits: str = "names") -> Source:
    """List a tree of images train|val|validation|test/<class>/<file>.

    Parameters
    ----------
    root
        The folder that holds the split folders.
    name, form
        For messages and dataset.json.
    splits
        "names": the prefixes Training_, PublicTest_ and PrivateTest_ restore the official splits, and one that
        contradicts its folder is refused (Training_ in test/ would be a leak). "folders": prefixes mean nothing.

    Returns
    -------
    Source
        Its records come sorted by id: "train/angry/Training_3908", the path below the root without its extension
        (with it where two files differ in nothing else).
    """
    images, bad = _list_images(root, name, splits)
    official = bool(images) and all(image.official for image in images)
    ids = _unique_ids([image.path for image in images], name)

    def read(on_bad: OnBad) -> Iterator[Record]:
        for error in bad:
            on_bad(error)
        for id_, image in sorted(zip(ids, images, strict=True), key=lambda pair: pair[0]):
            where = f"{name}: {image.path}"
            try:
                pixels = decode_gray(read_bytes(image.file, where))
            except UnreadableImage as error:
                on_bad(BadRecord(f"{where}: {error}; expected a whole image file"))
            except BadRecord as error:
                on_bad(error)
            else:
                yield Record(id_, image.label, image.split, pixels)

    return Source(
        form,
        name,
        OFFICIAL_SPLIT_NAMES if official else PLAIN_SPLIT_NAMES,
        read,
        total=len(images),
        cut=() if any(image.official or image.split == "val" for image in images) else ("val",),
        options={"splits": splits},
    )


def _list_images(root: Traversable, name: str, splits: str) -> tuple[list[_Image], list[BadRecord]]:
    """Every file of every class folder, and what does not belong into such a tree."""
    images, bad = [], []
    for split_folder in children(root):
        if split_folder.is_file():  # a read-me or a licence
            continue
        if split_folder.name.lower() not in SPLIT_FOLDERS:
            bad.append(BadRecord(f"{name}: unknown folder {split_folder.name!r}; expected {', '.join(SPLIT_FOLDERS)}"))
            continue
        for class_folder in children(split_folder):
            path = f"{split_folder.name}/{class_folder.name}"
            if class_folder.is_file():
                bad.append(BadRecord(f"{name}: {path!r} is a file beside the class folders; expected it inside one"))
                continue
            try:
                label = emotion_index(class_folder.name)
            except UnknownEmotion as error:
                bad.append(BadRecord(f"{name}: unknown folder {path!r}: {error}"))
                continue
            for file in children(class_folder):
                try:
                    images.append(_place(file, split_folder.name, f"{path}/{file.name}", label, splits))
                except BadRecord as error:
                    bad.append(BadRecord(f"{name}: {path + '/' + file.name!r}: {error}"))
    return images, bad


def _place(file: Traversable, folder: str, path: str, label: int, splits: str) -> _Image:
    """Split of one file from its folder and, if wanted, from its prefix."""
    if not file.name.isprintable():
        raise BadRecord("a name with characters that cannot be shown; expected plain text")
    if not file.is_file():
        raise BadRecord("a folder or a special file; expected an image")
    split, prefix = SPLIT_FOLDERS[folder.lower()], file.name.split("_")[0].lower()
    if splits == "folders" or prefix not in USAGES:
        return _Image(file, path, label, split, official=splits == "names" and folder.lower() in USAGES)
    if USAGES[prefix] not in _PREFIX_FITS[split]:
        raise BadRecord(
            f"the name says {OFFICIAL_SPLIT_NAMES[USAGES[prefix]]}, the folder says {split}; expected them to agree: "
            "move it back, or take the folders as they are with --splits folders"
        )
    return _Image(file, path, label, USAGES[prefix], official=True)


def _unique_ids(paths: list[str], name: str) -> list[str]:
    stems = [str(PurePosixPath(path).with_suffix("")) for path in paths]
    times = Counter(stems)
    ids = [path if times[stem] > 1 else stem for path, stem in zip(paths, stems, strict=True)]
    if twice := [id_ for id_, n in Counter(ids).items() if n > 1]:
        raise DataError(f"{name}: two images would have the id {twice[0]!r}; rename one of them")
    return ids
