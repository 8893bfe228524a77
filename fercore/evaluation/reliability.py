"""Whether answers of a confidence are right as often as it says, bin by bin."""

from __future__ import annotations

import numpy as np
import pandas as pd

from fercore.evaluation.intervals import wilson

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
