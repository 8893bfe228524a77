"""Votes of people, written as what they said."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from fercore.data.ferplus import ANSWERS


def counted(*images: Mapping[str, float]) -> np.ndarray:
    """Counts (N, 10) from the answers that each image got: {"happy": 9, "no_face": 1}, ..."""
    return np.array([[image.get(answer, 0) for answer in ANSWERS] for image in images], dtype=np.float64)
