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
        float array (H, W), at least 3 pixels each. Only positive values count. Where a side is not divisible by 3, its
        thirds differ by a pixel.

    Returns
    -------
    Place or None
        None where nothing is positive.
    """
    positive = np.maximum(heat, 0).astype(np.float64)
    rows, columns = ([round(part * side / 3) for part in range(3)] for side in heat.shape)
    ninths = np.add.reduceat(np.add.reduceat(positive, rows, axis=0), columns, axis=1)
    if not ninths.any():
        return None
    row, column = divmod(int(ninths.argmax()), 3)
    words = "the centre" if row == column == 1 else f"the {_ROWS[row]} {_COLUMNS[column]}"
    return Place(words, float(ninths[row, column] / ninths.sum()))
