"""From predictions to a report: every figure with the interval that so many images leave open.

Point values follow scikit-learn with `zero_division=0`: a class that is never predicted has precision 0. A class
without images has no figures, and averages over classes are taken over those that occur: a model that makes no mistake
has a macro F1 of 1, whichever classes it was asked about.

Intervals use the method that suits the figure, and the report says which:

- Accuracy, precision and recall are proportions: Wilson's score interval (Wilson 1927), which keeps its coverage near
  0 and 1, where a bootstrap collapses to a point (disgust, never right, is not known to be 0 with certainty).
- F1 of a class: Wilson's bounds of TP / (TP + FP + FN), carried over (see `intervals.class_estimates`).
- Averages over classes and the log loss have no such form: percentile bootstrap over images.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fercore.emotions import EMOTIONS
from fercore.evaluation.intervals import class_estimates, percentile_interval, resampled, wilson

SCHEMA_VERSION = 1
_CLIP = float(np.finfo(np.float32).eps)  # as scikit-learn clips float32 probabilities; -log of it is 15.9
_CHUNK = 1 << 21  # image draws held at once while the log loss is resampled: 16 MB


class MetricsError(ValueError):
    """Predictions or settings that cannot be measured: what was received and what was expected."""


def report(
    labels: np.ndarray,
    probabilities: np.ndarray,
    *,
    split: str,
    split_name: str,
    tta: str = "none",
    classes: Sequence[str] = EMOTIONS,
    level: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> dict:
    """All figures of one model on one split, ready for metrics_<split>.json.

    Parameters
    ----------
    labels
        Integers (N,), true classes, 0 to C - 1.
    probabilities
        Floats (N, C), columns in the order of `classes`, each row summing to 1. They are rounded to float32, the form
        in which predictions are stored, so that the report is the same before and after storing.
    split, split_name
        The split's key ("test") and what its source calls it ("PrivateTest").
    tta
        Test-time augmentation of the predictions, "none" or "flip".
    classes
        Names of the C classes, by default those of FER2013.
    level
        Confidence level of every interval, between 0 and 1.
    resamples, seed
        Number of bootstrap resamples and the seed that draws them.

    Returns
    -------
    dict
        Figures as {"value", "low", "high"}, fractions from 0 to 1 (log loss: nats); "per_class" by emotion with
        precision, recall, f1 (None without an image of the class) and support; "confusion" as C rows (true) of C counts
        (predicted); "absent", where there are any, the classes without images, which no average counts.

    Raises
    ------
    MetricsError
        If shapes, ranges, row sums or settings do not fit; the message says what was received and expected.
    """
    labels, probabilities = check_predictions(labels, probabilities, len(classes))
    if not 0 < level < 1:
        raise MetricsError(f"level: received {level}, expected a number between 0 and 1, such as 0.95")
    if resamples < 1:
        raise MetricsError(f"resamples: received {resamples}, expected at least 1")
    confusion = confusion_counts(labels, probabilities.argmax(axis=1), len(classes))
    absent = [name for name, images in zip(classes, confusion.sum(axis=1), strict=True) if not images]
    rng = np.random.default_rng(seed)
    return {
        "schema_version": SCHEMA_VERSION,
        "split": split,
        "split_name": split_name,
        "tta": tta,
        "n": len(labels),
        "classes": list(classes),
        "interval": {
            "level": level,
            "accuracy": "Wilson score",
            "per_class_precision": "Wilson score",
            "per_class_recall": "Wilson score",
            "per_class_f1": "Wilson score of TP / (TP + FP + FN), carried over to F1",
            "others": f"percentile bootstrap over images, {resamples} resamples, seed {seed}",
        },
        "accuracy": wilson(int(np.trace(confusion)), len(labels), level),
        **_bootstrap_averages(confusion, rng, resamples, level),
        "log_loss": _bootstrap_mean(log_losses(labels, probabilities), rng, resamples, level),
        "per_class": {emotion: class_figures(confusion, code, level) for code, emotion in enumerate(classes)},
        "confusion": confusion.tolist(),
        **({"absent": absent} if absent else {}),
    }


def check_predictions(
    labels: np.ndarray, probabilities: np.ndarray, classes: int = len(EMOTIONS)
) -> tuple[np.ndarray, np.ndarray]:
    """Labels as int64 (N,) and probabilities as float64 (N, classes) of float32 precision, or a MetricsError."""
    labels, probabilities = np.asarray(labels), np.asarray(probabilities)
    if labels.ndim != 1 or labels.dtype.kind not in "iu" or not len(labels):
        raise MetricsError(
            f"labels: received {labels.dtype} {labels.shape}, expected integers of shape (N,) with at least one image"
        )
    if labels.min() < 0 or labels.max() >= classes:
        raise MetricsError(f"labels: received {labels.min()} to {labels.max()}, expected 0 to {classes - 1}")
    if probabilities.shape != (len(labels), classes) or probabilities.dtype.kind != "f":
        raise MetricsError(
            f"probabilities: received {probabilities.dtype} {probabilities.shape}, "
            f"expected floats of shape ({len(labels)}, {classes})"
        )
    probabilities = probabilities.astype(np.float32).astype(np.float64)
    sums = probabilities.sum(axis=1)
    # Written so that a NaN, which fails every comparison, is refused as well.
    if not (probabilities >= 0).all() or not (np.abs(sums - 1) <= 1e-3).all():
        row = int(np.argmax((probabilities < 0).any(axis=1) | ~(np.abs(sums - 1) <= 1e-3)))
        raise MetricsError(
            f"probabilities: row {row} is {probabilities[row].round(4).tolist()}, expected numbers of at least 0 that "
            "sum to 1; pass a softmax's output, not logits"
        )
    return labels.astype(np.int64), probabilities


def log_losses(labels: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Log loss of each image, nats (N,), at most 15.9: minus the logarithm of the true class's probability.

    `labels` are integers (N,), `probabilities` floats (N, C).
    """
    return -np.log(np.clip(probabilities[np.arange(len(labels)), labels], _CLIP, 1 - _CLIP))


