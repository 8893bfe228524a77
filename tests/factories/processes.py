"""Scripts as processes of their own: killed at an exact moment, or waited for however busy the machine is."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

LONG = 900  # seconds after which something is stuck: nothing here takes a minute, but the machine may have other work

_KILLING = """
import os, runpy, signal, sys
from fercore.training import loop

train_epoch, begun, last = loop.train_epoch, 0, int(sys.argv[1])

def killed(*arguments):
    global begun
    begun += 1
    if begun == last:
        os.kill(os.getpid(), signal.SIGKILL)
    return train_epoch(*arguments)

loop.train_epoch = killed
del sys.argv[:2]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def kill_9_in_epoch(number: int, script: Path, arguments: Sequence[str]) -> int:
    """Run a script that trains and kill it when its epoch of this number begins, counted from 1 over all its runs.

    Returns
    -------
    int
        What the process ended with: -9 where it was killed.
    """
    command = [sys.executable, "-c", _KILLING, str(number), str(script), *map(str, arguments)]
    return subprocess.run(command, timeout=LONG, check=False).returncode


def wait_until(condition: Callable[[], object], process: subprocess.Popen, what: str) -> None:
    """Wait for what a process is to do; fails at once where it ends before."""
    end = time.monotonic() + LONG
    while not condition():
        assert process.poll() is None, f"it ended before: {what}"
        assert time.monotonic() < end, f"waited {LONG} s in vain for: {what}"
        time.sleep(0.01)
