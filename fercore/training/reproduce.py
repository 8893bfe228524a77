"""Carry out a plan: several tasks at once as processes, in the order that they need, from wherever it was stopped.

The folder of runs is the only state: a task is done when its run is finished and scored there. So a plan can be
stopped, killed or lose its machine at any moment; the same command goes on.
"""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from subprocess import PIPE, STDOUT, Popen, TimeoutExpired

from fercore import runs
from fercore.data.dataset import DataError, Dataset, open_dataset
from fercore.fields import ConfigError
from fercore.run_lock import held, is_locked
from fercore.runs import Run, RunError
from fercore.training.config import Config
from fercore.training.measure import measure
from fercore.training.plan import Plan, Task
from fercore.training.plan_task import data_of, is_scored
from fercore.training.planned import PlannedRun, find, is_complete

DONE, OPEN, BEGUN, FAILED, BLOCKED = "done", "not begun", "begun", "failed", "blocked"
LOGS, LOCK = "logs", ".reproduce.lock"
LOOK_EVERY = 0.2  # seconds between two looks at the processes
GRACE = 120.0  # seconds that a stopped training has to leave its folder in order


@dataclass
class Standing:
    """How far a task is: one of the words above, epochs done, and what stands in its way."""

    state: str
    epochs: int = 0
    problem: str = ""


@dataclass
class Reproduction:
    """A plan in a folder.

    Attributes
    ----------
    plan, tasks
        The plan, and those of its tasks that are asked for.
    data, out
        Folder of the data set, and of the runs that are made.
    """

    plan: Plan
    tasks: Sequence[Task]
    data: Path
    out: Path
    _opened: dict[Path, Dataset | DataError] = field(default_factory=dict)

    def dataset(self, task: Task) -> Dataset:
        """A task's data set; DataError where there is none."""
        folder = data_of(task, self.data)
        if folder not in self._opened:
            try:
                self._opened[folder] = open_dataset(folder)
            except DataError as error:
                self._opened[folder] = error
        if isinstance(found := self._opened[folder], DataError):
            raise found
        return found

    def standing(self, task: Task) -> Standing:
        """How far a task is, from what lies in its folder."""
        try:
            run = self._find(task)
        except (DataError, ConfigError, RunError) as error:
            return Standing(BLOCKED, problem=str(error))
        if run is None:
            return Standing(OPEN, self._epochs_of_folds(task))
        if run.status == "finished" and (not task.planned or (is_complete(run) and is_scored(task, run))):
            return Standing(DONE, task.epochs)
        state = FAILED if run.status == "failed" else BEGUN
        return Standing(state, len(_history(run)), str(run.info.get("problem") or ""))

    def is_trained_elsewhere(self, task: Task) -> bool:
        """Whether another process trains it just now, as one of an earlier attempt that is about to stop."""
        names = [task.name, *(f"{task.name}-fold{number}" for number in range(1, task.folds + 1))]
        return any(is_locked(self.out / name) for name in names)

    def _find(self, task: Task) -> Run | None:
        dataset = self.dataset(task)
        if task.kind == "ensemble":
            path = self.out / task.name
            return runs.open_run(path) if (path / "run.json").is_file() else None
        if task.kind == "kfold":
            identity = {"name": task.name, "folds": task.folds, "seed": task.config.training.seed}
            return find(PlannedRun(task.name, task.config, "kfold", identity), dataset, self.out)
        return find(task.planned[0], dataset, self.out)

    def _epochs_of_folds(self, task: Task) -> int:
        folders = [self.out / f"{task.name}-fold{number}" for number in range(1, task.folds + 1)]
        return sum(len(_history(runs.open_run(path))) for path in folders if (path / "run.json").is_file())


def _history(run: Run) -> Sequence:
    with contextlib.suppress(OSError, RunError, ValueError):
        return run.history()
    return ()


def epoch_seconds(work: Reproduction, tasks: Sequence[Task], say: Callable[[str], None]) -> dict[str, float]:
    """Name -> seconds of one epoch on this machine, by a few steps of each kind of training that is left.

    A teacher that is not trained yet is left out, so its pupils take longer than is said. Tasks that cannot be
    measured are missing.
    """
    measured: dict[tuple, float] = {}
    found: dict[str, float] = {}
    for task in tasks:
        if task.config is None:
            continue
        key = _kind_of(task)
        if key not in measured:
            say(f"measuring a few steps of {task.name} ...")
            try:
                measured[key] = measure(_without_missing_teacher(task.config, work.out), work.dataset(task), work.out)
            except (DataError, ConfigError, RunError):
                continue
        cost = measured[key]
        found[task.name] = cost.epoch_seconds * (1 - 1 / task.folds if task.folds else 1)
    return found


def _kind_of(task: Task) -> tuple:
    """Trainings that cost the same a step."""
    config, training = task.config, task.config.training
    return (config.model, training.batch_size, training.precision, training.threads, training.train_share, task.needs)


