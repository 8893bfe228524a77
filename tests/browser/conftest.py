"""The real server and a real Chromium.

`app` serves the shipped runs without a data set, `full_app` synthetic runs with a tiny data set. `page` is a browser
tab that notes everything that goes wrong and fails the test at its end. `settle` waits until the dashboard has drawn.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image

from fercore.emotions import EMOTIONS
from fercore.runs import open_run
from tests.factories.data import make_dataset
from tests.factories.runs import make_embedding, make_run

ROOT = Path(__file__).resolve().parents[2]
START = 600  # seconds until the server answers or a page is drawn, on a machine with other work to do
PATIENCE = 300  # seconds for anything that follows on a page that is drawn
VIEWPORT = {"width": 1400, "height": 900}

# Opened at /training, Streamlit's client asks for its server below that address first and, answered 404, at the root.
# Chromium writes each 404 to the console. No other message is ignored.
_EXPECTED_404 = re.compile(r"/[a-z_-]+/_stcore/(health|host-config)$")

# Keeps, in the page, whether it has asked its server to run the script and that has not begun (`asked`), and whether
# the script has begun and not come to its end (`running`). The page itself tells neither: after a click it says that
# nothing runs until the server answers, and between a run and the one that `st.rerun` follows it with it says so too.
# Numbers are those of streamlit.proto: BackMsg.rerun_script, ClientState.is_auto_rerun (a fragment may be gone when its
# time has come, and then nobody answers), ForwardMsg.new_session, script_finished and FINISHED_EARLY_FOR_RERUN.
_LISTEN = """(() => {
    const [RERUN, AUTO, BEGUN, FINISHED, EARLY] = [11, 6, 4, 6, 2]
    const script = window.scriptOfPage = {asked: false, running: false}
    const fields = bytes => {
        const found = new Map()
        let at = 0
        const number = () => {
            let value = 0, scale = 1, byte
            do { byte = bytes[at++]; value += (byte & 127) * scale; scale *= 128 } while (byte > 127)
            return value
        }
        while (at < bytes.length) {
            const tag = number(), value = number()
            const long = (tag & 7) === 2
            found.set(tag >> 3, long ? bytes.subarray(at, at + value) : value)
            if (long) at += value
        }
        return found
    }
    const Socket = window.WebSocket
    window.WebSocket = class extends Socket {
        constructor(...words) {
            super(...words)
            this.ofStreamlit = this.url.endsWith('/_stcore/stream')
            if (!this.ofStreamlit) return
            script.asked = script.running = false
            this.addEventListener('message', ({data}) => {
                const found = fields(new Uint8Array(data))
                if (found.has(BEGUN)) [script.asked, script.running] = [false, true]
                if (found.has(FINISHED) && found.get(FINISHED) !== EARLY) script.running = false
            })
        }
        send(data) {
            const rerun = this.ofStreamlit && fields(new Uint8Array(data)).get(RERUN)
            if (rerun && !fields(rerun).get(AUTO)) script.asked = true
            super.send(data)
        }
    }
})()"""

# What keeps a page from being drawn; empty when it is. What has arrived is drawn by the next frame but one.
_UNDRAWN = """async () => {
    const look = () => {
        const app = document.querySelector('[data-testid=stApp]')
        const waiting = [...document.querySelectorAll('[data-testid=stSkeleton], [data-testid=stSpinner]')]
        const charts = [...document.querySelectorAll('[data-testid=stVegaLiteChart]')]
        return [
            window.scriptOfPage?.asked && 'script asked for',
            window.scriptOfPage?.running && 'script runs',
            app?.dataset.testScriptState !== 'notRunning' && `script ${app?.dataset.testScriptState}`,
            app?.dataset.testConnectionState !== 'CONNECTED' && `connection ${app?.dataset.testConnectionState}`,
            !document.querySelector('[data-testid=stMain] h1') && 'no title',
            ...waiting.map(element => `${element.dataset.testid} ${element.innerText}`),
            ...charts.map(chart => chart.checkVisibility() && !chart.querySelector('.marks') && 'a chart'),
        ].filter(Boolean).join(', ')
    }
    const frame = () => new Promise(done => requestAnimationFrame(() => setTimeout(done)))
    return look() || (await frame(), await frame(), look())
}"""


@dataclass(frozen=True)
class App:
    """A running dashboard: its address and the folders it reads."""

    url: str
    runs: Path
    data: Path


@pytest.fixture(scope="session")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., contextlib.AbstractContextManager[App]]:
    """`with serve(runs, data) as app`: the dashboard, started as the README says, on a free port or the one given; with
    secrets, the text of a secrets.toml."""

    @contextlib.contextmanager
    def served(runs: Path, data: Path, secrets: str = "", port: int | None = None) -> Iterator[App]:
        port, log = port or free_port(), tmp_path_factory.mktemp("server") / "log.txt"
        command = [sys.executable, "-m", "streamlit", "run", "dashboard/Home.py", "--server.headless", "true"]
        command += ["--server.port", str(port)]
        if secrets:
            (log.parent / "secrets.toml").write_text(secrets)
            command += ["--secrets.files", str(log.parent / "secrets.toml")]
        command += ["--", "--runs", str(runs), "--data", str(data)]
        jobs = {"FERCORE_JOBS": str(log.parent / "jobs")}  # not those of this machine's user
        with log.open("w") as output:
            process = subprocess.Popen(
                command, cwd=ROOT, env=os.environ | jobs, stdout=output, stderr=subprocess.STDOUT
            )
        try:
            wait_for_server(f"http://localhost:{port}/_stcore/health", process, log)
            yield App(f"http://localhost:{port}", runs, data)
        finally:
            process.terminate()
            process.wait(timeout=START)
        assert "Traceback" not in log.read_text(), log.read_text()

    return served


@pytest.fixture(scope="session")
def app(serve, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The shipped runs and no data set: what a clean clone shows."""
    with serve(ROOT / "runs", tmp_path_factory.mktemp("no") / "data") as running:
        yield running


