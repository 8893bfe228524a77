"""SIGKILL of the server, of a job and of both at random moments: nothing is lost, no process stays, the list is true.

A small process stands for the server, a script that keeps its state after each step for a training. KILLS and
KILL_SEED set how often and which moments; tests/browser/test_kills.py does the same to a real server.
"""

import json
import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import psutil
import pytest

from fercore.jobs import ALIVE, Jobs, Roots
from fercore.jobs.records import MARK, JobError
from tests.jobs.test_jobs import wait

KILLS, SEED = int(os.environ.get("KILLS", "20")), int(os.environ.get("KILL_SEED", "0"))
STEPS = 20

# Begins or goes on with a run as train.py does, with a helper process that it ends itself if it is let.
SCRIPT = f"""
import json, os, subprocess, sys, time
from pathlib import Path
flags = dict(argument[2:].split("=", 1) for argument in sys.argv[1:] if "=" in argument)
run = Path(flags["runs"]) / (flags.get("name") or flags["resume"])
run.mkdir(exist_ok=True)
def keep(status):
    (run / ".new").write_text(json.dumps({{"status": status}}))
    os.replace(run / ".new", run / "run.json")
keep("running")
helper = subprocess.Popen(["sleep", "600"])
with (run / "steps").open("a+") as steps:
    steps.seek(0)
    for step in range(len(steps.readlines()), {STEPS}):
        time.sleep(0.02)
        steps.write(f"{{step}}\\n")
        steps.flush()
helper.kill()
helper.wait()
keep("finished")
"""
# Submits a training for each name it is told and says its id, as a server does for its visitors.
SERVER = """
import sys, threading, time
from pathlib import Path
from fercore.jobs import Jobs, Roots
root = Path(sys.argv[1])
jobs = Jobs(root / "jobs", root / "scripts", Roots(root / "runs", root / "data"))
def watch():
    while True:
        jobs.running()
        time.sleep(0.05)
threading.Thread(target=watch, daemon=True).start()
print("ready", flush=True)
for name in sys.stdin:
    print(jobs.submit("train", flags={"recipe": "report-cnn", "name": name.strip()}).id, flush=True)
"""


