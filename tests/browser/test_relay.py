"""The webcam through a TURN server, where nothing else leads from the browser to the server: coturn from Debian, with
the settings that compose.yaml gives it."""

import re
import shutil
import socket
import subprocess

import pytest

from tests.browser.camera import ALLOWED, FAKE_CAMERA, NO_WAY, plays, press
from tests.browser.conftest import ROOT, _cannot, free_port
from tests.factories.runs import make_run

pytestmark = pytest.mark.browser
SECRET = "a secret of the tests"


def own_address() -> str:
    """An address of this machine that is not its loopback, to which TURN servers relay nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as way_out:
        way_out.connect(("192.0.2.1", 9))  # sends nothing
        return way_out.getsockname()[0]


@pytest.fixture(scope="module")
def turn(tmp_path_factory):
    """The address of a coturn with deploy/turnserver.conf, but for ports of its own and this machine as a peer."""
    if not shutil.which("turnserver"):
        _cannot("no turnserver; install Debian's coturn")
    folder, port, own = tmp_path_factory.mktemp("turn"), free_port(), own_address()
    text = (ROOT / "deploy" / "turnserver.conf").read_text()
    text = re.sub(r"listening-port=\d+", f"listening-port={port}", text)
    (folder / "turnserver.conf").write_text(f"{text}\nallowed-peer-ip={own}\npidfile={folder}/pid\n")
    command = ["turnserver", "-c", str(folder / "turnserver.conf"), "--static-auth-secret", SECRET, "--realm", "test"]
    with (folder / "log.txt").open("w") as log:
        process = subprocess.Popen([*command, "-L", own], cwd=folder, stdout=log, stderr=subprocess.STDOUT)
    yield f"turn:{own}:{port}"
    process.terminate()
    process.wait(timeout=60)


@pytest.fixture(scope="module")
def relayed_app(serve, turn, tmp_path_factory):
    folder = tmp_path_factory.mktemp("relayed")
    make_run(folder / "runs", "random-cnn", weights="cnn")
    make_run(folder / "runs", "random-vit", weights="vit")
    with serve(
        folder / "runs", folder / "data", f'[webrtc.coturn]\nurls = ["{turn}"]\nsecret = "{SECRET}"\n'
    ) as running:
        yield running


def test_the_webcam_answers_through_a_relay(relayed_app, portrait, tab, settle):
    with tab(ALLOWED, FAKE_CAMERA, f"--use-file-for-fake-video-capture={portrait}") as page:
        page.add_init_script(NO_WAY)
        page.goto(f"{relayed_app.url}/webcam")
        settle(page)
        press(page, "Start")
        plays(page)
        press(page, "Stop")
        page.get_by_text("Press START and allow the camera.").wait_for()

        # The check on the page sees the same.
        page.get_by_text("The video does not come?").click()
        page.get_by_role("button", name="Check the connection").click()
        page.get_by_text(re.compile(r"TURN from the browser: 1 relayed address")).wait_for()
        page.get_by_text(re.compile(r"TURN from the server: 1 relayed address")).wait_for()
        page.get_by_text("A TURN server relays").wait_for()
