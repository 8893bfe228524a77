"""A model that may stay silent: how many faces it answers, and how many of its answers are right."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from fercore.evaluation.intervals import wilson

COLUMNS = ["threshold", "answers", "coverage", "value", "low", "high"]
_POINTS = 200  # of a curve; finer than a screen shows


class Answered(NamedTuple):
    """What a threshold of confidence comes to.

    Attributes
    ----------
    given, right, silent
        Share of the images that are answered; of these answers that are right; and of the others that would have been:
        {"value", "low", "high"}, Wilson's 95 % intervals.
    answers
        Images that are answered.
    """

    given: dict[str, float]
    right: dict[str, float]
    silent: dict[str, float]
    answers: int


def answered(labels: np.ndarray, probabilities: np.ndarray, threshold: float) -> Answered:
    """What comes of answering only from a confidence on.

    Parameters
    ----------
    labels
        Integers (N,), true classes; at least one.
    probabilities
        Floats (N, C), rows sum to 1. Confidence is the largest of a row.
    threshold
        Smallest confidence that is answered, 0 to 1.
    """
    right, sure = probabilities.argmax(axis=1) == labels, probabilities.max(axis=1) >= threshold
    n, answers = len(labels), int(sure.sum())
    return Answered(
        wilson(answers, n),
        wilson(int(right[sure].sum()), answers),
        wilson(int(right[~sure].sum()), n - answers),
        answers,
    )


def risk_coverage(labels: np.ndarray, probabilities: np.ndarray) -> pd.DataFrame:
    """The risk-coverage curve (El-Yaniv and Wiener 2010, https://jmlr.org/papers/v11/el-yaniv10a.html), as shares
    right: one minus the risk.

    Images are answered most confident first; equally confident ones together, since no threshold tells them apart.

    Parameters
    ----------
    labels, probabilities
        As for `answered`.

    Returns
    -------
    DataFrame
        At most 200 rows, from few answers to all: threshold (smallest confidence that is answered), answers (images),
        coverage (their share), value, low and high (share of the answers that is right, Wilson's 95 % interval).
    """
    confidence, right = probabilities.max(axis=1).astype(np.float64), probabilities.argmax(axis=1) == labels
    order = np.argsort(-confidence, kind="stable")
    confidence, hits = confidence[order], np.cumsum(right[order])
    ends = np.flatnonzero(np.append(confidence[1:] < confidence[:-1], True))  # the last of equally confident ones
    chosen = np.unique(np.linspace(0, len(ends) - 1, _POINTS).round().astype(int))
    rows = [
        {
            "threshold": confidence[end],
            "answers": end + 1,
            "coverage": (end + 1) / len(labels),
            **wilson(int(hits[end]), int(end) + 1),
        }
        for end in ends[chosen]
    ]
    return pd.DataFrame(rows, columns=COLUMNS)
