"""Boxes with numbers around the faces of a picture; arrays in, arrays out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw, ImageFont

BOX = "#FFD600"  # yellow: seen against skin, hair and most rooms
EDGE = "#101010"
SHORTEST, LONGEST = 320, 1200  # pixels of the longer side of what is drawn


def numbered(picture: np.ndarray, boxes: Sequence[tuple[float, float, float, float]]) -> np.ndarray:
    """A picture with a box and a number around each face.

    Parameters
    ----------
    picture
        uint8 (H, W, 3), RGB; scaled so that its longer side has 320 to 1200 pixels.
    boxes
        Left, top, right and bottom edge in pixels of the picture; numbered from 1 in the order given.

    Returns
    -------
    numpy.ndarray
        uint8 (h, w, 3), RGB.
    """
    height, width = picture.shape[:2]
    factor = min(max(max(height, width), SHORTEST), LONGEST) / max(height, width)
    size = max(round(width * factor), 1), max(round(height * factor), 1)
    drawn = Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS)
    pen, line = ImageDraw.Draw(drawn), max(2, max(size) // 300)
    font = ImageFont.load_default(max(14, max(size) // 40))
    for number, box in enumerate(boxes, 1):
        left, top, right, bottom = (edge * factor for edge in box)
        corners = (left, top, min(right, size[0] - 1), min(bottom, size[1] - 1))
        pen.rectangle(corners, outline=EDGE, width=line + 2)  # a dark rim, for bright grounds
        pen.rectangle(corners, outline=BOX, width=line)
        _, _, wide, high = font.getbbox(str(number))
        top = max(top - high - 2 * line, 0)  # above the box, so that it hides no face
        pen.rectangle((left, top, left + wide + 4 * line, top + high + 2 * line), fill=BOX)
        pen.text((left + 2 * line, top), str(number), EDGE, font)
    return np.asarray(drawn)
