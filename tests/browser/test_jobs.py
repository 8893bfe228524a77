"""From a zip to a trained, measured model without a terminal, through a stop and a server that is killed."""

import contextlib
import os
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from fercore.jobs.records import list_jobs
from tests.browser.conftest import ROOT, START, free_port, wait_for_server, watched_tab
from tests.factories.data import make_records, png

pytestmark = pytest.mark.browser
LONG = 600  # seconds that a job may take on a busy machine
EPOCHS = 60
SMALL = {"epochs": str(EPOCHS), "batch_size": "16", "first_filters": "8", "conv_layers": "2", "dense": "8"}


@contextlib.contextmanager
def server(folder: Path, port: int):
    """A dashboard without runs and without data; killed, not asked, at its end."""
    command = [sys.executable, "-m", "streamlit", "run", str(ROOT / "dashboard/Home.py"), "--server.headless", "true"]
    command += [
        "--server.port",
        str(port),
        "--",
        "--runs",
        str(folder / "runs"),
        "--data",
        str(folder / "data" / "mine"),
    ]
    environment = {**os.environ, "FERCORE_JOBS": str(folder / "jobs")}
    with (folder / "log.txt").open("a") as log:
        process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, env=environment)
    try:
        wait_for_server(f"http://localhost:{port}/_stcore/health", process, folder / "log.txt")
        yield f"http://localhost:{port}"
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(START)


def wait(condition, what: str) -> None:
    end = time.monotonic() + LONG
    while not condition():
        assert time.monotonic() < end, f"waited {LONG} s in vain for: {what}"
        time.sleep(0.02)


@contextlib.contextmanager
def held_training(folder: Path):
    """Hold the training that runs, so that it does not end before what is done meanwhile, however slow that is."""
    [job] = [job for job in list_jobs(folder / "jobs")[0] if Path(job.info["script"]).stem == "train"]
    process = job.process()
    process.suspend()
    try:
        yield
    finally:
        process.resume()


def epochs(folder: Path) -> int:
    file = folder / "runs" / "mine" / "history.csv"
    return max(len(file.read_text().splitlines()) - 1, 0) if file.is_file() else 0


def test_from_a_zip_to_a_confusion_matrix(chromium, settle, tmp_path):
    archive = tmp_path / "pictures.zip"
    with zipfile.ZipFile(archive, "w") as file:
        for record in make_records(per_class=8):
            split, emotion, number = record.id.split("/")
            file.writestr(f"{split}/{emotion}/{number}.png", png(record.pixels))
    (tmp_path / "runs").mkdir()
    port = free_port()

    with server(tmp_path, port) as url, watched_tab(chromium) as tab:
        tab.goto(f"{url}/dataset")
        settle(tab)
        tab.locator("input[type=file]").set_input_files(archive)
        tab.get_by_role("button", name="Prepare it").click()
        tab.get_by_text("Counted in").wait_for(timeout=1000 * LONG)

        tab.goto(f"{url}/training")
        settle(tab)
        tab.get_by_label("Name of the run").fill("mine")
        for section in ("Model", "Training"):
            tab.get_by_text(f"{section}:").first.click()
        for name, value in SMALL.items():
            box = tab.get_by_label(name.replace("_", " "), exact=True)
            box.fill(value)
            box.press("Enter")
            settle(tab)
        tab.get_by_role("button", name="Start training").click()
        wait(lambda: epochs(tmp_path) >= 2, "two epochs")
        with held_training(tmp_path):
            tab.get_by_text("Train mine: running").first.wait_for(timeout=1000 * LONG)
            tab.goto(f"{url}/training?runs=mine")
            settle(tab)
            assert tab.locator("[data-testid=stVegaLiteChart]").count() >= 2  # its curves
            tab.get_by_role("button", name="Stop").first.click()
            tab.get_by_text("Train mine: stopping").first.wait_for(timeout=1000 * LONG)
        tab.get_by_text("was stopped after epoch").wait_for(timeout=1000 * LONG)

    done = epochs(tmp_path)
    assert 2 <= done < EPOCHS
    with server(tmp_path, port) as url, watched_tab(chromium) as tab:
        tab.goto(f"{url}/training?runs=mine")
        settle(tab)
        tab.get_by_role("button", name="Go on with mine").click()
        wait(lambda: epochs(tmp_path) > done, "one more epoch")

    # The server was killed while the training ran: it goes on to its end by itself.
    wait(lambda: (tmp_path / "runs" / "mine" / "metrics_test.json").is_file(), "the end of the training")
    with server(tmp_path, port) as url, watched_tab(chromium) as tab:
        tab.goto(f"{url}/jobs")
        settle(tab)
        tab.get_by_text("Finished in").wait_for(timeout=1000 * LONG)
        tab.goto(f"{url}/evaluation?run=mine")
        settle(tab)
        assert tab.locator("[data-testid=stVegaLiteChart]").count() >= 1
        tab.goto(f"{url}/features?run=mine")
        settle(tab)
        tab.goto(f"{url}/predict?first=mine&second=(none)")
        settle(tab)
        tab.get_by_text("Until then, an example.").wait_for()
        assert tab.locator("[data-testid=stVegaLiteChart]").count() >= 1
    assert epochs(tmp_path) == EPOCHS
