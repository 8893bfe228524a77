"""Which scripts a job may run, with which flags, and what their values may be. Whatever is not listed is refused.

A command is a list of arguments, never a shell string, and each flag is one argument with its value (`--name=mine`), so
that no value is ever taken for a flag. `fercore.runs` is imported only when a command is built: it brings pandas, which
a job that waits for its turn does without.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fercore.jobs.records import JobError
from fercore.run_files import RunError

Check = Callable[[Any, "Roots"], str]
_HUB_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}/[A-Za-z0-9][A-Za-z0-9._-]{0,95}")


@dataclass(frozen=True)
class Roots:
    """Where jobs read and write: the folders of runs and data sets, and below which folders a path may lie."""

    runs: Path
    data: Path
    readable: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Script:
    """A script that can be a job.

    Attributes
    ----------
    verb
        What it does, for the job's title: "Train".
    flags
        Flag without dashes -> what checks its value and gives it as text.
    subject
        What checks its one argument without a flag; None where it takes none.
    alone
        Whether it waits until no other such job runs: it keeps all cores busy.
    roots
        Which of --runs and --data it takes; a flag of the same name takes the place of one.
    result
        Flag that names the folder it makes for a download, which lies in the job's own; empty where it makes none.
    """

    verb: str
    flags: Mapping[str, Check] = field(default_factory=dict)
    subject: Check | None = None
    alone: bool = True
    roots: tuple[str, ...] = ("runs", "data")
    result: str = ""


def one_of(*choices: str) -> Check:
    def check(value: Any, roots: Roots) -> str:
        if value not in choices:
            raise JobError(f"received {value!r}, expected one of {', '.join(choices)}")
        return value

    return check


def number(kind: type, low: float, high: float) -> Check:
    def check(value: Any, roots: Roots) -> str:
        if type(value) not in (int, kind) or not math.isfinite(value) or not low <= value <= high:
            raise JobError(f"received {value!r}, expected a number from {low:g} to {high:g}")
        return str(value)

    return check


def name(value: Any, roots: Roots) -> str:
    """A name of a run, a recipe or a study."""
    from fercore.runs import check_name

    try:
        return check_name(value)
    except (RunError, TypeError) as error:
        raise JobError(str(error)) from error


def switch(value: Any, roots: Roots) -> str:
    if value is not True:
        raise JobError(f"received {value!r}, expected True, or the flag left out")
    return ""


def readable_path(value: Any, roots: Roots) -> str:
    """A file or folder that exists below one of the allowed folders, links followed."""
    try:
        path = Path(value).expanduser().resolve(strict=True)
    except (OSError, RuntimeError, TypeError, ValueError) as error:
        raise JobError(f"there is no file or folder {value!r} that can be read; check its spelling") from error
    allowed = [root.resolve() for root in (*roots.readable, roots.runs, roots.data)]
    if not any(path.is_relative_to(root) for root in allowed):
        raise JobError(
            f"{path} lies outside the folders that jobs may read: {', '.join(map(str, allowed))}; move it there"
        )
    return str(path)


def data_folder(value: Any, roots: Roots) -> str:
    """The folder of the data set, or another one beside it."""
    path = Path(value)
    if not path.name or path.parent.resolve() != roots.data.parent.resolve():
        raise JobError(f"received {str(value)!r}, expected a folder in {roots.data.parent}")
    return str(path)


def model_source(value: Any, roots: Roots) -> str:
    """OWNER/NAME on the Hugging Face hub, or a folder here."""
    if isinstance(value, str) and _HUB_NAME.fullmatch(value) and not Path(value).exists():
        return value
    return readable_path(value, roots)


def short_text(value: Any, roots: Roots) -> str:
    if not isinstance(value, str) or not value.isprintable() or not 0 < len(value) <= 1000:
        raise JobError(f"received {value!r}, expected a short text")
    return value


def recipe_or_study(value: Any, roots: Roots) -> str:
    """The name of one that comes with the project, or the path of a TOML file that jobs may read."""
    return readable_path(value, roots) if isinstance(value, str) and value.endswith(".toml") else name(value, roots)


def split(value: Any, roots: Roots) -> str:
    from fercore.runs import SPLITS

    return one_of(*SPLITS)(value, roots)


def tta(value: Any, roots: Roots) -> str:
    from fercore.runs import TTAS

    return one_of(*TTAS)(value, roots)


SCRIPTS: dict[str, Script] = {
    "prepare_data": Script(
        "Prepare",
        {
            **dict.fromkeys(("name", "labels", "form"), name),
            **dict.fromkeys(("kaggle", "skip-bad", "color", "find-faces"), switch),
            **dict.fromkeys(("classes", "map", "subject", "as"), short_text),
            "out": data_folder,
            "splits": one_of("names", "folders"),
            "size": number(int, 8, 1024),
            "seed": number(int, 0, 2**31 - 1),
        },
        subject=readable_path,
        roots=(),
    ),
    "audit": Script("Audit", {"ferplus": readable_path}, roots=("data",)),
    "train": Script("Train", {"recipe": recipe_or_study, "name": name, "resume": name, "measure": switch}),
    "evaluate": Script("Evaluate", {"split": one_of("val", "test"), "tta": tta, "data": data_folder}, subject=name),
    "features": Script("Compute the features of", {"split": split, "data": data_folder}, subject=name),
    "embedding": Script("Compute the embedding of", {"split": split, "data": data_folder}, subject=name),
    "robustness": Script(
        "Disturb the pictures of",
        {"split": split, "images": number(int, 1, 10**7), "data": data_folder},
        subject=name,
    ),
    "export": Script(
        "Export",
        {
            "format": one_of("onnx", "torchscript", "huggingface"),
            "precision": one_of("fp32", "int8"),
            "into-run": switch,
        },
        subject=name,
        result="out",
    ),
    "sweep": Script("Study", {"retry": switch}, subject=recipe_or_study),
    "kfold": Script("Cross-validate", {"recipe": recipe_or_study, "folds": number(int, 2, 20), "name": name}),
    "benchmark": Script("Measure", {"store": switch}, subject=one_of("inference")),
    "add_model": Script("Add", {"name": name, "revision": short_text}, subject=model_source, roots=("runs",)),
}


def build(
    script: str, roots: Roots, subject: Any = None, flags: Mapping[str, Any] | None = None, settings: Sequence[str] = ()
) -> list[str]:
    """The arguments of a script's command line, each checked.

    Parameters
    ----------
    script
        A key of `SCRIPTS`.
    roots
        Where runs and data are, and what may be read.
    subject
        Its argument without a flag, such as the run to evaluate.
    flags
        Flag without dashes -> value; True for a switch.
    settings
        Settings of a training, checked already: what `training_settings` gives.

    Raises
    ------
    JobError
        If the script or a flag is not known, or a value will not do; the message names the flag.
    """
    if script not in SCRIPTS:
        raise JobError(f"received the script {script!r}, expected one of {', '.join(SCRIPTS)}")
    known, arguments = SCRIPTS[script], []
    for flag, value in (flags or {}).items():
        if flag not in known.flags:
            raise JobError(f"{script}.py has no flag --{flag} that a job may set; known are {', '.join(known.flags)}")
        text = _checked(f"--{flag}", known.flags[flag], value, roots)
        arguments.append(f"--{flag}={text}" if text else f"--{flag}")
    arguments += settings
    arguments += [f"--{root}={getattr(roots, root)}" for root in known.roots if root not in (flags or {})]
    if subject is not None:
        if known.subject is None:
            raise JobError(f"{script}.py takes no argument without a flag, received {subject!r}")
        arguments += ["--", _checked(script, known.subject, subject, roots)]
    return arguments


def training_settings(recipe: str, changes: Mapping[str, Any]) -> list[str]:
    """Flags of the settings in which a training differs from its recipe, checked as the script itself checks them.

    Raises
    ------
    ConfigError
        If the recipe has no such setting, or a value is out of its limits; the message names the flag.
    """
    from fercore import fields  # here, because models bring torch
    from fercore.training.config import load_recipe

    load_recipe(recipe).override(**changes)
    arguments = []
    for setting, value in changes.items():
        flag = fields.flag(setting)
        if isinstance(value, bool):
            arguments.append(flag if value else flag.replace("--", "--no-", 1))
        elif isinstance(value, (list, tuple)):
            arguments += [flag, *map(str, value)]
        else:
            arguments.append(f"{flag}={value}")
    return arguments


def _checked(what: str, check: Check, value: Any, roots: Roots) -> str:
    try:
        return check(value, roots)
    except JobError as error:
        raise JobError(f"{what}: {error}") from error
