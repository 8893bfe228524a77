"""Seconds and memory of Home and *Which model?* with a thousand runs, or as many as are wanted.

The runs are copies of a point of a study without its `study` entry, so that they are listed as single runs; their
predictions are links to those of the first. A page is visited by Streamlit's AppTest: the script alone, without a
browser. It is cold where nothing is known of the runs, kept where the index of an earlier start is there, and warm when
it is drawn again. What the shipped runs need has been imported before.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

from fercore.evaluation.speeds import machine_name
from fercore.fields import ConfigError
from fercore.runs import Run, RunError, list_runs, write_json

RUNS, ROUNDS = 1000, 5
PAGES = {"home": "Home", "models": "Which model?"}
LIMITS = {1000: (2.0, 0.4, 500), 10_000: (5.0, None, None)}  # runs -> seconds cold, seconds warm, MB


def main(options: argparse.Namespace) -> None:
    n = options.runs_made or RUNS
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder, "runs")
        write_copies(source(options.runs), made, n)
        print(f"{n:,} runs on {machine_name()}, {load_words()}; processor time in brackets.")
        print(wanted(n))
        for page in PAGES:
            for start in ("cold", "kept"):
                print(told(page, start, measured(page, made, options, Path(folder, f"cache-{page}"))), flush=True)
    print(f"At the end {load_words()}.")


def source(root: Path) -> Run:
    """The run that is copied: the first point of a study, or else the first run."""
    runs = list_runs(root)[0]
    if not runs:
        raise RunError(f"there is no run in {root} to make copies of; name another folder with --runs")
    return next((run for run in runs if "study" in run.info), runs[0])


def write_copies(run: Run, root: Path, n: int) -> None:
    """n run folders that differ in name, seed and the accuracy that run.json gives."""
    best = run.info.get("best") or {"metric": "val_accuracy", "epoch": None, "value": 0.5}
    for number in range(n):
        folder = root / f"copy-{number:05}"
        folder.mkdir(parents=True)
        info = {key: value for key, value in run.info.items() if key != "study"}
        info |= {"name": folder.name, "seed": number, "best": best | {"value": best["value"] - number / n / 10}}
        write_json(folder / "run.json", info)
        for file in run.path.iterdir():
            if file.is_file() and file.name not in ("run.json", ".lock"):
                os.link(file, folder / file.name) if number else (folder / file.name).write_bytes(file.read_bytes())
        run = run if number else Run(folder, run.info)  # links stay on the disk of the copies


def measured(page: str, made: Path, options: argparse.Namespace, cache: Path) -> dict:
    """What a process of its own measures."""
    environment = os.environ | {"FERCORE_CACHE": str(cache), "FERCORE_DATA": str(options.data)}
    command = [sys.executable, __file__, page, str(options.runs), str(made), str(options.rounds or ROUNDS)]
    path = os.pathsep.join([str(Path(__file__).resolve().parents[2]), os.environ.get("PYTHONPATH", "")])
    ended = subprocess.run(
        command, env=environment | {"PYTHONPATH": path}, capture_output=True, text=True, check=False, timeout=3600
    )
    if ended.returncode:
        raise ConfigError(f"{page}: {ended.stderr.strip().rpartition(chr(10))[2] or 'ended early'}")
    return json.loads(ended.stdout.strip().rpartition("\n")[2])


def told(page: str, start: str, found: dict) -> str:
    first, first_cpu = found["first"]
    warm = [statistics.median(column) for column in zip(*found["again"], strict=True)]
    return (
        f"  {PAGES[page]:<13} {start}: first {first:.2f} s ({first_cpu:.2f}), warm {warm[0]:.2f} s ({warm[1]:.2f}), "
        f"memory {found['before']:.0f} MB before, {found['after']:.0f} MB after"
    )


def wanted(n: int) -> str:
    limits = LIMITS.get(n)
    if limits is None:
        return "No limits are set for this number of runs."
    cold, warm, memory = limits
    rest = f", {warm:g} s warm, {memory:g} MB" if warm else ""
    return f"Wanted: under {cold:g} s cold{rest}."


def load_words() -> str:
    return f"load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "load unknown"


def _visit(page: str, shipped: str, made: str, rounds: int) -> None:
    """In the process of its own: print what a visit of the page takes as JSON."""
    from streamlit.testing.v1 import AppTest

    home = Path(__file__).resolve().parents[2] / "dashboard" / "Home.py"
    os.environ["FERCORE_RUNS"] = shipped
    app = AppTest.from_file(str(home), default_timeout=1200).run()
    app.switch_page(f"views/{page}/page.py")
    _timed(app)
    os.environ["FERCORE_RUNS"] = made
    before = _megabytes()
    found = {"first": _timed(app), "again": [_timed(app) for _ in range(rounds)], "before": before}
    print(json.dumps(found | {"after": _megabytes()}))


def _timed(app) -> tuple[float, float]:
    """Seconds of a run of the page's script, and its processor time."""
    started, processor = time.perf_counter(), time.process_time()
    app.run()
    if app.exception:
        raise RunError(app.exception[0].value)
    return time.perf_counter() - started, time.process_time() - processor


def _megabytes() -> float:
    return psutil.Process().memory_info().rss / 1e6


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "dashboard"))
    _visit(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
