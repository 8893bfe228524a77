"""FER+: ten people's votes on each image of FER2013 (Barsoum et al. 2016, https://arxiv.org/abs/1608.01041).

`fer2013new.csv` (github.com/microsoft/FERPlus) names images by their place in fer2013.csv alone, so it can only be
joined to a data set whose ids tell the row: one prepared from fer2013.csv, not from a folder or archive of pictures.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd

from fercore.data.fer2013 import OFFICIAL_SPLIT_NAMES, DataError, Dataset
from fercore.emotions import EMOTIONS, emotion_index

FINDING = "FER+ votes"
OTHERS = ("contempt", "unknown", "NF")  # answers that FER2013 does not have; NF: no face
VOTES = ("neutral", "happiness", "surprise", "sadness", "anger", "disgust", "fear", *OTHERS)
_ANSWERS = np.array([name if name in OTHERS else EMOTIONS[emotion_index(name)] for name in VOTES], dtype=object)
_ROW = re.compile(r"row_([1-9][0-9]{0,8})")


def read_votes(file: Path) -> pd.DataFrame:
    """The votes of fer2013new.csv, in its order: Usage, and the number of votes for each of `VOTES`.

    Raises
    ------
    DataError
        If a column is missing or a cell is no number of votes.
    """
    try:
        table = pd.read_csv(file, usecols=["Usage", *VOTES], dtype={"Usage": str} | dict.fromkeys(VOTES, np.int64))
    except (OSError, ValueError) as error:
        raise DataError(
            f"{file}: not fer2013new.csv ({error}); expected the columns Usage and {', '.join(VOTES)} with numbers of "
            "votes: download it again from github.com/microsoft/FERPlus"
        ) from error
    if (table[list(VOTES)] < 0).any(axis=None):
        raise DataError(f"{file}: a number of votes below 0; download it again from github.com/microsoft/FERPlus")
    return table


def join_votes(dataset: Dataset, votes: pd.DataFrame) -> pd.DataFrame:
    """The votes on each image of a data set.

    Parameters
    ----------
    dataset
        With the ids row_1, row_2, ... as fer2013.csv and icml_face_data.csv give them.
    votes
        From `read_votes`.

    Returns
    -------
    DataFrame
        id, label, suggested (the answer with most votes, an emotion of ours or one of `OTHERS`; "" where two tie) and
        confidence (its share of the votes), one row an image.

    Raises
    ------
    DataError
        If the ids do not tell rows, or the votes are on other images.
    """
    matches = [_ROW.fullmatch(id_) for id_ in dataset.ids.tolist()]
    if not all(matches):
        raise DataError(
            f"{dataset.path} was prepared from {dataset.info['source']['form']}, whose ids do not tell the rows of "
            "fer2013.csv; prepare the data set from fer2013.csv to join FER+ votes"
        )
    rows = np.array([int(match[1]) - 1 for match in matches])
    usage = votes["Usage"].reindex(rows).to_numpy(dtype=object)
    expected = [OFFICIAL_SPLIT_NAMES[split] for split in dataset.splits.tolist()]
    if wrong := [row for row, (own, other) in enumerate(zip(usage, expected, strict=True)) if own != other]:
        raise DataError(
            f"the FER+ votes are on other images: {dataset.ids[wrong[0]]} is of {expected[wrong[0]]} here and "
            f"{usage[wrong[0]]} there; expected votes on all rows of fer2013.csv in their order"
        )
    counts = votes[list(VOTES)].to_numpy()[rows]
    most = counts.max(axis=1, initial=0)
    decided = (counts == most[:, None]).sum(axis=1) == 1
    suggested = np.where(decided, _ANSWERS[counts.argmax(axis=1)], "")
    labels = np.array(EMOTIONS, dtype=object)[dataset.labels]
    share = most / counts.sum(axis=1).clip(1)
    return pd.DataFrame({"id": dataset.ids, "label": labels, "suggested": suggested, "confidence": share})


def disagreements(joined: pd.DataFrame) -> pd.DataFrame:
    """The rows of `join_votes` in which people mostly gave another answer than the label, most agreed first."""
    other = joined[(joined["suggested"] != "") & (joined["suggested"] != joined["label"])]
    return other.sort_values("confidence", ascending=False, kind="stable").reset_index(drop=True)
