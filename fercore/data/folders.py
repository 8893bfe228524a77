"""Replacing a folder by a newly built one, so that at every moment one of the two is there, whole."""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import filelock

from fercore.data.dataset import DataError

_MARK = ".tmp-"  # begins the names of what a process is still writing
_AT_FDCWD, _RENAME_EXCHANGE = -100, 2  # linux/fcntl.h, linux/fs.h


@contextlib.contextmanager
def replacing(out: Path, own_files: tuple[str, ...]) -> Iterator[Path]:
    """Build a folder beside `out` and put it in its place if the body ends well.

    Readers that have files of the earlier folder mapped keep them: its files are unlinked, never written to.

    Parameters
    ----------
    out
        The folder to make or replace.
    own_files
        Names that a folder made earlier may hold; one that holds anything else is never touched.

    Yields
    ------
    Path
        An empty folder to fill. If the body raises, it is removed and `out` stays as it was.

    Raises
    ------
    DataError
        If `out` is a file, holds files that are not ours, or is being written by another process.
    """
    out = out.resolve()  # a link to another disk stays a link
    out.parent.mkdir(parents=True, exist_ok=True)
    staging, previous, lock = _beside(out)
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout as error:
        raise DataError(f"another process is writing {out}; wait for it to end, or choose another --out") from error
    try:
        _restore(out, previous)
        _check_ours(out, own_files)
        _remove(staging, previous)
        _remove_abandoned(out)
        staging.mkdir()
        yield staging
        _replace(staging, out, previous)
    finally:
        _remove(staging)
        lock.release()


def _beside(out: Path) -> tuple[Path, Path, filelock.BaseFileLock]:
    """What stands beside a folder while it is replaced: the new one, the earlier one, and a lock."""
    staging, previous, lock = (out.with_name(f"{_MARK}{out.name}{end}") for end in ("", "-previous", ".lock"))
    return staging, previous, filelock.FileLock(lock)


def _remove_abandoned(out: Path) -> None:
    """Remove what killed processes left of other folders beside `out`; those of living ones are locked."""
    for file in out.parent.glob(f"{_MARK}*.lock"):
        other = out.with_name(file.name.removeprefix(_MARK).removesuffix(".lock"))
        staging, previous, lock = _beside(other)
        if other == out or not (staging.exists() or previous.exists()):
            continue
        with contextlib.suppress(filelock.Timeout, OSError), lock.acquire(timeout=0):
            _restore(other, previous)
            _remove(staging, previous)


def _restore(out: Path, previous: Path) -> None:
    if previous.exists() and not out.exists():  # a process was killed between the two renames of _replace
        os.rename(previous, out)


def _remove(*leftovers: Path) -> None:
    for folder in leftovers:
        shutil.rmtree(folder, ignore_errors=True)


def _check_ours(out: Path, own_files: tuple[str, ...]) -> None:
    if not out.exists():
        return
    if not out.is_dir():
        raise DataError(f"--out {out} is a file; expected a new or an empty folder, or an earlier data set")
    # A process that was killed while it wrote a file leaves one with our mark, which goes with the earlier folder.
    names = sorted(entry.name for entry in out.iterdir())
    if strangers := [name for name in names if name not in own_files and not name.startswith(_MARK)]:
        raise DataError(
            f"--out {out} is not a data set made by prepare_data.py: it holds {', '.join(strangers[:3])}"
            f"{' ...' if len(strangers) > 3 else ''}; choose another --out, or empty that folder yourself"
        )


def _replace(new: Path, out: Path, previous: Path) -> None:
    """Put `new` in the place of `out`; the earlier folder ends at `new` or is removed."""
    if not out.exists():
        os.rename(new, out)
    elif not _exchange(new, out):
        try:
            os.rename(out, previous)
            os.rename(new, out)
        except BaseException:
            if not out.exists():
                os.rename(previous, out)
            raise
        _remove(previous)


def _exchange(one: Path, other: Path) -> bool:
    """Swap two folders in one step, with no moment at which either name is free; False where that is unknown."""
    if not sys.platform.startswith("linux"):
        return False
    renameat2 = getattr(ctypes.CDLL(None), "renameat2", None)
    if renameat2 is None:
        return False
    names = (ctypes.c_char_p(os.fsencode(path)) for path in (one, other))
    first, second = names
    return renameat2(_AT_FDCWD, first, _AT_FDCWD, second, ctypes.c_uint(_RENAME_EXCHANGE)) == 0
