"""Memory, speed and opening time of preparing many pictures of 112x112 in colour.

The pictures are JPEG files in class folders: a thousand different ones, linked under as many names as are wanted. They
are prepared by scripts/prepare_data.py in a process of its own, whose peak memory is measured.
"""

from __future__ import annotations

import argparse
import io
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from fercore.charts.style import count, duration
from fercore.data.dataset import Dataset, open_dataset
from fercore.emotions import EMOTIONS
from fercore.fields import ConfigError

PICTURES, SIDE, DIFFERENT = 100_000, 112, 1000
MEMORY, OPENING = 1.0, 1.0  # GB and seconds wanted
SCRIPTS = Path(__file__).resolve().parents[1]


def main(options: argparse.Namespace) -> None:
    n = options.images or PICTURES
    print(f"{count(n)} pictures of {SIDE}x{SIDE} in colour; wanted: under {MEMORY:g} GB, open within {OPENING:g} s")
    with tempfile.TemporaryDirectory(dir=options.data.parent if options.data.parent.is_dir() else None) as folder:
        write_pictures(Path(folder, "faces"), n)
        seconds, memory = prepared(Path(folder, "faces"), Path(folder, "out"))
        print(
            f"  prepared in {duration(seconds)}: {n / seconds:,.0f} images/s, peak memory {memory:.2f} GB", flush=True
        )
        started = time.perf_counter()
        dataset = open_dataset(Path(folder, "out"))
        opened = time.perf_counter() - started
        print(f"  opened in {opened:.2f} s; a batch of 64 random images read in {batch_ms(dataset):.1f} ms")


def write_pictures(root: Path, n: int) -> None:
    """train|test/<class>/<number>.jpg, a tenth of them in test."""
    files = [_jpeg(seed) for seed in range(min(DIFFERENT, n))]
    first: dict[int, Path] = {}
    for number in range(n):
        split = "test" if number % 10 == 9 else "train"
        path = root / split / EMOTIONS[number % len(EMOTIONS)] / f"{number:07}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        if (own := number % len(files)) in first:
            os.link(first[own], path)
        else:
            path.write_bytes(files[own])
            first[own] = path


def _jpeg(seed: int) -> bytes:
    """A smooth random picture, which compresses about as a face does."""
    small = np.random.default_rng(seed).integers(0, 256, (14, 14, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(small).resize((SIDE, SIDE), Image.Resampling.BICUBIC).save(file, "jpeg", quality=90)
    return file.getvalue()


def prepared(source: Path, out: Path) -> tuple[float, float]:
    """Seconds, and peak memory in GB, of the script in a process of its own."""
    command = [sys.executable, "-c", _MEASURED, str(source), "--out", str(out), "--size", str(SIDE), "--color"]
    started = time.perf_counter()
    ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False, cwd=SCRIPTS)
    seconds = time.perf_counter() - started
    if ended.returncode:
        raise ConfigError(f"prepare_data.py ended with {ended.returncode}; see its message above")
    return seconds, int(ended.stdout.split()[-2]) / (1 << 20)  # Linux tells it in kB


# The peak of this process alone: what getrusage tells of a child begins with the memory of its parent.
_MEASURED = """
import sys
from prepare_data import main
ended = main(sys.argv[1:])
print(next(line for line in open("/proc/self/status") if line.startswith("VmHWM")))
sys.exit(ended)
"""


def batch_ms(dataset: Dataset) -> float:
    """Milliseconds to read 64 images anywhere in the data set."""
    rows = np.sort(np.random.default_rng(0).integers(0, len(dataset.ids), 64))
    started = time.perf_counter()
    dataset.images[rows].sum()
    return (time.perf_counter() - started) * 1000
