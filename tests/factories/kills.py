"""Scripts that are killed at the n-th thing they change on disk, or that find the disk full.

Each runs in a process that is forked from one which has imported everything: a new one would import for seconds.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import multiprocessing
import os
import resource
import signal
import sys
import types
from collections.abc import Sequence
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

_LONG = 900  # seconds after which something is stuck
_CHANGES = ("os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def changes_of(script: str, arguments: Sequence[object], folder: Path) -> int:
    """Run a script to its end, which has to be a good one: how often it changed something in a folder."""
    code, said, changes = _run(script, arguments, folder)
    assert code == 0, said
    return changes


def kill_at_change(script: str, arguments: Sequence[object], folder: Path, number: int) -> bool:
    """Run a script and kill it before it changes something in a folder for the n-th time; whether it came so far."""
    code, said, _ = _run(script, arguments, folder, killed_at=number)
    assert code in (0, -signal.SIGKILL), said
    return code != 0


def run_on_full_disk(script: str, arguments: Sequence[object], folder: Path) -> tuple[int, str]:
    """What a script ends with, and says as an error, where no file can have any content."""
    return _run(script, arguments, folder, full=True)[:2]


def _run(script: str, arguments: Sequence[object], folder: Path, **how: object) -> tuple[int, str, int]:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__, f"scripts.{script}", "fercore.training.evaluate", "torch"])
    here, there = context.Pipe(duplex=False)
    given = (there, script, [str(one) for one in arguments], str(folder))
    process = context.Process(target=_child, args=given, kwargs=how)
    with pytest.MonkeyPatch.context() as patch:
        # Python runs a process's main module again in its children, and AppTest leaves a page behind as that.
        patch.setitem(sys.modules, "__main__", types.ModuleType("__main__"))
        process.start()
    there.close()
    process.join(_LONG)
    if process.exitcode is None:
        process.kill()
        raise AssertionError(f"{script} did not end")
    with contextlib.suppress(EOFError):
        return here.recv()
    return process.exitcode, "", 0


def _child(answer: Connection, script: str, arguments: list[str], folder: str, killed_at: int = 0, full: bool = False):
    changes = 0

    def changed(event: str, given: tuple) -> None:
        nonlocal changes
        if event in _CHANGES or (event == "open" and isinstance(given[2], int) and given[2] & _WRITING):
            there = isinstance(given[0], str | bytes) and os.path.abspath(os.fsdecode(given[0])).startswith(folder)
            changes += there
            if there and changes == killed_at:
                os.kill(os.getpid(), signal.SIGKILL)

    said = io.StringIO()
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(said):
        main = importlib.import_module(f"scripts.{script}").main
        sys.addaudithook(changed)
        if full:
            resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # writing fails, as on a full disk
        try:
            code = main(arguments) or 0
        except SystemExit as stop:
            code = stop.code or 0
    answer.send((code, said.getvalue(), changes))
