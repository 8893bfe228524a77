"""What every form of FER2013 is turned into: a source that gives records, one image each, in a fixed order."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from fercore.data.fer2013 import DataError

# The values of fer2013.csv's column Usage, which the Kaggle images carry as file-name prefixes.
USAGES = {"training": "train", "publictest": "val", "privatetest": "test"}
PLAIN_SPLIT_NAMES = {"train": "train", "val": "validation", "test": "test"}


class BadRecord(DataError):
    """One row or image that cannot be taken; the rest of its source may be good."""


@dataclass(frozen=True)
class Record:
    """One image.

    Attributes
    ----------
    id
        Unique within its source, and the same each time the source is read.
    label
        0 to 6 in the order of `EMOTIONS`.
    split
        "train", "val" or "test".
    pixels
        uint8 array (48, 48), 0 black to 255 white.
    """

    id: str
    label: int
    split: str
    pixels: np.ndarray


OnBad = Callable[[BadRecord], None]


@dataclass(frozen=True)
class Source:
    """A form of the data set, opened far enough to know what is in it.

    Attributes
    ----------
    form
        What it is, in words: "image folder", "zip of images", "csv", ...
    name
        File or folder name, without the path to it.
    split_names
        What the source calls each split: {"train": "Training", ...}.
    read
        Gives the records in a fixed order. It calls its argument with each bad one, which either raises it or
        lets the reading go on with the next.
    total
        Number of records, good and bad, or None where only reading can tell.
    cut_val
        Whether a validation split has to be cut from train, because the source has none.
    options
        Choices that changed what is read, kept in dataset.json.
    """

    form: str
    name: str
    split_names: dict[str, str]
    read: Callable[[OnBad], Iterator[Record]]
    total: int | None = None
    cut_val: bool = False
    options: dict = field(default_factory=dict)
