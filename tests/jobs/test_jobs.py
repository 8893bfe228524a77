"""Jobs are processes of their own: they wait for their turn, stop when asked, and tell the truth after a kill."""

import errno
import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from fercore.jobs import Job, JobError, Jobs, Roots
from fercore.jobs.records import ALIVE, LOG, open_job
from fercore.jobs.runner import shorten

LONG = 600  # seconds that an event may take on a busy machine

# Stands in for our scripts: says how far it is, works until the file `go` is there, and ends with the code in it.
SCRIPT = """
import sys, time
from pathlib import Path
name = Path(sys.argv[-1].split("=")[-1]).name
here = Path(__file__).parent
print("working on", name, sys.argv[1:], flush=True)
print(" 40%|####      | 2/5", end="\\r", file=sys.stderr, flush=True)
try:
    (here / f"begun-{name}").touch()
    while not (here / f"go-{name}").exists():
        time.sleep(0.02)
except KeyboardInterrupt:
    (here / f"asked-{name}").touch()
    raise SystemExit(130)
raise SystemExit(int((here / f"go-{name}").read_text() or 0))
"""


def wait(condition: Callable[[], object], what: str) -> None:
    end = time.monotonic() + LONG
    while not condition():
        assert time.monotonic() < end, f"waited {LONG} s in vain for: {what}"
        time.sleep(0.02)


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[Jobs]:
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    for name in ("evaluate", "features", "train", "prepare_data"):
        (scripts / f"{name}.py").write_text(SCRIPT)
    (tmp_path / "runs").mkdir()
    found = Jobs(tmp_path / "jobs", scripts, Roots(tmp_path / "runs", tmp_path / "data"))
    yield found
    for job in found.list():
        if process := job.process():
            process.kill()


def begun(jobs: Jobs, name: str) -> bool:
    return (jobs.scripts / f"begun-{name}").exists()


def let_go(jobs: Jobs, name: str, code: str = "0") -> None:
    (jobs.scripts / f".go-{name}").write_text(code)
    os.rename(jobs.scripts / f".go-{name}", jobs.scripts / f"go-{name}")


def ended(job: Job) -> bool:
    """Also where it was asked to stop before its process came to note an exit code."""
    return job.process() is None and job.state not in ALIVE


@pytest.mark.slow
def test_a_job_ends_as_its_script_does(jobs: Jobs):
    job = jobs.submit("evaluate", "one", {"split": "val"})
    wait(lambda: begun(jobs, "one"), "the script")
    assert job.state == "running"
    assert job.told().share == 0.4
    assert "working on one" in job.log()
    let_go(jobs, "one")
    wait(lambda: ended(job), "its end")
    assert (job.state, job.told().share, job.title) == ("finished", 1.0, "Evaluate one")
    assert job.seconds >= 0

    failing = jobs.submit("evaluate", "two")
    let_go(jobs, "two", "3")
    wait(lambda: ended(failing), "its end")
    assert (failing.state, failing.exit_code) == ("failed", 3)
    assert [one.id for one in jobs.list()] == [failing.id, job.id]


def test_jobs_wait_for_their_turn_in_order(jobs: Jobs):
    first, second, third = (jobs.submit("evaluate", name) for name in ("a", "b", "c"))
    wait(lambda: begun(jobs, "a"), "the first")
    wait(lambda: all(one.process() for one in (second, third)), "the others' processes")
    assert [one.state for one in jobs.running()] == ["running", "queued", "queued"]
    jobs.stop(second)
    wait(lambda: ended(second), "the end of one that never began")
    assert (second.state, begun(jobs, "b")) == ("stopped", False)
    let_go(jobs, "a")
    wait(lambda: begun(jobs, "c"), "the third")
    assert first.state == "finished"
    let_go(jobs, "c")
    wait(lambda: ended(third), "the last")


