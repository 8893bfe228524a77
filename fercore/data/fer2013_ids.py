"""One set of ids and one order for FER2013, whatever form it came in: those of the Kaggle archive, sorted by id.

Copies of FER2013 come in two kinds of pixels. Those of fer2013.csv and icml_face_data.csv are the original ones; the
images of the Kaggle archive are JPEG copies of them (root mean square error about 1.75 of 255). `recognise` knows both:
the archive's by a hash of each image, the original ones by their place in the table.

Ids then agree across all forms, so runs on two of them can be compared image by image. Their fingerprints do not agree,
since the pixels differ: to evaluate or resume a run, the original pixels are another data set than the archive's.

`fer2013_ids.npz` holds a row for each image of the archive in canonical order. `tests/data/test_real_fer2013.py` makes
it again from the archive. `csv_row` is the join of FER+ (shared/ferplus/README.md), which was made by pixels.
"""

from __future__ import annotations

import functools
import hashlib
import re
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np
import pandas as pd

from fercore.data.dataset import SPLITS
from fercore.data.fer2013 import OFFICIAL_SPLIT_NAMES, SIZE
from fercore.emotions import EMOTIONS

FILE = Path(str(resources.files("fercore") / "data" / "fer2013_ids.npz"))
_ROW = re.compile(r"row_([1-9][0-9]{0,8})")
_ENOUGH = 0.9  # of FER2013's rows a table must have to be known by its rows: labels of a few agree by chance


@dataclass(frozen=True)
class Known:
    """What is known of each image of FER2013, in canonical order.

    Attributes
    ----------
    split, label
        uint8 (N,): place in `SPLITS` and in `EMOTIONS`.
    number
        int32 (N,), of the file in the archive: 3908 of train/angry/Training_3908.jpg.
    csv_row
        int32 (N,), row of fer2013.csv from 0; -1 for 175 images of which FER+ has no file, so that no join is known.
    digest
        uint32 (N,), see `digests`.
    block_means
        uint8 (175, 9): mean gray of each ninth of the images without a row, by which a table's rows are told apart.
    """

    split: np.ndarray
    label: np.ndarray
    number: np.ndarray
    csv_row: np.ndarray
    digest: np.ndarray
    block_means: np.ndarray

    @functools.cached_property
    def ids(self) -> np.ndarray:
        """str (N,), ascending: "train/angry/Training_3908", the path in the archive without its ending."""
        names = [
            f"{'train' if split == 'train' else 'test'}/{{}}/{OFFICIAL_SPLIT_NAMES[split]}_{{}}" for split in SPLITS
        ]
        columns = zip(self.split.tolist(), self.label.tolist(), self.number.tolist(), strict=True)
        return np.array(
            [names[split].format(EMOTIONS[label], number) for split, label, number in columns], dtype=np.str_
        )

    @functools.cached_property
    def sets(self) -> tuple[frozenset[str], frozenset[int]]:
        """All ids and all digests, to look up a few: NumPy would sort the table for each question."""
        return frozenset(self.ids.tolist()), frozenset(self.digest.tolist())


@functools.cache
def known() -> Known:
    """The table that comes with the project."""
    with np.load(FILE, allow_pickle=False) as file:
        return Known(**file)


def digests(images: np.ndarray, labels: np.ndarray, splits: np.ndarray) -> np.ndarray:
    """The first four bytes of each image's hash in `fercore.data.prepare.fingerprint`, as uint32 (N,)."""
    hashes = (
        hashlib.sha256(f"{split} {label} ".encode() + image.tobytes()).digest()[:4]
        for image, label, split in zip(images, labels, splits, strict=True)
    )
    return np.frombuffer(b"".join(hashes), dtype=">u4").astype(np.uint32)


def block_means(images: np.ndarray) -> np.ndarray:
    """Mean gray of each ninth of images (N, 48, 48), uint8 (N, 9); a JPEG copy changes it by less than 1."""
    third = SIZE // 3
    means = images.reshape(-1, 3, third, 3, third).mean(axis=(2, 4), dtype=np.float64)
    return np.rint(means).astype(np.uint8).reshape(-1, 9)


