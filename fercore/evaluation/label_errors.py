"""Suspected label errors, by confident learning on out-of-fold predictions (Northcutt et al. 2021, JAIR 70).

A class is confidently predicted where it gets at least the mean probability that it gets on images labelled so; a label
is suspect where the most probable of the confidently predicted classes is another one: the images off the diagonal of
the paper's "confident joint" (equation 1). They are found by cleanlab, which is under the Apache licence from 2.9 on.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from fercore.emotions import EMOTIONS
from fercore.runs import Predictions, Run

FINDING = "suspected label"
_COLUMNS = ["id", "label", "suggested", "confidence", "label_probability"]


def suspected_labels(predictions: Predictions, classes: Sequence[str] = EMOTIONS) -> pd.DataFrame:
    """Images whose label a model has good reason to doubt, most doubtful first.

    Parameters
    ----------
    predictions
        Out of fold: of a model that was not fitted to the image. One that was would have learned its wrong label.
    classes
        Names of the classes, by default those of FER2013.

    Returns
    -------
    DataFrame
        id, label (as given), suggested, confidence (its probability) and label_probability
        (that of the given label); by their difference, largest first. The model's own errors are among them: the less
        often it is right, the more.
    """
    # Here, since they bring all of scikit-learn, which takes seconds.
    from cleanlab.count import get_confident_thresholds
    from cleanlab.filter import find_label_issues

    given, probabilities = predictions.label, predictions.probabilities.astype(np.float64)
    if len(np.unique(given)) < 2:
        return pd.DataFrame(columns=_COLUMNS)
    suspect = find_label_issues(given, probabilities, filter_by="confident_learning", n_jobs=1)
    thresholds = get_confident_thresholds(given, probabilities)
    suggested = np.where(probabilities >= thresholds, probabilities, -1).argmax(axis=1)
    rows = np.flatnonzero(suspect & (suggested != given))
    names = np.array(classes, dtype=object)
    table = pd.DataFrame({"id": predictions.id[rows], "label": names[given[rows]], "suggested": names[suggested[rows]]})
    table["confidence"] = predictions.probabilities[rows, suggested[rows]]
    table["label_probability"] = predictions.probabilities[rows, given[rows]]
    order = (table["label_probability"] - table["confidence"]).argsort(kind="stable")
    return table.iloc[order].reset_index(drop=True)


def out_of_fold_runs(runs: list[Run]) -> list[Run]:
    """The runs that sum up a cross-validation and so hold an out-of-fold prediction of every training image."""
    whole = [run for run in runs if {"kfold", "ensemble"} <= run.info.keys()]
    return [run for run in whole if ("train", "none") in run.evaluations()]
