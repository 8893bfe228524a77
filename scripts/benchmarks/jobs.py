"""images/s of a training with and without a page that watches it, epoch by epoch of one training.

A training of the report's CNN runs as a job of a dashboard, and a Chromium opens its page for every second epoch. What
else the machine does changes over minutes, so each watched epoch is compared with the one that follows it unwatched.
Browser and server share the machine with the training, as they do for most users.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tqdm import trange

from benchmarks.webcam import ROOT, START, chromium, serve
from fercore.data.dataset import open_dataset
from fercore.histories import read_history
from fercore.jobs import ALIVE, Job, Jobs, Roots
from fercore.jobs.commands import training_settings
from fercore.runs import RunError

IMAGES, ROUNDS = 128 * 40, 5  # training images of an epoch, so that an epoch takes long beside the opening of a page
NAME, LOOK_EVERY = "watched", 0.1  # seconds between two looks at the history
CONNECTED = "document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning'"


def main(options: argparse.Namespace) -> None:
    rounds, dataset = options.rounds or ROUNDS, open_dataset(options.data)
    share = min(1.0, (options.images or IMAGES) / len(dataset.some_indices("train")))
    settings = {"epochs": 2 * rounds + 1, "train_share": share, "schedule": "constant"}
    with tempfile.TemporaryDirectory(prefix="jobs-") as name:
        folder = Path(name)
        (folder / "runs").mkdir()
        (folder / "data").symlink_to(options.data.resolve(), target_is_directory=True)
        os.environ["FERCORE_JOBS"] = str(folder / "jobs")
        jobs = Jobs(folder / "jobs", ROOT / "scripts", Roots(folder / "runs", folder / "data"))
        with serve(folder) as server, chromium("--no-sandbox") as page:
            page.goto(f"{server.url}/training")  # what a server loads once is not what watching costs
            page.wait_for_selector("h1")
            flags = {"recipe": "report-cnn", "name": NAME}
            job = jobs.submit("train", flags=flags, settings=training_settings("report-cnn", settings))
            try:
                take_turns(page, f"{server.url}/training?runs={NAME}", job, folder / "runs" / NAME, rounds)
            finally:
                jobs.stop(job)
                wait(lambda: job.state not in ALIVE, lambda: True)
        seconds = read_history(folder / "runs" / NAME / "history.csv")["seconds"].tolist()
    report([len(dataset.some_indices("train")) * share / one for one in seconds[1 : 2 * rounds + 1]])


def take_turns(page, address: str, job: Job, run: Path, rounds: int) -> None:
    """Open the page for every second epoch, after one that warms up, and leave it for the others."""
    for turn in trange(2 * rounds + 1, unit="epoch"):
        wait(lambda turn=turn: epochs(run) >= turn, lambda: job.state in ALIVE)
        watched = turn % 2 == 1
        page.goto(address if watched else "about:blank")
        if watched:
            page.wait_for_function(CONNECTED)
    wait(lambda: epochs(run) >= 2 * rounds + 1, lambda: job.state in ALIVE)


def epochs(run: Path) -> int:
    """Finished epochs of a run that may not be there yet."""
    file = run / "history.csv"
    return max(file.read_text().count("\n") - 1, 0) if file.is_file() else 0


def wait(condition: Callable[[], bool], going_on: Callable[[], bool]) -> None:
    end = time.monotonic() + 4 * START
    while not condition():
        if time.monotonic() > end or not (going_on() or condition()):
            raise RunError("the training did not go on; run scripts/train.py by hand to see why")
        time.sleep(LOOK_EVERY)


def report(speeds: list[float]) -> None:
    """Speeds in turns, watched first, and the ratio of each pair."""
    watched, alone = speeds[::2], speeds[1::2]
    ratios = [one / other for one, other in zip(watched, alone, strict=True)]
    load = os.getloadavg()[0]
    print(f"Training report-cnn on {os.cpu_count()} cores, load {load:.1f} at the end; epochs with their validation:")
    for words, values in (("with its page open", watched), ("without", alone)):
        between = f"({min(values):.0f} to {max(values):.0f})"
        print(f"  {words:<20} {statistics.median(values):6.0f} images/s {between}")
    low, high = min(ratios), max(ratios)
    print(f"  with / without: {statistics.median(ratios):.2f} (median of {len(ratios)} pairs, {low:.2f} to {high:.2f})")