class Server:
    """The process that stands for the server, begun again after each kill."""

    def __init__(self, root: Path) -> None:
        self.root, self.said = root, root / "said.txt"
        self.process: subprocess.Popen | None = None

    def ready(self) -> None:
        if self.process is not None and self.process.poll() is None:
            return
        with self.said.open("w") as said:
            command = [sys.executable, "-c", SERVER, str(self.root)]
            self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=said, text=True)
        wait(self.lines, "the server")

    def submit(self, *names: str) -> int:
        """Ask for trainings; how many lines it had said before."""
        before = len(self.lines())
        self.process.stdin.write("".join(f"{name}\n" for name in names))
        self.process.stdin.flush()
        return before

    def lines(self) -> list[str]:
        return [line.strip() for line in self.said.read_text().splitlines(keepends=True) if line.endswith("\n")]

    def kill(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.process.stdin.close()


@pytest.fixture
def jobs(tmp_path):
    for name in ("scripts", "runs"):
        (tmp_path / name).mkdir()
    (tmp_path / "scripts" / "train.py").write_text(textwrap.dedent(SCRIPT))
    found = Jobs(tmp_path / "jobs", tmp_path / "scripts", Roots(tmp_path / "runs", tmp_path / "data"))
    yield found
    for process in ours(found):
        process.kill()


def ours(jobs: Jobs) -> list[psutil.Process]:
    """All processes of these jobs and their helpers, ended ones that nobody waited for among them."""
    ids, found = {path.name for path in jobs.folder.glob("*")}, []
    for process in psutil.process_iter(["cmdline", "ppid", "status"]):
        try:
            named = any(str(jobs.folder) in word for word in process.info["cmdline"] or [])
            forgotten = process.info["status"] == psutil.STATUS_ZOMBIE and process.info["ppid"] == os.getpid()
            if named or forgotten or process.environ().get(MARK) in ids:
                found.append(process)
        except psutil.Error:
            continue
    return found


def steps(jobs: Jobs, name: str) -> list[int]:
    file = jobs.roots.runs / name / "steps"
    return [int(line) for line in file.read_text().split()] if file.is_file() else []


def status(jobs: Jobs, name: str) -> str:
    file = jobs.roots.runs / name / "run.json"
    return json.loads(file.read_text())["status"] if file.is_file() else "absent"


def moment(chance: random.Random, jobs: Jobs, server: Server, before: int, names: list[str]) -> None:
    """Wait for an event of any part of two jobs' lives, and a little longer."""
    step = chance.randrange(STEPS)
    events = {
        "the order": lambda: True,
        "the first was submitted": lambda: len(server.lines()) > before,
        "both were submitted": lambda: len(server.lines()) > before + 1,
        "the first works": lambda: len(steps(jobs, names[0])) > step,
        "the second works": lambda: len(steps(jobs, names[1])) > step,
    }
    what = chance.choice(list(events))
    wait(events[what], what)
    time.sleep(chance.uniform(0, 0.3))


def check_truth(jobs: Jobs, victim: str | None, names: list[str]) -> None:
    """Once nothing runs any more: each listed job is said to be what it is, and no process is left."""
    wait(lambda: all(job.state not in ALIVE for job in jobs.list()), "the end of all that was not killed")
    listed = {job.info["writes"]: job for job in jobs.list()[::-1]}
    for name in names:
        job = listed.get(name)
        if job is None:  # the server was killed before it came to it
            assert status(jobs, name) == "absent"
        elif job.state == "finished":
            assert (status(jobs, name), steps(jobs, name)) == ("finished", [*range(STEPS)])
        else:
            assert job.state == "interrupted", (job.state, job.log())
            assert job.id == victim or not steps(jobs, name), "nobody killed it while it worked"
    wait(lambda: not ours(jobs), f"the end of {ours(jobs)}")
    assert jobs.problems() == {}


def go_on(jobs: Jobs, names: list[str]) -> None:
    """What was interrupted goes on to the same end: each step once and in order."""
    for job in [job for job in jobs.list() if job.info["writes"] in names and job.state == "interrupted"]:
        name = job.info["writes"]
        if status(jobs, name) == "finished":  # killed between its last line and its exit code
            with pytest.raises(JobError, match="nothing left to do"):
                jobs.go_on(job)
            continue
        again = jobs.go_on(job)
        wait(lambda again=again: again.state not in ALIVE, "the end of what went on")
        assert (again.state, steps(jobs, name)) == ("finished", [*range(STEPS)]), again.log()


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "killpg"), reason="needs process groups")
def test_nothing_is_lost_to_kills_at_random_moments(jobs, tmp_path):
    chance, server, whom = random.Random(SEED), Server(tmp_path), []
    for number in range(KILLS):
        names = [f"{number}-a", f"{number}-b"]
        server.ready()
        before = server.submit(*names)
        moment(chance, jobs, server, before, names)
        target, victim = chance.choice(("server", "job", "both")), None
        if target != "job":
            server.kill()
        alive = [job for job in jobs.running() if job.info["writes"] in names]
        if target != "server" and alive and (process := (job := chance.choice(alive)).process()):
            process.kill()
            victim = job.id
        whom.append(target)
        submitted = server.lines()[before:]
        if target == "job":
            wait(lambda before=before: len(server.lines()) >= before + 2, "what the server still submits")
            submitted = server.lines()[before:]
        assert set(submitted) <= {job.id for job in jobs.list()}
        check_truth(jobs, victim, names)
        go_on(jobs, names)
        wait(lambda: not ours(jobs), "the last processes")
    server.kill()
    assert len(whom) < 10 or set(whom) == {"server", "job", "both"}
