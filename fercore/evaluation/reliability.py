"""Whether answers of a confidence are right as often as it says, bin by bin."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from fercore.data.ferplus import ANSWERS
from fercore.evaluation.intervals import ratio_intervals, wilson

COLUMNS = ["from", "to", "images", "confidence", "value", "low", "high"]


def reliability_table(labels: np.ndarray, probabilities: np.ndarray, bins: int = 10) -> pd.DataFrame:
    """The bins of a reliability diagram (DeGroot and Fienberg 1983; Guo et al. 2017).

    Parameters
    ----------
    labels
        Integers (N,), true classes.
    probabilities
        Floats (N, C), rows sum to 1.
    bins
        Number of equal bins between 0 and 1; a bin holds its upper end.

    Returns
    -------
    DataFrame
        A row for each bin with images: from, to (its ends), images, confidence (mean probability of the predicted
        class), value, low and high (share that is right, with Wilson's 95 % interval).
    """
    confidence = probabilities.max(axis=1).astype(np.float64)
    right = probabilities.argmax(axis=1) == labels
    place = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    rows = []
    for number in np.unique(place):
        own = place == number
        share = wilson(int(right[own].sum()), int(own.sum()))
        ends = {"from": number / bins, "to": (number + 1) / bins}
        rows.append({**ends, "images": int(own.sum()), "confidence": float(confidence[own].mean()), **share})
    return pd.DataFrame(rows, columns=COLUMNS)


def people_reliability(
    counts: np.ndarray, probabilities: np.ndarray, classes: Sequence[str], bins: int = 10
) -> pd.DataFrame:
    """Whether answers of a confidence are given by as many people as it says: 70 % sure, seven of ten.

    Parameters
    ----------
    counts
        Votes (N, 10) for each of `fercore.data.ferplus.ANSWERS`; images without votes are left out.
    probabilities, classes
        Floats (N, C), rows sum to 1, and the names of their columns.
    bins
        Number of equal bins between 0 and 1; a bin holds its upper end.

    Returns
    -------
    DataFrame
        As `reliability_table`, but value, low and high are the mean share of people who give the model's answer, all
        votes counted, with a percentile bootstrap interval over images.
    """
    voted = counts.any(axis=1)
    counts, probabilities = counts[voted], probabilities[voted]
    answers = np.array([ANSWERS.index(name) if name in ANSWERS else -1 for name in classes])
    said = answers[probabilities.argmax(axis=1)]
    same = np.where(said >= 0, counts[np.arange(len(said)), said], 0) / counts.sum(axis=1)
    confidence = probabilities.max(axis=1).astype(np.float64)
    place = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    rows = []
    for number in np.unique(place):
        own = place == number
        (share,) = ratio_intervals(same[own, None], np.ones((int(own.sum()), 1)))
        ends = {"from": number / bins, "to": (number + 1) / bins}
        rows.append({**ends, "images": int(own.sum()), "confidence": float(confidence[own].mean()), **share})
    return pd.DataFrame(rows, columns=COLUMNS)
