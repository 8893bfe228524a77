"""The data set as the project keeps it: `data/fer2013/` with images.npy, index.csv and dataset.json.

`prepare` (fercore.data.prepare) builds it from every form users hold; this module opens it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from fercore.emotions import EMOTIONS

SCHEMA_VERSION = 1  # of dataset.json
SIZE = 48  # pixels, both sides
SPLITS = ("train", "val", "test")
OFFICIAL_SPLIT_NAMES = {"train": "Training", "val": "PublicTest", "test": "PrivateTest"}
# What the dashboard and scripts/audit.py add to the folder: a file and a folder.
DECISIONS, AUDIT = "decisions.csv", "audit"
HOW_TO_PREPARE = "python scripts/prepare_data.py path/to/archive.zip"


class DataError(Exception):
    """The data set, or a source of one, cannot be read: what and where, what was expected, what to do."""


@dataclass(frozen=True)
class Dataset:
    """FER2013 in memory-mapped form.

    Attributes
    ----------
    path
        Its folder.
    images
        uint8 memory map (N, 48, 48), 0 black to 255 white.
    ids
        str array (N,), unique and stable for one source.
    labels
        int64 array (N,), 0 to 6 in the order of `EMOTIONS`.
    splits
        str array (N,), "train", "val" or "test".
    info
        Content of dataset.json: source, counts, split_names, fingerprint.
    """

    path: Path
    images: np.ndarray
    ids: np.ndarray
    labels: np.ndarray
    splits: np.ndarray
    info: dict

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
        """Images per split and emotion, counted from the labels: {"train": {"angry": 3995, ...}, ...}."""
        return {
            split: dict(
                zip(
                    EMOTIONS,
                    np.bincount(self.labels[self.indices(split)], minlength=len(EMOTIONS)).tolist(),
                    strict=True,
                )
            )
            for split in SPLITS
        }

    def summary(self) -> dict:
        """What run.json records of the data a model saw: fingerprint, counts, split names and sizes, source form."""
        return {
            "fingerprint": self.info["fingerprint"],
            "source": self.info["source"]["form"],
            "counts": self.counts(),
            "split_names": self.info["split_names"],
            "split_sizes": {split: len(self.indices(split)) for split in SPLITS},
        }


def average_faces(dataset: Dataset, split: str = "train") -> np.ndarray:
    """Mean image of each emotion over a split, uint8 (7, 48, 48); black where an emotion has no image."""
    rows, faces = dataset.indices(split), np.zeros((len(EMOTIONS), SIZE, SIZE), dtype=np.uint8)
    for code in range(len(EMOTIONS)):
        members = rows[dataset.labels[rows] == code]
        if len(members):
            faces[code] = np.rint(dataset.images[members].mean(axis=0, dtype=np.float64))
    return faces


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
    try:
        info = json.loads((path / "dataset.json").read_text("utf-8"))
        info["fingerprint"], info["source"]["form"], [info["split_names"][split] for split in SPLITS]
        images = np.load(path / "images.npy", mmap_mode="r", allow_pickle=False)
        index = pd.read_csv(path / "index.csv", dtype={"id": str, "label": np.int64, "split": str}, na_filter=False)
        ids, labels, splits = (index[name].to_numpy() for name in ("id", "label", "split"))
    except (OSError, EOFError, ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"the data set in {path} is damaged ({error!r}); make it again with: {HOW_TO_PREPARE} --out {path}"
        ) from error
    if info.get("schema_version") != SCHEMA_VERSION:
        raise DataError(
            f"{path}/dataset.json: schema_version {info.get('schema_version')!r}, this version reads {SCHEMA_VERSION}; "
            f"make it again with: {HOW_TO_PREPARE} --out {path}"
        )
    if images.dtype != np.uint8 or images.shape != (len(ids), SIZE, SIZE):
        raise DataError(
            f"{path}/images.npy: received {images.dtype} {images.shape}, expected uint8 ({len(ids)}, 48, 48) "
            f"to match index.csv; make it again with: {HOW_TO_PREPARE} --out {path}"
        )
    if not set(splits) <= set(SPLITS) or (len(labels) and not 0 <= labels.min() <= labels.max() < len(EMOTIONS)):
        raise DataError(f"{path}/index.csv: unknown split or label; make it again with: {HOW_TO_PREPARE} --out {path}")
    return Dataset(path, images, ids.astype(np.str_), labels, splits.astype(np.str_), info)
