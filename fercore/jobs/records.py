"""What a job leaves in its folder `jobs/<id>/`, and what follows from it: its state, its progress, the end of its log.

Each file is written once, in one piece, by one process: job.json and process.json when it is submitted, begun.json when
its turn comes, stop.json when it is asked to stop, exit.json at its end. Its state follows from which of them are there
and from whether its process lives, so no kill can leave a state that is not true.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from fercore.jobs.logs import Told, told
from fercore.run_files import RunError, read_json, write_json

STATES = ("queued", "running", "stopping", "finished", "failed", "stopped", "interrupted")
ALIVE = ("queued", "running", "stopping")
LOG, UPLOADS, RESULT = "log.txt", "uploads", "result"
RUNNER = "fercore.jobs.runner"  # the module that its process runs
MARK = "FERCORE_JOB"  # environment variable with a job's id, which all that its script starts inherits
LOG_SHOWN = 64 << 10  # bytes at the end of a log that are read
STARTING = 10.0  # seconds that a submitted job may be without a process before it counts as interrupted
_UNNOTED = 600.0  # seconds in which a process that nobody noted is looked for
_ID = re.compile(r"[0-9]{8}-[0-9]{6}-[0-9a-f]{8}")
_STARTED_WITHIN = 0.02  # seconds: clocks of the system tick a hundred times a second


class JobError(Exception):
    """A job that cannot be started, read or stopped: what was received, and the way on."""


@dataclass(frozen=True)
class Job:
    """One job. `info` is the content of job.json: script, arguments, title, created, alone, writes."""

    path: Path
    info: dict[str, Any]

    @property
    def id(self) -> str:
        return self.path.name

    @property
    def title(self) -> str:
        return self.info["title"]

    @property
    def alone(self) -> bool:
        """Whether it waits until no other such job runs, as a training does."""
        return self.info["alone"]

    @property
    def state(self) -> str:
        """One of `STATES`; interrupted: it did not end, but its process is gone."""
        if (code := self.exit_code) is not None:
            return _ended(code)
        patience = self._patience()  # before the look for its process, which may be noted between the two
        if self.process() is None and time.time() - self.modified("job.json") > patience:
            if (code := self.exit_code) is not None:  # it ended between the two looks
                return _ended(code)
            return "stopped" if (self.path / "stop.json").is_file() else "interrupted"
        if (self.path / "stop.json").is_file():
            return "stopping"
        return "running" if (self.path / "begun.json").is_file() else "queued"

    @property
    def uploads(self) -> Path:
        """Where files that were uploaded for it lie until it ends."""
        return self.path / UPLOADS

    @property
    def exit_code(self) -> int | None:
        """Exit code of its script; None before its end, and where it was killed."""
        code = self._read("exit.json").get("code")
        return code if type(code) is int else None

    @property
    def times(self) -> dict[str, str | None]:
        """When it was created, begun and ended: ISO 8601 in UTC, None for what has not happened."""
        began, ended = self._read("begun.json").get("time"), self._read("exit.json").get("time")
        return {"created": self.info["created"], "begun": began, "ended": ended}

    @property
    def seconds(self) -> float | None:
        """How long its script has run, without the wait for its turn; None before it began."""
        times = self.times
        if not isinstance(times["begun"], str):
            return None
        until = times["ended"] if isinstance(times["ended"], str) else utc_now()
        return (datetime.fromisoformat(until) - datetime.fromisoformat(times["begun"])).total_seconds()

    @property
    def result(self) -> Path:
        """Where files lie that it made to be downloaded; they go with the job."""
        return self.path / RESULT

    def process(self) -> psutil.Process | None:
        """Its process, if that lives: same number *and* same start, so that a reused number is never taken for it.

        A clock that was set anew moves the start of all processes. Then the environment tells, which names the job.
        """
        known = self._read("process.json")
        if not known:
            return self._unnoted()
        try:
            process = psutil.Process(known["pid"])
            same = abs(process.create_time() - known["started"]) <= _STARTED_WITHIN
            same = same or process.environ().get(MARK) == self.id
            return process if same and process.status() != psutil.STATUS_ZOMBIE else None
        except (KeyError, TypeError, ValueError, OverflowError, psutil.Error):
            return None

    def strays(self) -> list[psutil.Process]:
        """Processes that its script started and that outlive it; nothing while it lives itself.

        They are in the group that has the number of its process, which no other process can have meanwhile, and their
        environment names the job.
        """
        number = self._read("process.json").get("pid")
        if type(number) is not int or number <= 1 or not hasattr(os, "killpg"):
            return []
        try:
            os.killpg(number, 0)
        except (OSError, OverflowError):  # the usual case: no such group
            return []
        return [] if self.process() else [one for one in psutil.process_iter() if self._started(one, number)]

    def _started(self, process: psutil.Process, group: int) -> bool:
        try:
            return os.getpgid(process.pid) == group and process.environ().get(MARK) == self.id
        except (OSError, psutil.Error):
            return False

    def _unnoted(self) -> psutil.Process | None:
        """Its process, where the server was killed before it could note it and the process has not come to it yet."""
        if time.time() - self.modified("job.json") > _UNNOTED:
            return None
        folder = str(self.path.resolve())
        for process in psutil.process_iter(["cmdline", "status"]):
            words = process.info["cmdline"] or []
            if RUNNER in words and folder in words and process.info["status"] != psutil.STATUS_ZOMBIE:
                return process
        return None

    def log(self) -> str:
        """The end of what its script printed, at most `LOG_SHOWN` bytes; of a line drawn over again its last state."""
        try:
            with (self.path / LOG).open("rb") as file:
                size = file.seek(0, os.SEEK_END)
                file.seek(max(0, size - LOG_SHOWN))
                text = file.read().decode("utf-8", errors="replace")
        except OSError:
            return ""
        return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))

    def told(self) -> Told:
        """How far it is, how fast, and how long it will still take, as its log tells."""
        found = told(self.log())
        return found._replace(share=1.0, seconds_left=0.0) if self.state == "finished" else found

    def keep_process(self, pid: int) -> None:
        """Note the process that carries it out."""
        write_json(self.path / "process.json", {"pid": pid, "started": psutil.Process(pid).create_time()})

    def mark(self, name: str, **content: Any) -> None:
        """Write begun.json, stop.json or exit.json with the time and further entries."""
        write_json(self.path / f"{name}.json", {"time": utc_now(), **content})

    def _patience(self) -> float:
        return 0.0 if (self.path / "process.json").is_file() else STARTING

    def modified(self, name: str) -> float:
        """When one of its files was written, in seconds since 1970; 0 where it is not there."""
        try:
            return (self.path / name).stat().st_mtime
        except OSError:
            return 0.0

    def _read(self, name: str) -> dict[str, Any]:
        try:
            return read_json(self.path / name)
        except (RunError, OSError):
            return {}


def new_id() -> str:
    """An id for a job; ids sort by the time of creation."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{os.urandom(4).hex()}"