def recognise(images: np.ndarray, labels: np.ndarray, splits: np.ndarray, ids: np.ndarray) -> np.ndarray | None:
    """The canonical ids of images that all are FER2013's.

    Parameters
    ----------
    images, labels, splits
        uint8 (N, 48, 48), class codes and split names (N,) each.
    ids
        str (N,), what the source calls them.

    Returns
    -------
    numpy.ndarray or None
        str (N,), all different. None where they are not FER2013, or not only.

    Notes
    -----
    Images with the archive's pixels, class and split are known by them; exact copies of one class and split, which
    nothing but their place tells apart, get their ids in the order of the source. A table whose ids are row_1, row_2,
    ... is known by its rows where at least nine tenths of FER2013's are there and each has the class and split that
    FER2013 has there. The 175 rows without a known image get the images without a known row, of the same class and
    split, so that mean grays agree best.
    """
    if images.shape[1:] != (SIZE, SIZE) or not len(images):
        return None
    if known().sets[0].issuperset(ids.tolist()):
        return np.asarray(ids, dtype=np.str_)  # the archive, or a part of it
    rows = _rows(ids)
    found = None if rows is None else _by_row(images, labels, splits, rows)
    return _by_pixels(images, labels, splits) if found is None else found


def put_in_order(file: Path, index: pd.DataFrame) -> pd.DataFrame:
    """Give a data set that is being written canonical ids and order, if it is FER2013.

    Parameters
    ----------
    file
        Its images.npy, rewritten where the order changes.
    index
        id, label and split of each image, and perhaps more columns.

    Returns
    -------
    DataFrame
        `index` in the order of the images as they now are.
    """
    images = np.load(file, mmap_mode="r", allow_pickle=False)
    ids = recognise(images, *(index[name].to_numpy() for name in ("label", "split", "id")))
    if ids is None:
        return index
    order = np.argsort(ids)
    if (np.diff(order) < 0).any():
        np.save(file, images[order], allow_pickle=False)  # indexing made a copy, so the map may lose its file
    return index.assign(id=ids).iloc[order].reset_index(drop=True)


def _rows(ids: np.ndarray) -> np.ndarray | None:
    """Places in the table, from 0, where all ids name one."""
    matches = [_ROW.fullmatch(str(id_)) for id_ in ids]
    return np.array([int(match[1]) - 1 for match in matches]) if all(matches) else None


def _by_row(images: np.ndarray, labels: np.ndarray, splits: np.ndarray, rows: np.ndarray) -> np.ndarray | None:
    table = known()
    if len(rows) < _ENOUGH * len(table.ids) or rows.max() >= len(table.ids):
        return None
    image_of = np.full(len(table.ids), -1)  # row -> place in canonical order
    with_row = np.flatnonzero(table.csv_row >= 0)
    image_of[table.csv_row[with_row]] = with_row
    places = image_of[rows]
    codes = np.array([SPLITS.index(split) for split in splits])
    sure = places >= 0
    agree = (table.label[places[sure]] == labels[sure]) & (table.split[places[sure]] == codes[sure])
    if not agree.all():
        return None
    from scipy.optimize import linear_sum_assignment  # seconds, which those who only look up ids are spared

    missing, free = np.flatnonzero(~sure), np.flatnonzero(table.csv_row < 0)
    means = block_means(images[missing])
    for split, label in {*zip(codes[missing].tolist(), labels[missing].tolist(), strict=True)}:
        own = np.flatnonzero((codes[missing] == split) & (labels[missing] == label))
        theirs = np.flatnonzero((table.split[free] == split) & (table.label[free] == label))
        if len(own) > len(theirs):
            return None
        apart = np.abs(means[own, None].astype(int) - table.block_means[theirs]).sum(axis=2)
        chosen, given = linear_sum_assignment(apart)
        places[missing[own[chosen]]] = free[theirs[given]]
    return table.ids[places]


def _by_pixels(images: np.ndarray, labels: np.ndarray, splits: np.ndarray) -> np.ndarray | None:
    table = known()
    if not table.sets[1].issuperset(digests(images[:100], labels[:100], splits[:100]).tolist()):
        return None  # most other data sets end here
    own = pd.DataFrame({"digest": digests(images, labels, splits)})
    theirs = pd.DataFrame({"digest": table.digest, "id": table.ids})
    for column in (own, theirs):
        column["copy"] = column.groupby("digest").cumcount()
    found = own.merge(theirs, on=["digest", "copy"], how="left")["id"]
    return None if found.isna().any() else found.to_numpy(dtype=np.str_)
