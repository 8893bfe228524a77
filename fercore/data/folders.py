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

from fercore.data.fer2013 import DataError

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
    staging, previous = (out.with_name(f".tmp-{out.name}{end}") for end in ("", "-previous"))
    lock = filelock.FileLock(out.with_name(f".tmp-{out.name}.lock"))
    try:
        lock.acquire(timeout=0)
    except filelock.Timeout as error:
        raise DataError(f"another process is writing {out}; wait for it to end, or choose another --out") from error
    try:
        if previous.exists() and not out.exists():  # a process was killed between the two renames of _replace
            os.rename(previous, out)
        _check_ours(out, own_files)
        for leftover in (staging, previous):  # of a process that was killed
            shutil.rmtree(leftover, ignore_errors=True)
        staging.mkdir()
        yield staging
        _replace(staging, out, previous)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
        lock.release()


def _check_ours(out: Path, own_files: tuple[str, ...]) -> None:
    if not out.exists():
        return
    if not out.is_dir():
        raise DataError(f"--out {out} is a file; expected a new or an empty folder, or an earlier data set")
    if strangers := sorted(entry.name for entry in out.iterdir() if entry.name not in own_files):
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
        shutil.rmtree(previous, ignore_errors=True)


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