def test_a_killed_job_lets_the_next_one_begin(jobs: Jobs):
    first, second = jobs.submit("evaluate", "a"), jobs.submit("evaluate", "b")
    wait(lambda: begun(jobs, "a"), "the first")
    first.process().kill()
    wait(lambda: begun(jobs, "b"), "the second")
    assert first.state == "interrupted"
    again = jobs.go_on(first)
    assert again.info["arguments"] == first.info["arguments"]
    assert again.state == "queued"
    let_go(jobs, "b")
    let_go(jobs, "a")
    wait(lambda: ended(again), "the one that went on")
    assert second.state == again.state == "finished"


def test_stop_asks_first(jobs: Jobs):
    job = jobs.submit("evaluate", "a")
    wait(lambda: begun(jobs, "a"), "the script")
    jobs.stop(job)
    assert job.state in ("stopping", "stopped")
    wait(lambda: ended(job), "its end")
    assert job.state == "stopped"
    assert (jobs.scripts / "asked-a").exists()


def test_stop_reaches_a_job_of_a_server_that_ignores_ctrl_c(jobs: Jobs):
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)  # as a shell does for what it runs in its background
    try:
        job = jobs.submit("evaluate", "a")
    finally:
        signal.signal(signal.SIGINT, before)
    wait(lambda: begun(jobs, "a"), "the script")
    jobs.stop(job)
    wait(lambda: ended(job), "its end")
    assert (job.state, job.exit_code) == ("stopped", 130)


def test_a_training_goes_on_where_it_was(jobs: Jobs):
    job = jobs.submit("train", flags={"recipe": "report-cnn", "name": "mine"}, settings=["--epochs=2"])
    assert "--name=mine" in job.info["arguments"]
    job.process().kill()
    wait(lambda: job.process() is None, "the kill")
    (jobs.roots.runs / "mine").mkdir()
    (jobs.roots.runs / "mine" / "run.json").write_text("{}")
    again = jobs.go_on(job)
    assert "--resume=mine" in again.info["arguments"]
    assert "--epochs=2" not in again.info["arguments"]


@pytest.mark.slow
def test_a_job_outlives_the_process_that_submitted_it(jobs: Jobs):
    program = f"""
        import os, signal
        from pathlib import Path
        from fercore.jobs import Jobs, Roots
        root = Path({str(jobs.folder.parent)!r})
        jobs = Jobs(root / "jobs", root / "scripts", Roots(root / "runs", root / "data"))
        jobs.submit("evaluate", "kept")
        os.kill(os.getpid(), signal.SIGKILL)
    """
    server = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], timeout=LONG)
    assert server.returncode == -signal.SIGKILL
    wait(lambda: begun(jobs, "kept"), "the script")
    [job] = jobs.list()
    assert job.state == "running"
    let_go(jobs, "kept")
    wait(lambda: ended(job), "its end")
    assert job.state == "finished"


def test_a_reused_process_number_is_not_taken_for_the_job(jobs: Jobs):
    job = jobs.submit("evaluate", "a")
    wait(lambda: begun(jobs, "a"), "the script")
    job.process().kill()
    wait(lambda: job.process() is None, "the kill")
    other = psutil.Process()  # lives, but began at another time
    (job.path / "process.json").write_text(json.dumps({"pid": other.pid, "started": other.create_time() - 5}))
    assert job.state == "interrupted"
    jobs.stop(job)  # must not reach this process
    assert not (job.path / "stop.json").exists()


def test_a_job_whose_process_is_noted_during_the_look_for_it_is_not_called_interrupted(jobs: Jobs, monkeypatch):
    job = jobs.submit("evaluate", "a")
    wait(lambda: begun(jobs, "a"), "the script")
    noted = (job.path / "process.json").rename(job.path / "later.json")

    def looked_too_early(self: Job) -> None:
        noted.rename(self.path / "process.json")

    monkeypatch.setattr(Job, "_unnoted", looked_too_early)
    assert job.state in ALIVE
    assert job.state == "running"


