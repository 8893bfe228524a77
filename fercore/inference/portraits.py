"""Faces found and cropped while a data set is prepared from portraits."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fercore.data.decode import Note, read_photo
from fercore.inference.faces import crop_face
from fercore.inference.looking import Find, find_faces

Crop = Callable[[bytes, int, int, Note], np.ndarray | None]


def largest_face(detector: Find) -> Crop:
    """What crops the largest face of a picture file as FER2013's are.

    Returns
    -------
    callable
        Content of the file, side in pixels, channels, and what is told in words what the reader should know -> uint8
        (size, size) or (size, size, 3); None where no face is found. It raises `UnreadableImage` as `read_photo` does.
    """

    def crop(data: bytes, size: int, channels: int, note: Note) -> np.ndarray | None:
        photo = read_photo(data)
        for words in photo.notes:
            note(words)
        faces = [face for face in find_faces(photo.pixels, detector) if not face.doubtful]
        if not faces:
            return None
        if len(faces) > 1:
            note(f"the largest of {len(faces)} faces is taken")
        return crop_face(photo.pixels, max(faces, key=lambda face: face.area), size, channels)

    return crop
