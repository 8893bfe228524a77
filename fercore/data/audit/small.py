"""Pictures as they are compared: in gray at 48 x 48 pixels, whatever a data set holds."""

from __future__ import annotations

import numpy as np
from PIL import Image

SIDE = 48  # pixels
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601


def small(images: np.ndarray, rows: np.ndarray | None = None) -> np.ndarray:
    """Pictures in gray at 48 x 48 pixels; those that are so already stay as they are.

    Parameters
    ----------
    images
        uint8 (N, H, W) or (N, H, W, 3), perhaps a memory map: one picture at a time is read.
    rows
        int (M,), the pictures that are wanted; all of them by default.

    Returns
    -------
    ndarray
        uint8 (N, 48, 48) or (M, 48, 48).
    """
    if images.shape[1:] == (SIDE, SIDE):
        return images if rows is None else images[rows]
    chosen = range(len(images)) if rows is None else rows
    made = np.empty((len(chosen), SIDE, SIDE), dtype=np.uint8)
    for place, row in enumerate(chosen):
        image = images[row]
        gray = image if image.ndim == 2 else np.rint(image @ _LUMA).astype(np.uint8)
        made[place] = Image.fromarray(gray).resize((SIDE, SIDE), Image.Resampling.BOX)
    return made
