"""Tiny synthetic data sets, written by the same code that writes the real one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from fercore.data.fer2013 import OFFICIAL_SPLIT_NAMES, SIZE, SPLITS, Dataset
from fercore.data.prepare import prepare
from fercore.data.records import OnBad, Record, Source
from fercore.emotions import EMOTIONS


def make_records(per_class: int = 4, seed: int = 0) -> list[Record]:
    """`per_class` images of each emotion in each split, ordered by split and class.

    Each class is a bright bar at its own height on a noisy grey ground, so that a small model can learn it.
    """
    generator = np.random.default_rng(seed)
    records = []
    for split in SPLITS:
        for label, emotion in enumerate(EMOTIONS):
            for number in range(per_class):
                pixels = generator.integers(60, 140, (SIZE, SIZE), dtype=np.uint8)
                pixels[3 + 6 * label : 9 + 6 * label] += 100
                records.append(Record(f"{split}/{emotion}/{number}", label, split, pixels))
    return records


def make_dataset(folder: Path | str, per_class: int = 4, seed: int = 0) -> Dataset:
    """A prepared data set of 3 * 7 * `per_class` images in `folder`, with the official split names."""
    records = make_records(per_class, seed)

    def read(on_bad: OnBad) -> Iterator[Record]:
        return iter(records)

    source = Source("synthetic", "factory", OFFICIAL_SPLIT_NAMES, read, total=len(records))
    return prepare(source, folder)
