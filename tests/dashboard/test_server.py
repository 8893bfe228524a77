"""The server, started as the README says but from another folder: who can reach it, and what it tells others."""

import os
import socket
import subprocess
import sys
import time
import tomllib
import urllib.request

import psutil
import pytest

from tests.dashboard.conftest import DASHBOARD

START = 600  # seconds until it answers, on a machine with other work to do


@pytest.fixture
def server(tmp_path):
    """The process, and the file of what it says; its folder's own settings would open it to everybody."""
    (tmp_path / ".streamlit").mkdir()
    (tmp_path / ".streamlit" / "config.toml").write_text('[server]\naddress = "0.0.0.0"\n')
    with socket.socket() as free:
        free.bind(("localhost", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(DASHBOARD / "Home.py"), "--server.headless", "true"]
    log, environment = tmp_path / "log.txt", os.environ | {"HOME": str(tmp_path)}
    with log.open("w") as output:
        process = subprocess.Popen(
            [*command, "--server.port", str(port)],
            cwd=tmp_path,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_for(f"http://localhost:{port}/_stcore/health", process)
        yield process, log
    finally:
        process.terminate()
        process.wait(timeout=START)


def wait_for(health: str, process: subprocess.Popen) -> None:
    end = time.monotonic() + START
    while time.monotonic() < end and process.poll() is None:
        try:
            with urllib.request.urlopen(health, timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError(f"the dashboard does not answer at {health}")


def test_it_takes_files_as_large_as_its_widgets_say(folders):
    from fercore.jobs import MOST_UPLOAD
    from views.predict import clip

    settings = tomllib.loads((DASHBOARD / ".streamlit" / "config.toml").read_text())
    assert settings["server"]["maxUploadSize"] >= max(MOST_UPLOAD >> 20, clip.MOST_MB)


def test_only_this_machine_can_reach_it_and_it_reports_to_nobody(server):
    process, log = server
    listening = {
        connection.laddr.ip
        for connection in psutil.Process(process.pid).net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening
    assert listening <= {"127.0.0.1", "::1"}
    assert "usage statistics" not in log.read_text().lower()
