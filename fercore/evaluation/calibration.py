"""Whether a model is right as often as it says: the calibration error, and how large it is by chance alone."""

from __future__ import annotations

from statistics import NormalDist
from typing import NamedTuple

import numpy as np

_AT_ONCE = 20_000  # draws, of one image each: more do not stay in the processor's cache


class Calibration(NamedTuple):
    """How far a model's confidence is from how often it is right; fractions.

    Attributes
    ----------
    error
        Expected calibration error, 0 to 1.
    by_chance
        Below this stays, in 95 % of samples of this size, the error of a model with the same confidences that is right
        exactly as often as it says. The error is a sum of distances, so even such a model's is not 0, and resampling
        it would only inflate it: this takes the place of an interval.
    overconfidence
        Mean confidence minus accuracy: above 0 for a model that is too sure, below 0 for one that is not sure enough.
    tilt_by_chance
        How far from 0 that lies, at most, in 95 % of such samples of a model that is right as often as it says.
    """

    error: float
    by_chance: float
    overconfidence: float
    tilt_by_chance: float = 0.0

    @property
    def tilt(self) -> str:
        """ "too sure" or "not sure enough" on the whole; empty where chance alone may make such a difference."""
        return tilt_words(self.overconfidence, self.tilt_by_chance)


def tilt_words(overconfidence: float, by_chance: float) -> str:
    """What `Calibration.tilt` says of its figures."""
    if abs(overconfidence) <= by_chance:
        return ""
    return "too sure" if overconfidence > 0 else "not sure enough"


def calibration(labels: np.ndarray, probabilities: np.ndarray, **settings: float) -> Calibration:
    """Expected calibration error (Guo et al. 2017, https://arxiv.org/abs/1706.04599) of the most probable class.

    Images are put into equal bins of confidence, the probability of the predicted class; the error is the mean over
    images of how far confidence and accuracy of their bin lie apart. What chance alone makes of it is found by
    drawing, for each image, whether it is right with its confidence as the probability (consistency resampling, Bröcker
    and Smith 2007, https://doi.org/10.1175/WAF993.1).

    Parameters
    ----------
    labels
        Integers (N,), true classes; at least one.
    probabilities
        Floats (N, C), rows sum to 1.
    settings
        As `calibration_of` takes them.
    """
    return calibration_of(probabilities.argmax(axis=1) == labels, probabilities.max(axis=1), **settings)


def calibration_of(
    right: np.ndarray,
    confidence: np.ndarray,
    *,
    bins: int = 15,
    level: float = 0.95,
    resamples: int = 500,
    seed: int = 0,
) -> Calibration:
    """As `calibration`, from which answers are right and how confident they are.

    Parameters
    ----------
    right, confidence
        Bool (N,), and floats (N,) from 0 to 1.
    bins
        Number of bins between 0 and 1; a bin holds its upper end.
    level, resamples, seed
        Of `Calibration.by_chance`: its quantile, the number of draws and the seed that draws them; `tilt_by_chance`,
        by the normal approximation, has the same level.
    """
    confidence = confidence.astype(np.float64)
    place = np.clip(np.ceil(confidence * bins).astype(int) - 1, 0, bins - 1)
    rng, rows, drawn = np.random.default_rng(seed), max(1, _AT_ONCE // len(confidence)), []
    places = place + (place.max() + 1) * np.arange(rows)[:, None]
    for start in range(0, resamples, rows):
        draws = rng.random((min(rows, resamples - start), len(confidence)))
        drawn.extend(_errors(draws < confidence, confidence, places))
    return Calibration(
        float(_errors(right[None], confidence, places)[0]),
        float(np.quantile(drawn, level)),
        float(confidence.mean() - right.mean()),
        NormalDist().inv_cdf((1 + level) / 2) * float(np.sqrt((confidence * (1 - confidence)).sum())) / len(confidence),
    )


def _errors(right: np.ndarray, confidence: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Calibration error, float (R,), of each of R draws of which answers are right, bool (R, N).

    `places` are bins, integers (R or more, N): a draw's begin behind those of the draw before.
    """
    # In each bin, images times the distance of accuracy and confidence is the distance of their sums.
    sums = np.bincount(places[: len(right)].ravel(), weights=(right - confidence).ravel())
    return np.abs(sums.reshape(len(right), -1)).sum(axis=1) / len(confidence)
