"""A data set as the project keeps it: `data/<name>/` with images.npy, index.csv, dataset.json and, where people voted,
votes.npy.

`prepare` (fercore.data.prepare) builds it from every form users hold; this module opens it, as a stranger's: sizes are
limited, everything is checked against everything else, and only regular files are read.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
import stat
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from fercore.emotions import EMOTIONS, classes_problem
from fercore.run_files import RunError, read_json
from fercore.untrusted import NPY_ERRORS

SCHEMA_VERSION = 2  # of dataset.json; 1 is FER2013's seven classes, 48x48 gray, without name, classes, size, channels
SPLITS = ("train", "val", "test")
COLUMNS = ("id", "label", "split")  # of index.csv, which may hold more
SUBJECT = "subject"  # the column that says which images show the same person
# What the dashboard and scripts/audit.py add to the folder: a file and a folder.
DECISIONS, AUDIT = "decisions.csv", "audit"
HOW_TO_PREPARE = "python scripts/prepare_data.py path/to/archive.zip"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")  # of a data set: a folder's, in runs/RUN/evaluations/ too
SIZES = range(8, 1025)  # sides that a data set's images may have, in pixels
_SCHEMA_1 = {"classes": list(EMOTIONS), "size": 48, "channels": 1}  # what it leaves unsaid
_MOST_BYTES = 1 << 30  # of index.csv
_MOST_COLUMNS = 200
_MOST_ID_BYTES = 2 << 30  # all ids in memory, at 4 bytes a character


class DataError(Exception):
    """The data set, or a source of one, cannot be read: what and where, what was expected, what to do."""


@dataclass(frozen=True)
class Dataset:
    """A data set of faces in memory-mapped form.

    Attributes
    ----------
    path
        Its folder.
    images
        uint8 memory map (N, size, size) of gray levels or (N, size, size, 3) of red, green and blue.
    ids
        str array (N,), unique and stable for one source.
    labels
        int64 array (N,), positions in `classes`.
    splits
        str array (N,), "train", "val" or "test".
    info
        Content of dataset.json: classes, source, counts, split_names, fingerprint, ...
    votes
        float32 memory map (N, number of classes): how many people, or which share of them, chose each class; None
        where nobody voted.
    extras
        Further columns of index.csv as text, N rows: subject, or anything that the source or the user put there.
    """

    path: Path
    images: np.ndarray
    ids: np.ndarray
    labels: np.ndarray
    splits: np.ndarray
    info: dict
    votes: np.ndarray | None = None
    extras: pd.DataFrame | None = None

    @property
    def name(self) -> str:
        """Name of the data set, usable as the name of a folder; of one made with schema 1, that of its own folder."""
        return self.info.get("name") or folder_name(self.path.resolve().name)

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes in the order of the labels' codes."""
        return tuple(self.info.get("classes", EMOTIONS))

    @property
    def size(self) -> int:
        """Side of the images in pixels."""
        return self.images.shape[1]

    @property
    def channels(self) -> int:
        """1 where the images are gray, 3 where they have colour."""
        return 1 if self.images.ndim == 3 else self.images.shape[3]

    @property
    def subjects(self) -> np.ndarray | None:
        """str array (N,): who is shown, "" where that is not known; None where it is known of no image."""
        if self.extras is None or SUBJECT not in self.extras:
            return None
        return self.extras[SUBJECT].to_numpy().astype(np.str_)

    def indices(self, split: str) -> np.ndarray:
        """Row numbers of a split, int64, ascending."""
        if split not in SPLITS:
            raise DataError(f"received split {split!r}, expected one of {', '.join(SPLITS)}")
        return np.flatnonzero(self.splits == split)

    def some_indices(self, split: str) -> np.ndarray:
        """As `indices`, but a split without images is a DataError: there is nothing to measure on."""
        rows = self.indices(split)
        if not len(rows):
            raise DataError(f"the {split} split of {self.path} has no images")
        return rows

    def split_name(self, split: str) -> str:
        """What the source calls a split: "PrivateTest" for the official "test"."""
        return self.info["split_names"][split]

    def counts(self) -> dict[str, dict[str, int]]:
        """Images per split and class, counted from the labels: {"train": {"angry": 3995, ...}, ...}."""
        return count_images(self.labels, self.splits, self.classes)

    @property
    def order(self) -> str:
        """16 hexadecimal digits that depend on the ids and their order, as the course of a training does.

        The fingerprint does not, so that it is the same for all forms of a source.
        """
        return hashlib.sha256("\n".join(self.ids.tolist()).encode()).hexdigest()[:16]

    def summary(self) -> dict:
        """What run.json records of the data a model saw: fingerprint, order, counts, split names and sizes, form."""
        return {
            "fingerprint": self.info["fingerprint"],
            "order": self.order,
            "source": self.info["source"]["form"],
            "counts": self.counts(),
            "split_names": self.info["split_names"],
            "split_sizes": {split: len(self.indices(split)) for split in SPLITS},
        }


