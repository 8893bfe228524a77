"""Who is training a run: one process at a time, and whether it still lives."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path

import filelock

from fercore.run_files import RunError

_looking = threading.Lock()  # a look takes the run's lock for a moment: two would take each other for a training


@contextlib.contextmanager
def held(file: Path, taken: str, patience: float = 0.0) -> Iterator[None]:
    """Hold a lock file inside; the system lets go of it however the process ends.

    Raises
    ------
    RunError
        Saying what is `taken`, if another process holds it for longer than `patience`, in seconds.
    """
    lock = filelock.FileLock(file)
    try:
        lock.acquire(timeout=patience)
    except filelock.Timeout as error:
        raise RunError(taken) from error
    try:
        yield
    finally:
        lock.release()


def training_lock(path: Path) -> contextlib.AbstractContextManager[None]:
    """Hold a run folder for training, see `held`.

    Raises
    ------
    RunError
        If another process is training this run.
    """
    return held(path / ".lock", f"{path.name} is being trained by another process; wait for it or stop it", 1.0)


def is_locked(path: Path) -> bool:
    """Whether a process that still lives is training the run in this folder."""
    lock_file = path / ".lock"
    if not lock_file.is_file():
        return False
    lock = filelock.FileLock(lock_file)
    with _looking:
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            return True
        except OSError:
            return False
        lock.release()
    return False
