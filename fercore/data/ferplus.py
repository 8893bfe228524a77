"""FER+: what ten people say of each image of FER2013 (Barsoum et al. 2016, https://arxiv.org/abs/1608.01041).

FER2013 has one label for each image; ten people were asked again, and might also answer that they do not know or see no
face. Their votes come with the project (`fer2013_votes.npz`, copyright Microsoft Corporation, MIT licence: see
FERPLUS-LICENSE.txt beside it) by row of fer2013.csv, and `fercore.data.fer2013_ids` knows the row of each canonical id:
votes are known wherever ids are, without the data set. `read_votes` reads them from the authors' own file.

The rules by which votes become an answer are functions of counts (N, 10), columns in the order of `ANSWERS`.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import numpy as np
import pandas as pd

from fercore.data.dataset import SPLITS, DataError, Dataset
from fercore.data.fer2013 import OFFICIAL_SPLIT_NAMES
from fercore.data.fer2013_ids import known
from fercore.emotions import EMOTIONS, KNOWN, emotion_index

EXPRESSIONS = KNOWN  # the seven and contempt
UNKNOWN, NO_FACE = "unknown", "no_face"
ANSWERS = (*EXPRESSIONS, UNKNOWN, NO_FACE)
FINDING = "FER+ votes"
CLEAR = 0.8  # share of the people who agree on another answer than the label, from which a new label is proposed
SHIPPED = Path(str(resources.files("fercore") / "data" / "fer2013_votes.npz"))
# Columns of fer2013new.csv beside the emotions, which it calls by other names than ours; NF: no face.
_COLUMNS = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", "contempt", "unknown", "NF")
_OTHERS = {"contempt": "contempt", "unknown": UNKNOWN, "NF": NO_FACE}
_ROW = re.compile(r"row_([1-9][0-9]{0,8})")


@dataclass(frozen=True)
class Votes:
    """Votes on images of FER2013, known by their row in fer2013.csv.

    Attributes
    ----------
    rows
        int64 array (N,): rows of fer2013.csv, from 0, the header not counted, ascending.
    splits
        str array (N,): "train", "val" or "test".
    groups
        int64 array (N,): the first of the rows in the same split whose picture has the same pixels, often the row
        itself. An archive does not tell which of them is which.
    counts
        float64 array (N, 10): votes for each of `ANSWERS`, averaged over a group, so that ten people stay ten.
    """

    rows: np.ndarray
    splits: np.ndarray
    groups: np.ndarray
    counts: np.ndarray

    def at(self, rows: np.ndarray) -> np.ndarray:
        """Counts (M, 10) at rows of fer2013.csv (M,); zeros where there are no votes."""
        found = np.zeros((len(rows), len(ANSWERS)))
        place = np.searchsorted(self.rows, rows).clip(max=len(self.rows) - 1)
        known = self.rows[place] == rows
        found[known] = self.counts[place[known]]
        return found


# The rules


def without_outliers(counts: np.ndarray) -> np.ndarray:
    """Counts with the answers that only one person gave set to 0 (Barsoum et al. 2016, section 2: outliers)."""
    return np.where(counts > 1, counts, 0)


def majority(counts: np.ndarray) -> np.ndarray:
    """The answer of more than half of the people (Barsoum et al. 2016, section 3.1), once outliers are dropped.

    Returns
    -------
    ndarray
        int64 (N,), positions in `ANSWERS`, -1 where no answer has more than half. An answer may be "unknown" or
        "no_face"; the authors leave such images out of training and test, as they do those without a majority.
    """
    kept = without_outliers(counts)
    return np.where(kept.max(axis=1) * 2 > kept.sum(axis=1), kept.argmax(axis=1), -1)


def verdict(counts: np.ndarray) -> np.ndarray:
    """As `majority`, but -1 too where most people say "unknown" or see no face: the images that the authors keep."""
    said = majority(counts)
    return np.where(said < len(EXPRESSIONS), said, -1)


def plurality(counts: np.ndarray) -> np.ndarray:
    """The answer that most people gave, int64 (N,) positions in `ANSWERS`; -1 where two tie, or nobody voted."""
    most = counts.max(axis=1, keepdims=True)
    alone = ((counts == most).sum(axis=1) == 1) & (most[:, 0] > 0)
    return np.where(alone, counts.argmax(axis=1), -1)


def shares(counts: np.ndarray) -> np.ndarray:
    """The whole distribution over the eight expressions, which Barsoum et al. 2016 (section 3.3) train on.

    Outliers are dropped, and so are the answers "unknown" and "no_face".

    Returns
    -------
    ndarray
        float64 (N, 8), columns in the order of `EXPRESSIONS`, rows sum to 1; zeros where nothing is left.
    """
    kept = without_outliers(counts)[:, : len(EXPRESSIONS)]
    return kept / kept.sum(axis=1, keepdims=True).clip(min=np.finfo(float).tiny)


# Where votes come from


def votes_on(ids: Sequence[str]) -> np.ndarray | None:
    """The votes that come with the project on images, by their canonical ids.

    Returns
    -------
    ndarray or None
        Counts (N, 10), zeros for images without votes; None where there are votes on none of them.
    """
    counts = shipped_votes().at(csv_rows(ids))
    return counts if counts.any() else None


def csv_rows(ids: Sequence[str]) -> np.ndarray:
    """Rows of fer2013.csv (N,), from 0, of images by their canonical ids; -1 where none is known."""
    rows = _rows_by_id()
    return np.array([rows.get(str(id_), -1) for id_ in ids], dtype=np.int64)


@functools.cache
def shipped_votes() -> Votes:
    """The votes that come with the project, on 35,712 of FER2013's 35,887 images."""
    with np.load(SHIPPED, allow_pickle=False) as file:
        if file["answers"].tolist() != list(ANSWERS):
            raise DataError(f"{SHIPPED}: answers {file['answers'].tolist()}, expected {list(ANSWERS)}; install again")
        rows, groups, counts = (file[name] for name in ("csv_row", "group", "votes"))
    split_of = dict(zip(known().csv_row.tolist(), known().split.tolist(), strict=True))
    splits = np.array([SPLITS[split_of[row]] for row in rows.tolist()])
    return Votes(rows.astype(np.int64), splits, groups.astype(np.int64), _pooled(counts, groups))


