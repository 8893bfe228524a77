"""On which kinds of images is a model worse than on the others, by more than noise?

A slice is one group of an attribute (`fercore.evaluation.attributes`) and is compared with the images of the
attribute's other groups. Slices of less than 50 images are shown, but not tested: their intervals span half the scale.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd

from fercore.evaluation.attributes import Attribute, pair
from fercore.evaluation.calibration import calibration
from fercore.evaluation.intervals import percentile_interval, resampled, wilson
from fercore.evaluation.metrics import averages, confusion_counts
from fercore.evaluation.paired import holm
from fercore.runs import Predictions

FEWEST = 50  # images from which a slice is tested
LEVEL = 0.05  # a corrected p-value below it is more than noise
CANDIDATES = 3  # of a search, which are looked at again on the other half
_Z = 1.959964  # of a two-sided 95 % interval
COLUMNS = (
    *("attribute", "slice", "n", "small", "accuracy", "accuracy_low", "accuracy_high", "rest", "difference"),
    *("difference_low", "difference_high", "p", "p_holm", "same_classes", "macro_f1", "macro_f1_low", "macro_f1_high"),
    *("calibration_error", "calibration_by_chance", "confidence", "confidence_low", "confidence_high"),
)


class Slice(NamedTuple):
    """Some images beside others.

    Attributes
    ----------
    attribute, value
        What they are called.
    own, rest
        bool arrays (N,): the slice, and what it is compared with.
    """

    attribute: str
    value: str
    own: np.ndarray
    rest: np.ndarray


class Searched(NamedTuple):
    """What a search for the worst slices came to.

    Attributes
    ----------
    tried
        Number of slices that were large enough on the first half.
    first, second
        The candidates as tables of `slice_table`, in the same order: on the half on which they were found, and on the
        other. Only the second may be believed; its p-values are corrected for the number of candidates.
    """

    tried: int
    first: pd.DataFrame
    second: pd.DataFrame

    @property
    def confirmed(self) -> pd.DataFrame:
        """The candidates that are worse than the rest on the other half too, lowest accuracy first."""
        return _noticeable(self.second)


def slices_of(attributes: Iterable[Attribute]) -> list[Slice]:
    """Every group of some attributes."""
    return [
        Slice(one.name, value, one.place == code, (one.place >= 0) & (one.place != code))
        for one in attributes
        for code, value in enumerate(one.values)
    ]


def pairs(attributes: Sequence[Attribute]) -> list[Attribute]:
    """All pairs of attributes."""
    return [pair(one, other) for one, other in combinations(attributes, 2)]


def slice_table(found: Predictions, slices: Sequence[Slice], *, resamples: int = 500, seed: int = 0) -> pd.DataFrame:
    """Figures of slices, with 95 % intervals.

    Parameters
    ----------
    found
        Predictions of N images.
    slices
        Of these images in the same order; those without an image are left out.
    resamples, seed
        Of the bootstraps.

    Returns
    -------
    DataFrame
        A row for each slice, fractions:

        - attribute, slice, n (images), small (fewer than 50: not tested).
        - accuracy with Wilson's interval; rest (accuracy on the images it is compared with), difference (accuracy minus
          rest) with Newcombe's interval from Wilson's (Newcombe 1998, method 10).
        - p, of Fisher's exact test of slice and rest; p_holm, corrected for all slices tested here (Holm 1979).
        - same_classes: the accuracy if each class were recognised as often as in the rest. A slice may be worse only
          because it has more of the difficult classes. Missing where the rest has no image of one of its classes.
        - macro_f1 over the classes that occur, percentile bootstrap over images.
        - calibration_error, and what it stays below by chance, see `calibration.Calibration`.
        - confidence: mean probability of the predicted class, interval by the normal approximation.
    """
    rows = [_row(found, one, resamples, seed) for one in slices if one.own.any()]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    tested = table["p"].notna()
    table.loc[tested, "p_holm"] = holm(table.loc[tested, "p"].to_numpy())
    return table


def worst_slice(table: pd.DataFrame) -> dict | None:
    """The row of the least accurate slice of those worse than the rest by more than noise; None without any."""
    rows = _noticeable(table).to_dict("records")
    return rows[0] if rows else None


def search(found: Predictions, attributes: Sequence[Attribute], *, seed: int = 0, resamples: int = 500) -> Searched:
    """Look for the worst slices among single attributes and pairs, and look again on images not searched.

    The lowest of many figures is low by luck too. So the images are split in two by the seed. Of the slices that are
    worse than the rest on one half, those with the smallest p-values, three at most, are tested on the other half,
    which had no part in choosing them.

    Parameters
    ----------
    found, attributes
        Predictions of N images, and attributes of these images in the same order.
    seed
        Of the split and of the bootstraps.
    resamples
        Of the bootstraps.
    """
    slices = slices_of([*attributes, *pairs(attributes)])
    half = np.zeros(len(found.id), dtype=bool)
    half[np.random.default_rng(seed).permutation(len(half))[: len(half) // 2]] = True
    right = found.predicted == found.label
    counts = [_counts(right, one._replace(own=one.own & half, rest=one.rest & half)) for one in slices]
    tried = [i for i, of in enumerate(counts) if min(of.n) >= FEWEST]
    worse = {i: _p_value(counts[i]) for i in tried if np.subtract(*counts[i].shares) < 0}
    chosen = [slices[i] for i in sorted(worse, key=worse.get)[:CANDIDATES]]
    halves = ([one._replace(own=one.own & rows, rest=one.rest & rows) for one in chosen] for rows in (half, ~half))
    tables = [slice_table(found, part, resamples=resamples, seed=seed) for part in halves]
    return Searched(len(tried), *tables)


def _noticeable(table: pd.DataFrame) -> pd.DataFrame:
    rows = table[(table["p_holm"] < LEVEL) & (table["difference"] < 0)]
    return rows.sort_values("accuracy", kind="stable").reset_index(drop=True)


def _row(found: Predictions, one: Slice, resamples: int, seed: int) -> dict:
    labels, probabilities, predicted = found.label[one.own], found.probabilities[one.own], found.predicted
    n, right = int(one.own.sum()), predicted == found.label
    calibrated = calibration(labels, probabilities, resamples=resamples, seed=seed)
    return {
        **{"attribute": one.attribute, "slice": one.value, "n": n, "small": n < FEWEST},
        **_named("accuracy", wilson(int(right[one.own].sum()), n)),
        **_compared(_counts(right, one)),
        "same_classes": _same_classes(found.label, right, one),
        **_named("macro_f1", _macro_f1(labels, predicted[one.own], probabilities.shape[1], resamples, seed)),
        **{"calibration_error": calibrated.error, "calibration_by_chance": calibrated.by_chance},
        **_named("confidence", _mean(probabilities.max(axis=1).astype(np.float64))),
    }


class _Counts(NamedTuple):
    """Right answers and images, of a slice and of the rest."""

    right: tuple[int, int]
    n: tuple[int, int]

    @property
    def shares(self) -> tuple[float, float]:
        return tuple(right / n for right, n in zip(self.right, self.n, strict=True))


def _counts(right: np.ndarray, one: Slice) -> _Counts:
    parts = (one.own, one.rest)
    return _Counts(tuple(int(right[part].sum()) for part in parts), tuple(int(part.sum()) for part in parts))


def _p_value(counts: _Counts) -> float:
    """Two-sided p-value of Fisher's exact test; missing where slice or rest is too small."""
    from scipy import stats  # 2 s at its first import, of which most pages need nothing

    if min(counts.n) < FEWEST:
        return np.nan
    return float(stats.fisher_exact([[right, n - right] for right, n in zip(*counts, strict=True)]).pvalue)