def _without_missing_teacher(config: Config, out: Path) -> Config:
    if not config.training.distillation or (out / config.training.teacher / "model.safetensors").is_file():
        return config
    return config.override(teacher="", distillation=0.0, guidance=0.0)


def reproduction_lock(out: Path) -> contextlib.AbstractContextManager[None]:
    """Hold a folder of reproduced runs, see `held`; RunError if another process works in it."""
    out.mkdir(parents=True, exist_ok=True)
    return held(out / LOCK, f"another scripts/reproduce.py works in {out}; wait for it, or choose another --out")


def carry_out(work: Reproduction, jobs: int, say: Callable[[str], None] = print) -> dict[str, Standing]:
    """Do all tasks that are left, up to `jobs` at once; what fails is told and the others go on.

    Parameters
    ----------
    work
        What to do, and where.
    jobs
        Processes at once, which share the processors and the GPU.
    say
        Told when a task begins and ends.

    Returns
    -------
    dict
        Name -> how each task stands at the end.

    Raises
    ------
    RunError
        If another process works in the folder.
    KeyboardInterrupt
        Passed on, after all processes have stopped and left their runs so that they can go on.
    """
    with reproduction_lock(work.out):
        standing = {task.name: work.standing(task) for task in work.tasks}
        waiting = [task for task in work.tasks if standing[task.name].state != DONE]
        for task in filter(work.is_trained_elsewhere, waiting):
            say(f"{task.name}: waits for another process that trains it")
        with _Processes(work, jobs) as processes:
            while waiting or processes.running:
                elsewhere = [task for task in waiting if work.is_trained_elsewhere(task)]
                for task in _ready(waiting, elsewhere, standing)[: jobs - len(processes.running)]:
                    waiting.remove(task)
                    standing[task.name] = work.standing(task)
                    if standing[task.name].state in (DONE, BLOCKED):
                        say(f"{task.name}: {_told(standing[task.name])}")
                    else:
                        processes.start(task)
                        say(f"{task.name}: started; its log is {processes.log(task)}")
                for task, code in processes.ended():
                    standing[task.name] = _after(work, task, code, processes.log(task))
                    say(f"{task.name}: {_told(standing[task.name])}")
                if processes.running or elsewhere:
                    time.sleep(LOOK_EVERY)
                elif not _ready(waiting, elsewhere, standing):
                    break
    _block(waiting, standing)
    return standing


def _ready(waiting: Sequence[Task], elsewhere: Sequence[Task], standing: Mapping[str, Standing]) -> list[Task]:
    """Tasks whose needs are done and which nobody else does just now."""
    done = {name for name, found in standing.items() if found.state == DONE}
    return [task for task in waiting if done.issuperset(task.needs) and task not in elsewhere]


def _after(work: Reproduction, task: Task, code: int, log: Path) -> Standing:
    found = work.standing(task)
    if found.state == DONE:
        return found
    return Standing(FAILED, found.epochs, found.problem or f"its process ended with code {code}; see {log}")


def _block(waiting: Sequence[Task], standing: dict[str, Standing]) -> None:
    for task in waiting:
        missing = [name for name in task.needs if standing[name].state != DONE]
        standing[task.name] = Standing(BLOCKED, problem=f"waits for {', '.join(missing)}")


def _told(standing: Standing) -> str:
    return f"{standing.state} ({standing.problem})" if standing.problem and standing.state != DONE else standing.state


class _Processes:
    """The tasks that are being done, a process each; leaving the block stops them and waits for them."""

    def __init__(self, work: Reproduction, jobs: int) -> None:
        self._work, self._threads = work, max(1, (os.cpu_count() or 1) // jobs)
        self._jobs = jobs
        self.running: dict[str, tuple[Task, Popen]] = {}

    def __enter__(self) -> _Processes:
        return self

    def __exit__(self, *_: object) -> None:
        for _, process in self.running.values():
            process.stdin.close()  # see plan_task: the training stops as by Ctrl-C
        for _, process in self.running.values():
            try:
                process.wait(GRACE)
            except TimeoutExpired:
                process.kill()
                process.wait()

    def log(self, task: Task) -> Path:
        return self._work.out / LOGS / f"{task.name}.log"

    def start(self, task: Task) -> None:
        folders = ["--data", str(self._work.data), "--out", str(self._work.out)]
        command = [sys.executable, "-m", "fercore.training.plan_task", self._work.plan.source, task.name, *folders]
        own = {} if self._jobs == 1 else {"OMP_NUM_THREADS": str(self._threads)}  # together they have all processors
        self.log(task).parent.mkdir(parents=True, exist_ok=True)
        with self.log(task).open("ab") as log:
            process = Popen(command, stdin=PIPE, stdout=log, stderr=STDOUT, env={**os.environ, **own})
        self.running[task.name] = task, process

    def ended(self) -> list[tuple[Task, int]]:
        """Tasks whose processes have ended, with their exit codes."""
        found = [(task, process.poll()) for task, process in self.running.values()]
        over = [(task, code) for task, code in found if code is not None]
        for task, _ in over:
            self.running.pop(task.name)[1].stdin.close()
        return over
