"""images/s of every reference run with weights, on one thread: faces alone, and photos in which a face is found first.

A model gets crops of faces as they come from memory, and its probabilities count as the answer: preprocessing is part
of the time. With the detector an image is a photo of 640x480 pixels that shows one face. Looking for it takes as long
for every model, so it is measured once and added.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image
from tqdm import tqdm

from benchmarks.timing import timed
from fercore.data.decode import decode_rgb
from fercore.data.fer2013 import SIZE
from fercore.inference.faces import Detector, crop_face, find_faces
from fercore.inference.predictor import Predictor
from fercore.models.speed import one_thread
from fercore.runs import Run, RunError, list_runs

BATCHES = (1, 64)
PHOTO = Path(__file__).resolve().parents[2] / "dashboard" / "examples" / "portrait.jpg"
Answer = Callable[[np.ndarray], object]  # faces uint8 (N, 48, 48)


def _torch(run: Run) -> Answer:
    return Predictor.from_run(run, device="cpu").predict


# Engine -> what answers for a run with it; None where it cannot.
ENGINES: dict[str, Callable[[Run], Answer | None]] = {"torch fp32": _torch}


class Row(NamedTuple):
    """One run with one engine; `seconds` has the median time of a batch of each of `BATCHES`."""

    run: str
    engine: str
    seconds: tuple[float, ...]


def main(options: argparse.Namespace) -> None:
    runs = [run for run in list_runs(options.runs)[0] if run.name.startswith("reference-") and run.has_weights]
    if not runs:
        raise RunError(f"no reference run in {options.runs} holds weights, so there is nothing to measure")
    rounds = options.rounds or 5
    with one_thread():
        cv2.setNumThreads(1)
        finding = search_seconds(rounds)
        rows = list(measured(runs, rounds))
    print(f"images/s on one thread, medians of {rounds}; in brackets with the detector, which takes")
    print(f"{1000 * finding:.0f} ms to find and crop the face of a photo of 640x480 pixels.")
    print("\n".join(table(rows, finding)))


def search_seconds(rounds: int) -> float:
    """Median seconds to find the face of a photo of 640x480 pixels and to crop it."""
    portrait = Image.fromarray(decode_rgb(PHOTO.read_bytes()))
    photo = np.array(portrait.crop((0, 0, 512, 384)).resize((640, 480)))
    detector = Detector()
    return _median(lambda: [crop_face(photo, face) for face in find_faces(photo, detector)], rounds)


def measured(runs: list[Run], rounds: int) -> Iterator[Row]:
    """A row for each run and each engine that it has."""
    faces = np.random.default_rng(0).integers(0, 256, (max(BATCHES), SIZE, SIZE), dtype=np.uint8)
    for run in tqdm(runs, unit="run", disable=None):
        for engine, make in ENGINES.items():
            if answer := make(run):
                seconds = tuple(_median(lambda n=n, answer=answer: answer(faces[:n]), rounds) for n in BATCHES)
                yield Row(run.name, engine, seconds)


def table(rows: list[Row], finding: float) -> list[str]:
    """Lines with images/s at each batch size, in brackets those where each face must be found first."""
    width = max(len(row.run) for row in rows) + 2
    header = "".join(f"{f'batch {size}':>20}" for size in BATCHES)
    lines = [f"  {'run':<{width}}{'engine':<14}{header}"]
    for row in rows:
        cells = (
            f"{size / seconds:,.0f} ({size / (seconds + size * finding):,.1f})"
            for size, seconds in zip(BATCHES, row.seconds, strict=True)
        )
        lines.append(f"  {row.run:<{width}}{row.engine:<14}" + "".join(f"{cell:>20}" for cell in cells))
    return lines


def _median(work: Callable[[], object], rounds: int) -> float:
    work()  # the first pass also prepares torch's kernels
    return timed(work, rounds)[1]
