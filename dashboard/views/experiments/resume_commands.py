"""What goes on with a study or a cross-validation: commands for a terminal, and what a job takes."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

import state
from fercore.runs import Run

STUDIES = ".studies"
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


def study_subject(study: str) -> str | None:
    """What a job runs a study by: its name where its file comes with the project, the file that the page New study
    kept; None where there is neither."""
    if is_shipped(study):
        return study
    file = kept_study(study)
    return str(file) if file.is_file() else None


def kept_study(study: str) -> Path:
    """Where the page keeps the file of a study that is run from it, beside the runs and none of them."""
    return state.runs_root() / STUDIES / f"{study}.toml"


def kfold_flags(name: str, folds: int, run: Run) -> dict[str, str | int] | None:
    """What a job goes on with; None where the cross-validation was begun with settings of its own, which only its
    command holds."""
    words = _recorded(run, "scripts/kfold.py")
    given = {word.partition("=")[0] for word in words if word.startswith("--")}
    recipe = run.info["config"].get("recipe")
    if not given <= {"--recipe", "--folds", "--name"} or not isinstance(recipe, str):
        return None
    return {"recipe": recipe, "folds": folds, "name": name}


def planned_epochs(run: Run) -> int | None:
    """Epochs that a run was begun for; None where its config does not say."""
    training = run.info["config"].get("training")
    epochs = training.get("epochs") if isinstance(training, dict) else None
    return epochs if type(epochs) is int else None


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
