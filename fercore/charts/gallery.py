"""Pictures of single images, as arrays."""

from __future__ import annotations

import numpy as np

from fercore.charts.style import RIGHT, WRONG, rgb

SCALE = 2  # screen pixels for each pixel of the image
BORDER = 4  # screen pixels
_DASH = 8  # screen pixels of a dash and of a gap


def framed(images: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Enlarged images in a frame: solid blue where the prediction is right, dashed vermilion where it is wrong.

    Parameters
    ----------
    images
        uint8 (N, H, W), 0 black to 255 white, or (N, H, W, 3) in colour.
    right
        bool (N,).

    Returns
    -------
    ndarray
        uint8 (N, SCALE * H + 2 * BORDER, SCALE * W + 2 * BORDER, 3), RGB.
    """
    faces = np.repeat(np.repeat(images, SCALE, axis=1), SCALE, axis=2)
    height, width = (size + 2 * BORDER for size in faces.shape[1:3])
    dashes = (np.add.outer(np.arange(height), np.arange(width)) // _DASH % 2 == 0)[None] | right[
        :, None, None
    ]  # (N,H,W)
    colors = np.rint(255 * np.where(right[:, None], rgb(RIGHT), rgb(WRONG))).astype(np.uint8)  # (N, 3)
    frames = np.where(dashes[..., None], colors[:, None, None], np.uint8(255))
    frames[:, BORDER:-BORDER, BORDER:-BORDER] = faces if faces.ndim == 4 else faces[..., None]
    return frames
