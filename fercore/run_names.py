"""A run by its name or by its path: how scripts and `import fercore` find the folder that a user means."""

from __future__ import annotations

import difflib
import os
import warnings
from pathlib import Path

from fercore.runs import Run, RunError, list_runs, open_run

RUN_SETTINGS = ("teacher", "init_from")  # settings of a training that name another run
RUNS_SETTING = "FERCORE_RUNS"  # environment variable that names the folder of all runs
_CHECKOUT = Path(__file__).resolve().parents[1] / "runs"
_PLACES = f"runs/ where you are, or in the folder that {RUNS_SETTING} names"


def runs_folder() -> Path:
    """Where runs are looked for by name: the folder that `FERCORE_RUNS` names, else runs/ where you are, else the
    runs/ beside an editable installation of fercore."""
    if setting := os.environ.get(RUNS_SETTING):
        return Path(setting)
    here = Path("runs")
    return _CHECKOUT if _CHECKOUT.is_dir() and not here.is_dir() else here


def find_run(given: str | os.PathLike, root: Path | str | None = None) -> Run:
    """Open the run that a user means.

    Parameters
    ----------
    given
        Name of a run, or a path to its folder as tab completion writes it ("runs/reference-best/").
    root
        Folder in which names are looked up; by default `runs_folder()`.

    Raises
    ------
    RunError
        If there is no such run; the message says where it was looked for and which names are near. Or if the folder
        cannot be read as a run (`fercore.runs.open_run`).
    """
    root, path = runs_folder() if root is None else Path(root), Path(given)
    if not _is_name(given):
        # "." and ".." have no name of their own, which a run must have.
        return open_run(path if path.name not in ("", "..") else os.path.abspath(path))
    if (root / path).is_dir():
        return open_run(root / path)
    if (path / "run.json").is_file():
        return open_run(path)
    known = sorted(entry.name for entry in root.iterdir() if (entry / "run.json").is_file()) if root.is_dir() else []
    near = difflib.get_close_matches(path.name, known, 3)
    ways = f"did you mean {' or '.join(near)}?" if near else f"it holds {', '.join(known) or 'no runs'}."
    raise RunError(
        f"there is no run {path.name!r} in {root.absolute()}; {ways} A run is given by its name in {_PLACES}, or by a "
        "path to its folder"
    )


def known_runs(root: Path | str | None = None) -> list[Run]:
    """All readable runs of a folder, by name; a warning names each folder that cannot be read as a run, and why.

    Parameters
    ----------
    root
        By default `runs_folder()`. `fercore.runs.list_runs` gives the problems as a table instead of warnings.
    """
    runs, problems = list_runs(runs_folder() if root is None else root)
    for name, problem in problems.items():
        warnings.warn(f"left out {name}: {problem}", stacklevel=2)
    return runs


def run_name(given: str | os.PathLike, root: Path | str) -> str:
    """The name of a run that must lie in a folder, from its name or its path; whether it exists is not asked.

    Raises
    ------
    RunError
        If the path leads to another folder.
    """
    path = Path(given)
    if _is_name(given):
        return path.name
    path = Path(os.path.abspath(path))
    if path.parent.resolve() != Path(root).resolve():
        raise RunError(f"received {given}, expected a run in {Path(root).absolute()}; name its folder with --runs")
    return path.name


def _is_name(given: str | os.PathLike) -> bool:
    text = os.fspath(given)
    return Path(text).name == text and text != ".."
