"""What the log of a job tells: how far it is, how fast, and how long it will still take. Text in, figures out."""

from __future__ import annotations

import re
from typing import NamedTuple

# A bar of tqdm, "epoch 3:  45%|####5     | 45/100 [00:12<00:14, 3.8step/s, loss 1.2, 276 images/s]".
_BAR = re.compile(r"^(?P<title>[^%\n]*?) *(?P<share>\d{1,3})%\|(?:[^\n]*\[[\d:]+<(?P<left>[\d:]+))?", re.MULTILINE)
_EPOCH = re.compile(r"^epoch (\d+)/(\d+):", re.MULTILINE)
_IMAGES = re.compile(r"\b(\d+) images/s")
# Of a study: its points in all and those that this job trains, and each that has ended.
_STUDY = re.compile(r"^Study .*: (\d+) points, (\d+) to train\.$", re.MULTILINE)
_POINT = re.compile(r"^\[(\d+) of (\d+)\] ", re.MULTILINE)


class Told(NamedTuple):
    """What a log tells, None for what it does not.

    Attributes
    ----------
    share
        Done of all that the job has to do, 0 to 1.
    seconds_left
        As its bar foresees them.
    images_per_second
        Of a training.
    """

    share: float | None = None
    seconds_left: float | None = None
    images_per_second: int | None = None


def told(log: str) -> Told:
    """What a log tells, of which the end may be enough. A bar that was drawn over again counts as it was last drawn."""
    points = _points(log)
    recent = log[points[2] :] if points else log
    share, left = _bar(recent)
    speeds = _IMAGES.findall(recent)
    if points:  # how long the other points take is not in the log
        share, left = min(1.0, (points[0] + (share or 0.0)) / max(points[1], 1)), None
    return Told(share, left, int(speeds[-1]) if speeds else None)


def _points(log: str) -> tuple[int, int, int] | None:
    """Points of a study that this job has ended and those it has to train, and where the last one's end is told."""
    studies, ended = list(_STUDY.finditer(log)), list(_POINT.finditer(log))
    if not studies and not ended:
        return None
    place = max(found[-1].end() for found in (studies, ended) if found)
    total, to_train = map(int, studies[-1].groups()) if studies else (int(ended[-1][2]),) * 2
    return (int(ended[-1][1]) - (total - to_train) if ended else 0), to_train, place


def _bar(log: str) -> tuple[float | None, float | None]:
    """Share and seconds left of the last bar, where there are any of a training's, which the measuring follows."""
    bars = list(_BAR.finditer(log))
    bars = [bar for bar in bars if bar["title"].startswith("epoch")] or bars
    if bars:
        return min(1.0, int(bars[-1]["share"]) / 100), _seconds(bars[-1]["left"])
    if epochs := _EPOCH.findall(log):
        done, of = map(int, epochs[-1])
        return (min(1.0, done / of) if of else None), None
    return None, None


def _seconds(clock: str | None) -> float | None:
    """Seconds of "1:02:03" or "02:03"."""
    if clock is None:
        return None
    seconds = 0
    for part in clock.split(":"):
        seconds = 60 * seconds + int(part or 0)
    return float(seconds)
