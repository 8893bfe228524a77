"""Plan files: which runs belong together, how each is made, and which must come first.

    description = "..."

    [[train]]                           # scripts/train.py
    name = "reference-fast"
    recipe = "fast"
    changes = { epochs = 40 }           # optional, what differs from the recipe
    seeds = [0, 1]                      # optional; further seeds are runs named <name>-s<seed>
    data = "ferplus"                    # optional, the folder of a data set beside --data
    tta = true                          # optional, score with flip averaging too
    compact = true                      # optional, store large matrices as 8-bit integers

    [[ensemble]]                        # scripts/ensemble.py
    name = "reference-ensemble"
    members = ["reference-best", "reference-fast"]

    [[kfold]]                           # scripts/kfold.py
    name = "reference-kfold"
    recipe = "report-cnn"
    folds = 3

    [[study]]                           # scripts/sweep.py
    study = "dropout"
    seeds = [0]                         # optional, instead of the study file's

A run comes after its teacher, the run whose first weights it takes, and the members it is made of.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any

from fercore.fields import ConfigError, shown
from fercore.runs import RunError, check_name
from fercore.training.config import Config, load_recipe, read_toml
from fercore.training.planned import PlannedRun
from fercore.training.study import load_study
from fercore.training.sweep import plan_study

PLANS = resources.files("fercore") / "plans"
_ENTRIES: dict[str, dict[str, type]] = {
    "train": {
        "name": str,
        "recipe": str,
        "changes": dict,
        "seeds": list,
        "data": str,
        "tta": bool,
        "compact": bool,
    },
    "ensemble": {"name": str, "members": list},
    "kfold": {"name": str, "recipe": str, "folds": int, "changes": dict},
    "study": {"study": str, "seeds": list},
}
_OPTIONAL = {"changes", "seeds", "data", "tta", "compact"}


@dataclass(frozen=True)
class Task:
    """One process's work: a training, a cross-validation, or an ensemble.

    Attributes
    ----------
    name
        Of the run that it leaves.
    kind
        "train", "study", "kfold" or "ensemble".
    groups
        Names under which it can be asked for, beside its own: its study's, its entry's.
    config
        What is trained; None for an ensemble.
    planned
        The run as each study that it is a point of plans it, or as it is trained by itself; empty for others.
    data
        Folder of its data set beside --data; empty for --data itself.
    folds, members
        Of a cross-validation and of an ensemble.
    tta, compact
        Whether it is scored with flip averaging too, and made smaller.
    """

    name: str
    kind: str
    groups: tuple[str, ...]
    config: Config | None = None
    planned: tuple[PlannedRun, ...] = ()
    data: str = ""
    folds: int = 0
    members: tuple[str, ...] = ()
    tta: bool = False
    compact: bool = False

    @property
    def needs(self) -> tuple[str, ...]:
        """Names of the runs that come first."""
        if self.config is None:
            return self.members
        training = self.config.training
        return tuple(filter(None, [training.teacher if training.distillation else "", training.init_from]))

    @property
    def same_but_seed(self) -> tuple:
        """Equal for the runs that differ in nothing but their seed."""
        if self.config is None:
            return (self.kind, self.name)
        return (self.kind, self.folds, *self.groups, str(self.config.override(seed=0).to_dict()))

    @property
    def epochs(self) -> int:
        """Epochs that it trains in all."""
        return self.config.training.epochs * max(self.folds, 1) if self.config else 0


@dataclass(frozen=True)
class Plan:
    """A checked plan; its tasks are in an order in which all can be done. `source` is what `load_plan` was given."""

    name: str
    source: str
    description: str
    tasks: tuple[Task, ...]

    def chosen(self, names: Sequence[str]) -> tuple[Task, ...]:
        """The tasks of these names or groups, with all that must come first; without a name, all.

        Raises
        ------
        ConfigError
            If the plan has nothing of a name.
        """
        known = {name for task in self.tasks for name in (task.name, *task.groups)}
        if unknown := [name for name in names if name not in known]:
            raise ConfigError(
                f"--only: received {unknown[0]!r}, expected runs or studies of the plan {self.name}: "
                f"{', '.join(sorted(known))}"
            )
        wanted = {task.name for task in self.tasks if not names or {task.name, *task.groups} & set(names)}
        for task in reversed(self.tasks):
            if task.name in wanted:
                wanted |= set(task.needs)
        return tuple(task for task in self.tasks if task.name in wanted)

    def seeds_of(self, task: Task) -> list[str]:
        """Names of the runs that differ from a task's in nothing but their seed, its own among them."""
        return [one.name for one in self.tasks if one.same_but_seed == task.same_but_seed]

    def task(self, name: str) -> Task:
        """The task of a run's name."""
        return next(task for task in self.tasks if task.name == name)


