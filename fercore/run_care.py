"""Looking after run folders: a note, another name. `fercore.run_archive` puts runs away."""

from __future__ import annotations

import os

from fercore.run_files import RunError
from fercore.run_lock import is_locked
from fercore.run_notes import LONGEST_NOTE as LONGEST_NOTE
from fercore.run_notes import NOTE_FILE as NOTE_FILE
from fercore.run_notes import Notes, read_notes, write_notes
from fercore.runs import Run, check_name, list_runs, open_run, update_run


def note_of(run: Run) -> str:
    """What its users noted about a run; "" where nobody noted anything."""
    return read_notes(run).note


def write_note(run: Run, note: str) -> None:
    """Keep a note beside a run's measurements; an empty one deletes it. Tags stay."""
    write_notes(run, Notes(note, read_notes(run).tags))


def rename_run(run: Run, name: str) -> Run:
    """Give a run another name.

    Raises
    ------
    RunError
        If the name will not do or is taken, the run is being trained, or another run needs it under its present name.
    """
    target = run.path.parent / check_name(name)
    check_idle(run, "renamed")
    check_not_needed(run, "renamed")
    if target.exists() or target.is_symlink():
        raise RunError(f"there is {target} already; choose another name")
    update_run(open_run(run.path), name=name)  # as it is now: a training may have ended since the page was drawn
    os.rename(run.path, target)
    return open_run(target)


def check_idle(run: Run, what: str) -> None:
    """Raise RunError if a run is being trained, so that it cannot be `what`."""
    if is_locked(run.path):
        raise RunError(f"{run.name} is being trained, so it cannot be {what}; stop it first")


def check_not_needed(run: Run, what: str) -> None:
    """Raise RunError if another run needs one under its name, so that it cannot be `what`."""
    if needed_by := [other.name for other in list_runs(run.path.parent)[0] if run.name in _needs(other)]:
        raise RunError(f"{run.name} cannot be {what}: {', '.join(needed_by)} need it under this name")


def _needs(run: Run) -> set[str]:
    """Names of the runs without which a run does not work: members, and what an unfinished training learns from."""
    training = run.info["config"].get("training")
    sources = [training.get(key) for key in ("teacher", "init_from")] if isinstance(training, dict) else []
    unfinished = {name for name in sources if isinstance(name, str)} if run.status != "finished" else set()
    return {*run.members, *unfinished}