@pytest.fixture(scope="session")
def full_app(serve, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """A tiny data set, two runs that fit it, one run from a stranger and a folder that is no run."""
    folder = tmp_path_factory.mktemp("full")
    runs, data = folder / "runs", folder / "data"
    dataset = make_dataset(data, per_class=6)
    make_embedding(make_run(runs, "good", accuracy=0.7, dataset=dataset, tta=("none", "flip")), dataset)
    make_run(runs, "fair", accuracy=0.5, dataset=dataset)
    hostile = make_run(runs, "strange", accuracy=0.3)
    info = json.loads((hostile.path / "run.json").read_text())
    info["config"]["recipe"] = info["config"]["model"]["type"] = HOSTILE
    info["dataset"]["split_names"] = {"train": HOSTILE, "val": HOSTILE, "test": HOSTILE}
    (hostile.path / "run.json").write_text(json.dumps(info))
    (runs / "no run *at all*").mkdir()
    with serve(runs, data) as running:
        yield running


HOSTILE = (
    "[a](https://evil.example) https://evil.example ![b](https://evil.example/b.png) <script>alert(1)</script> $x$"
)


@pytest.fixture(scope="session")
def launch() -> Iterator[Callable]:
    """`launch(*flags)`: a headless Chromium, from $CHROMIUM, else the first of the usual names on the path, else from
    playwright.

    Without one the test is skipped, or fails where FERCORE_REQUIRE holds the word "browser".
    """
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError:
        _cannot("playwright is not installed; pip install -r tests/requirements.txt")
    names = ("chromium", "chromium-browser", "google-chrome")
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    options = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
    with sync_playwright() as playwright:

        def launched(*flags: str):
            try:
                return playwright.chromium.launch(executable_path=path, args=[*options, *flags])
            except Error as error:
                _cannot(f"no Chromium starts ({str(error).splitlines()[0]}); set CHROMIUM to its path")

        yield launched


@pytest.fixture(scope="session")
def chromium(launch) -> Iterator:
    browser = launch()
    yield browser
    browser.close()


@pytest.fixture
def page(chromium) -> Iterator:
    """A new tab; see `watched_tab`."""
    with watched_tab(chromium) as tab:
        yield tab


@contextlib.contextmanager
def watched_tab(browser) -> Iterator:
    """A new tab. At its end the test fails for a page error, a console error, a request that failed, a request to any
    other host, or an exception box or error box in the last page it saw."""
    context = browser.new_context(viewport=VIEWPORT, color_scheme="light")
    context.set_default_timeout(1000 * PATIENCE)
    context.add_init_script(_LISTEN)
    tab, problems = context.new_page(), []
    tab.on("pageerror", lambda error: problems.append(f"page error: {error}"))
    tab.on("console", lambda message: problems.extend(_console_problem(message)))
    tab.on("response", lambda response: problems.extend(_response_problem(response)))
    tab.on("requestfailed", lambda request: problems.extend(_request_problem(request)))
    tab.on("request", lambda request: problems.extend(_foreign_request(request)))
    yield tab
    problems += boxes(tab)
    context.close()
    assert not problems, problems


@pytest.fixture
def settle() -> Callable:
    """`settle(page)`: wait until the dashboard is connected, has done what it was asked for last, and a title and all
    charts are drawn. Right after a click too; but a slider, or a choice in a chart, is asked for a moment later."""

    def settled(page) -> None:
        end = time.monotonic() + START
        while undrawn := page.evaluate(_UNDRAWN):
            assert time.monotonic() < end, f"{page.url} is not drawn after {START} s: {undrawn}"
            page.wait_for_timeout(100)

    return settled


def boxes(page) -> list[str]:
    """What the exception boxes and error boxes of a page say."""
    return page.locator("[data-testid=stException], [data-testid=stAlertContentError]").all_inner_texts()


def _console_problem(message) -> list[str]:
    expected = _EXPECTED_404.search(message.location["url"]) and "404" in message.text
    return [f"console: {message.text}"] if message.type == "error" and not expected else []


def _response_problem(response) -> list[str]:
    expected = response.status == 404 and _EXPECTED_404.search(response.url)
    return [f"{response.status}: {response.url}"] if response.status >= 400 and not expected else []


def _request_problem(request) -> list[str]:
    # Leaving a page ends what it was still loading.
    return [f"{request.failure}: {request.url}"] if request.failure != "net::ERR_ABORTED" else []


def _foreign_request(request) -> list[str]:
    ours = request.url.startswith(("http://localhost:", "ws://localhost:", "data:", "blob:"))
    return [] if ours else [f"asks another host: {request.url}"]


def wait_for_server(health: str, process: subprocess.Popen, log: Path) -> None:
    end = time.monotonic() + START
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(health, timeout=2):
            return
        time.sleep(0.2)
    raise RuntimeError(f"the dashboard does not answer at {health}: {log.read_text()}")


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("localhost", 0))
        return free.getsockname()[1]


@pytest.fixture(scope="session")
def portrait(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A video of the average happy face before a wall that is dark on the left and bright on the right."""
    happy = open_run(ROOT / "runs" / "reference-report-cnn").average_faces()[EMOTIONS.index("happy")]
    picture = Image.new("L", (640, 480), 60)
    picture.paste(190, (320, 0, 640, 480))
    picture.paste(Image.fromarray(happy).resize((300, 300), Image.Resampling.LANCZOS), (170, 90))
    file = io.BytesIO()
    picture.convert("RGB").save(file, "JPEG", quality=90)
    path = tmp_path_factory.mktemp("camera") / "portrait.mjpeg"
    path.write_bytes(30 * file.getvalue())
    return path


@pytest.fixture
def tab(launch) -> Callable[..., contextlib.AbstractContextManager]:
    """`with tab(*flags) as page`: a tab of a browser of its own."""

    @contextlib.contextmanager
    def opened(*flags):
        browser = launch(*flags)
        with watched_tab(browser) as page:
            yield page
        browser.close()

    return opened


def _cannot(reason: str) -> None:
    if "browser" in os.environ.get("FERCORE_REQUIRE", ""):
        pytest.fail(reason)
    pytest.skip(reason)