def read_votes(file: Path) -> Votes:
    """The votes of the authors' fer2013new.csv (github.com/microsoft/FERPlus): one line for each row of fer2013.csv.

    Raises
    ------
    DataError
        If a column is missing, a cell is no number of votes, or a usage is none of FER2013's.
    """
    again = "download it again from github.com/microsoft/FERPlus"
    try:
        kinds = {"Usage": str} | dict.fromkeys(_COLUMNS, np.int64)
        table = pd.read_csv(file, usecols=["Usage", *_COLUMNS], dtype=kinds)
    except (OSError, ValueError) as error:
        raise DataError(
            f"{file}: not fer2013new.csv ({error}); expected the columns Usage and {', '.join(_COLUMNS)} with numbers "
            f"of votes: {again}"
        ) from error
    if (table[list(_COLUMNS)] < 0).any(axis=None):
        raise DataError(f"{file}: a number of votes below 0; {again}")
    splits = table["Usage"].map({usage: split for split, usage in OFFICIAL_SPLIT_NAMES.items()})
    if splits.isna().any():
        raise DataError(f"{file}: Usage {table['Usage'][splits.isna()].iloc[0]!r}; {again}")
    counts = np.zeros((len(table), len(ANSWERS)), np.int64)
    for name in _COLUMNS:
        answer = _OTHERS.get(name) or EMOTIONS[emotion_index(name)]
        counts[:, ANSWERS.index(answer)] = table[name]
    rows = np.arange(len(table))
    shipped = shipped_votes()
    groups = rows.copy()
    shared = shipped.rows < len(table)
    groups[shipped.rows[shared]] = shipped.groups[shared]
    return Votes(rows, splits.to_numpy(dtype=np.str_), groups, _pooled(counts, groups))


def join_votes(dataset: Dataset, votes: Votes) -> np.ndarray:
    """Votes on each image of a data set, counts (N, 10); zeros where there are none.

    Images are found by their canonical ids, or by row_1, row_2, ... where the data set is another table's.

    Raises
    ------
    DataError
        If no id tells a row of fer2013.csv, or the votes are on other images.
    """
    rows = csv_rows(dataset.ids)
    rows = np.where(rows >= 0, rows, [_row_of(id_) for id_ in dataset.ids.tolist()])
    if not (rows >= 0).any():
        raise DataError(
            f"{dataset.path} was prepared from {dataset.info['source']['form']}, whose ids do not tell the rows of "
            "fer2013.csv; prepare the data set from FER2013 to join FER+ votes"
        )
    found = dict(zip(votes.rows.tolist(), votes.splits.tolist(), strict=True))
    for id_, row, split in zip(dataset.ids.tolist(), rows.tolist(), dataset.splits.tolist(), strict=True):
        if row >= 0 and found.get(row) != split:
            raise DataError(
                f"the FER+ votes are on other images: {id_} is of {OFFICIAL_SPLIT_NAMES[split]} here and "
                f"{OFFICIAL_SPLIT_NAMES.get(found.get(row), 'nowhere')} there; expected votes on all rows of "
                "fer2013.csv in their order"
            )
    return votes.at(rows)


def doubtful_labels(ids: np.ndarray, labels: Sequence[str], counts: np.ndarray) -> pd.DataFrame:
    """Images whose label is not the answer that most people gave, most agreed first.

    Parameters
    ----------
    ids, labels, counts
        Ids (N,), names of the labels, and votes (N, 10).

    Returns
    -------
    DataFrame
        id, label, suggested (one of `ANSWERS`) and confidence (its share of the votes).
    """
    said = plurality(counts)
    answers = np.array([*ANSWERS, ""], dtype=object)[said]
    share = counts.max(axis=1, initial=0) / counts.sum(axis=1).clip(1)
    table = pd.DataFrame({"id": ids, "label": list(labels), "suggested": answers, "confidence": share})
    other = table[(said >= 0) & (table["suggested"] != table["label"])]
    return other.sort_values("confidence", ascending=False, kind="stable").reset_index(drop=True)


def proposed_labels(doubts: pd.DataFrame, classes: Sequence[str], least: float = CLEAR) -> dict[str, str]:
    """Image id -> the class that at least a share of the people agree on, of the rows of `doubtful_labels`.

    Answers that are none of the `classes` are no labels, so nothing is proposed for them.
    """
    clear = doubts[(doubts["confidence"] >= least) & doubts["suggested"].isin(list(classes))]
    return dict(zip(clear["id"].tolist(), clear["suggested"].tolist(), strict=True))


def _pooled(counts: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """The mean counts of each group, at each of its members."""
    _, place, size = np.unique(groups, return_inverse=True, return_counts=True)
    sums = np.zeros((len(size), counts.shape[1]))
    np.add.at(sums, place, counts)
    return (sums / size[:, None])[place]


@functools.cache
def _rows_by_id() -> dict[str, int]:
    return dict(zip(known().ids.tolist(), known().csv_row.tolist(), strict=True))


def _row_of(id_: str) -> int:
    match = _ROW.fullmatch(id_)
    return int(match[1]) - 1 if match else -1
