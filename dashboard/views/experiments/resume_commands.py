"""The commands that go on with what was stopped."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from importlib import resources

import state
from fercore.runs import Run

_FOLDERS = ("--runs", "--data")


def sweep_command(study: str, run: Run, retry: bool) -> str:
    """What goes on with a study, of which `run` is a point; failed points only with `retry`."""
    file = study if is_shipped(study) else f"{study}.toml"
    shared = isinstance(run.info.get("study"), list)  # started by whichever of its studies came first
    words = ([] if shared else _recorded(run, "scripts/sweep.py")) or [file]
    return _command("scripts/sweep.py", [*words, *(["--retry"] if retry and "--retry" not in words else [])])


def kfold_command(name: str, folds: int, run: Run) -> str:
    """What goes on with a cross-validation, of which `run` is a fold."""
    recipe = str(run.info["config"].get("recipe"))
    return _command(
        "scripts/kfold.py",
        _recorded(run, "scripts/kfold.py") or ["--recipe", recipe, "--folds", str(folds), "--name", name],
    )


def is_shipped(study: str) -> bool:
    """Whether a study file of this name comes with the project; `study` is checked as a run's name is."""
    return (resources.files("fercore") / "studies" / f"{study}.toml").is_file()


def _recorded(run: Run, script: str) -> list[str]:
    """The arguments with which a run says it was started by a script, without its folders; empty where it does not."""
    command = run.info.get("command")
    if not isinstance(command, str) or len(command) > 1000 or not command.isprintable():
        return []
    try:
        python, *words = shlex.split(command)
    except ValueError:  # an open quote, or nothing
        return []
    if python != "python" or words[:1] != [script]:
        return []
    pairs = zip([script, *words], words, strict=False)
    return [
        word
        for before, word in pairs
        if word != script and before not in _FOLDERS and word.partition("=")[0] not in _FOLDERS
    ]


def _command(script: str, words: Sequence[str]) -> str:
    # A recorded command may come from a stranger: quoted again, none of its words can mean anything to a shell.
    return state.command(shlex.join([script, *words]))
