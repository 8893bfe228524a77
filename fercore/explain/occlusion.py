"""Occlusion: how much of a class's probability is lost when a place of the face is hidden."""

from __future__ import annotations

import numpy as np
import torch
from captum.attr import Occlusion

from fercore.data.fer2013 import SIZE
from fercore.explain.inputs import BASELINE, face_tensor, logits_of_pixels
from fercore.models.registry import LoadedModel

WINDOW, STRIDE = 8, 4  # pixels
TOPS = tuple(range(0, SIZE - WINDOW + 1, STRIDE))  # upper edges of the windows; their left edges are the same numbers
PARTS = len(TOPS)


@torch.inference_mode(False)
def occlusion(loaded: LoadedModel, image: np.ndarray, target: int, part: int | None = None) -> np.ndarray:
    """Probability of a class that is lost when windows of the face are hidden.

    Zeiler and Fergus 2014 (https://arxiv.org/abs/1311.2901, section 4.2), by captum: a gray window of 8x8 pixels moves
    over the face in steps of 4, and each pixel gets the mean loss over the windows that hid it. Their window's gray is
    not given; ours is the mean of FER2013's training images.

    Parameters
    ----------
    loaded
        The model.
    image
        uint8 (48, 48).
    target
        Class 0 to 6.
    part
        Number of a row of windows, 0 to PARTS - 1, whose share of the map is asked for: the shares of all rows add up
        to the map. Without it the whole map.

    Returns
    -------
    np.ndarray
        float32 (48, 48), -1 to 1, in probability; positive where hiding the place costs the class probability, so
        that it speaks for the class, negative where hiding it helps.
    """
    face, result = face_tensor(image), np.zeros(image.shape, dtype=np.float32)
    rows = np.arange(SIZE)[:, None]
    # How many rows of windows lie over each row of pixels: the mean over all windows is the mean of their means.
    over = sum((rows >= top) & (rows < top + WINDOW) for top in TOPS)
    for top in TOPS if part is None else TOPS[part : part + 1]:
        inside = slice(top, top + WINDOW)
        result[inside] += _row_of_windows(loaded, face, target, top) / over[inside]
    return result


def _row_of_windows(loaded: LoadedModel, face: torch.Tensor, target: int, top: int) -> np.ndarray:
    """Mean loss of each pixel, float32 (WINDOW, 48), over the windows whose upper edge is `top`."""
    logits = logits_of_pixels(loaded)

    def probabilities(band: torch.Tensor) -> torch.Tensor:  # (N, 1, WINDOW, 48), the part of the face that varies
        above, below = (rest.expand(len(band), -1, -1, -1) for rest in (face[:, :, :top], face[:, :, top + WINDOW :]))
        return logits(torch.cat([above, band, below], dim=2)).softmax(dim=1)

    found = Occlusion(probabilities).attribute(
        face[:, :, top : top + WINDOW],
        sliding_window_shapes=(1, WINDOW, WINDOW),
        strides=(1, WINDOW, STRIDE),
        baselines=BASELINE,
        target=target,
        perturbations_per_eval=len(TOPS),
    )
    return found[0, 0].float().numpy()
