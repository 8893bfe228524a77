"""Boxes, answers and tracks of a video whose faces are followed between searches, against a search in every look.

The clip is made here: three heads that move, lean, and come nearer and go, over a photo out of focus, 1280x720, with
noise. Nobody comes or goes: who does is found at the next search. Processor time counts all threads, and all that is
done: decoding, finding, cropping, answering, numbering.
"""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from PIL import Image

from fercore.inference.batch import EDGES, Survey, write_answers
from fercore.inference.detectors import Detector
from fercore.inference.predictor import Predictor
from fercore.inference.tracks import overlap

EVERY = (2, 3, 5)
SAME_FACE = 0.3  # overlap from which two boxes are of one face
NOISE, LEAN, NEARER = 3, 6, 0.15  # gray values; degrees; share of the size


class Run(NamedTuple):
    """The table of a clip, and milliseconds of the processor for each look."""

    table: pd.DataFrame
    milliseconds: float


class Agreement(NamedTuple):
    """How two tables of one clip agree.

    Attributes
    ----------
    overlap, least
        Mean overlap of boxes of one face, and that which 95 % of them reach.
    found
        Share of the first's faces that the second has.
    same
        Share of these with the same answer.
    tracks
        Whether each person of one is one person of the other.
    """

    overlap: float
    least: float
    found: float
    same: float
    tracks: bool


def measure(clip: Path, fps: float, every: int, predictor: Predictor, detector: Detector) -> Run:
    """Look through a clip."""
    survey, file = Survey(detector, fps, shape=predictor.shape, tracks=True, look_every=every), io.BytesIO()
    began = time.process_time()
    write_answers(file, survey.faces([clip]), predictor, tracks=True)
    used = time.process_time() - began
    return Run(pd.read_csv(io.BytesIO(file.getvalue())), 1000 * used / max(survey.pictures, 1))


def agreement(one: pd.DataFrame, other: pd.DataFrame) -> Agreement:
    """How the faces of two tables agree, each with the nearest of the same look."""
    overlaps, same, people = [], [], set()
    for moment, faces in one.groupby("time"):
        there = other[other["time"] == moment]
        for face in faces.itertuples():
            shares = [overlap(_box(face), _box(own)) for own in there.itertuples()]
            if shares and max(shares) >= SAME_FACE:
                own = there.iloc[int(np.argmax(shares))]
                overlaps.append(max(shares))
                same.append(own["label"] == face.label)
                people.add((face.track, own["track"]))
    if not overlaps:
        return Agreement(0.0, 0.0, 0.0, 0.0, False)
    as_one = len(people) == len({left for left, _ in people}) == len({right for _, right in people})
    return Agreement(
        float(np.mean(overlaps)), float(np.quantile(overlaps, 0.05)), len(overlaps) / len(one), np.mean(same), as_one
    )


def report(fps: float, runs: dict[int, Run]) -> Iterator[str]:
    """Lines: the first of a search in every look, the others against it."""
    whole = runs[1]
    yield f"{fps:g} looks a second, {len(whole.table)} faces: {whole.milliseconds:.0f} ms a look, searched in each"
    for every, run in runs.items():
        if every > 1:
            found = agreement(whole.table, run.table)
            yield (
                f"  in every {every}.: {run.milliseconds:.0f} ms a look; overlap {found.overlap:.3f} (95 % above "
                f"{found.least:.2f}), {found.found:.1%} of the faces, {found.same:.1%} of their answers the same, "
                f"tracks {'equal' if found.tracks else 'DIFFER'}"
            )


def heads(photo: Image.Image, face: tuple[float, ...], count: int, size: tuple[int, int]) -> Iterator[np.ndarray]:
    """So many pictures, 25 of a second, in which three heads like that in a photo's box move."""
    width, height = size
    middle, reach = ((face[0] + face[2]) / 2, (face[1] + face[3]) / 2), face[3] - face[1]
    head = photo.crop(tuple(round(place + sign * reach) for sign in (-1, 1) for place in middle))
    ground = photo.resize((width // 40, height // 40)).resize(size, Image.Resampling.BICUBIC)
    noise = np.random.default_rng(0)
    for number in range(count):
        second, shown = number / 25, ground.copy()
        for place in range(3):
            side = round(height / 3 * (1 + NEARER * np.sin(0.7 * second + place)))
            turned = head.resize((side, side)).rotate(
                LEAN * np.sin(1.1 * second + place), Image.Resampling.BICUBIC, fillcolor=(90, 90, 90)
            )
            x = (2 * place + 1) * width / 6 + 0.12 * height * np.sin(0.8 * second + place)
            y = height / 2 + 0.1 * height * np.cos(0.6 * second + place)
            shown.paste(turned, (round(x - side / 2), round(y - side / 2)))
        noisy = np.asarray(shown) + noise.normal(0, NOISE, (height, width, 1))
        yield noisy.clip(0, 255).astype(np.uint8)


def _box(row: tuple) -> tuple[float, ...]:
    return tuple(getattr(row, edge) for edge in EDGES)
