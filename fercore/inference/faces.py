"""What a face of a picture is, and how it is cropped: gray, square, 48x48 pixels, framed as FER2013 frames them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from PIL import Image

from fercore.data.fer2013 import SIZE


class Framing(NamedTuple):
    """How a detector's box becomes FER2013's frame.

    Attributes
    ----------
    margin
        Share of the box's longer side that is added on each side.
    above
        Share of it by which the frame's centre lies above the box's.
    """

    margin: float
    above: float


# Measured on every 96th face of Training, enlarged four times: the median box of MTCNN is 1.01 of the picture high and
# its centre lies 0.034 of the side below the picture's; YuNet's is 0.985 high and lies 0.016 below. FER2013 adds no
# margin to what either calls a face. On every fourth image of PrivateTest (898), enlarged in the same way, YuNet finds
# 97.2 %, and reference-fast is right on 73.2 % of its crops, on 72.3 % of the same images used whole; MTCNN finds
# 77.1 %: 73.3 and 72.4 %.
FRAMINGS = {"mtcnn": Framing(0.0, 0.03), "yunet": Framing(0.0, 0.015)}

NOTHING, UNSEARCHED = "nothing", "unsearched"  # in the place of a detector's name
Box = tuple[float, float, float, float]  # left, top, right, bottom
_LANCZOS_SUPPORT = 3  # pixels of the result that each of them reaches to both sides


@dataclass(frozen=True)
class Face:
    """One face of a picture.

    Attributes
    ----------
    box
        Left, top, right and bottom edge in pixels of the picture, floats, all within it.
    score
        The detector's confidence, 0 to 1; None where none found it.
    found_by
        The detector's name; `NOTHING` where one looked in vain and the picture, a small square, is taken for a crop of
        a face; `UNSEARCHED` where nobody looked.
    turn
        0, 90, 180 or 270: degrees clockwise by which the picture is turned to set the face upright.
    tilt
        Degrees by which the head, once turned, still leans clockwise; 0 where it leans so little that straightening it
        does not help, see the detector's `leans`.
    whole
        Whether the picture is a crop already, though a face was found in it.
    followed
        Whether it was followed here from an earlier picture of a video: score and tilt are those with which it was
        found there.
    """

    box: Box
    score: float | None = None
    found_by: str = UNSEARCHED
    turn: int = 0
    tilt: float = 0.0
    whole: bool = False
    followed: bool = False

    @property
    def is_crop(self) -> bool:
        """Whether the picture is used whole, as the largest centred square of it."""
        return self.whole or self.score is None

    def scaled(self, factor: float) -> Face:
        """The same face in a picture enlarged by a factor."""
        return self if factor == 1 else replace(self, box=tuple(edge * factor for edge in self.box))

    @property
    def rotation(self) -> float:
        """Degrees clockwise, above -180 and up to 180, by which the picture is rotated to set the face upright."""
        return 180 - (180 - self.turn + self.tilt) % 360

    @property
    def area(self) -> float:
        """Of the box, in square pixels."""
        left, top, right, bottom = self.box
        return (right - left) * (bottom - top)

    @property
    def doubtful(self) -> bool:
        """Whether a detector looked and found no face: no answer for it may count as sure."""
        return self.found_by == NOTHING


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


def face_square(shape: tuple[int, int], face: Face) -> tuple[float, float, float, float]:
    """The square that a face is cropped by: left, top, right and bottom edge in pixels of the picture.

    It is as wide as the box's longer side, plus the margin of its detector's `FRAMINGS`; where it would leave the
    picture it is moved, and if need be made smaller. Of a picture used whole it is the largest centred square. The crop
    of a head that leans is this square turned about the middle of its box.

    Parameters
    ----------
    shape
        Height and width of the picture.
    face
        One of its faces.
    """
    box, after = turned(face.box, shape, face.turn)
    return turned(_upright_square(after, face, box), after, -face.turn)[0]


def _upright_square(shape: tuple[int, int], face: Face, box: Box) -> Box:
    """`face_square` of a picture that was turned so that the face stands upright, as has its box."""
    height, width = shape
    left, top, right, bottom = box
    longer = max(right - left, bottom - top)
    margin, above = (0.0, 0.0) if face.is_crop else FRAMINGS.get(face.found_by, FRAMINGS["mtcnn"])
    side = min(longer * (1 + 2 * margin), height, width)
    across, down = (left + right) / 2, (top + bottom) / 2 - above * longer
    left = min(max(across - side / 2, 0), width - side)
    top = min(max(down - side / 2, 0), height - side)
    return left, top, left + side, top + side


def turned(box: Box, shape: tuple[int, int], turn: int) -> tuple[Box, tuple[int, int]]:
    """A box, and the height and width of its picture, after the picture was turned clockwise by 0, 90, ... degrees."""
    for _ in range(turn // 90 % 4):
        left, top, right, bottom = box
        height, width = shape
        box, shape = (height - bottom, left, height - top, right), (width, height)
    return box, shape


def crop_face(picture: np.ndarray, face: Face, size: int = SIZE, channels: int = 1) -> np.ndarray:
    """A face as FER2013 has them.

    Parameters
    ----------
    picture
        uint8 (H, W, 3), red, green, blue.
    face
        One of its faces; see `face_square`.
    size, channels
        Side of the result in pixels, and 1 for gray or 3 for colour.

    Returns
    -------
    numpy.ndarray
        uint8 (size, size), 0 black to 255 white: luma (ITU-R 601), or (size, size, 3): upright, resampled with
        antialiasing (Lanczos). A gray picture of that size used whole comes back unchanged.
    """
    mode = "L" if channels == 1 else "RGB"
    upright = np.rot90(picture, -face.turn // 90)
    box, shape = turned(face.box, picture.shape[:2], face.turn)
    left, top, right, bottom = _upright_square(shape, face, box)
    if face.tilt:
        part, x, y = _straightened(upright, (left, top, right, bottom), box, face.tilt)
    else:
        around = int(_LANCZOS_SUPPORT * (right - left) / size) + 2
        x, y = max(int(left) - around, 0), max(int(top) - around, 0)
        part = Image.fromarray(upright[y : int(bottom) + around, x : int(right) + around])
    square = (left - x, top - y, right - x, bottom - y)
    return np.array(part.convert(mode).resize((size, size), Image.Resampling.LANCZOS, box=square))


def _straightened(picture: np.ndarray, square: Box, box: Box, tilt: float) -> tuple[Image.Image, int, int]:
    """The surroundings of a square turned about the middle of a box, and where they begin in the picture.

    What the turned square shows beyond the picture's edges is mirrored from within.
    """
    left, top, right, bottom = square
    reach = int(right - left)  # to each side: the corner of a square is less than its side from any point within
    x, y = int(left) - reach, int(top) - reach
    height, width = picture.shape[:2]
    columns = _mirrored(np.arange(x, int(right) + reach + 1), width)
    rows = _mirrored(np.arange(y, int(bottom) + reach + 1), height)
    part = Image.fromarray(picture[np.ix_(rows, columns)])
    center = (box[0] + box[2]) / 2 - x, (box[1] + box[3]) / 2 - y
    return part.rotate(tilt, Image.Resampling.BICUBIC, center=center), x, y


def _mirrored(places: np.ndarray, size: int) -> np.ndarray:
    """Places along an axis, those beyond its ends mirrored into it."""
    folded = places % (2 * size)
    return np.where(folded < size, folded, 2 * size - 1 - folded)
