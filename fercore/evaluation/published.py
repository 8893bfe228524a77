"""Published figures in the form of our own, with the intervals that their number of images leaves open.

Published figures are rounded, and so are the counts of images behind them, from which the intervals come: hits is
recall times support, predicted is hits over precision. With four digits both are exact for a few thousand images a
class.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from fercore.emotions import EMOTIONS
from fercore.evaluation.intervals import class_estimates, wilson
from fercore.evaluation.tables import PER_CLASS, report_rows

ANOTHER = "other"  # any other class


def published_table(published: Mapping) -> pd.DataFrame:
    """A published classification report in the form of `tables.classification_table`, with intervals.

    Parameters
    ----------
    published
        classification_report (emotion -> precision, recall, f1, support), accuracy and support, as in
        reference_report.json; the averages macro_avg and weighted_avg may be missing, and are then left out.
    """
    rows = []
    for emotion in EMOTIONS:
        figures = published["classification_report"][emotion]
        estimates = class_estimates(*_counts(figures))
        given = {key: {**estimates[key], "value": figures[key]} for key in PER_CLASS}
        rows.append({"class": emotion, "support": figures["support"], **given})
    n = published["support"]
    rows.append({"class": "accuracy", "support": n, "f1": published_accuracy(published)})
    for name in ("macro", "weighted"):
        if f"{name}_avg" in published:
            averages = {key: {"value": published[f"{name}_avg"][key]} for key in PER_CLASS}
            rows.append({"class": f"{name} average", "support": n, **averages})
    return report_rows(rows)


def published_accuracy(published: Mapping) -> dict[str, float]:
    """A published accuracy with Wilson's interval: value, low and high; `published` has accuracy and support."""
    n, accuracy = published["support"], published["accuracy"]
    return {**wilson(round(accuracy * n), n), "value": accuracy}


def published_confusion(published: Mapping) -> pd.DataFrame:
    """What a published classification report says of the confusion matrix: its diagonal, and what lies beside it.

    Which class an image was taken for instead does not follow from precision and recall.

    Parameters
    ----------
    published
        As for `published_table`.

    Returns
    -------
    DataFrame
        For each emotion three cells with the columns of `tables.confusion_table`: right, taken for `ANOTHER`, and
        images of `ANOTHER` taken for it. The shares of `ANOTHER` are those of all images that are, or are taken for,
        not this emotion.
    """
    rows = []
    for emotion in EMOTIONS:
        hits, support, predicted = _counts(published["classification_report"][emotion])
        others, elsewhere = published["support"] - support, published["support"] - predicted
        rows += [
            _cell(emotion, emotion, hits, support, predicted),
            _cell(emotion, ANOTHER, support - hits, support, elsewhere),
            _cell(ANOTHER, emotion, predicted - hits, others, predicted),
        ]
    return pd.DataFrame(sorted(rows, key=lambda row: row["true"] == ANOTHER))  # the classes in order, then the others


def _counts(figures: Mapping) -> tuple[int, int, int]:
    """Hits, support and number of predicted images behind the rounded figures of a class."""
    hits = round(figures["recall"] * figures["support"])
    return hits, figures["support"], round(hits / figures["precision"]) if figures["precision"] else 0


def _cell(true: str, pred: str, images: int, of_true: int, of_pred: int) -> dict:
    shares = {"by_true": images / max(of_true, 1), "by_pred": images / max(of_pred, 1)}
    return {"true": true, "pred": pred, "count": images, **shares}
