"""What a probability is worth: scaled so that confidence is as often right as it says, and a limit below which a model
is not sure. Both are chosen on the validation split, from stored predictions."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize_scalar

from fercore.data.fer2013 import OFFICIAL_SPLIT_NAMES
from fercore.evaluation.contamination import contamination, split_name
from fercore.runs import Run, RunError

RIGHT = 0.8  # of the answers that are given are right, at least: four of five
FEWEST = 100  # answers on which such a share can be seen: at 80 % of 100 the 95 % interval is 71 to 87 %
UNKNOWN_CONFIDENCE = (
    "How sure this model is nobody knows: it has no predictions of a validation split that it did not learn from, so "
    "every answer counts as sure."
)
_SMALLEST = float(np.finfo(np.float32).tiny)  # a softmax in float32 gives 0 where it means less than this
_TEMPERATURES = (0.05, 20.0)


@dataclass(frozen=True)
class Confidence:
    """How to read a model's probabilities.

    Attributes
    ----------
    temperature
        Logits are divided by it: above 1 for a model that is too sure.
    threshold
        Smallest probability, once scaled, at which the model counts as sure; 0 for a model that always does, infinite
        for one that never does.
    right, given
        Of the validation images with at least this probability, the share that is right, None where there are none;
        and their share of all.
    split_name
        What the data set calls the split on which both were chosen.
    """

    temperature: float = 1.0
    threshold: float = 0.0
    right: float | None = None
    given: float = 1.0
    split_name: str = OFFICIAL_SPLIT_NAMES["val"]

    def scale(self, probabilities: np.ndarray) -> np.ndarray:
        """Probabilities (N, C) as they are once scaled, float32; see `scale`."""
        return scale(probabilities, self.temperature)

    def sure(self, scaled: np.ndarray) -> np.ndarray:
        """bool (N,): whether the largest of each row of scaled probabilities reaches the threshold."""
        # One that is just below it by rounding alone reaches it.
        return scaled.max(axis=1, initial=0) >= self.threshold - 1e-6

    def words(self) -> str:
        """What being sure means, in a sentence."""
        split_name = self.split_name
        if self.right is None:
            words = f"This model is never sure: at no confidence were {RIGHT:.0%} of its answers on {split_name} right."
        else:
            words = (
                f"Sure means a probability of at least {self.threshold:.0%}: on {split_name} {self.right:.0%} of such "
                f"answers were right, and {self.given:.0%} of the images got one."
            )
        return words.replace("%", " %")


def scale(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Temperature scaling (Guo et al. 2017, https://arxiv.org/abs/1706.04599), from probabilities instead of logits.

    Logits are the logarithms of the probabilities up to a constant, which softmax takes away: both ways give the same.

    Parameters
    ----------
    probabilities
        Floats (N, C), rows sum to 1.
    temperature
        Above 0; 1 changes nothing.

    Returns
    -------
    numpy.ndarray
        float32 (N, C), rows sum to 1; the order within a row stays.
    """
    logits = _logits(probabilities) / temperature
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)


def fit_temperature(labels: np.ndarray, probabilities: np.ndarray) -> float:
    """The temperature of the smallest log loss, between 0.05 and 20.

    The loss is convex in the temperature's inverse, so what is found is the minimum.

    Parameters
    ----------
    labels
        Integers (N,), true classes; N at least 1.
    probabilities
        Floats (N, C), rows sum to 1.
    """
    logits, rows = _logits(probabilities), np.arange(len(labels))

    def loss(inverse: float) -> float:
        scaled = logits * inverse
        top = scaled.max(axis=1)
        return float((top + np.log(np.exp(scaled - top[:, None]).sum(axis=1)) - scaled[rows, labels]).mean())

    low, high = _TEMPERATURES
    found = minimize_scalar(loss, bounds=(1 / high, 1 / low), method="bounded", options={"xatol": 1e-6})
    return 1 / float(found.x)


def fit_threshold(
    labels: np.ndarray, probabilities: np.ndarray, right: float = RIGHT, fewest: int = FEWEST
) -> tuple[float, float, float] | None:
    """The smallest confidence from which on enough answers are right (selective classification, Geifman and El-Yaniv
    2017, https://arxiv.org/abs/1705.08500; a plain share here, without their bound).

    Parameters
    ----------
    labels, probabilities
        Integers (N,) and floats (N, C), scaled already.
    right
        Share of the answers given that must be right.
    fewest
        Answers that must be given: with less, chance would choose.

    Returns
    -------
    threshold, right, given
        The largest probability of the last answer given; the share of the answers given that is right; their share of
        all. None where no limit will do.
    """
    confidence, hit = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    order = np.argsort(-confidence, kind="stable")
    confidence, shares = confidence[order], np.cumsum(hit[order]) / np.arange(1, len(labels) + 1)
    last_of_equals = np.append(confidence[1:] < confidence[:-1], True)  # equal ones are given together, or none
    able = np.flatnonzero((shares >= right) & last_of_equals & (np.arange(1, len(labels) + 1) >= fewest))
    if not len(able):
        return None
    return float(confidence[able[-1]]), float(shares[able[-1]]), float((able[-1] + 1) / len(labels))


def run_confidence(run: Run, tta: str = "none") -> Confidence | None:
    """Temperature and threshold of a run, from its stored predictions of the validation split.

    Parameters
    ----------
    run
        A run.
    tta
        Of the predictions; where a run has none of this kind stored, those without augmentation stand in.

    Returns
    -------
    Confidence or None
        None where the run has no readable predictions of the split, or learned from it, or may have: its confidence
        there says what it remembers.
    """
    run = getattr(run, "home", run)  # on other data too, both are those of the run's own validation split
    if contamination(run, "val"):
        return None
    for kind in dict.fromkeys((tta, "none")):
        try:
            found = run.predictions("val", kind)
            break
        except RunError:
            continue
    else:
        return None
    if not len(found.label):
        return None
    temperature = fit_temperature(found.label, found.probabilities)
    chosen = fit_threshold(found.label, scale(found.probabilities, temperature))
    return Confidence(temperature, *(chosen or (math.inf, None, 0.0)), split_name(run, "val"))


def _logits(probabilities: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(np.asarray(probabilities, dtype=np.float64), _SMALLEST))
