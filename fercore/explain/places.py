"""Where in the picture a heat map is strongest, in words that promise no more than the map says."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

_ROWS, _COLUMNS = ("upper", "middle", "lower"), ("left", "centre", "right")


class Place(NamedTuple):
    """One ninth of the picture.

    Attributes
    ----------
    words
        "the upper left", "the centre", ...: of the picture, not of the face, whose parts nobody looked for.
    share
        Of all that the map holds for the class, 0 to 1; a ninth if it is spread evenly.
    """

    words: str
    share: float


def strongest_place(heat: np.ndarray) -> Place | None:
    """The ninth of the picture that holds most of what speaks for the class.

    Parameters
    ----------
    heat
        float array (H, W), both divisible by 3. Only positive values count.

    Returns
    -------
    Place or None
        None where nothing is positive.
    """
    height, width = heat.shape
    ninths = np.maximum(heat, 0).reshape(3, height // 3, 3, width // 3).sum(axis=(1, 3), dtype=np.float64)
    if not ninths.any():
        return None
    row, column = divmod(int(ninths.argmax()), 3)
    words = "the centre" if row == column == 1 else f"the {_ROWS[row]} {_COLUMNS[column]}"
    return Place(words, float(ninths[row, column] / ninths.sum()))
