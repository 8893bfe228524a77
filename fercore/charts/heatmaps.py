"""Heat maps of explanations over a face, and the bar that says what their colours mean; arrays in, arrays out."""

from __future__ import annotations

import altair as alt
import numpy as np

from fercore.charts.grids import HEAT, colored, overlay

# For (blue) and against (orange), told apart by colour-blind eyes and on every gray of a face; 0 is never drawn.
SIGNED = alt.Scale(domain=[-1, -0.5, 0.5, 1], range=["#FFB000", "#D55E00", "#0072B2", "#56C8FF"])
_FULL = 0.99  # share of the pixels that lie below the strongest colour


def full_colour(*maps: np.ndarray) -> float:
    """The value that gets the strongest colour when maps are drawn on one scale.

    Not the largest one: single pixels of integrated gradients reach several times what all others do. Values beyond
    it look like it.

    Returns
    -------
    float
        99 % of the pixels of all maps are at most this far from 0; 0 where they all are 0.
    """
    distances = np.abs(np.stack(maps))
    level = float(np.quantile(distances, _FULL))
    return level or float(distances.max())


def over_face(
    face: np.ndarray, heat: np.ndarray, full: float, signed: bool, opacity: float = 0.6, side: int = 480
) -> np.ndarray:
    """A heat map over a face.

    Parameters
    ----------
    face
        uint8 (H, W) or, in colour, (H, W, 3).
    heat
        float array (h, w). Where it is 0 the face is seen as it is.
    full
        The value that gets the strongest colour, from `full_colour`; 0 for an empty map.
    signed
        Whether values below 0 mean something: then above 0 is blue and below is orange. Else HEAT, dark to light.
    opacity
        How much of the face the strongest colour hides, 0 to 1.
    side
        Of the picture in pixels.

    Returns
    -------
    np.ndarray
        uint8 (side, side, 3), RGB.
    """
    return overlay(face, heat / full if full else heat, side, opacity, SIGNED if signed else HEAT)


def colour_bar(signed: bool, opacity: float = 0.6, width: int = 480, height: int = 20) -> np.ndarray:
    """The colours of `over_face` on middle gray, from 0 (signed: from -full) to full: uint8 (height, width, 3)."""
    values = np.linspace(-1 if signed else 0, 1, width)
    share = opacity * np.abs(values)[:, None]
    row = (1 - share) * 128 + share * colored(values, SIGNED if signed else HEAT)
    return np.repeat(np.rint(row).astype(np.uint8)[None], height, axis=0)