def folder_name(text: str) -> str:
    """A text as the name of a data set: " My faces (2)" -> "My-faces-2"."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text).strip(".-_")[:64] or "data"


def count_images(labels: np.ndarray, splits: np.ndarray, classes: tuple[str, ...]) -> dict[str, dict[str, int]]:
    """Images per split and class, of labels (N,) that are positions in `classes` and splits (N,)."""
    found = {split: np.bincount(labels[splits == split], minlength=len(classes)).tolist() for split in SPLITS}
    return {split: dict(zip(classes, counts, strict=True)) for split, counts in found.items()}


def average_faces(dataset: Dataset, split: str = "train") -> np.ndarray:
    """Mean image of each class over a split, uint8 (C, size, size) or (C, size, size, 3); black where there is none."""
    rows = dataset.indices(split)
    faces = np.zeros((len(dataset.classes), *dataset.images.shape[1:]), dtype=np.uint8)
    for code in range(len(faces)):
        if len(members := rows[dataset.labels[rows] == code]):
            faces[code] = np.rint(_mean(dataset.images, members))
    return faces


def _mean(images: np.ndarray, rows: np.ndarray, at_once: int = 2048) -> np.ndarray:
    """Mean of some images, float64, in bounded memory; the sums are of whole numbers and so exact."""
    parts = (images[rows[start : start + at_once]] for start in range(0, len(rows), at_once))
    return sum(part.sum(axis=0, dtype=np.int64) for part in parts) / len(rows)


def open_dataset(path: Path | str) -> Dataset:
    """Open a prepared data set.

    Raises
    ------
    DataError
        If it is absent, incomplete or inconsistent; the message names the command that makes it.
    """
    path = Path(path)
    if not (path / "dataset.json").is_file():
        raise DataError(f"no data set in {path}; make it with: {HOW_TO_PREPARE} --out {path}")
    again = f"make it again with: {HOW_TO_PREPARE} --out {path}"
    try:
        info = read_json(path / "dataset.json")
        if info.get("schema_version") == 1:
            info |= _SCHEMA_1
        info["fingerprint"], info["source"]["form"], [info["split_names"][split] for split in SPLITS]
        index = _read_index(path / "index.csv")
        images, votes = _map(path / "images.npy"), None
        if (path / "votes.npy").exists():
            votes = _map(path / "votes.npy")
    except (RunError, *NPY_ERRORS, KeyError, TypeError, OverflowError) as error:
        raise DataError(f"the data set in {path} is damaged ({error!r}); {again}") from error
    for file, check in (  # in this order: each relies on those before
        ("dataset.json", lambda: _wrong_info(info)),
        ("images.npy", lambda: _wrong_images(images, info, len(index))),
        ("index.csv", lambda: _wrong_index(index, info)),
        ("votes.npy", lambda: _wrong_votes(votes, info, len(index))),
    ):
        if wrong := check():
            raise DataError(f"{path}/{file}: {wrong}; {again}")
    ids, labels, splits = (index[name].to_numpy() for name in COLUMNS)
    extras = index.drop(columns=list(COLUMNS))
    return Dataset(path, images, ids.astype(np.str_), labels, splits.astype(np.str_), info, votes, extras)


def find_dataset(folder: Path, fingerprint: str | None, order: str | None = None) -> Dataset | None:
    """The data set of a fingerprint, and of an `order` where one is given, among those in a folder, such as data/.

    None where there is none; what cannot be opened is passed over.
    """
    for path in sorted(folder.iterdir()) if folder.is_dir() and fingerprint else []:
        with contextlib.suppress(DataError):
            if (path / "dataset.json").is_file() and is_same(found := open_dataset(path), fingerprint, order):
                return found
    return None


def is_same(dataset: Dataset, fingerprint: object, order: object = None) -> bool:
    """Whether a data set has these images with these labels, and in this order, where one is given."""
    return dataset.info["fingerprint"] == fingerprint and order in (None, dataset.order)


def _read_index(file: Path) -> pd.DataFrame:
    _check_regular(file)
    with file.open("rb") as stream:
        if (columns := stream.readline(1 << 16).count(b",")) >= _MOST_COLUMNS:
            raise ValueError(f"index.csv: more than {columns} columns, expected at most {_MOST_COLUMNS}")
    kinds = defaultdict(lambda: str, label=np.int64)
    index = pd.read_csv(file, dtype=kinds, na_filter=False)
    if missing := [name for name in COLUMNS if name not in index]:
        raise ValueError(f"index.csv: no column {missing[0]}")
    return index


def _map(file: Path) -> np.ndarray:
    _check_regular(file, most=None)
    return np.load(file, mmap_mode="r", allow_pickle=False)


def _check_regular(file: Path, most: int | None = _MOST_BYTES) -> None:
    found = file.stat()
    if not stat.S_ISREG(found.st_mode):
        raise ValueError(f"{file.name}: expected a file, received something that may never end when read")
    if most is not None and found.st_size > most:
        raise ValueError(f"{file.name}: {found.st_size:,} bytes, more than the {most:,} allowed")


def _wrong_info(info: dict) -> str:
    """What is wrong with dataset.json, or nothing."""
    version = info.get("schema_version")
    if type(version) is not int or version not in (1, SCHEMA_VERSION):
        return f"schema_version {str(version)[:40]!r}, this version reads 1 to {SCHEMA_VERSION}"
    name, classes, size, channels = (info.get(key) for key in ("name", "classes", "size", "channels"))
    if (name is not None or version > 1) and not (isinstance(name, str) and NAME.fullmatch(name)):
        return f"name {str(name)[:80]!r}, expected letters, digits and . _ - only"
    if problem := classes_problem(classes):
        return f"classes: {problem}"
    if type(size) is not int or size not in SIZES or channels not in (1, 3):
        received = f"size {str(size)[:40]} and channels {str(channels)[:40]}"
        return f"{received}, expected {SIZES[0]} to {SIZES[-1]} pixels, and 1 or 3 channels"
    texts = [info["fingerprint"], info["source"]["form"], *(info["split_names"][split] for split in SPLITS)]
    return "" if all(isinstance(text, str) for text in texts) else "fingerprint, source or split_names: expected texts"


def _wrong_images(images: np.ndarray, info: dict, n: int) -> str:
    size, channels = info["size"], info["channels"]
    shape = (n, size, size) if channels == 1 else (n, size, size, 3)
    if images.dtype == np.uint8 and images.shape == shape:
        return ""
    return f"received {images.dtype} {images.shape}, expected uint8 {shape} to match index.csv and dataset.json"


def _wrong_index(index: pd.DataFrame, info: dict) -> str:
    labels, classes = index["label"], info["classes"]
    if not set(index["split"]) <= set(SPLITS) or not labels.between(0, len(classes) - 1).all():
        return "unknown split or label"
    longest = int(index["id"].str.len().max()) if len(index) else 0
    return "ids too long to be kept in memory" if len(index) * longest * 4 > _MOST_ID_BYTES else ""


def _wrong_votes(votes: np.ndarray | None, info: dict, n: int) -> str:
    shape = (n, len(info["classes"]))
    if votes is None or (votes.dtype == np.float32 and votes.shape == shape):
        return ""
    return f"received {votes.dtype} {votes.shape}, expected float32 {shape}: a column for each class"
