"""Which face of a video is whose: boxes followed from look to look, as far as place and motion can tell.

Simple online tracking (Bewley et al. 2016, https://arxiv.org/abs/1602.00763): each track foresees its box by constant
motion, and boxes are given to tracks so that the sum of their agreement is largest. Our departures: agreement is the
generalised overlap (Rezatofighi et al. 2019, https://arxiv.org/abs/1902.09630), which also ranks boxes that no longer
touch, since few frames of a second are looked at; motion is a running mean of velocity, not a Kalman filter; tracks
seen at the last look choose first (the cascade of Wojke et al. 2017, https://arxiv.org/abs/1703.07402); and a cut of
the film ends all tracks. Nobody is recognised: who returns after more than `GAP` seconds, or after a cut, is a new
track.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy.optimize import linear_sum_assignment

GAP = 2.0  # seconds without a face after which a track ends
LEAST = (
    -0.2
)  # generalised overlap from which a box can be the same face: of two equal squares, half a side between them
LARGEST = 2.5  # times that one side may be the other's from look to look
# Mean difference of hue, saturation and value, 0 to 255, between two pictures that lie on both sides of a cut: the
# threshold of PySceneDetect's ContentDetector (https://www.scenedetect.com). Our departure: saturation of what is dark
# and hue of what is gray are little else than noise of the coding, and count less or not at all.
CUT = 27.0
_DARK, _GRAY, _RAMP = 32, 16, 32  # value and saturation up to which they count nothing, and to where they count fully
_THUMBNAIL = (32, 32)
_NEWEST = 0.5  # share of the newest velocity in the running mean

Box = tuple[float, float, float, float]


@dataclass
class _Track:
    number: int
    box: np.ndarray  # left, top, right, bottom
    time: float
    velocity: np.ndarray  # of the edges, pixels a second

    def foreseen(self, time: float) -> np.ndarray:
        return self.box + self.velocity * (time - self.time)

    def follow(self, box: np.ndarray, time: float) -> None:
        if time > self.time:
            middle = (_middle(box) - _middle(self.box)) / (time - self.time)
            self.velocity = (1 - _NEWEST) * self.velocity + _NEWEST * np.tile(middle, 2)
        self.box, self.time = box, time


class Cuts:
    """Finds the cuts of a film, picture after picture."""

    def __init__(self) -> None:
        self._thumbnail: np.ndarray | None = None

    def between(self, picture: np.ndarray) -> bool:
        """Whether a cut lies between the picture before and this one, uint8 (H, W, 3)."""
        small = Image.fromarray(picture).resize(_THUMBNAIL, Image.Resampling.BOX).convert("HSV")
        before, self._thumbnail = self._thumbnail, np.asarray(small, dtype=float)
        return before is not None and _hsv_difference(before, self._thumbnail) > CUT


class Tracker:
    """Numbers the faces of one video, look after look.

    Parameters
    ----------
    gap
        Seconds for which a face may be missing and still be the same one when it is found again.
    """

    def __init__(self, gap: float = GAP) -> None:
        self._gap, self._tracks, self._count = gap, [], 0
        self._last_look, self._cuts = -np.inf, Cuts()
        self.cuts: list[float] = []

    def update(self, time: float, boxes: Sequence[Box], picture: np.ndarray | None = None) -> list[int]:
        """The track of each face of a look.

        Parameters
        ----------
        time
            Presentation time in seconds; no look may lie before the one before.
        boxes
            Left, top, right and bottom edge of each face, in pixels.
        picture
            uint8 (H, W, 3), red, green, blue: where it differs much from the one before, all tracks end, and the time
            goes to `cuts`. None: no cut is looked for.

        Returns
        -------
        list of int
            A number from 1 for each box, in their order; numbers are never used again.
        """
        if time < self._last_look:
            raise ValueError(f"received a look at {time} s after one at {self._last_look} s, expected them in order")
        if picture is not None and self._cuts.between(picture):
            self.cuts.append(time)
            self._tracks = []
        self._tracks = [track for track in self._tracks if time - track.time <= self._gap]
        found: list[int | None] = [None] * len(boxes)
        arrays = [np.asarray(box, dtype=float) for box in boxes]
        seen = [track for track in self._tracks if track.time == self._last_look]
        for group in (seen, [track for track in self._tracks if track.time != self._last_look]):
            free = [number for number, track in enumerate(found) if track is None]
            for track, number in _matches(group, [arrays[number] for number in free], time):
                track.follow(arrays[free[number]], time)
                found[free[number]] = track.number
        self._last_look = time
        return [number or self._begin(box, time) for number, box in zip(found, arrays, strict=True)]

    def _begin(self, box: np.ndarray, time: float) -> int:
        self._count += 1
        self._tracks.append(_Track(self._count, box, time, np.zeros(4)))
        return self._count


def _hsv_difference(one: np.ndarray, other: np.ndarray) -> float:
    difference, least = np.abs(one - other), np.minimum(one, other)
    difference[..., 0] = np.minimum(difference[..., 0], 256 - difference[..., 0])  # hue is a circle
    bright, colourful = (np.clip((least[..., part] - up_to) / _RAMP, 0, 1) for part, up_to in ((2, _DARK), (1, _GRAY)))
    difference[..., 0] *= bright * colourful
    difference[..., 1] *= bright
    return float(difference.mean())


def _matches(tracks: list[_Track], boxes: list[np.ndarray], time: float) -> list[tuple[_Track, int]]:
    """Pairs of a track and the number of its box, so that their agreement is largest in sum."""
    if not tracks or not boxes:
        return []
    agreement = np.array([[_agreement(track, box, time) for box in boxes] for track in tracks])
    pairs = zip(*linear_sum_assignment(-agreement), strict=True)
    return [(tracks[row], int(column)) for row, column in pairs if agreement[row, column] >= LEAST]


def _agreement(track: _Track, box: np.ndarray, time: float) -> float:
    """Generalised overlap of a box with where a track should be by now; -1 where its size cannot be."""
    sides = [np.maximum(one[2:] - one[:2], 1e-9).max() for one in (track.box, box)]
    if max(sides) > LARGEST * min(sides):
        return -1.0
    # Who stops or turns is where he was, or on the way.
    return max(generalised_overlap(place, box) for place in (track.foreseen(time), track.box))


def overlap(one: Sequence[float], other: Sequence[float]) -> float:
    """Intersection over union, 0 to 1, of two boxes (left, top, right, bottom)."""
    common, union, _ = _areas(np.asarray(one, dtype=float), np.asarray(other, dtype=float))
    return common / union if common else 0.0


def generalised_overlap(one: np.ndarray, other: np.ndarray) -> float:
    """Intersection over union less the share of their common hull that neither fills: -1 (far apart) to 1 (equal)."""
    common, union, hull = _areas(one, other)
    return (common / union - (hull - union) / hull) if union and hull else -1.0


def _areas(one: np.ndarray, other: np.ndarray) -> tuple[float, float, float]:
    low, high = np.maximum(one[:2], other[:2]), np.minimum(one[2:], other[2:])
    common = float(np.prod(np.clip(high - low, 0, None)))
    union = sum(float(np.prod(np.clip(box[2:] - box[:2], 0, None))) for box in (one, other)) - common
    hull = float(np.prod(np.maximum(one[2:], other[2:]) - np.minimum(one[:2], other[:2])))
    return common, union, hull


def _middle(box: np.ndarray) -> np.ndarray:
    return (box[:2] + box[2:]) / 2
