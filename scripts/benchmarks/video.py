"""Time and memory of looking through a long video with reference-fast, as `scripts/predict.py --tracks` does.

The clip is made here: three faces that move over a photo, 1280x720, 25 frames/s, H.264; its first ten seconds follow
each other again and again, so that it is quickly written. It is looked at twice a second, on at most two cores. The
processor's time counts all threads and, unlike the clock's, not what else the machine does. Then come the figures of
`benchmarks.following`, and the seconds of `benchmarks.cancelling`.
"""

from __future__ import annotations

import argparse
import io
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import psutil
from PIL import Image
from tqdm import tqdm

from benchmarks import following
from benchmarks.cancelling import seconds_to_cancel
from fercore.charts.style import duration
from fercore.evaluation.speeds import machine_name
from fercore.inference.batch import Found, Survey, write_answers
from fercore.inference.detectors import Detector, open_detector
from fercore.inference.predictor import Predictor
from fercore.run_names import find_run

RUN, FPS, RATE, CORES = "reference-fast", 2.0, 25, 2
SECONDS, PIECE, HEADS = 600, 10, 20  # of the clip, of what is repeated in it, and of that of faces to follow
ROUNDS = 5
SIZE = (1280, 720)
PHOTO = Path(__file__).resolve().parents[2] / "dashboard" / "examples" / "portrait.jpg"
MB = 1 << 20
WANTED = 0.5  # of the clip's length


@dataclass
class Stopwatch:
    """Calls something and counts the seconds that it takes."""

    work: Callable
    seconds: float = 0.0
    upright: float = 0.0  # as a detector has

    def __call__(self, *arguments: object) -> object:
        began = time.perf_counter()
        try:
            return self.work(*arguments)
        finally:
            self.seconds += time.perf_counter() - began


@dataclass
class Measured:
    """What looking through a clip took.

    Attributes
    ----------
    length, clock, processor
        Seconds of the clip, of the clock, and of all threads together.
    detector, model
        Seconds of the clock in each.
    looks, faces
        How many there were.
    memory
        Resident MB after the first looks, in the middle and at the end.
    """

    length: float
    clock: float = 0.0
    processor: float = 0.0
    detector: float = 0.0
    model: float = 0.0
    looks: int = 0
    faces: int = 0
    memory: list[float] = field(default_factory=list)


def main(options: argparse.Namespace) -> None:
    cores = sorted(os.sched_getaffinity(0))[:CORES] if hasattr(os, "sched_setaffinity") else []
    if cores:
        os.sched_setaffinity(0, cores)
    predictor, detector = Predictor.from_run(find_run(RUN, options.runs), device="cpu"), open_detector()
    print(f"{machine_name()}, {len(cores) or os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before the start")
    with tempfile.TemporaryDirectory(prefix="video-") as folder:
        length, clip = options.seconds or SECONDS, Path(folder) / "clip.mp4"
        write_clip(clip, length, frames(round(min(PIECE, length) * RATE)))
        print("\n".join(report(measure(clip, length, Path(folder) / "faces.csv", predictor, detector), detector.name)))
        follow(Path(folder) / "heads.mp4", predictor, detector)
        waited = seconds_to_cancel(Path(folder), options.runs, RUN, clip, options.rounds or ROUNDS)
    heard, found = (", ".join(f"{one:.2f}" for one in seconds) for seconds in zip(*waited, strict=True))
    print(f"From Cancel to its answer: {heard} s (wanted: under 2); to what was found: {found} s")
    print(f"load {os.getloadavg()[0]:.1f} at the end")


def follow(clip: Path, predictor: Predictor, detector: Detector) -> None:
    """Print how faces that are followed agree with faces that are looked for in every look."""
    photo = Image.open(PHOTO).convert("RGB")
    (face,) = detector(np.asarray(photo))
    write_clip(clip, HEADS, following.heads(photo, face.box, HEADS * RATE, SIZE))
    for fps in (FPS, 5.0):
        every = (1, *following.EVERY)
        runs = {one: following.measure(clip, fps, one, predictor, detector) for one in every}
        print("\n".join(following.report(fps, runs)))