def confusion_counts(labels: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """How often each class was taken for each, integers (C, C): rows true, columns predicted; both from 0 to C - 1."""
    pairs = labels.astype(np.int64) * classes + predicted
    return np.bincount(pairs, minlength=classes**2).reshape(classes, classes)


def class_figures(confusion: np.ndarray, code: int, level: float = 0.95) -> dict:
    """Precision, recall and F1 of one class with intervals, None without images, and its support (number of them).

    Parameters
    ----------
    confusion
        Counts (C, C), rows true, columns predicted.
    code
        Class index, 0 to C - 1.
    level
        Confidence level.
    """
    hits, support, predicted = (
        int(x) for x in (confusion[code, code], confusion[code].sum(), confusion[:, code].sum())
    )
    if not support:
        return {"precision": None, "recall": None, "f1": None, "support": 0}
    return {**class_estimates(hits, support, predicted, level), "support": support}


def averages(confusion: np.ndarray) -> dict[str, np.ndarray]:
    """Balanced accuracy, macro-F1 and weighted F1 of one or many confusion matrices.

    Parameters
    ----------
    confusion
        Counts (..., C, C), rows true, columns predicted, at least one image in each matrix.

    Returns
    -------
    dict
        Name -> array (...). Balanced accuracy is the mean recall of the classes that occur, macro-F1 their mean F1.
    """
    hits = np.diagonal(confusion, axis1=-2, axis2=-1)
    support, predicted = confusion.sum(axis=-1), confusion.sum(axis=-2)
    recall = hits / np.maximum(support, 1)
    f1 = 2 * hits / np.maximum(support + predicted, 1)  # 0 for a class without images, since it has no hits
    occurring = (support > 0).sum(axis=-1)
    return {
        "balanced_accuracy": recall.sum(axis=-1) / occurring,
        "macro_f1": f1.sum(axis=-1) / occurring,
        "weighted_f1": (f1 * support).sum(axis=-1) / support.sum(axis=-1),
    }


def average_drop(
    before: np.ndarray,
    after: np.ndarray,
    name: str = "macro_f1",
    *,
    level: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
) -> dict[str, float]:
    """How far an average over classes falls from one set of images to another, above 0 where it falls.

    Percentile bootstrap of two independent samples (Efron and Tibshirani 1993, An Introduction to the Bootstrap,
    chapter 8): as many images as there are of each set are drawn from it, and the difference is taken each time.

    Parameters
    ----------
    before, after
        Confusion matrices of the two sets, counts (C, C) and (D, D), rows true; at least one image in each.
    name
        A key of `averages`.
    level, resamples, seed
        As `fercore.evaluation.intervals.mean_interval` takes them.

    Returns
    -------
    dict
        value, low and high.
    """
    rng = np.random.default_rng(seed)
    points = [averages(np.asarray(own))[name] for own in (before, after)]
    draws = [averages(resampled(np.asarray(own), rng, resamples))[name] for own in (before, after)]
    return percentile_interval(points[0] - points[1], draws[0] - draws[1], level)


def _bootstrap_averages(confusion: np.ndarray, rng: np.random.Generator, resamples: int, level: float) -> dict:
    points, samples = averages(confusion), averages(resampled(confusion, rng, resamples))
    return {name: percentile_interval(points[name], samples[name], level) for name in points}


def _bootstrap_mean(values: np.ndarray, rng: np.random.Generator, resamples: int, level: float) -> dict[str, float]:
    n, step = len(values), max(1, _CHUNK // len(values))
    means = [
        values[rng.integers(0, n, size=(min(step, resamples - start), n))].mean(axis=1)
        for start in range(0, resamples, step)
    ]
    return percentile_interval(values.mean(), np.concatenate(means), level)
