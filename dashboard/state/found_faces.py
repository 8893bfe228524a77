"""From the bytes of a picture to its faces. Knows no Streamlit."""

from __future__ import annotations

import io
from typing import NamedTuple

import numpy as np
from PIL import Image

from fercore.charts.boxes import numbered
from fercore.data.decode import read_photo
from fercore.inference import looking
from fercore.inference.faces import Face, face_square

MOST_SHOWN = 1600  # pixels of the longer side of the picture that is shown


class Looked(NamedTuple):
    """What is in a picture.

    Attributes
    ----------
    faces, crops
        In reading order, in pixels of the file; their crops, uint8 (faces, 48, 48).
    shown
        The picture with a numbered box around each face, a JPEG file of at most `MOST_SHOWN` pixels a side.
    notes
        What the reader should know of the file, in words.
    """

    faces: tuple[Face, ...]
    crops: np.ndarray
    shown: bytes
    notes: tuple[str, ...] = ()


def look(data: bytes, detector: looking.Find | None) -> Looked:
    """Find the faces of a picture file as `scripts/predict.py` does; without a detector, its middle is the face.

    Raises
    ------
    UnreadableImage
        If it is no picture, or too large a one.
    """
    photo = read_photo(data)
    faces, crops = looking.look(photo.pixels, detector)
    # Of a picture used whole the box is what the models see of it.
    boxes = [face_square(photo.pixels.shape[:2], face) if face.is_crop else face.box for face in faces]
    shown = Image.fromarray(photo.pixels)
    shown.thumbnail((MOST_SHOWN, MOST_SHOWN))
    smaller = shown.width / photo.pixels.shape[1]
    file = io.BytesIO()
    drawn = numbered(np.asarray(shown), [tuple(edge * smaller for edge in box) for box in boxes])
    Image.fromarray(drawn).save(file, "jpeg", quality=90)
    return Looked(tuple(face.scaled(photo.scale) for face in faces), crops, file.getvalue(), photo.notes)
