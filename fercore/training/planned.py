"""Runs that a study or a cross-validation plans: found on disk, checked, and brought to their end from any state."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from fercore import runs
from fercore.data.dataset import Dataset
from fercore.evaluation.studies import entries
from fercore.fields import ConfigError
from fercore.runs import Run, RunError
from fercore.training import session
from fercore.training.checkpoint import has_state
from fercore.training.config import Config, fitted, from_dict


@dataclass(frozen=True)
class PlannedRun:
    """One run of a plan.

    Attributes
    ----------
    name, config
        Its folder and what to train.
    group
        "study" or "kfold": the entry of run.json that says what it is part of; empty for a run of its own.
    identity
        Content of that entry that a run on disk must share to be this run.
    notes
        Further content of the entry, which may change without a new training.
    command
        What the user typed.
    shared
        Whether other studies may have the same run: run.json then holds a list of entries, one a study.
    plan
        Name of the plan file that it comes from, for the record.
    """

    name: str
    config: Config
    group: str
    identity: dict[str, Any]
    notes: dict[str, Any] = field(default_factory=dict)
    command: str = ""
    shared: bool = False
    plan: str = ""

    @property
    def what(self) -> str:
        """What it is part of, in a word."""
        return self.group or "plan"

    @property
    def entry(self) -> dict[str, Any]:
        """What run.json says of it under `group`."""
        return self.identity | self.notes

    def noted(self, run: Run | None) -> dict[str, Any]:
        """What run.json holds of it: its entry under `group`, of a shared run beside those of other studies."""
        plan = {"plan": self.plan} if self.plan else {}
        if not self.shared:
            return plan | ({self.group: self.entry} if self.group else {})
        others = [entry for entry in entries(run, self.group) if entry.get("name") != self.identity["name"]]
        return plan | {self.group: sorted([*others, self.entry], key=lambda entry: str(entry.get("name")))}


def find(planned: PlannedRun, dataset: Dataset, root: Path) -> Run | None:
    """The run on disk that was planned, or None where there is none yet.

    Raises
    ------
    RunError
        If another process trains it, or the folder holds something else: another config, other images.
    """
    path = Path(root) / runs.check_name(planned.name)
    if not path.is_dir() or all(file.name.startswith(".tmp-") for file in path.iterdir()):
        return None
    run = runs.open_run(path)
    if difference := _difference(planned, run, dataset):
        raise RunError(
            f"{path} is not what is asked for now: {difference}. Runs of one {planned.what} must share everything "
            f"else to be compared: give the new {planned.what} another name, or delete the folders of the old one"
        )
    if run.status == "running":
        raise RunError(f"{path} is being trained by another process; wait for it or stop it")
    return run


def is_complete(run: Run | None) -> bool:
    """Whether nothing is left to do for a run: it is finished and its training state was cleared away."""
    return run is not None and run.status == "finished" and not (run.path / "last").exists()


def complete(
    planned: PlannedRun, dataset: Dataset, root: Path, *, keep_weights: bool = False, quiet: bool = False
) -> Run:
    """Start, restart or resume a planned run as its folder asks for, and clear its training state away.

    Parameters
    ----------
    planned, dataset, root
        What to train, on what, and the folder of all runs.
    keep_weights
        Leave model.safetensors and config.json in a finished run.
    quiet
        Print nothing.

    Raises
    ------
    RunError
        See `find`; also whatever the training raises, after its folder was marked as failed.
    """
    run = train(planned, dataset, root, quiet)
    clear(run, keep_weights)
    return run


def train(planned: PlannedRun, dataset: Dataset, root: Path, quiet: bool = False) -> Run:
    """As `complete`, but the finished run keeps its weights and training state."""
    run, threads = find(planned, dataset, root), torch.get_num_threads()
    try:
        if run and run.status == "finished":
            return run
        if run and has_state(run.path):
            return session.resume(dataset, root, planned.name, quiet)
        # Without a finished epoch there is nothing to resume, and what was written first may be incomplete.
        shutil.rmtree(Path(root) / planned.name, ignore_errors=True)
        return session.start(
            planned.config, dataset, root, planned.name, planned.command, quiet, notes=planned.noted(run)
        )
    finally:
        torch.set_num_threads(threads)  # a config may ask for its own number; the next run's may not


def clear(run: Run, keep_weights: bool) -> None:
    """Delete a finished run's training state, last of all, and its weights unless they are kept."""
    last = run.path / "last"
    if last.is_symlink():  # of an untrusted run: what it leads to is left alone
        last.unlink()
    if not last.exists():
        return
    if not keep_weights:
        for name in ("model.safetensors", "config.json", "preprocessor_config.json"):
            (run.path / name).unlink(missing_ok=True)
    shutil.rmtree(last)


def refresh(planned: PlannedRun, run: Run) -> Run:
    """Bring the notes of an earlier run up to date, as when points were added to its study."""
    noted = planned.noted(run)
    return runs.update_run(run, **noted) if any(run.info.get(key) != value for key, value in noted.items()) else run


def record_failure(planned: PlannedRun, dataset: Dataset, root: Path, problem: str) -> None:
    """Leave a run folder that says failed and why, also where training broke before there was one."""
    path = Path(root) / planned.name
    if (path / "run.json").is_file():
        run = runs.open_run(path)
        if run.status not in ("failed", "running"):
            runs.update_run(run, status="failed", problem=problem[: session.LONGEST_PROBLEM])
        return
    shutil.rmtree(path, ignore_errors=True)
    info = {
        "status": "failed",
        "problem": problem[: session.LONGEST_PROBLEM],
        "command": planned.command,
        "config": fitted(planned.config, dataset).to_dict(),
        "seed": planned.config.training.seed,
        "dataset": dataset.summary(),
        "classes": list(dataset.classes),
        "best": None,
        **planned.noted(None),
    }
    runs.create_run(root, planned.name, info)


def _difference(planned: PlannedRun, run: Run, dataset: Dataset) -> str | None:
    """The first thing in which a run on disk differs from the planned one, in words."""
    found = entries(run, planned.group) if planned.group else [{}]
    if not found:
        return f"the run there belongs to no {planned.group}"
    if planned.shared:  # one that has no entry of this plan yet becomes a part of it
        found = [entry for entry in found if entry.get("name") == planned.identity["name"]] or [planned.identity]
    entry = found[0]
    for key, value in planned.identity.items():
        if entry.get(key) != value:
            return f"its {planned.group}'s {key} is {entry.get(key)!r} there and {value!r} here"
    received, expected = run.info["dataset"].get("fingerprint"), dataset.info["fingerprint"]
    if received != expected:
        return f"its data set is {received} there and {expected} here"
    try:
        # Through from_dict, so that a field that was added to the code since has its default.
        there = from_dict(run.info["config"], f"{run.path}/run.json").to_dict()
    except ConfigError as error:
        return str(error)
    here = fitted(planned.config, dataset).to_dict()
    for section in here:
        old, new = there[section], here[section]
        if old != new:
            return f"its {section} is {old!r} there and {new!r} here" if section == "recipe" else _field(old, new)
    return None


def _field(there: dict, here: dict) -> str:
    name = next(name for name in here | there if there.get(name) != here.get(name))
    return f"its {name} is {there.get(name)!r} there and {here.get(name)!r} here"
