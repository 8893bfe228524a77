"""Sends what a run measures to trackers of others, by accelerate. None of them can stop a run or change its results.

A tracker works in a thread of its own: one that waits for a network, or asks a terminal for a password, keeps nobody
waiting. What goes wrong there becomes one warning, which names the command that sends the finished run again.
"""

from __future__ import annotations

import contextlib
import queue
import shutil
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from typing import Any

from accelerate import PartialState
from accelerate.tracking import (
    GeneralTracker,
    MLflowTracker,
    TensorBoardTracker,
    TrackioTracker,
    WandBTracker,
)

from fercore.evaluation.tables import ReportError, check_report
from fercore.run_files import own_folder
from fercore.runs import Run, RunError

PROJECT = "fercore"  # what trackers file all runs under
PATIENCE = 60.0  # seconds that the end of a run waits for a tracker
_SCORES = ("accuracy", "balanced_accuracy", "macro_f1")
# Tracker -> the packages of which it needs one.
PACKAGES = {
    "tensorboard": ("tensorboard", "tensorboardX"),
    "wandb": ("wandb",),
    "mlflow": ("mlflow",),
    "trackio": ("trackio",),
}


def check_trackers(names: Sequence[str]) -> None:
    """Raise RunError if a tracker is unknown or not installed, with the command that installs it."""
    for name in names:
        if name not in PACKAGES:
            raise RunError(f"--log-with: received {name!r}, expected {', '.join(PACKAGES)}")
        if not any(map(_is_installed, PACKAGES[name])):
            what = '"fercore[trackers]"' if name == "tensorboard" else name
            raise RunError(f"--log-with: {name} is not installed; install it with: pip install {what}")


def _is_installed(package: str) -> bool:
    try:
        return find_spec(package) is not None
    except ValueError:  # None in sys.modules
        return False


class Tracking:
    """One tracker of one run."""

    def __init__(self, name: str, run: Run) -> None:
        self._name, self._run, self.failed = name, run.name, False
        self._jobs: queue.SimpleQueue[Callable[[GeneralTracker], None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, args=(run,), name=f"tracker {name}", daemon=True)
        self._thread.start()

    def _work(self, run: Run) -> None:
        try:
            tracker = _open(self._name, run)
            while (job := self._jobs.get()) is not None:
                job(tracker)
            tracker.finish()
        except BaseException as error:  # some end the whole process where a key is missing
            self._warn(f"failed ({type(error).__name__}: {str(error)[:300]})")

    def _warn(self, what: str) -> None:
        self.failed = True
        print(
            f"warning: {self._name} {what}; the run is not touched by it. Send it again with: "
            f"python scripts/log_run.py {self._run} --log-with {self._name}",
            file=sys.stderr,
            flush=True,
        )

    def settings(self, config: Mapping[str, Any]) -> None:
        """Send run.json's config, one level deep: {"training.epochs": 20, ...}."""
        flat = flattened(config)
        self._jobs.put(lambda tracker: tracker.store_init_configuration(flat))

    def epoch(self, row: Mapping[str, float]) -> None:
        """Send a row of the history, with its epoch as the step."""
        values = {name: float(value) for name, value in row.items() if name != "epoch"}
        self._jobs.put(lambda tracker: tracker.log(values, step=int(row["epoch"])))

    def scores(self, split: str, metrics: Mapping[str, Any], step: int) -> None:
        """Send the scores of a split with the ends of their 95 % intervals: "test/accuracy", "test/accuracy_low"."""
        values = {}
        for score in _SCORES:
            figure = metrics[score]
            values[f"{split}/{score}"] = float(figure["value"])
            values |= {f"{split}/{score}_{end}": float(figure[end]) for end in ("low", "high") if end in figure}
        self._jobs.put(lambda tracker: tracker.log(values, step=step))

    def close(self) -> None:
        """Wait until all is sent, but not for ever; `failed` then says whether it was not."""
        self._jobs.put(None)
        self._thread.join(PATIENCE)
        if self._thread.is_alive():
            self._warn(f"has not answered for {PATIENCE:.0f} s")


@contextlib.contextmanager
def tracked(names: Sequence[str], run: Run, history: Sequence[Mapping[str, float]] = ()) -> Iterator[list[Tracking]]:
    """Trackers of a run, open inside; they are told of its settings and of the epochs it has already."""
    opened = [Tracking(name, run) for name in names]
    try:
        for tracking in opened:
            tracking.settings(run.info["config"])
            for row in history:
                tracking.epoch(row)
        yield opened
    finally:
        for tracking in opened:
            tracking.close()


def send(names: Sequence[str], run: Run) -> bool:
    """Send all that a run folder holds: settings, epochs, scores. `check_trackers` comes before.

    Returns
    -------
    bool
        Whether every tracker took it; stderr has a warning of each that did not.

    Raises
    ------
    RunError
        If the run has neither an epoch nor a score, or one that cannot be read.
    """
    PartialState(cpu=True)  # which trackers ask whether they are the main process
    history = run.history().to_dict("records") if (run.path / "history.csv").is_file() else []
    scores = {split: _scores(run, split) for split, tta in run.evaluations() if tta == "none"}
    if not history and not scores:
        raise RunError(f"{run.name} has no epoch and no score to send; train or evaluate it first")
    with tracked(names, run, history) as opened:
        for tracking in opened:
            for split, metrics in scores.items():
                tracking.scores(split, metrics, best_epoch(run))
    return not any(tracking.failed for tracking in opened)


def _scores(run: Run, split: str) -> dict[str, Any]:
    try:
        return check_report(run.metrics(split))
    except ReportError as error:
        raise RunError(f"{run.path}: metrics of {split}: {error}") from error


def best_epoch(run: Run) -> int:
    """The epoch whose weights a run keeps; 0 for a run of no epochs."""
    best = run.info.get("best")
    epoch = best.get("epoch") if isinstance(best, dict) else None
    return epoch if type(epoch) is int else 0


def flattened(content: Mapping[str, Any], place: str = "") -> dict[str, Any]:
    """Nested tables as one, with names joined by "."; lists become text, as trackers take single values only."""
    flat: dict[str, Any] = {}
    for name, value in content.items():
        if isinstance(value, Mapping):
            flat |= flattened(value, f"{place}{name}.")
        else:
            flat[f"{place}{name}"] = value if isinstance(value, bool | int | float | str) else str(value)
    return flat


def _open(name: str, run: Run) -> GeneralTracker:
    """Accelerate's tracker, started; each names a run in its own way."""
    if name == "tensorboard":  # in the run folder, anew each time: `tensorboard --logdir runs` shows all runs
        shutil.rmtree(run.path / name, ignore_errors=True)
        tracker = TensorBoardTracker(name, own_folder(run.path / name).parent)  # of an untrusted run it may be a link
    elif name == "mlflow":
        tracker = MLflowTracker(PROJECT, run_name=run.name)
    else:
        tracker = {"wandb": WandBTracker, "trackio": TrackioTracker}[name](PROJECT, name=run.name)
    tracker.start()
    return tracker