def _compared(counts: _Counts) -> dict[str, float]:
    """A slice beside the rest; all is missing without a rest."""
    if not min(counts.n):
        return dict.fromkeys(("rest", "difference", "difference_low", "difference_high", "p"), np.nan)
    own, rest = (wilson(right, n) for right, n in zip(*counts, strict=True))
    difference = own["value"] - rest["value"]
    below = np.hypot(own["value"] - own["low"], rest["high"] - rest["value"])
    above = np.hypot(own["high"] - own["value"], rest["value"] - rest["low"])
    ends = {"difference_low": difference - below, "difference_high": difference + above}
    return {"rest": rest["value"], "difference": difference, **ends, "p": _p_value(counts)}


def _same_classes(labels: np.ndarray, right: np.ndarray, one: Slice) -> float:
    """Accuracy that the rest would have with the slice's mix of classes."""
    classes, counts = np.unique(labels[one.own], return_counts=True)
    recalls = [right[own].mean() if (own := one.rest & (labels == code)).any() else np.nan for code in classes]
    return float(counts @ np.array(recalls) / counts.sum())


def _macro_f1(labels: np.ndarray, predicted: np.ndarray, classes: int, resamples: int, seed: int) -> dict[str, float]:
    confusion = confusion_counts(labels, predicted, classes)
    samples = averages(resampled(confusion, np.random.default_rng(seed), resamples))["macro_f1"]
    return percentile_interval(averages(confusion)["macro_f1"], samples)


def _mean(values: np.ndarray) -> dict[str, float]:
    value = values.mean()
    error = _Z * values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else np.inf
    return {"value": float(value), "low": float(max(value - error, 0)), "high": float(min(value + error, 1))}


def _named(name: str, figure: dict[str, float]) -> dict[str, float]:
    return {name: figure["value"], f"{name}_low": figure["low"], f"{name}_high": figure["high"]}