def test_a_job_is_stopped_on_a_full_disk_too(jobs: Jobs, monkeypatch):
    job = jobs.submit("evaluate", "a")
    wait(lambda: begun(jobs, "a"), "the script")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr("fercore.jobs.records.write_json", full)
        jobs.stop(job)
    wait(lambda: ended(job), "its end")
    assert job.state == "stopped"


def test_a_job_that_is_cleared_while_jobs_are_listed_is_no_problem(jobs: Jobs, monkeypatch):
    folder = jobs.folder / "20260101-000000-00000000"
    folder.mkdir(parents=True)

    def cleared_before(path: Path) -> Job:
        path.rmdir()
        return open_job(path)

    assert list(jobs.problems()) == [folder.name]
    monkeypatch.setattr("fercore.jobs.records.open_job", cleared_before)
    assert jobs.problems() == {}


def test_a_clock_that_is_set_anew_ends_no_job(jobs: Jobs):
    job = jobs.submit("evaluate", "a")
    wait(lambda: begun(jobs, "a"), "the script")
    process = job.process()
    (job.path / "process.json").write_text(json.dumps({"pid": process.pid, "started": process.create_time() - 5}))
    assert job.process() == process
    assert job.strays() == []  # which are killed
    assert jobs.list()[0].state == "running"
    assert process.is_running()


def test_the_same_is_not_started_twice(jobs: Jobs):
    job = jobs.submit("evaluate", "a")
    with pytest.raises(JobError, match="already"):
        jobs.submit("evaluate", "a")
    let_go(jobs, "a")
    wait(lambda: ended(job), "its end")
    assert jobs.submit("evaluate", "a").id != job.id


def test_an_upload_lies_in_the_jobs_folder_until_its_end(jobs: Jobs):
    job = jobs.submit_upload("../../tricky name.zip", b"content", "prepare_data", {"name": "mine"})
    file = job.path / "uploads" / "tricky name.zip"
    assert job.info["arguments"][-1] == str(file)
    assert file.read_bytes() == b"content"
    wait(lambda: begun(jobs, file.name), "the script")
    jobs.stop(job)
    wait(lambda: job.process() is None, "its end")
    jobs.list()
    assert not file.parent.exists()
    with pytest.raises(JobError, match="upload it again"):
        jobs.go_on(job)


@pytest.mark.parametrize(
    ("name", "kept"),
    [("a\0b.zip", "ab.zip"), ("\ud800.zip", "zip"), (300 * "x" + ".zip", 96 * "x" + ".zip"), ("..", "upload")],
)
def test_an_upload_of_any_name_is_taken(jobs: Jobs, monkeypatch, name: str, kept: str):
    monkeypatch.setattr(Jobs, "_spawn", lambda self, job: job)
    job = jobs.submit_upload(name, b"content", "prepare_data", {"name": "mine"})
    assert [file.name for file in job.uploads.iterdir()] == [kept]


def test_what_a_killed_job_was_given_is_deleted(jobs: Jobs):
    job = jobs.submit_upload("a.zip", b"content", "prepare_data", {"name": "mine"})
    job.process().kill()
    wait(lambda: job.process() is None, "the kill")
    jobs.list()
    assert not job.uploads.exists()


@pytest.mark.slow
def test_old_jobs_are_cleared_and_strange_folders_are_named(jobs: Jobs):
    kept = [jobs.submit("evaluate", name) for name in ("a", "b", "c")]
    for name in ("a", "b", "c"):
        let_go(jobs, name)
    wait(lambda: all(map(ended, kept)), "their ends")
    (jobs.folder / "strange").mkdir()
    assert jobs.clear(keep=1) == 2
    assert [job.id for job in jobs.list()] == [kept[-1].id]
    assert list(jobs.problems()) == ["strange"]


def test_a_job_that_cannot_be_written_is_a_sentence(jobs: Jobs):
    jobs.folder.write_text("a file in the folder's place")
    with pytest.raises(JobError, match="make room"):
        jobs.submit("evaluate", "a")
    jobs.folder.unlink()


