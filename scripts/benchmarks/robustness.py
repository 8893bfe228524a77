"""Seconds of all disturbances of reference-fast through its ONNX file: under 6 minutes wanted on two cores.

Beside the clock stands the processor time, which other work on the machine does not lengthen as much. What the run
folder holds stays: the measurement works on a copy.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
import time
from pathlib import Path

from fercore.charts.style import count, duration
from fercore.data.dataset import open_dataset
from fercore.evaluation.robustness import conditions
from fercore.evaluation.speeds import machine_name
from fercore.inference.disturbed import measure
from fercore.run_names import find_run
from fercore.runs import open_run

RUN, LIMIT = "reference-fast", 360  # seconds


def main(options: argparse.Namespace) -> None:
    run, dataset = find_run(RUN, options.runs), open_dataset(options.data)
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(run.path, Path(folder, RUN), ignore=shutil.ignore_patterns("robustness_*"))
        started, processor = time.perf_counter(), time.process_time()
        found = measure(open_run(Path(folder, RUN)), dataset, "test", options.images, progress=True)
        seconds, used = time.perf_counter() - started, time.process_time() - processor
    pictures = found.n * len(conditions())
    print(f"{machine_name()}: {count(pictures)} pictures of {count(found.n)} images by {found.about['engine']}")
    print(f"  {duration(seconds)}, {pictures / seconds:,.0f} images/s; at most {duration(LIMIT)} wanted for all images")
    print(f"  {duration(used)} of processor time")