def create_job(root: Path, id_: str, info: dict[str, Any], files: Mapping[str, bytes] | None = None) -> Job:
    """Make the folder of a new job with its job.json and further `files` (path in it -> content), or nothing."""
    staging = root / f".tmp-{id_}"
    info = {**info, "created": utc_now(), "order": time.time_ns()}
    try:
        staging.mkdir(parents=True)
        for name, content in (files or {}).items():
            (staging / name).parent.mkdir(exist_ok=True)
            (staging / name).write_bytes(content)
        write_json(staging / "job.json", info)
        os.rename(staging, root / id_)
    except BaseException:
        shutil.rmtree(staging, ignore_errors=True)
        raise
    return Job(root / id_, info)


def open_job(path: Path) -> Job:
    """A job's folder, checked; JobError if it is none."""
    if not _ID.fullmatch(path.name):
        raise JobError(f"there is no job {path.name!r}")
    try:
        info = read_json(path / "job.json")
    except (RunError, OSError) as error:
        raise JobError(f"the job {path.name} cannot be read ({error}); delete its folder") from error
    kinds = {"script": str, "arguments": list, "title": str, "created": str, "alone": bool, "order": int, "writes": str}
    for key, kind in kinds.items():
        if not isinstance(info.get(key), kind):
            raise JobError(f"{path}/job.json: {key!r} is missing or no {kind.__name__}; delete the folder")
    if not all(isinstance(argument, str) for argument in info["arguments"]):
        raise JobError(f"{path}/job.json: 'arguments' must be texts; delete the folder")
    return Job(path, info)


def list_jobs(root: Path) -> tuple[list[Job], dict[str, str]]:
    """All jobs, in the order in which they were submitted, and what is wrong with each folder that is none."""
    jobs, problems = [], {}
    for folder in sorted(root.iterdir()) if root.is_dir() else []:
        if folder.name.startswith(".") or not folder.is_dir():
            continue
        try:
            jobs.append(open_job(folder))
        except JobError as error:
            if folder.is_dir():  # else it was cleared since the folder was listed
                problems[folder.name] = str(error)
    return sorted(jobs, key=lambda job: (job.info["order"], job.id)), problems


def utc_now() -> str:
    """Current time in UTC, to the millisecond, as ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _ended(code: int) -> str:
    return {0: "finished", 130: "stopped"}.get(code, "failed")
