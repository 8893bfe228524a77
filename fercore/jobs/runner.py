"""The process of a job: wait for its turn, become the script, leave its exit code.

Started as `python -m fercore.jobs.runner FOLDER`. It is one process, not a parent with a child, so whatever kills it
leaves no stray one. It holds a lock of the system while it works, which is free again however it ends, and needs no
server.
"""

from __future__ import annotations

import contextlib
import faulthandler
import os
import runpy
import shutil
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from pathlib import Path

import filelock

from fercore.jobs.records import ALIVE, LOG, Job, JobError, list_jobs, open_job

TURN = ".turn.lock"
LOOK_EVERY = 0.5  # seconds between two looks at the queue, at the size of the log, and at a wish to stop
MOST_LOG = 4 << 20  # bytes of a log; beyond that its first half goes
GRACE = 60.0  # seconds that a script has to stop by itself


def main(folder: str) -> None:
    """Carry out the job in a folder; the exit code is its script's."""
    # A server in the background of a shell hands down that Ctrl-C is ignored: stopping would not reach this process.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    job = open_job(Path(folder))
    job.keep_process(os.getpid())
    _redirect(job.path / LOG)
    faulthandler.enable()
    threading.Thread(target=_watch, args=(job,), daemon=True).start()
    code = 1
    try:
        _stop_if_asked(job)
        with _turn(job) if job.alone else contextlib.nullcontext():
            job.mark("begun")
            code = _run(job)
    except KeyboardInterrupt:
        print("stopped before its turn came", flush=True)
        code = 130
    finally:
        shutil.rmtree(job.uploads, ignore_errors=True)
        with contextlib.suppress(OSError):  # a full disk: then the job shows as interrupted, with its log
            job.mark("exit", code=code)
    raise SystemExit(code)


def _run(job: Job) -> int:
    """Run the script in this process as `python script arguments` would; returns its exit code."""
    script = Path(job.info["script"])
    sys.argv = [str(script), *job.info["arguments"]]
    sys.path.insert(0, str(script.parent))
    try:
        runpy.run_path(str(script), run_name="__main__")
    except SystemExit as end:
        if end.code is None or isinstance(end.code, int):
            return end.code or 0
        print(end.code, file=sys.stderr, flush=True)
        return 1
    except KeyboardInterrupt:
        print("stopped", flush=True)
        return 130
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


@contextlib.contextmanager
def _turn(job: Job) -> Iterator[None]:
    """Hold the one turn that there is, in the order in which jobs were submitted."""
    lock = filelock.FileLock(job.path.parent / TURN)
    while True:
        _stop_if_asked(job)
        if not _waiting_before(job):
            with contextlib.suppress(filelock.Timeout):
                lock.acquire(timeout=0)
                break
        time.sleep(LOOK_EVERY)
    try:
        yield
    finally:
        lock.release()


def _stop_if_asked(job: Job) -> None:
    """Heed a wish to stop that came before this process could hear Ctrl-C."""
    if job.modified("stop.json"):
        raise KeyboardInterrupt


def _waiting_before(job: Job) -> bool:
    jobs, _ = list_jobs(job.path.parent)
    before = [other for other in jobs if other.alone and other.info["order"] < job.info["order"]]
    return any(other.state in ALIVE for other in before)


def _redirect(log: Path) -> None:
    """Send all that this process and its libraries print to the job's log."""
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_NOFOLLOW", 0), 0o600)
    for stream in (1, 2):
        os.dup2(descriptor, stream)
    os.close(descriptor)
    sys.stdout.reconfigure(line_buffering=True)


def _watch(job: Job) -> None:
    """Keep the log bounded, and end a script that was asked to stop and does not."""
    while True:
        time.sleep(LOOK_EVERY)
        with contextlib.suppress(OSError):
            shorten(job.path / LOG)
        asked = job.modified("stop.json")
        if asked and time.time() - asked > GRACE:
            _kill_all()


def _kill_all() -> None:
    """End this process and all that it started, which are a group of their own."""
    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        os.killpg(os.getpid(), signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)


def shorten(log: Path, most: int = MOST_LOG) -> None:
    """Cut the first half off a log that is larger than `most` bytes, at the end of a line, and say so."""
    if log.stat().st_size <= most:
        return
    with log.open("r+b") as file:
        file.seek(-(most // 2), os.SEEK_END)
        kept = file.read().partition(b"\n")[2]
        file.seek(0)
        file.truncate()
        file.write(b"[earlier lines were left out]\n" + kept)


if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except JobError as error:
        sys.exit(str(error))
