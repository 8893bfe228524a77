"""From a picture to the faces that a model is asked about: the one way for pages, scripts and the library."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps

from fercore.data.fer2013 import SIZE
from fercore.inference.faces import NOTHING, Face, crop_face, turned

Find = Callable[[np.ndarray], Sequence[Face]]  # a detector: uint8 (H, W, 3) -> faces

# Crops of data sets. A detector that wants something around a face misses up to 19 % of FER2013's own images.
SURE_CROP = 64  # square and at most so many pixels: a crop already, used whole
LIKELY_CROP = 128  # square and at most so many: a crop already, unless a face is found in it
FEWEST = 16  # pixels of the shorter side below which no face can be told
FLATTEST = 4.0  # standard deviation of the gray values below which there is nothing to see
_SAMPLED = 128  # pixels of the shorter side that are looked at for that, at least
_SQUARE = 0.8  # of the longer side is the shorter one, at least
_ENLARGED, _AROUND = 192, 48  # pixels: a crop is searched as large as this, with so much gray on each side
_SECOND_LOOKS = (90, 270, 180)  # degrees clockwise, the commonest first


class Seen(NamedTuple):
    """What is in a picture.

    Attributes
    ----------
    faces
        In reading order.
    crops
        One of each, uint8 (faces, *shape), as `crop_face` gives them.
    """

    faces: tuple[Face, ...]
    crops: np.ndarray


def look(picture: np.ndarray, detector: Find | None, turns: bool = True, shape: tuple[int, ...] = (SIZE, SIZE)) -> Seen:
    """Find the faces of a picture and crop them.

    Parameters
    ----------
    picture, detector, turns
        As `find_faces` takes them.
    shape
        Of the crops: (size, size) gray, (size, size, 3) in colour, as `Predictor.shape`.
    """
    faces = tuple(find_faces(picture, detector, turns))
    return Seen(faces, crop_faces(picture, faces, shape))


def crop_faces(picture: np.ndarray, faces: Sequence[Face], shape: tuple[int, ...] = (SIZE, SIZE)) -> np.ndarray:
    """`crop_face` of each face of a picture, uint8 (faces, *shape): (size, size) gray, (size, size, 3) in colour."""
    crops = [crop_face(picture, face, shape[0], *shape[2:]) for face in faces]
    return np.array(crops, np.uint8).reshape(-1, *shape)


def find_faces(picture: np.ndarray, detector: Find | None, turns: bool = True) -> list[Face]:
    """The faces of a picture.

    A picture that is a crop already is used whole: a square one of at most `SURE_CROP` pixels a side, and one of at
    most `LIKELY_CROP` in which no face is found. Where the detector finds no face in it, it is marked by `NOTHING` and
    no answer for it counts as sure. A picture of too few pixels, or of one gray throughout, has no face.

    Parameters
    ----------
    picture
        uint8 (H, W, 3), red, green, blue.
    detector
        See `fercore.inference.detectors.open_detector`; None switches detection off: every picture is used whole.
    turns
        Look again at the picture turned by 90, 180 and 270 degrees where no face is found, or none whose score reaches
        the detector's `upright`: the turn with the likeliest face is taken. Of 300 faces of FER2013 in every of the
        four positions YuNet so finds 98.7 % the right way up (without it 49 to 89 % of those that lie), and MTCNN 89 %.

    Returns
    -------
    list of Face
        Row by row, from left to right; empty where there are none.
    """
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3 or not picture.size:
        raise ValueError(f"received {picture.dtype} {picture.shape}, expected an RGB picture uint8 (H, W, 3)")
    if shows_nothing(picture):
        return []
    height, width = picture.shape[:2]
    short, long = sorted((height, width))
    whole = Face((0.0, 0.0, float(width), float(height)))
    if detector is None:
        return [whole]
    square = short >= _SQUARE * long
    if square and long <= SURE_CROP:
        return [_as_crop(picture, whole, detector)]
    found = list(detector(picture))
    if turns and (not found or _best(found) < getattr(detector, "upright", 0.0)):
        found = max([found, *_turned_looks(picture, detector)], key=_best)
    return [replace(whole, found_by=NOTHING)] if not found and square and long <= LIKELY_CROP else found


def shows_nothing(picture: np.ndarray) -> bool:
    """Whether a picture has too few pixels to show a face, or one gray throughout.

    The flattest face of FER2013 has a standard deviation of 9; 13 of its images are blank and have less than 1.
    """
    shorter = min(picture.shape[:2])
    step = max(shorter // _SAMPLED, 1)
    red, green, blue = np.moveaxis(picture[::step, ::step], 2, 0)
    gray = np.add(red, green, dtype=np.float32) + blue  # five times as quick as the mean of an axis of three
    return shorter < FEWEST or float(np.std(gray)) / 3 < FLATTEST


def _as_crop(picture: np.ndarray, whole: Face, detector: Find) -> Face:
    """A small square as one face, with the score of the face that is found in it, if one is.

    It is searched enlarged and with gray around; where nothing is found, once more as its mirror image. So MTCNN finds
    90 % of FER2013's own faces rather than 79, and YuNet 98 %.
    """
    image = Image.fromarray(picture)
    size = (_ENLARGED * image.width // max(image.size), _ENLARGED * image.height // max(image.size))
    image = ImageOps.expand(image.resize(size, Image.Resampling.LANCZOS), _AROUND, (128, 128, 128))
    enlarged = np.asarray(image)
    found = list(detector(enlarged)) or list(detector(np.ascontiguousarray(enlarged[:, ::-1])))
    if not found:
        return replace(whole, found_by=NOTHING)
    best = max(found, key=lambda face: face.score)
    return replace(whole, score=best.score, found_by=best.found_by, whole=True)


def _turned_looks(picture: np.ndarray, detector: Find) -> list[list[Face]]:
    """Faces found in the picture turned by each of `_SECOND_LOOKS`, in pixels of the picture as it is."""
    found = []
    for turn in _SECOND_LOOKS:
        lying = np.ascontiguousarray(np.rot90(picture, -turn // 90))
        found.append(
            [replace(face, box=turned(face.box, lying.shape[:2], -turn)[0], turn=turn) for face in detector(lying)]
        )
    return found


def _best(faces: Sequence[Face]) -> float:
    return max((face.score for face in faces), default=0.0)