def test_a_log_keeps_its_end(tmp_path: Path):
    log = tmp_path / LOG
    log.write_bytes(b"".join(b"line %03d\n" % n for n in range(100)))
    shorten(log, most=200)
    lines = log.read_text().splitlines()
    assert lines[0] == "[earlier lines were left out]"
    assert lines[1:] == [f"line {n:03}" for n in range(89, 100)]
    before = log.read_bytes()
    shorten(log, most=200)
    assert log.read_bytes() == before


def test_of_two_visitors_who_press_at_once_one_starts_it(jobs: Jobs):
    together = threading.Barrier(2)

    def press(name: str) -> str:
        together.wait()
        try:
            return jobs.submit("evaluate", name).id
        except JobError as error:
            return str(error)

    with ThreadPoolExecutor(2) as visitors:
        same = list(visitors.map(press, ["a", "a"]))
        others = list(visitors.map(press, ["b", "c"]))
    assert sum("already; wait for it" in answer for answer in same) == 1
    assert {job.info["writes"] for job in jobs.running()} == {"a", "b", "c"}
    wait(lambda: begun(jobs, "a"), "the first")
    assert [job.state for job in jobs.running()] == ["running", "queued", "queued"]
    assert set(others) == {job.id for job in jobs.running()[1:]}


def test_a_process_that_nobody_noted_is_found(jobs: Jobs):
    job = jobs.submit("evaluate", "a")
    wait(lambda: begun(jobs, "a"), "the script")
    number = job.process().pid
    (job.path / "process.json").unlink()
    assert (job.process().pid, job.state) == (number, "running")


def test_a_wish_to_stop_that_was_not_heard_is_seen(jobs: Jobs):
    first, second = jobs.submit("evaluate", "a"), jobs.submit("evaluate", "b")
    second.mark("stop")  # without a signal, as where that came before the process could hear it
    wait(lambda: ended(second), "its end")
    assert (second.state, begun(jobs, "b")) == ("stopped", False)
    assert first.state in ALIVE


def test_what_a_killed_script_started_is_ended(jobs: Jobs):
    helper = "import subprocess; print(subprocess.Popen(['sleep', '600']).pid, flush=True)\n"
    (jobs.scripts / "evaluate.py").write_text(helper + SCRIPT)
    job = jobs.submit("evaluate", "a")
    wait(lambda: begun(jobs, "a"), "the script")
    stray = psutil.Process(int(job.log().split()[0]))
    assert job.strays() == []  # while its script lives it is no stray
    job.process().kill()
    wait(lambda: job.process() is None, "the kill")
    jobs.list()
    wait(lambda: not stray.is_running() or stray.status() == psutil.STATUS_ZOMBIE, "the end of what it started")


def test_what_is_trained_to_its_end_does_not_go_on(jobs: Jobs):
    job = jobs.submit("train", flags={"recipe": "report-cnn", "name": "mine"})
    job.process().kill()
    wait(lambda: job.process() is None, "the kill")
    (jobs.roots.runs / "mine").mkdir()
    (jobs.roots.runs / "mine" / "run.json").write_text('{"status": "finished"}')
    with pytest.raises(JobError, match="nothing left to do"):
        jobs.go_on(job)


def test_results_lie_in_the_folder_of_the_job_that_goes_on(jobs: Jobs):
    (jobs.scripts / "export.py").write_text(SCRIPT)
    job = jobs.submit("export", "a", {"format": "onnx"}, writes="a-onnx")
    assert f"--out={job.result}" in job.info["arguments"]
    job.process().kill()
    wait(lambda: job.process() is None, "the kill")
    again = jobs.go_on(job)
    assert f"--out={again.result}" in again.info["arguments"]
    assert again.result != job.result


def test_an_upload_that_is_too_large_is_refused(jobs: Jobs, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("fercore.jobs.MOST_UPLOAD", 2 << 20)
    with pytest.raises(JobError, match="at most 2 MB"):
        jobs.submit_upload("a.zip", bytes(3 << 20), "prepare_data", {"name": "mine"})
