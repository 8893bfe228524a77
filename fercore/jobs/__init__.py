"""Jobs: our scripts as processes that outlive the page, the session and the server that started them.

`Jobs(folder, scripts, roots)` submits, lists, stops and clears them. A job is a folder (`fercore.jobs.records`),
carried out by one process of its own (`fercore.jobs.runner`) whose arguments were checked (`fercore.jobs.commands`).
Those that keep all cores busy wait for each other in the order in which they were submitted. This package imports no
torch.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import filelock
import psutil

from fercore.jobs.commands import SCRIPTS, Roots, build
from fercore.jobs.records import (
    ALIVE,
    MARK,
    RESULT,
    RUNNER,
    STATES,
    UPLOADS,
    Job,
    JobError,
    create_job,
    list_jobs,
    new_id,
    open_job,
)
from fercore.jobs.runner import GRACE
from fercore.run_files import RunError, read_json

__all__ = ["ALIVE", "MOST_UPLOAD", "SCRIPTS", "STATES", "Job", "JobError", "Jobs", "Roots"]

KEPT = 100  # ended jobs that stay listed
MOST_WAITING = 50  # jobs that may wait for their turn
MOST_UPLOAD = 500 << 20  # bytes of an uploaded file; FER2013's archive has 60 MB
_SUBMITTING, _PATIENCE = ".submit.lock", 60.0  # seconds that one who submits waits for another
_STALE = 3600  # seconds after which a half-made job is nobody's
_PROJECT = Path(__file__).parent.parent.parent


@dataclass(frozen=True)
class Jobs:
    """All jobs of a folder.

    Attributes
    ----------
    folder
        Where each has a folder of its own; made with the first.
    scripts
        The folder of our scripts.
    roots
        Folders of runs and data sets, and those that a job may read from.
    """

    folder: Path
    scripts: Path
    roots: Roots

    def submit(
        self,
        script: str,
        subject: Any = None,
        flags: Mapping[str, Any] | None = None,
        settings: Sequence[str] = (),
        *,
        title: str = "",
        writes: str = "",
    ) -> Job:
        """Start a job, or put it into the queue.

        Parameters
        ----------
        script, subject, flags, settings
            As in `fercore.jobs.commands.build`.
        title
            What it is called in lists; by default what the script does, and to what.
        writes
            Name of the run or data set that it makes or changes.

        Returns
        -------
        Job
            Queued or running already.

        Raises
        ------
        JobError
            If an argument will not do, the same is on its way already, the queue is full, or the disk.
        """
        id_ = new_id()
        arguments = build(script, self.roots, subject, flags, settings)
        if (result := SCRIPTS[script].result) and not (flags or {}).get("into-run"):
            arguments.insert(0, f"--{result}={self._folder(id_) / RESULT}")
        name = writes or str((flags or {}).get("name") or (flags or {}).get("resume") or subject or "")
        title = title or f"{SCRIPTS[script].verb} {name}".strip()
        return self._start(self._describe(script, arguments, title, name), id_)

    def submit_upload(
        self, file_name: str, content: bytes, script: str, flags: Mapping[str, Any] | None = None, writes: str = ""
    ) -> Job:
        """As `submit`, with an uploaded file as the script's subject, kept in the job's folder until the job ends."""
        if len(content) > MOST_UPLOAD:
            raise JobError(
                f"{file_name} has {len(content) >> 20:,} MB, at most {MOST_UPLOAD >> 20} MB are taken; put it on this "
                "machine and name its path"
            )
        printable = "".join(filter(str.isprintable, file_name))  # a name may come from anybody
        kept = Path(printable.replace("\\", "/")).name.lstrip(".-")[-100:] or "upload"
        id_ = new_id()
        arguments = [*build(script, self.roots, None, flags), "--", str(self._folder(id_) / UPLOADS / kept)]
        name = writes or str((flags or {}).get("name") or "")
        info = self._describe(script, arguments, f"{SCRIPTS[script].verb} {kept}", name)
        return self._start(info | {"uploaded": True}, id_, {f"{UPLOADS}/{kept}": content})

    def list(self) -> list[Job]:
        """All readable jobs, the newest first, after what is left of killed ones was cleared up."""
        jobs, _ = list_jobs(self.folder)
        for job in jobs:
            _look_after(job)
        return jobs[::-1]

    def problems(self) -> dict[str, str]:
        """What is wrong with each folder that cannot be read as a job."""
        return list_jobs(self.folder)[1]

    def find(self, id_: str) -> Job | None:
        """The job of an id; None where there is none."""
        try:
            return open_job(self.folder / Path(id_).name)
        except JobError:
            return None

    def running(self) -> list[Job]:
        """Jobs that are on their way, the one that was submitted first at the beginning."""
        return [job for job in reversed(self.list()) if job.state in ALIVE]

    def stop(self, job: Job) -> None:
        """Ask a job to stop, as Ctrl-C does: its script keeps its state. After a minute it is ended."""
        if process := job.process():
            with contextlib.suppress(OSError):  # a full disk, which it may be filling itself
                job.mark("stop")
            with contextlib.suppress(psutil.Error):
                process.send_signal(signal.SIGINT)

    def go_on(self, job: Job) -> Job:
        """Submit again what was stopped, failed or interrupted; a training goes on from its last finished epoch.

        Raises
        ------
        JobError
            If the job has not ended, or needs a file that was uploaded for it and is gone.
        """
        if job.state in ALIVE:
            raise JobError(f"{job.title} is {job.state}; stop it first, or wait for its end")
        if job.info.get("uploaded"):
            raise JobError(f"the file that was uploaded for {job.title!r} was deleted with its end; upload it again")
        script, written, id_ = Path(job.info["script"]).stem, job.info["writes"], new_id()
        if script == "train" and written and (status := self._status(written)):
            if status == "finished":
                raise JobError(f"{written} is trained to its end: there is nothing left to do")
            return self.submit("train", flags={"resume": written}, title=job.title, writes=written)
        old, new = str(self._folder(job.id)), str(self._folder(id_))
        arguments = [argument.replace(old, new) for argument in job.info["arguments"]]
        return self._start(self._describe(script, arguments, job.title, written), id_)

    def clear(self, keep: int = KEPT) -> int:
        """Delete the oldest ended jobs beyond the newest `keep` of them; returns how many. What they wrote stays."""
        ended = [job for job in self.list() if job.state not in ALIVE]
        for job in ended[keep:]:
            gone = self.folder / f".tmp-{job.id}"  # first out of the list, so that a kill leaves no half a job there
            with contextlib.suppress(OSError):
                os.rename(job.path, gone)
            shutil.rmtree(gone, ignore_errors=True)
        for staging in self.folder.glob(".tmp-*"):  # of a server that was killed while it made or cleared a job
            with contextlib.suppress(OSError):
                if time.time() - staging.stat().st_mtime > _STALE:
                    shutil.rmtree(staging, ignore_errors=True)
        return len(ended[keep:])

    def _folder(self, id_: str) -> Path:
        return self.folder.resolve() / id_

    def _status(self, run: str) -> str | None:
        """What the run's own folder says of it; None where there is none yet."""
        try:
            return str(read_json(self.roots.runs / run / "run.json").get("status"))
        except (RunError, OSError):
            return None

    def _script(self, name: str) -> Path:
        path = (self.scripts / f"{name}.py").resolve()
        if name not in SCRIPTS or not path.is_file():
            raise JobError(f"there is no script {path}; jobs need the project's folder scripts/")
        return path

    @contextlib.contextmanager
    def _one_by_one(self) -> Iterator[None]:
        """Of visitors who press at the same moment one comes after the other, who then sees what the first began."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(self.folder / _SUBMITTING, timeout=_PATIENCE):
            yield

    def _refuse_twice(self, info: Mapping[str, Any]) -> None:
        running = self.running()
        if len(running) >= MOST_WAITING:
            raise JobError(f"{len(running)} jobs are waiting already; stop some, or wait")
        for job in running:
            same, writes = job.info["script"] == info["script"], info["writes"]
            if same and (job.info["arguments"] == info["arguments"] or (writes and job.info["writes"] == writes)):
                raise JobError(f"{job.title!r} is {job.state} already; wait for it, or stop it")

    def _describe(self, script: str, arguments: list[str], title: str, writes: str) -> dict[str, Any]:
        alone = SCRIPTS[script].alone
        script = str(self._script(script))
        return {"script": script, "arguments": arguments, "title": title, "alone": alone, "writes": writes}

    def _start(self, info: Mapping[str, Any], id_: str, files: Mapping[str, bytes] | None = None) -> Job:
        try:
            with self._one_by_one():
                self._refuse_twice(info)
                self.clear()
                job = create_job(self.folder, id_, dict(info), files)
                try:
                    return self._spawn(job)
                except OSError:
                    shutil.rmtree(job.path, ignore_errors=True)
                    raise
        except OSError as error:
            raise JobError(f"the job cannot be started ({error}); make room in {self.folder}") from error

    def _spawn(self, job: Job) -> Job:
        environment = {**os.environ, "FERCORE_PROGRESS": "1", "PYTHONUNBUFFERED": "1", MARK: job.id}
        environment["PYTHONPATH"] = os.pathsep.join([str(_PROJECT), *filter(None, [os.environ.get("PYTHONPATH")])])
        process = subprocess.Popen(
            [sys.executable, "-m", RUNNER, str(job.path.resolve())],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env=environment,
            close_fds=True,
        )
        with contextlib.suppress(psutil.Error, OSError):  # it notes the same itself, and may have ended already
            job.keep_process(process.pid)
        # Whoever waits for it lets the system forget it at its end.
        threading.Thread(target=process.wait, name=f"job {job.id}", daemon=True).start()
        return job


def _look_after(job: Job) -> None:
    """End a job that was asked to stop and did not in time, and clear up behind one that was killed."""
    asked = job.modified("stop.json")
    if asked and time.time() - asked > GRACE and (process := job.process()):
        _kill(process)
    for stray in job.strays():
        with contextlib.suppress(psutil.Error):
            stray.kill()
    # Without a process it may not have come so far yet.
    begun = job.modified("process.json") or time.time() - job.modified("job.json") > _STALE
    if begun and job.uploads.is_dir() and job.state not in ALIVE:
        shutil.rmtree(job.uploads, ignore_errors=True)


def _kill(process: psutil.Process) -> None:
    """End a process and all that it started."""
    with contextlib.suppress(psutil.Error):
        for one in [*process.children(recursive=True), process]:
            with contextlib.suppress(psutil.Error):
                one.kill()