def measure(clip: Path, length: float, out: Path, predictor: Predictor, detector: Detector) -> Measured:
    """Look through a clip of so many seconds and write its table."""
    found, process = Measured(length), psutil.Process()
    looking, asking = Stopwatch(detector, upright=detector.upright), Stopwatch(predictor.predict)
    survey = Survey(looking, FPS, shape=predictor.shape, tracks=True)
    marks = iter([0.05 * length, 0.5 * length])

    def noted(faces: Iterator[Found]) -> Iterator[Found]:
        due = next(marks)
        for face in tqdm(faces, unit="face", disable=None):
            if face.time >= due:
                found.memory.append(process.memory_info().rss / MB)
                due = next(marks, float("inf"))
            yield face

    began, used = time.perf_counter(), time.process_time()
    with out.open("wb") as file:
        asked = SimpleNamespace(predict=asking, classes=predictor.classes)
        found.faces = write_answers(file, noted(survey.faces([clip])), asked, tracks=True)
    found.clock, found.processor = time.perf_counter() - began, time.process_time() - used
    found.memory.append(process.memory_info().rss / MB)
    found.detector, found.model, found.looks = looking.seconds, asking.seconds, survey.pictures
    return found


def report(found: Measured, detector: str) -> list[str]:
    """What was measured, in lines."""
    rest = found.clock - found.detector - found.model
    ratio = found.clock / found.length
    return [
        f"A clip of {duration(found.length)}, {SIZE[0]}x{SIZE[1]}, {FPS:g} looks a second with {detector} and {RUN}: "
        f"{found.looks:,} looks, {found.faces:,} faces",
        f"  {'time':<10}{duration(found.clock)}, {ratio:.2f} of its length (wanted: under {WANTED:g}); "
        f"of the processor {found.processor / found.length:.2f}",
        f"  {'detector':<10}{1000 * found.detector / max(found.looks, 1):.1f} ms a look",
        f"  {'model':<10}{1000 * found.model / max(found.faces, 1):.2f} ms a face",
        f"  {'rest':<10}{1000 * rest / max(found.looks, 1):.1f} ms a look: decoding, cropping, following",
        f"  {'memory':<10}{', '.join(f'{mb:.0f}' for mb in found.memory)} MB near its start, in its middle, at its end",
    ]


def write_clip(path: Path, seconds: float, pictures: Iterable[np.ndarray]) -> Path:
    """A clip of so many seconds of pictures that follow each other again and again; they are coded once."""
    import av

    piece = io.BytesIO()
    with av.open(piece, "w", format="mp4") as file:
        stream = file.add_stream("libx264", rate=RATE, options={"preset": "veryfast", "crf": "23"})
        (stream.width, stream.height), stream.pix_fmt = SIZE, "yuv420p"
        for count, pixels in enumerate(pictures, 1):  # noqa: B007
            file.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        file.mux(stream.encode(None))
    with av.open(str(path), "w") as file:
        copied, turns = None, -(-round(seconds * RATE) // count)
        for turn in range(turns):
            piece.seek(0)
            with av.open(piece) as source:
                copied = copied or file.add_stream_from_template(source.streams.video[0])
                for packet in source.demux(video=0):
                    if packet.dts is None:
                        continue
                    later = round(turn * count / RATE / packet.time_base)
                    packet.pts, packet.dts, packet.stream = packet.pts + later, packet.dts + later, copied
                    file.mux(packet)
    return path


def frames(count: int) -> Iterator[np.ndarray]:
    """Pictures in which three faces go to and fro over a photo that is out of focus."""
    portrait, (width, height) = Image.open(PHOTO).convert("RGB"), SIZE
    ground = portrait.resize((width // 40, height // 40)).resize(SIZE, Image.Resampling.BICUBIC)
    face = portrait.crop(square(portrait)).resize((height // 3, height // 3))
    for number in range(count):
        shown = ground.copy()
        for place in range(3):
            swing = np.sin(2 * np.pi * (number / count + place / 3))
            x, y = (2 * place + 1) * width // 6 - face.width // 2, height // 2 - face.height // 2
            shown.paste(face, (x + round(width / 40 * swing), y + round(height / 8 * swing)))
        yield np.asarray(shown)


def square(picture: Image.Image) -> tuple[int, int, int, int]:
    """The upper square of a picture."""
    side = min(picture.size)
    left = (picture.width - side) // 2
    return left, 0, left + side, side
