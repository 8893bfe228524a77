"""A small data set in which every kind of defect is planted once, among pictures that are not alike."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from scipy.ndimage import gaussian_filter

from fercore.data.audit.files import write_audit
from fercore.data.audit.findings import audit
from fercore.data.dataset import AUDIT, SPLITS, Dataset
from fercore.data.fer2013 import OFFICIAL_SPLIT_NAMES, SIZE
from fercore.data.prepare import prepare
from fercore.data.records import Record, Source
from fercore.emotions import EMOTIONS

PER_CLASS = 3


def clouds(n: int, seed: int = 0, side: int = SIZE) -> np.ndarray:
    """Smooth random pictures uint8 (n, side, side), no two alike, of ordinary brightness and contrast."""
    generator = np.random.default_rng(seed)
    smooth = gaussian_filter(generator.normal(size=(n, side, side)), (0, 3, 3))
    smooth -= smooth.mean(axis=(1, 2), keepdims=True)
    smooth /= smooth.std(axis=(1, 2), keepdims=True)
    brightness, contrast = generator.uniform((110, 25), (146, 35), (n, 2)).T[:, :, None, None]
    return np.rint(brightness + contrast * smooth).clip(0, 255).astype(np.uint8)


def make_planted_dataset(folder: Path) -> Dataset:
    """Three pictures of each emotion in each split, and the planted ones, with these ids.

    test/exact        the pixels of train/happy/0, and its label
    test/near         train/sad/0 moved by 2 pixels down and 1 to the left, brighter and with less contrast
    val/mirrored      the mirror image of train/fear/0
    train/conflict    the pixels of train/angry/0, labelled neutral
    train/blank       one gray level
    """
    drawn = iter(clouds(len(SPLITS) * len(EMOTIONS) * PER_CLASS))
    records = [
        Record(f"{split}/{emotion}/{number}", label, split, next(drawn))
        for split in SPLITS
        for label, emotion in enumerate(EMOTIONS)
        for number in range(PER_CLASS)
    ]
    own = {record.id: record.pixels for record in records}
    moved = np.roll(own["train/sad/0"], (2, -1), axis=(0, 1))
    brighter = np.rint(40 + 0.8 * moved.astype(float)).astype(np.uint8)
    records += [
        Record("test/exact", EMOTIONS.index("happy"), "test", own["train/happy/0"]),
        Record("test/near", EMOTIONS.index("sad"), "test", brighter),
        Record("val/mirrored", EMOTIONS.index("fear"), "val", own["train/fear/0"][:, ::-1]),
        Record("train/conflict", EMOTIONS.index("neutral"), "train", own["train/angry/0"]),
        Record("train/blank", EMOTIONS.index("sad"), "train", np.full((SIZE, SIZE), 77, np.uint8)),
    ]
    return prepare(
        Source("synthetic", "planted", OFFICIAL_SPLIT_NAMES, lambda on_bad: iter(records), len(records)), folder
    )


def make_audited_dataset(folder: Path) -> Dataset:
    """The planted data set with what scripts/audit.py leaves in it."""
    dataset = make_planted_dataset(folder)
    write_audit(audit(dataset), folder / AUDIT)
    return dataset
