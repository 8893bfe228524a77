"""From the bytes of a picture to its faces. Knows no Streamlit."""

from __future__ import annotations

import io
from typing import NamedTuple

import numpy as np
from PIL import Image

from fercore.charts.boxes import numbered
from fercore.data.decode import decode_rgb
from fercore.data.fer2013 import SIZE
from fercore.inference.faces import Detector, Face, crop_face, face_square, find_faces


class Looked(NamedTuple):
    """What is in a picture.

    Attributes
    ----------
    faces, crops
        In reading order; their crops, uint8 (faces, 48, 48).
    shown
        The picture with a numbered box around each face, a JPEG file.
    """

    faces: tuple[Face, ...]
    crops: np.ndarray
    shown: bytes


def look(data: bytes, detector: Detector | None) -> Looked:
    """Find the faces of a picture file; without a detector, its middle is the face.

    Raises
    ------
    UnreadableImage
        If it is no picture, or too large a one.
    """
    picture = decode_rgb(data)
    faces = tuple(find_faces(picture, detector))
    crops = [crop_face(picture, face) for face in faces]
    # Of a picture used whole the box is what the models see of it.
    boxes = [face.box if face.score is not None else face_square(picture.shape[:2], face) for face in faces]
    file = io.BytesIO()
    Image.fromarray(numbered(picture, boxes)).save(file, "jpeg", quality=90)
    return Looked(faces, np.array(crops, np.uint8).reshape(-1, SIZE, SIZE), file.getvalue())
