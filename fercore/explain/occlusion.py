"""Occlusion: how much of a class's probability is lost when a place of the face is hidden."""

from __future__ import annotations

import numpy as np
import torch
from captum.attr import Occlusion

from fercore.explain.inputs import BASELINE, face_tensor, logits_of_pixels
from fercore.models.registry import LoadedModel

WINDOW, STRIDE = 1 / 6, 1 / 12  # of the face's side: 8 and 4 of FER2013's 48 pixels
PARTS = 11  # rows of windows


@torch.inference_mode(False)
def occlusion(loaded: LoadedModel, image: np.ndarray, target: int, part: int | None = None) -> np.ndarray:
    """Probability of a class that is lost when windows of the face are hidden.

    Zeiler and Fergus 2014 (https://arxiv.org/abs/1311.2901, section 4.2), by captum: a gray window a sixth of the face
    wide and high (8 of 48 pixels) moves over the face in steps of half of that, and each pixel gets the mean loss over
    the windows that hid it. Their window's gray is not given; ours is the mean of FER2013's training images.

    Parameters
    ----------
    loaded
        The model.
    image
        A square face, uint8 (S, S) or in colour (S, S, 3).
    target
        Number of a class.
    part
        Number of a row of windows, 0 to PARTS - 1, whose share of the map is asked for: the shares of all rows add up
        to the map. Without it the whole map.

    Returns
    -------
    np.ndarray
        float32 (S, S), -1 to 1, in probability; positive where hiding the place costs the class probability, so
        that it speaks for the class, negative where hiding it helps.
    """
    face, side = face_tensor(image), len(image)
    window, tops = windows(side)
    result, rows = np.zeros((side, side), dtype=np.float32), np.arange(side)[:, None]
    # How many rows of windows lie over each row of pixels: the mean over all windows is the mean of their means.
    over = sum((rows >= top) & (rows < top + window) for top in tops)
    for top in tops if part is None else tops[part : part + 1]:
        inside = slice(top, top + window)
        result[inside] += _row_of_windows(loaded, face, target, inside) / over[inside]
    return result


def windows(side: int) -> tuple[int, list[int]]:
    """Side of the windows over a face of some side, in pixels, and the upper edges of their `PARTS` rows."""
    window = max(round(WINDOW * side), 1)
    return window, np.linspace(0, side - window, PARTS).round().astype(int).tolist()


def _row_of_windows(loaded: LoadedModel, face: torch.Tensor, target: int, inside: slice) -> np.ndarray:
    """Mean loss of each pixel, float32 (rows, S), over the windows that cover some rows of the face."""
    logits, (channels, side), window = logits_of_pixels(loaded), face.shape[1:3], inside.stop - inside.start

    def probabilities(band: torch.Tensor) -> torch.Tensor:  # (N, channels, rows, S), the part of the face that varies
        rests = face[:, :, : inside.start], face[:, :, inside.stop :]
        above, below = (rest.expand(len(band), -1, -1, -1) for rest in rests)
        return logits(torch.cat([above, band, below], dim=2)).softmax(dim=1)

    found = Occlusion(probabilities).attribute(
        face[:, :, inside],
        sliding_window_shapes=(channels, window, window),
        strides=(channels, window, max(round(STRIDE * side), 1)),
        baselines=BASELINE,
        target=target,
        perturbations_per_eval=PARTS,
    )
    return found[0, 0].float().numpy()
