"""Train all points of a study, going on wherever an earlier sweep was stopped."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path

import pandas as pd

from fercore import runs
from fercore.data.dataset import Dataset
from fercore.evaluation.studies import entries
from fercore.evaluation.tables import accuracy_columns
from fercore.runs import Run, RunError
from fercore.training.executors import Executor, local
from fercore.training.planned import PlannedRun, find, is_complete, refresh
from fercore.training.study import Study


def sweep(
    study: Study,
    dataset: Dataset,
    root: Path,
    *,
    command: str = "",
    execute: Executor = local,
    retry: bool = False,
    keep_weights: bool = False,
) -> pd.DataFrame:
    """Train every point that is not finished yet; a point that fails is recorded and the others go on.

    Parameters
    ----------
    study, dataset, root
        What to train, on what, and the folder of all runs.
    command
        What the user typed, for the record.
    execute
        Where to train, see `fercore.training.executors`.
    retry
        Try failed points again, from their last epoch.
    keep_weights
        Leave the weights of finished points in their folders.

    Returns
    -------
    DataFrame
        See `study_table`.

    Raises
    ------
    RunError
        Before anything trains: if the study has runs with another budget or other images, or one is being trained.
    """
    plan = plan_study(study, command)
    _check_budget(study, root)
    found = {planned.name: find(planned, dataset, root) for planned in plan}
    for planned in plan:
        if run := found[planned.name]:
            refresh(planned, run)
    todo = [planned for planned in plan if _is_open(found[planned.name], retry)]
    started, done = time.monotonic(), len(plan) - len(todo)
    print(f"Study {study.name}: {len(plan)} points, {len(todo)} to train.", flush=True)
    for number, planned in enumerate(execute(todo, dataset, root, keep_weights), 1):
        left = (time.monotonic() - started) / number * (len(todo) - number)
        words = _outcome(runs.open_run(root / planned.name))
        ahead = f"; about {timedelta(seconds=round(left))} left" if number < len(todo) else ""
        print(f"[{done + number} of {len(plan)}] {planned.name}: {words}{ahead}", flush=True)
    return study_table(plan, root)


def plan_study(study: Study, command: str = "") -> list[PlannedRun]:
    """The runs of a study, all points with the first seed before the next seed."""
    centres = [(point, bool(study.shared) and study.is_centre(point)) for point in study.points]
    return [
        PlannedRun(
            name=runs.check_name(f"study-{study.shared if shared else f'{study.name}-{point.label}'}-s{seed}"),
            config=study.config(point, seed),
            group="study",
            identity={"name": study.name, "varied": point.varied, "seed": seed},
            notes={
                "label": point.label,
                "position": point.position,
                "description": study.description,
                "budget": study.budget,
                "points": len(study.points) * len(study.seeds),
            },
            command=command,
            shared=shared,
        )
        for seed in study.seeds
        for point, shared in centres
    ]


def study_table(plan: list[PlannedRun], root: Path) -> pd.DataFrame:
    """What the runs of a study came to, a row a run.

    Returns
    -------
    DataFrame
        point (label), seed, status ("not started" without a folder), best_epoch, then value, low and high of the
        accuracy on val and test (fractions, Wilson's 95 % interval), seconds_per_epoch (median), problem (text, empty
        where there is none). What is not known is missing.
    """
    rows = [_row(planned, root / planned.name) for planned in plan]
    return pd.DataFrame(rows, columns=list(_row_columns()))


def _row_columns() -> dict[str, None]:
    names = ["point", "seed", "status", "best_epoch", *accuracy_columns({}), "seconds_per_epoch", "problem"]
    return dict.fromkeys(names)


def _row(planned: PlannedRun, path: Path) -> dict:
    row = _row_columns() | {
        "point": planned.notes["label"],
        "seed": planned.identity["seed"],
        "status": "not started",
        "problem": "",
    }
    if not (path / "run.json").is_file():
        return row
    run = runs.open_run(path)
    row |= {"status": run.status, "problem": run.info.get("problem") or ""}
    if run.info["best"]:
        row |= {"best_epoch": run.info["best"]["epoch"], "seconds_per_epoch": run.history()["seconds"].median()}
    if run.status == "finished":
        row |= accuracy_columns({split: run.metrics(split) for split in ("val", "test")})
    return row


def _outcome(run: Run) -> str:
    if run.status != "finished":
        return f"{run.status} ({run.info.get('problem')})"
    metrics, seconds = run.metrics("val"), run.history()["seconds"].median()
    return f"{metrics['accuracy']['value']:.1%} of {metrics['split_name']}, {seconds:.0f} s an epoch"


def _is_open(run: Run | None, retry: bool) -> bool:
    return not is_complete(run) and (retry or run is None or run.status != "failed")


def _check_budget(study: Study, root: Path) -> None:
    """Refuse a changed budget also where the points it trained are no longer in the study."""
    for run in runs.list_runs(root)[0]:
        for entry in entries(run, "study"):
            if entry.get("name") == study.name and entry.get("budget") != study.budget:
                raise RunError(
                    f"{run.path} was trained for the study {study.name} with the budget {entry.get('budget')}, but "
                    f"its file now says {study.budget}; all points of a study share one budget: give the file another "
                    f"name, or delete the folders {root}/study-{study.name}-*"
                )
