"""Seconds that scripts/sweep.py adds to each training: its process, the data set, planning, the table.

A tiny model on a thousandth of Training is trained here, point by point in this warm process, and once more by the
script in a new one; what the script takes longer is what it adds. Four points are the average of the shipped studies.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from fercore.data.dataset import Dataset, open_dataset
from fercore.training import session
from fercore.training.study import Study, load_study

SCRIPT = Path(__file__).resolve().parents[1] / "sweep.py"
LIMIT = 5  # seconds a point
STUDY = """
recipe = "report-cnn"
vary = ["label_smoothing"]
values = {values}
[budget]
first_filters = 2
conv_layers = 1
pool_kernel = 8
dense = [8]
batch_size = 28
train_share = 0.001
epochs = 1
"""


def main(options: argparse.Namespace) -> None:
    count = max(2, options.rounds or 4)
    dataset = open_dataset(options.data)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "benchmark.toml"
        file.write_text(STUDY.format(values=[number / 100 for number in range(count)]))
        study = load_study(str(file))
        train_all(study, dataset, Path(folder) / "warm-up")
        plain = train_all(study, dataset, Path(folder) / "plain")
        swept = run_script(file, options.data, Path(folder) / "swept")
    added = (swept - plain) / count
    print(f"{count} points: {plain:.1f} s of plain training, {swept:.1f} s by scripts/sweep.py")
    print(f"  The sweep adds {added:.2f} s to each point; at most {LIMIT} s wanted.")


def train_all(study: Study, dataset: Dataset, root: Path) -> float:
    """Seconds to train all points of a study one by one, with nothing around it."""
    started = time.perf_counter()
    for point in study.points:
        session.start(study.config(point, seed=0), dataset, root, point.label, quiet=True)
    return time.perf_counter() - started


def run_script(study: Path, data: Path, root: Path) -> float:
    """Seconds that scripts/sweep.py takes for a study in a process of its own."""
    command = [sys.executable, str(SCRIPT), str(study), "--data", str(data), "--runs", str(root)]
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.perf_counter() - started
