"""One task of a plan in this process: `python -m fercore.training.plan_task PLAN NAME --data DIR --out DIR`.

`fercore.training.reproduce` starts it with a pipe as its standard input. When that closes, the process that started it
is gone, however it ended, and the training stops as by Ctrl-C: nothing trains on unseen.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from pathlib import Path

from fercore import runs
from fercore.cli import friendly_errors
from fercore.data.dataset import Dataset, open_dataset
from fercore.runs import Run, RunError
from fercore.training.compact import compact_run
from fercore.training.ensemble import make_ensemble
from fercore.training.evaluate import evaluate_run
from fercore.training.kfold import cross_validate
from fercore.training.plan import Task, command_of, load_plan
from fercore.training.planned import complete, refresh

SPLITS = ("val", "test")


def data_of(task: Task, data: Path) -> Path:
    """The folder of a task's data set; `data` is what the plan is given."""
    return data.parent / task.data if task.data else data


def is_scored(task: Task, run: Run) -> bool:
    """Whether a finished run has all scores that the plan asks for."""
    return all((run.path / f"metrics_{runs.stem(split, tta)}.json").is_file() for split, tta in _scores(task))


def do(task: Task, dataset: Dataset, out: Path, plan: str = "reference") -> Run:
    """Bring a task of a plan to its end from any state that an earlier attempt left, and return its run.

    Raises
    ------
    RunError
        If another process trains it, or its folder holds another run; also whatever the training raises.
    """
    command = command_of(plan, task.name)
    if task.kind == "kfold":
        return cross_validate(task.config, dataset, out, task.name, task.folds, command=command)
    if task.kind == "ensemble":
        return _ensemble(task, out, command)
    run = complete(task.planned[0], dataset, out, keep_weights=task.kind == "train")
    for planned in task.planned:
        run = refresh(planned, run)
    if task.compact and not (out / task.name / _COMPACT).is_file():
        _compact(run, dataset)
    for split, tta in _scores(task):
        if not (run.path / f"metrics_{runs.stem(split, tta)}.json").is_file():
            evaluate_run(run, dataset, split, tta)
    return run


_COMPACT = "compact.json"  # marks a run that was made smaller, or could not be


def _scores(task: Task) -> list[tuple[str, str]]:
    return [(split, tta) for tta in (("none", "flip") if task.tta else ("none",)) for split in SPLITS]


def _ensemble(task: Task, out: Path, command: str) -> Run:
    path = out / task.name
    if (path / "run.json").is_file() and (run := runs.open_run(path)).status == "finished":
        return run
    if path.is_dir():  # what an interrupted attempt left; it takes seconds
        for file in path.iterdir():
            file.unlink()
        path.rmdir()
    return make_ensemble(out, task.name, task.members, command)


def _compact(run: Run, dataset: Dataset) -> None:
    try:
        table = compact_run(run, dataset).to_dict("records")
    except RunError as error:
        table = str(error)
    runs.write_json(run.path / _COMPACT, {"result": table})


def _stop_with_parent() -> None:
    """Stop as by Ctrl-C once the standard input ends."""

    def watch() -> None:
        while os.read(0, 1024):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()


@friendly_errors
def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("plan")
    parser.add_argument("name")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a terminal: the parent hears it too, and closes the pipe
    _stop_with_parent()
    task = load_plan(options.plan).task(options.name)
    do(task, open_dataset(data_of(task, options.data)), options.out, options.plan)


if __name__ == "__main__":
    main(sys.argv[1:])
