"""From a report (metrics_<split>.json) to what a page tells: tables, the weakest class, the most confused pairs.

Imports neither scikit-learn nor scipy, so that pages which only read stored reports start fast.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from fercore.emotions import EMOTIONS, OTHER_EMOTIONS, class_columns, classes_problem
from fercore.evaluation.intervals import percentile_interval, resampled

HEADLINE = ("accuracy", "balanced_accuracy", "macro_f1", "weighted_f1", "log_loss")
PER_CLASS = ("precision", "recall", "f1")
_REPORT_COLUMNS = ["class", *(f"{key}{end}" for key in PER_CLASS for end in ("", "_low", "_high")), "support"]
# Columns beside those of the classes in `prediction_table` and in what `fercore.evaluation.errors` makes of it.
BESIDE_CLASSES = frozenset(
    [
        *("id", "true", "pred", "right", "probability", "true_probability", "outcome", "copy", "brightness"),
        *("inside", "label", "side", "agreed", "votes", "other_pred", "other_right", "other_probability"),
    ]
)
_RESAMPLES = 1000
_MAX_LOG_LOSS = 16  # nats; the losses are clipped at -log(1.2e-7) = 15.9


class ReportError(ValueError):
    """A stored report that cannot be used: what was received, what was expected, what to do."""


class WeakestClass(NamedTuple):
    """The emotion with the lowest F1 among those that occur, and what its images are most often taken for.

    `taken_for` is None, and `share` 0, where none of its images is missed.
    """

    emotion: str
    f1: float
    taken_for: str | None
    share: float


def check_report(report: dict) -> dict:
    """The report itself if it can be drawn, else ReportError: run folders come from strangers too.

    Raises
    ------
    ReportError
        Names the first entry that is missing or of the wrong form.
    """
    for key, kind in {"split_name": str, "n": int, "interval": dict, "per_class": dict, "confusion": list}.items():
        _require(type(report.get(key)) is kind, key, f"a {kind.__name__}", report.get(key))
    level = report["interval"].get("level")
    _require(type(level) is float and 0 < level < 1, "interval level", "a number between 0 and 1", level)
    classes = report.get("classes")
    _require(classes_problem(classes) is None, "classes", "a list of class names", classes)
    for key in HEADLINE:
        _check_estimate(key, report.get(key))
    for emotion in classes:
        _check_class(emotion, report["per_class"].get(emotion))
    absent = [emotion for emotion in classes if not report["per_class"][emotion]["support"]]
    _require(
        report.get("absent", []) == absent, "absent", f"the classes without images, {absent}", report.get("absent")
    )
    rows, size = report["confusion"], len(classes)
    shaped = len(rows) == size and all(isinstance(row, list) and len(row) == size for row in rows)
    counts = shaped and all(type(cell) is int and cell >= 0 for row in rows for cell in row)
    expected = f"{size} rows of {size} counts that sum to n"
    _require(counts and 0 < sum(map(sum, rows)) == report["n"] < 2**31, "confusion", expected, rows)
    left_out = report.get("left_out", {})
    shares = isinstance(left_out, dict) and all(type(mass) is float and 0 <= mass <= 1 for mass in left_out.values())
    _require(
        shares and set(left_out) <= set(OTHER_EMOTIONS),
        "left_out",
        "shares of classes beyond the model's own",
        left_out,
    )
    return report


def class_table(report: dict) -> pd.DataFrame:
    """Precision, recall and F1 of each emotion with intervals, one row for each figure.

    Returns
    -------
    DataFrame
        Columns emotion, figure ("precision", "recall", "f1"), value, low, high (fractions; missing for a class without
        images), support (images).
    """
    figures = report["per_class"]
    rows = [
        {
            "emotion": emotion,
            "figure": figure,
            **(figures[emotion][figure] or {}),
            "support": figures[emotion]["support"],
        }
        for emotion in report["classes"]
        for figure in PER_CLASS
    ]
    return pd.DataFrame(rows, columns=["emotion", "figure", "value", "low", "high", "support"])


def classification_table(report: dict) -> pd.DataFrame:
    """The classification report as scikit-learn prints it, with the report's intervals.

    Returns
    -------
    DataFrame
        The classes, then accuracy (in the f1 columns), macro and weighted averages. Columns class, then for each
        of precision, recall and f1 the figure, its low and its high (precision, precision_low, ...; fractions, missing
        where there is none), support (images).
    """
    rows = [{"class": emotion, **report["per_class"][emotion]} for emotion in report["classes"]]
    rows.append({"class": "accuracy", "f1": report["accuracy"]})
    for name, figures in _average_estimates(report).items():
        rows.append({"class": f"{name} average", **figures, "f1": report[f"{name}_f1"]})
    return report_rows([{"support": report["n"], **row} for row in rows])


def _average_estimates(report: dict) -> dict[str, dict[str, dict[str, float]]]:
    """Precision and recall over the classes that occur, "macro" and "weighted" by their images: not in reports.

    With percentile bootstrap intervals over images, as the report's other averages; to be right on average over images
    is the accuracy.
    """
    confusion, level = np.array(report["confusion"]), report["interval"]["level"]
    points, samples = _averages(confusion), _averages(resampled(confusion, np.random.default_rng(0), _RESAMPLES))
    found = {
        name: {key: percentile_interval(value, samples[name][key], level) for key, value in figures.items()}
        for name, figures in points.items()
    }
    found["weighted"]["recall"] = report["accuracy"]
    return found


def _averages(confusion: np.ndarray) -> dict[str, dict[str, np.ndarray]]:
    """Of confusion matrices (..., C, C), each with an image: average -> figure -> array (...)."""
    hits, support = np.diagonal(confusion, axis1=-2, axis2=-1), confusion.sum(axis=-1)
    classes = {"precision": hits / np.maximum(confusion.sum(axis=-2), 1), "recall": hits / np.maximum(support, 1)}
    share = support / support.sum(axis=-1, keepdims=True)
    occur = support > 0
    return {
        "macro": {key: (values * occur).sum(axis=-1) / occur.sum(axis=-1) for key, values in classes.items()},
        "weighted": {key: (values * share).sum(axis=-1) for key, values in classes.items()},
    }


def report_rows(rows: Sequence[Mapping]) -> pd.DataFrame:
    """A classification report from its rows, in the form of `classification_table`.

    Parameters
    ----------
    rows
        Each with class, support and, where known, precision, recall and f1 as {"value", "low", "high"}.
    """
    return pd.DataFrame([_flat_row(row) for row in rows], columns=_REPORT_COLUMNS)


def confusion_table(report: dict) -> pd.DataFrame:
    """The confusion matrix, one row for each cell.

    Returns
    -------
    DataFrame
        A row for each pair of classes: true, pred, count (images), by_true (share of the true class's images), by_pred
        (share of the images taken for the predicted class); a share of no images is missing.
    """
    counts, classes = np.array(report["confusion"]), report["classes"]
    by_true, by_pred = shares(counts, axis=1), shares(counts, axis=0)
    return pd.DataFrame(
        {
            "true": np.repeat(classes, len(classes)),
            "pred": np.tile(classes, len(classes)),
            "count": counts.ravel(),
            "by_true": by_true.ravel(),
            "by_pred": by_pred.ravel(),
        }
    )


def shares(counts: np.ndarray, axis: int) -> np.ndarray:
    """Counts divided by their sums along an axis; NaN where the sum is 0: no images have no share."""
    total = counts.sum(axis=axis, keepdims=True)
    return np.divide(counts, total, out=np.full(counts.shape, np.nan), where=total > 0)


def confused_pairs(report: dict, top: int = 10) -> pd.DataFrame:
    """The `top` wrong cells of the confusion matrix with most images, as rows of `confusion_table`."""
    table = confusion_table(report)
    wrong = table[(table["true"] != table["pred"]) & (table["count"] > 0)]
    return wrong.sort_values(["count", "by_true"], ascending=False, kind="stable").head(top).reset_index(drop=True)


def prediction_table(
    id: np.ndarray, label: np.ndarray, probabilities: np.ndarray, classes: Sequence[str] = EMOTIONS
) -> pd.DataFrame:
    """What a model answered, one row for each image.

    Parameters
    ----------
    id, label, probabilities
        Shapes (N,), (N,) and (N, C), as in `fercore.runs.Predictions`.
    classes
        Names of the C classes, by default those of FER2013.

    Returns
    -------
    DataFrame
        Columns id, true, pred (emotions), right (bool), probability (of the predicted class), then the probability of
        each emotion under its name, see `BESIDE_CLASSES`.
    """
    pred, names = probabilities.argmax(axis=1), np.array(classes, dtype=object)
    return pd.DataFrame(
        {
            "id": id,
            "true": names[label],
            "pred": names[pred],
            "right": pred == label,
            "probability": probabilities.max(axis=1),
            **dict(zip(class_columns(classes, BESIDE_CLASSES), probabilities.T, strict=True)),
        }
    )


def averaged_words(report: dict) -> str:
    """Over which classes the averages of a report go: "the 7 classes", "the 6 of 7 classes that occur"."""
    known, absent = len(report["classes"]), len(report.get("absent", []))
    return f"the {known - absent} of {known} classes that occur" if absent else f"the {known} classes"


def accuracy_columns(reports: Mapping[str, dict]) -> dict[str, float | None]:
    """Accuracy, low and high of val and test as columns of a table ("val_accuracy", "val_low", ...).

    Parameters
    ----------
    reports
        Split -> report. What a missing split would say is None.
    """
    return {
        f"{split}_{column}": reports[split]["accuracy"][key] if split in reports else None
        for split in ("val", "test")
        for column, key in (("accuracy", "value"), ("low", "low"), ("high", "high"))
    }


def weakest_class(report: dict) -> WeakestClass:
    """The weakest class of a report among those that occur; of equals, the first in their order."""
    classes = report["classes"]
    present = [emotion for emotion in classes if report["per_class"][emotion]["support"]]
    weakest = min(present, key=lambda emotion: report["per_class"][emotion]["f1"]["value"])
    row = np.array(report["confusion"][classes.index(weakest)])
    missed = row.copy()
    missed[classes.index(weakest)] = 0
    f1 = report["per_class"][weakest]["f1"]["value"]
    if not missed.any():
        return WeakestClass(weakest, f1, None, 0.0)
    return WeakestClass(weakest, f1, classes[int(missed.argmax())], float(missed.max() / row.sum()))


def _flat_row(row: Mapping) -> dict:
    flat = {"class": row["class"], "support": row["support"]}
    for key in PER_CLASS:
        estimate = row.get(key) or {}
        flat |= {key: estimate.get("value"), f"{key}_low": estimate.get("low"), f"{key}_high": estimate.get("high")}
    return flat


def _check_class(name: str, figures: object) -> None:
    _require(isinstance(figures, dict), f"per_class {name}", "an object", figures)
    _require(type(figures.get("support")) is int, f"per_class {name} support", "a count", figures)
    for key in PER_CLASS:
        if figures["support"]:
            _check_estimate(f"per_class {name} {key}", figures.get(key))
        else:
            _require(figures.get(key, 0) is None, f"per_class {name} {key}", "none without images", figures.get(key))


def _check_estimate(name: str, estimate: object) -> None:
    numbers = [estimate.get(key) for key in ("value", "low", "high")] if isinstance(estimate, dict) else [None]
    top = _MAX_LOG_LOSS if name == "log_loss" else 1
    fits = all(type(x) in (int, float) and 0 <= x <= top for x in numbers)  # NaN fails every comparison
    _require(fits, name, f"value, low and high from 0 to {top}", estimate)


def _require(holds: bool, name: str, expected: str, received: object) -> None:
    if not holds:
        text = f"{received!r}"
        raise ReportError(
            f"metrics: {name} is {text if len(text) < 80 else text[:77] + '...'}, expected {expected}; "
            "run scripts/evaluate.py again"
        )
