"""From the bytes of a picture to its faces. Knows no Streamlit."""

from __future__ import annotations

import io
from collections.abc import Iterable
from typing import NamedTuple

import numpy as np
from PIL import Image

from fercore.charts.boxes import numbered
from fercore.data.decode import read_photo
from fercore.data.fer2013 import SIZE
from fercore.inference.faces import Face, face_square
from fercore.inference.looking import Find, crop_faces, find_faces

GRAY = (SIZE, SIZE)  # the shape of FER2013's faces
MOST_SHOWN = 1600  # pixels of the longer side of the picture that is shown


class Looked(NamedTuple):
    """What is in a picture.

    Attributes
    ----------
    faces
        In reading order, in pixels of the file.
    crops
        Shape -> their crops, uint8 (faces, *shape): models want them in different sizes and colours.
    shown
        The picture with a numbered box around each face, a JPEG file of at most `MOST_SHOWN` pixels a side.
    notes
        What the reader should know of the file, in words.
    """

    faces: tuple[Face, ...]
    crops: dict[tuple[int, ...], np.ndarray]
    shown: bytes
    notes: tuple[str, ...] = ()


def look(data: bytes, detector: Find | None, shapes: Iterable[tuple[int, ...]] = (GRAY,)) -> Looked:
    """Find the faces of a picture file as `scripts/predict.py` does; without a detector, its middle is the face.

    Parameters
    ----------
    data, detector
        The file; what finds faces.
    shapes
        Of the crops: (size, size) gray, (size, size, 3) in colour, as `fercore.inference.predictor.learned_shape`.

    Raises
    ------
    UnreadableImage
        If it is no picture, or too large a one.
    """
    photo = read_photo(data)
    faces = find_faces(photo.pixels, detector)
    crops = {shape: crop_faces(photo.pixels, faces, shape) for shape in shapes}
    # Of a picture used whole the box is what the models see of it.
    boxes = [face_square(photo.pixels.shape[:2], face) if face.is_crop else face.box for face in faces]
    shown = Image.fromarray(photo.pixels)
    shown.thumbnail((MOST_SHOWN, MOST_SHOWN))
    smaller = shown.width / photo.pixels.shape[1]
    file = io.BytesIO()
    drawn = numbered(np.asarray(shown), [tuple(edge * smaller for edge in box) for box in boxes])
    Image.fromarray(drawn).save(file, "jpeg", quality=90)
    return Looked(tuple(face.scaled(photo.scale) for face in faces), crops, file.getvalue(), photo.notes)