def load_plan(name: str) -> Plan:
    """Read a plan by its name, or from a path to a TOML file.

    Raises
    ------
    ConfigError
        If there is none, an entry does not fit, two differ on one run, or a run is needed that no entry makes.
    """
    content, source = read_toml(PLANS, name, "plan")
    where, plan = str(source), Path(source.name).stem
    if unknown := set(content) - {"description", *_ENTRIES}:
        raise ConfigError(f"{where}: unknown entry {sorted(unknown)[0]!r}; known are {', '.join(_ENTRIES)}")
    found: dict[str, Task] = {}
    try:
        for task in _tasks(content, name, where):
            found[task.name] = _together(found[task.name], task) if task.name in found else task
    except RunError as error:
        raise ConfigError(f"{where}: {error}") from error
    return Plan(plan, name, str(content.get("description", "")), tuple(_in_order(found, where)))


def _tasks(content: dict[str, Any], given: str, where: str) -> Iterator[Task]:
    makers = {"train": _trainings, "ensemble": _ensemble, "kfold": _kfold, "study": _points}
    for kind, known in _ENTRIES.items():
        listed = content.get(kind, [])
        if not isinstance(listed, list) or not all(isinstance(entry, dict) for entry in listed):
            raise ConfigError(f"{where}: {kind} is {shown(listed)}, expected tables [[{kind}]]")
        for number, entry in enumerate(listed, 1):
            place = f"{where}, {kind} {number}"
            _check_entry(entry, known, place)
            try:
                yield from makers[kind](entry, given)
            except ConfigError as error:
                raise ConfigError(f"{place}: {error}") from error


def _check_entry(entry: dict[str, Any], known: dict[str, type], place: str) -> None:
    for key, value in entry.items():
        if key not in known:
            raise ConfigError(f"{place}: unknown entry {key!r}; known are {', '.join(known)}")
        if type(value) is not known[key]:
            raise ConfigError(f"{place}: {key} is {shown(value)}, expected a {known[key].__name__}")
    if missing := [key for key in known if key not in entry and key not in _OPTIONAL]:
        raise ConfigError(f"{place}: {missing[0]!r} is missing")
    if (data := entry.get("data")) and data != Path(data).name:
        raise ConfigError(f"{place}: data is {data!r}, expected the name of a folder beside --data")


def _trainings(entry: dict[str, Any], given: str) -> Iterator[Task]:
    name, changes = entry["name"], entry.get("changes", {})
    settings = {key: entry[key] for key in ("data", "tta", "compact") if key in entry}
    for number, seed in enumerate(entry.get("seeds", [0])):
        config = load_recipe(entry["recipe"]).override(**changes, seed=seed)
        own = check_name(f"{name}-s{seed}" if number else name)
        run = PlannedRun(own, config, "", {}, command=command_of(given, own), plan=Path(given).stem)
        yield Task(own, "train", (name,), config, (run,), **settings)


def _points(entry: dict[str, Any], given: str) -> Iterator[Task]:
    study = load_study(entry["study"], entry.get("seeds"))
    for run in plan_study(study):
        own = replace(run, plan=Path(given).stem, command=command_of(given, run.name))
        yield Task(run.name, "study", (study.name,), run.config, (own,))


def _kfold(entry: dict[str, Any], given: str) -> Iterator[Task]:
    config = load_recipe(entry["recipe"]).override(**entry.get("changes", {}))
    yield Task(check_name(entry["name"]), "kfold", (), config, folds=entry["folds"])


def _ensemble(entry: dict[str, Any], given: str) -> Iterator[Task]:
    yield Task(check_name(entry["name"]), "ensemble", (), members=tuple(map(str, entry["members"])))


def command_of(plan: str, name: str) -> str:
    """What to type for one run of a plan, which is given as to `load_plan`."""
    return shlex.join(["python", "scripts/reproduce.py", plan, "--only", name])


def _together(one: Task, other: Task) -> Task:
    """A run that two studies share as one task."""
    if not all(run.shared for run in (*one.planned, *other.planned)) or one.config != other.config or not one.planned:
        raise ConfigError(f"two entries make a run named {one.name}, and not the same one; give one another name")
    return replace(one, groups=one.groups + other.groups, planned=one.planned + other.planned)


def _in_order(found: dict[str, Task], where: str) -> Iterable[Task]:
    """Each task after those that it needs, else as the file has them."""
    ordered: dict[str, Task] = {}
    waiting = list(found.values())
    while waiting:
        ready = [task for task in waiting if all(name in ordered for name in task.needs)]
        if not ready:
            missing = [name for task in waiting for name in task.needs if name not in found]
            what = f"no entry makes {missing[0]}" if missing else "they wait for each other"
            names = ", ".join(task.name for task in waiting)
            raise ConfigError(f"{where}: {names} cannot be made, because {what}")
        ordered |= {task.name: task for task in ready}
        waiting = [task for task in waiting if task.name not in ordered]
    return ordered.values()
