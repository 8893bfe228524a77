"""What every form of a data set is turned into: a source that gives records, one image each, in a fixed order."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from fercore.data.dataset import DataError
from fercore.emotions import EMOTIONS

PLAIN_SPLIT_NAMES = {"train": "train", "val": "validation", "test": "test"}


class BadRecord(DataError):
    """One row or image that cannot be taken, or a folder of `images`; the rest of its source may be good."""

    def __init__(self, message: str, images: int = 1) -> None:
        super().__init__(message)
        self.images = images


@dataclass(frozen=True)
class Record:
    """One image.

    Attributes
    ----------
    id
        Unique within its source, and the same each time the source is read.
    label
        Position in the source's `classes`.
    split
        "train", "val" or "test".
    pixels
        uint8 array (size, size), 0 black to 255 white, or (size, size, 3) in colour, as the source's `size` and
        `channels` say.
    extra
        Further columns of index.csv: {"subject": "S010"}. The source's `columns` names them all.
    votes
        float (C,): how many people chose each class; None where the source has no votes.
    """

    id: str
    label: int
    split: str
    pixels: np.ndarray
    extra: Mapping[str, str] = field(default_factory=dict)
    votes: np.ndarray | None = None


OnBad = Callable[[BadRecord], None]


@dataclass(frozen=True)
class Source:
    """A form of a data set, opened far enough to know what is in it.

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
    cut
        The splits that have to be cut from train, because the source has none: () or ("val",) or ("val", "test").
    together
        The column of `columns` whose equal values stay in one split when splits are cut; "" cuts image by image.
    expected
        The splits without whose images the source is not whole.
    options
        Choices that changed what is read, kept in dataset.json.
    classes
        Names of the classes in the order of the labels' codes.
    size, channels
        Of the images: side in pixels, and 1 for gray or 3 for colour.
    columns
        Names of the further columns that records carry in `extra`.
    votes
        Whether records carry votes.
    dropped
        Images per class that the user's choices left out; filled while reading where only reading can tell.
    notes
        What the user should be told of how the source was read, in sentences; some are added while reading.
    licence
        What is known of the terms of use.
    dataset
        Name for the data set where the user gives none.
    """

    form: str
    name: str
    split_names: dict[str, str]
    read: Callable[[OnBad], Iterator[Record]]
    total: int | None = None
    cut: tuple[str, ...] = ()
    together: str = ""
    expected: tuple[str, ...] = ()
    options: dict = field(default_factory=dict)
    classes: tuple[str, ...] = EMOTIONS
    size: int = 48
    channels: int = 1
    columns: tuple[str, ...] = ()
    votes: bool = False
    dropped: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    licence: str = ""
    dataset: str = "fer2013"
