"""Answers whose confidence and correctness are given, for figures that can be worked out by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def answers(confidences: Sequence[float]) -> np.ndarray:
    """Probabilities (N, 7) with a confidence in the class 0 and the rest spread evenly over the others."""
    confidences = np.array(confidences)[:, None]
    return np.concatenate([confidences, np.repeat((1 - confidences) / 6, 6, axis=1)], axis=1)


def labels(right: str) -> np.ndarray:
    """True classes (N,): class 0 where the answer is right ("1"), else 1."""
    return np.array([0 if c == "1" else 1 for c in right])
