"""How far a figure may be off because so few images were seen."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np

_CHUNK = 1 << 21  # image draws held at once: 16 MB


def wilson(successes: int, trials: int, level: float = 0.95) -> dict[str, float]:
    """A proportion and its Wilson score interval (Wilson 1927).

    Parameters
    ----------
    successes, trials
        Counts, successes at most trials.
    level
        Confidence level, between 0 and 1.

    Returns
    -------
    dict
        value, low and high, fractions. Without trials value 0, and nothing is known: 0 to 1.
    """
    if trials == 0:
        return {"value": 0.0, "low": 0.0, "high": 1.0}
    z, rate = NormalDist().inv_cdf(0.5 + level / 2), successes / trials
    whole = 2 * (trials + z**2)
    centre = (2 * trials * rate + z**2) / whole
    half = z / whole * np.sqrt(4 * trials * rate * (1 - rate) + z**2)
    low = 0.0 if successes == 0 else centre - half  # exactly 0 and 1, which rounding would miss
    high = 1.0 if successes == trials else centre + half
    return {"value": rate, "low": float(low), "high": float(high)}


def drop(before: dict[str, float], after: dict[str, float]) -> dict[str, float]:
    """How far a proportion falls from one set of images to another: value, low and high, above 0 where it falls.

    Newcombe's hybrid score interval for two independent proportions (Newcombe 1998, method 10,
    https://doi.org/10.1002/(SICI)1097-0258(19980430)17:8%3C873::AID-SIM779%3E3.0.CO;2-I), from their Wilson intervals.
    """
    value = before["value"] - after["value"]
    down = np.hypot(before["value"] - before["low"], after["high"] - after["value"])
    up = np.hypot(before["high"] - before["value"], after["value"] - after["low"])
    return {"value": value, "low": float(value - down), "high": float(value + up)}


def class_estimates(hits: int, support: int, predicted: int, level: float = 0.95) -> dict[str, dict[str, float]]:
    """Precision, recall and F1 of one class with intervals, from its counts.

    Precision and recall are proportions. F1 is a rising function of the proportion TP / (TP + FP + FN), so Wilson's
    bounds carry over ("Wilson indirect" of Lam, Gopal and Qian 2023, https://arxiv.org/abs/2309.14621).

    Parameters
    ----------
    hits
        Images of the class that are predicted as it.
    support, predicted
        Images of the class, and images predicted as it.
    level
        Confidence level.
    """
    overlap = wilson(hits, support + predicted - hits, level)  # the Jaccard index, TP / (TP + FP + FN)
    return {
        "precision": wilson(hits, predicted, level),
        "recall": wilson(hits, support, level),
        "f1": {key: 2 * x / (1 + x) for key, x in overlap.items()},
    }


def percentile_interval(value: float, samples: np.ndarray, level: float = 0.95) -> dict[str, float]:
    """A figure and the percentile interval of its bootstrap samples (any shape): value, low and high."""
    low, high = np.quantile(samples, [(1 - level) / 2, (1 + level) / 2])
    return {"value": float(value), "low": float(low), "high": float(high)}


def resampled(counts: np.ndarray, rng: np.random.Generator, resamples: int) -> np.ndarray:
    """Counts of as many images drawn with replacement, integers (resamples, *shape of counts); at least one image.

    To count n such draws by cell is one multinomial draw: the same distribution as resampling rows, without the rows.
    """
    n = int(counts.sum())
    return rng.multinomial(n, counts.ravel() / n, size=resamples).reshape(resamples, *counts.shape)


def mean_interval(values: np.ndarray, *, level: float = 0.95, resamples: int = 2000, seed: int = 0) -> dict[str, float]:
    """Mean of one value an image and its percentile bootstrap interval over images.

    Parameters
    ----------
    values
        Numbers (N,), N at least 1; fast where few of them differ.
    level, resamples, seed
        Confidence level, number of bootstrap resamples and the seed that draws them.

    Returns
    -------
    dict
        value, low and high.
    """
    levels, counts = np.unique(np.asarray(values, np.float64), return_counts=True)
    draws = resampled(counts, np.random.default_rng(seed), resamples)
    return percentile_interval(levels @ counts / counts.sum(), draws @ levels / counts.sum(), level)


def ratio_intervals(
    parts: np.ndarray, wholes: np.ndarray, *, level: float = 0.95, resamples: int = 1000, seed: int = 0
) -> list[dict[str, float]]:
    """Ratios of sums over images, each with its percentile bootstrap interval over images.

    A mean of one value an image is such a ratio, with wholes of 1; so is the share of right votes, of which an image
    may have any number: images are drawn, not votes, since votes on one image go together.

    Parameters
    ----------
    parts, wholes
        Numbers (N, K), N at least 1, no column of wholes all 0.
    level, resamples, seed
        Confidence level, number of bootstrap resamples and the seed that draws them.

    Returns
    -------
    list of dict
        K of them: value, low and high.
    """
    n, rng = len(parts), np.random.default_rng(seed)
    draws, step = [], max(1, _CHUNK // n)
    for start in range(0, resamples, step):
        size = min(step, resamples - start)
        chosen = rng.integers(0, n, size=(size, n)) + n * np.arange(size)[:, None]
        times = np.bincount(chosen.ravel(), minlength=size * n).reshape(size, n).astype(np.float64)
        draws.append((times @ parts) / np.maximum(times @ wholes, np.finfo(float).tiny))
    samples = np.concatenate(draws)
    values = [np.sum(part) / np.sum(whole) for part, whole in zip(parts.T.copy(), wholes.T.copy(), strict=True)]
    found = [percentile_interval(value, own, level) for value, own in zip(values, samples.T, strict=True)]
    # Samples are rounded otherwise than values: what is the same in every image must not seem to lie outside.
    return [{**own, "low": min(own["low"], own["value"]), "high": max(own["high"], own["value"])} for own in found]
