"""Whether models differ by more than chance where they answered for the same images.

Two intervals that overlap do not say that two models are alike: models are mostly wrong on the same images, and what
they share says nothing about which is better. Paired methods look only at the images on which they differ.
"""

from __future__ import annotations

import numpy as np

from fercore.evaluation.intervals import mean_interval


def mcnemar(right_a: np.ndarray, right_b: np.ndarray) -> float:
    """Two-sided p-value of McNemar's exact test (McNemar 1947): are two models right equally often?

    Parameters
    ----------
    right_a, right_b
        Bool arrays (N,), whether each model is right on each image, in the same order.

    Returns
    -------
    float
        Of the images that only one model gets right, how likely is a split at least this uneven if each had even odds;
        1 where there are none.
    """
    from scipy import stats  # 2 s at its first import, of which most pages need nothing

    only_a, only_b = int((right_a & ~right_b).sum()), int((right_b & ~right_a).sum())
    return float(stats.binomtest(only_a, only_a + only_b).pvalue) if only_a + only_b else 1.0


def welch(a: np.ndarray, b: np.ndarray, level: float = 0.95) -> tuple[dict[str, float], float]:
    """Welch's t-test (Welch 1947) between the accuracies of two groups of trainings.

    Parameters
    ----------
    a, b
        Floats (K,) and (L,), at least two each: one accuracy for each seed. What varies is the training; all are
        measured on the same images.
    level
        Confidence level of the interval.

    Returns
    -------
    difference, p
        mean(a) - mean(b) as value, low and high, and the two-sided p-value.
    """
    from scipy import stats

    value = float(np.mean(a) - np.mean(b))
    if np.ptp(a) == np.ptp(b) == 0:  # trainings without any spread: the test's statistic would be 0 / 0 or infinite
        return {"value": value, "low": value, "high": value}, float(value == 0)
    test = stats.ttest_ind(a, b, equal_var=False)
    bounds = test.confidence_interval(level)
    return {"value": value, "low": float(bounds.low), "high": float(bounds.high)}, float(test.pvalue)


def holm(p: np.ndarray, of: int | None = None) -> np.ndarray:
    """p-values (K,) corrected for there being K of them (Holm 1979): the chance of any false alarm stays at the level.

    Parameters
    ----------
    p
        Floats (K,).
    of
        How many there could have been, K or more, where the K were chosen after a look at the data: to compare the best
        of five models with the others is to choose four of ten pairs. As if the others were no smaller; where they are,
        Holm's own correction is no larger than this one.

    Returns
    -------
    ndarray
        Floats (K,) in the order given, at most 1.
    """
    p = np.asarray(p, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    of = len(p) if of is None else of
    steps = np.minimum(p[order] * np.arange(of, of - len(p), -1), 1)
    adjusted = np.empty_like(p)
    adjusted[order] = np.maximum.accumulate(steps)
    return adjusted


def paired_difference(
    a: np.ndarray, b: np.ndarray, *, level: float = 0.95, resamples: int = 2000, seed: int = 0
) -> dict[str, float]:
    """Mean of a - b over images, with a percentile bootstrap interval that keeps each image's pair together.

    Parameters
    ----------
    a, b
        Arrays (N,) of bool or float: what each model scores on each image, in the same order. A float may be the mean
        over several models.
    level, resamples, seed
        As `fercore.evaluation.intervals.mean_interval` takes them.

    Returns
    -------
    dict
        value, low and high.
    """
    differences = np.asarray(a, np.float64) - np.asarray(b, np.float64)
    return mean_interval(differences, level=level, resamples=resamples, seed=seed)
