"""Accuracy and speed of every reference run with weights, on one thread, in torch and in ONNX.

A model gets crops of faces as they come from memory, and its probabilities count as the answer: preprocessing is part
of the time. A photo is a JPEG file of 640x480 pixels that shows one face. To decode it, to find the face and to crop it
takes as long for every model, so it is measured once with each detector and added. Everything takes turns in every
round and the fastest round counts: whatever else a machine does can only add to a time.
"""

from __future__ import annotations

import argparse
import io
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from PIL import Image
from tqdm import trange

from fercore.data.decode import read_photo
from fercore.data.fer2013 import SIZE
from fercore.evaluation.speeds import Speed, SpeedRecord, machine_name, write_speeds
from fercore.export.onnx import write_onnx
from fercore.export.record import read_record
from fercore.inference.detector_file import GET, MTCNN
from fercore.inference.detectors import Detector, open_detector
from fercore.inference.looking import look
from fercore.inference.onnx import OnnxModule, load_onnx
from fercore.models.forward import probabilities
from fercore.models.registry import LoadedModel, load
from fercore.models.speed import one_thread
from fercore.runs import Run, RunError, list_runs, utc_now

BATCHES = {1: 20, 64: 1}  # images -> passes in a round
PHOTO = Path(__file__).resolve().parents[2] / "dashboard" / "examples" / "portrait.jpg"
Answer = Callable[[np.ndarray], object]  # faces uint8 (N, 48, 48)


@dataclass
class Engine:
    """What answers for a run: `accuracy` on the test split, `seconds` of the fastest pass of each batch size."""

    run: Run
    name: str
    answer: Answer
    accuracy: dict | None
    seconds: dict[int, float]


def main(options: argparse.Namespace) -> None:
    runs = [run for run in list_runs(options.runs)[0] if run.name.startswith("reference-") and run.has_weights]
    if not runs:
        raise RunError(f"no reference run in {options.runs} holds weights, so there is nothing to measure")
    rounds = options.rounds or 20
    with one_thread():
        cv2.setNumThreads(1)
        engines = [engine for run in runs for engine in engines_of(run)]
        finding = race(engines, detectors(), rounds)
    print(f"{machine_name()}, one thread, the fastest of {rounds} rounds. To decode a photo of 640x480 pixels, to find")
    print(f"its face and to crop it takes {told(finding)}; a photo's time is that and the model's.")
    if "yunet" not in finding:
        print(f"YuNet's file is not known here, so it is not measured: {GET} fetches it.")
    print("\n".join(table(engines, finding)))
    if options.store:
        store(engines)


def engines_of(run: Run) -> list[Engine]:
    """torch, and the run's ONNX file; where it holds none, one in fp32 is made and forgotten."""
    loaded, record = load(run), read_record(run)
    accuracy = run.metrics("test")["accuracy"] if ("test", "none") in run.evaluations() else None
    if record is None:
        name, answer, own = "onnx fp32", _exported(run, loaded), accuracy
    else:
        name, answer, own = f"onnx {record.precision}", load_onnx(run).module.answer, record.accuracy.get("test")
        own = accuracy if own is None and record.precision == "fp32" else own
    return [
        Engine(run, "torch fp32", lambda faces: probabilities(loaded.module, loaded.preprocess, faces), accuracy, {}),
        Engine(run, name, answer, own, {}),
    ]


def detectors() -> dict[str, Detector]:
    """MTCNN, and YuNet where its file is known."""
    return {one.name: one for one in (open_detector(MTCNN), open_detector())}


def told(finding: dict[str, float]) -> str:
    """ "61 ms with mtcnn, 14 ms with yunet"."""
    return ", ".join(f"{1000 * seconds:.0f} ms with {name}" for name, seconds in finding.items())


def race(engines: list[Engine], finding_by: dict[str, Detector], rounds: int) -> dict[str, float]:
    """Let everything take turns; returns by detector the seconds to decode a photo and to find and crop its face."""
    portrait, file = Image.open(PHOTO), io.BytesIO()
    portrait.crop((0, 0, 512, 384)).resize((640, 480)).save(file, "jpeg", quality=90)
    photo = file.getvalue()
    faces = np.random.default_rng(0).integers(0, 256, (max(BATCHES), SIZE, SIZE), dtype=np.uint8)
    finding = dict.fromkeys(finding_by, float("inf"))
    for _ in trange(rounds, unit="round", disable=None):
        for name, detector in finding_by.items():
            seconds = fastest(lambda detector=detector: look(read_photo(photo).pixels, detector), 1)
            finding[name] = min(finding[name], seconds)
        for engine in engines:
            for size, passes in BATCHES.items():
                seconds = fastest(lambda answer=engine.answer, size=size: answer(faces[:size]), passes)
                engine.seconds[size] = min(seconds, engine.seconds.get(size, seconds))
    return finding


def fastest(work: Callable[[], object], passes: int) -> float:
    """Seconds of the fastest of some passes."""
    seconds = []
    for _ in range(passes):
        started = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - started)
    return min(seconds)


def table(engines: list[Engine], finding: dict[str, float]) -> list[str]:
    """Lines with accuracy, milliseconds of a face, faces/s of batches, and milliseconds of a photo by each detector."""
    width = max(len(engine.run.name) for engine in engines) + 2
    batches = "".join(f"{f'faces/s, batch {size}':>19}" for size in BATCHES)
    photos = "".join(f"{f'ms a photo, {name}':>19}" for name in finding)
    lines = [f"  {'run':<{width}}{'engine':<12}{'accuracy on test, 95 %':<24}{'ms':>8}{batches}{photos}"]
    for engine in engines:
        found = engine.accuracy
        right = f"{found['value']:.1%} ({found['low']:.1%} to {found['high']:.1%})" if found else "not measured"
        cells = [f"{size / seconds:,.0f}" for size, seconds in engine.seconds.items()]
        cells += [f"{1000 * (seconds + engine.seconds[1]):.1f}" for seconds in finding.values()]
        milliseconds = f"{1000 * engine.seconds[1]:>8.2f}"
        row = f"  {engine.run.name:<{width}}{engine.name:<12}{right:<24}{milliseconds}"
        lines.append(row + "".join(f"{cell:>19}" for cell in cells))
    return lines


def store(engines: list[Engine]) -> None:
    """Keep each run's speeds in its folder, from where the Models page reads them."""
    machine, measured = machine_name(), utc_now()
    for run in {engine.run.name: engine.run for engine in engines}.values():
        speeds = {
            engine.name: Speed(round(1000 * engine.seconds[1], 4), round(64 / engine.seconds[64], 1))
            for engine in engines
            if engine.run.name == run.name
        }
        write_speeds(run, SpeedRecord(machine, measured, speeds))
    print("Stored as speed.json in the run folders.")


def _exported(run: Run, loaded: LoadedModel) -> Answer:
    with tempfile.TemporaryDirectory() as folder:
        write_onnx(loaded, Path(folder) / "model.onnx", run)
        return OnnxModule(Path(folder) / "model.onnx").answer
