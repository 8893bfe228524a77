"""Faces of a video that are looked for now and then, and followed between.

Median Flow (Kalal, Mikolajczyk and Matas 2010, "Forward-Backward Error: Automatic Detection of Tracking Failures"):
points of a grid within each box are followed from picture to picture by optical flow (Lucas and Kanade, in pyramids,
as OpenCV has it) and back again; points that do not come back to where they began are left out; the median of the
others moves the box, and the median of their distances' ratios makes it larger or smaller. Our departures: limits are
shares of the box; the face must still look as it did when it was found; and where one face is lost, all are looked for
at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
from scipy.spatial.distance import pdist

from fercore.inference.faces import Box, Face, in_reading_order
from fercore.inference.looking import Find, find_faces
from fercore.inference.tracks import Cuts, overlap

MOST_EVERY = 30  # pictures, of which the first is looked at
_LONGEST = 480  # pixels of the longer side at which pictures are compared
_GRID, _INNER = 6, 0.7  # points along each side, within so much of the box: its corners are often ground
_RETURN = 0.03  # of the box's side that a point may come back beside where it began, at least `_NEAR`
_NEAR = 1.0  # pixels
_KEPT = 0.5  # of the points that must come back
_APART = 0.06  # of the box's side that the median point may go another way than the others
_SCALE = 1.3  # times that a face may grow or shrink from picture to picture
_SMALLEST = 12  # pixels of a box, reduced, that shows enough to be followed
_ALIKE, _PATCH = 0.8, 24  # least correlation with the face as it was found, at so many pixels
_TOUCH = 0.1  # overlap from which two faces may be taken for each other


class Follower:
    """The faces of one video, picture after picture: looked for in every so many, followed in the others.

    All are looked for at once where one of them is lost, leaves the picture or may be taken for another, and after a
    cut. Who comes between two looks is found at the second.

    Parameters
    ----------
    detector
        As `fercore.inference.looking.find_faces` takes it; pictures are not looked at turned.
    every
        From 1, in every picture, to `MOST_EVERY`.

    Attributes
    ----------
    looks
        How often faces were looked for.
    """

    def __init__(self, detector: Find | None, every: int = 1) -> None:
        if not 1 <= every <= MOST_EVERY:
            raise ValueError(f"received a look at every {every}. picture, expected every 1. to {MOST_EVERY}.")
        self.looks = 0
        self._detector, self._every, self._cuts = detector, every, Cuts()
        self._since, self._faces, self._patches = 0, [], []
        self._gray: np.ndarray | None = None  # of the picture before, reduced

    def __call__(self, picture: np.ndarray) -> list[Face]:
        """Faces of the next picture, uint8 (H, W, 3), in reading order; `Face.followed` says which were followed."""
        if self._every == 1:
            self.looks += 1
            return find_faces(picture, self._detector, turns=False)
        gray, factor, cut = self._seen(picture)
        faces = None if cut or self._since + 1 >= self._every else self._followed(gray, factor, picture.shape[:2])
        if faces is None:
            self.looks += 1
            faces, self._since = find_faces(picture, self._detector, turns=False), 0
            self._patches = [_patch(gray, np.asarray(face.box) / factor) for face in faces]
        else:
            self._since += 1
        self._gray, self._faces = gray, faces
        return in_reading_order(faces)

    def _seen(self, picture: np.ndarray) -> tuple[np.ndarray, int, bool]:
        """The picture in gray and reduced, by which factor, and whether a cut lies before it."""
        import cv2

        small, factor = _reduced(picture)
        return cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), factor, self._cuts.between(small)

    def _followed(self, gray: np.ndarray, factor: int, shape: tuple[int, int]) -> list[Face] | None:
        """The faces of the picture before in this one; None where they must be looked for."""
        if self._gray is None or self._gray.shape != gray.shape or any(face.is_crop for face in self._faces):
            return None
        boxes = follow(self._gray, gray, [np.asarray(face.box) / factor for face in self._faces])
        if any(box is None for box in boxes) or any(overlap(*pair) > _TOUCH for pair in combinations(boxes, 2)):
            return None
        if any(_likeness(_patch(gray, box), own) < _ALIKE for box, own in zip(boxes, self._patches, strict=True)):
            return None
        faces = [
            replace(face, box=tuple(float(edge) * factor for edge in box), followed=True)
            for face, box in zip(self._faces, boxes, strict=True)
        ]
        return faces if all(_within(face.box, shape) for face in faces) else None


def follow(before: np.ndarray, after: np.ndarray, boxes: Sequence[np.ndarray]) -> list[np.ndarray | None]:
    """Where boxes of one gray picture are in the next.

    Parameters
    ----------
    before, after
        uint8 (H, W).
    boxes
        Left, top, right and bottom edge of each, in pixels, float (4,).

    Returns
    -------
    list
        Likewise, and None where one was lost.
    """
    import cv2

    if not boxes:
        return []
    start = np.concatenate([_grid(box) for box in boxes]).astype(np.float32)
    settings = {"winSize": (15, 15), "maxLevel": 4}
    there, seen, _ = cv2.calcOpticalFlowPyrLK(before, after, start, None, **settings)
    back, again, _ = cv2.calcOpticalFlowPyrLK(after, before, there, None, **settings)
    error = np.where((seen * again).ravel() > 0, np.linalg.norm(back - start, axis=1), np.inf)
    parts = (np.split(points, len(boxes)) for points in (start, there, error))
    return [_moved(box, *part) for box, *part in zip(boxes, *parts, strict=True)]


def _moved(box: np.ndarray, start: np.ndarray, there: np.ndarray, error: np.ndarray) -> np.ndarray | None:
    sides = box[2:] - box[:2]
    side = float(sides.max())
    good = error <= max(_RETURN * side, _NEAR)
    if side < _SMALLEST or good.mean() < _KEPT:
        return None
    start, there = start[good], there[good]
    ways = there - start
    way = np.median(ways, axis=0)
    scale = float(np.median(pdist(there) / pdist(start)))
    middle = (box[:2] + box[2:]) / 2
    left = there - (middle + way + scale * (start - middle))  # what neither the move nor the growth explains
    if not 1 / _SCALE < scale < _SCALE or np.median(np.linalg.norm(left, axis=1)) > max(_APART * side, _NEAR):
        return None
    return np.concatenate([middle + way - scale * sides / 2, middle + way + scale * sides / 2])


def _grid(box: np.ndarray) -> np.ndarray:
    """Points within a box, (`_GRID` * `_GRID`, 2)."""
    shares = 0.5 + _INNER * (np.linspace(0, 1, _GRID) - 0.5)
    across, down = np.meshgrid(*(box[axis] + shares * (box[axis + 2] - box[axis]) for axis in (0, 1)))
    return np.stack([across.ravel(), down.ravel()], axis=1)


def _reduced(picture: np.ndarray) -> tuple[np.ndarray, int]:
    """A picture of at most about `_LONGEST` pixels, and the pixels of the whole one along a side of each of its own."""
    import cv2

    height, width = picture.shape[:2]
    factor = -(-max(height, width) // _LONGEST)
    if factor == 1:
        return picture, 1
    whole = picture[: height // factor * factor, : width // factor * factor]
    return cv2.resize(whole, None, fx=1 / factor, fy=1 / factor, interpolation=cv2.INTER_AREA), factor


def _within(box: Box, shape: tuple[int, int]) -> bool:
    left, top, right, bottom = box
    return left >= 0 and top >= 0 and right <= shape[1] and bottom <= shape[0]


def _patch(gray: np.ndarray, box: np.ndarray) -> np.ndarray:
    """What a box shows, float32 (`_PATCH`, `_PATCH`), less its mean."""
    import cv2

    wide, high = np.maximum(np.round(box[2:] - box[:2]), 1).astype(int)
    part = cv2.getRectSubPix(gray, (int(wide), int(high)), tuple(map(float, (box[:2] + box[2:]) / 2)))
    patch = cv2.resize(part, (_PATCH, _PATCH), interpolation=cv2.INTER_AREA).astype(np.float32)
    return patch - patch.mean()


def _likeness(one: np.ndarray, other: np.ndarray) -> float:
    """Correlation of two patches, -1 to 1; 0 where one of them is flat."""
    size = float(np.linalg.norm(one) * np.linalg.norm(other))
    return float((one * other).sum()) / size if size else 0.0
