"""How fast a run answered where it was measured (speed.json in its folder). Imports no torch: pages read it."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from fercore.runs import Run, RunError, read_json, write_json

FILE = "speed.json"
_LONGEST = 1e6  # milliseconds


@dataclass(frozen=True)
class Speed:
    """How fast one engine answers with a run's model, preprocessing included, on one thread.

    Attributes
    ----------
    milliseconds
        From the pixels of one 48x48 face to its probabilities.
    images_per_second
        Of batches of 64 faces.
    """

    milliseconds: float
    images_per_second: float


@dataclass(frozen=True)
class SpeedRecord:
    """What was measured of a run, where and when.

    Attributes
    ----------
    machine, measured
        The processor and its number of cores; date and time in UTC.
    engines
        "torch fp32", "onnx fp32" or "onnx int8" -> how fast it was.
    """

    machine: str
    measured: str
    engines: dict[str, Speed]


def machine_name() -> str:
    """The processor's own name and the number of cores: "AMD EPYC, 2 cores"."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text("utf-8", "replace").splitlines() if cpuinfo.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{(names or [platform.processor() or platform.machine()])[0]}, {os.cpu_count()} cores"


def write_speeds(run: Run, record: SpeedRecord) -> None:
    """Keep what was measured of a run in its folder."""
    write_json(run.path / FILE, asdict(record))


def read_speeds(run: Run) -> SpeedRecord | None:
    """What was measured of a run; None where nothing was.

    Raises
    ------
    RunError
        If the record cannot be used: run folders come from strangers too.
    """
    path = run.path / FILE
    if not path.is_file():
        return None
    content = read_json(path)
    engines, texts = content.get("engines"), (content.get("machine"), content.get("measured"))
    if not isinstance(engines, dict) or not all(isinstance(text, str) for text in texts):
        raise RunError(f"{path}: machine, measured or engines is missing; run scripts/benchmark.py inference --store")
    return SpeedRecord(*texts, {str(engine): _speed(path, speed) for engine, speed in engines.items()})


def _speed(path: Path, content: object) -> Speed:
    keys = ("milliseconds", "images_per_second")
    numbers = [content.get(key) for key in keys] if isinstance(content, Mapping) else [None]
    if not all(type(number) in (int, float) and 0 < number < _LONGEST for number in numbers):
        raise RunError(f"{path}: received the speed {content!r}, expected {' and '.join(keys)} above 0")
    return Speed(*map(float, numbers))
