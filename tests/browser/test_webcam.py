"""The webcam page in a real browser, whose camera shows the average happy face: from START to the answers of two
models, and what it says where there is no camera, no permission and no connection."""

import re
import shutil

import pytest

from fercore.emotions import EMOTIONS
from tests.browser.camera import ALLOWED, FAKE_CAMERA, NO_WAY, plays, press, wait_for
from tests.browser.conftest import ROOT, boxes
from tests.factories.runs import make_run

pytestmark = pytest.mark.browser
RUN = "reference-report-cnn"
BOTH = re.compile(r"Both say happy: CNN \d+.%, ViT \d+.%|They disagree: CNN says happy, \d+.%, ViT [a-z]+, \d+.%")


@pytest.fixture(scope="module")
def webcam_app(serve, tmp_path_factory):
    """The report's CNN and a ViT with random weights."""
    folder = tmp_path_factory.mktemp("webcam")
    shutil.copytree(ROOT / "runs" / RUN, folder / "runs" / RUN)
    make_run(folder / "runs", "random-vit", weights="vit")
    with serve(folder / "runs", folder / "data") as running:
        yield running


def test_from_start_to_both_answers_and_back(webcam_app, portrait, tab, settle):
    with tab(ALLOWED, FAKE_CAMERA, f"--use-file-for-fake-video-capture={portrait}") as page:
        page.goto(f"{webcam_app.url}/webcam")
        settle(page)
        press(page, "Start")
        plays(page)

        # Both models' answers stand on the page.
        page.get_by_role("heading", name=BOTH).wait_for()
        bars = page.locator("svg.marks").first
        bars.get_by_text(re.compile(r"\d %")).nth(2 * len(EMOTIONS) - 1).wait_for()
        for name in ("CNN", "ViT", *EMOTIONS):
            bars.get_by_text(name, exact=True).first.wait_for()
        page.get_by_text(re.compile(r"CNN\s[\d.]+\sms · ViT\s[\d.]+\sms · video\s[1-9]\d*\s/s")).wait_for()

        # The mirror turns while the video plays.
        wait_for(page, "seen.brighter === 'left'")
        page.get_by_text("Mirror", exact=True).click()
        turned = wait_for(page, "seen.brighter === 'right'")
        wait_for(page, "seen.frames > argument[0] + 5", turned["frames"])

        # Stop, and start again.
        press(page, "Stop")
        page.get_by_text("Press START and allow the camera.").wait_for()
        press(page, "Start")
        plays(page)

        # A moment is kept and explained on another page, for the models that were asked here; what they say of this
        # moment is not asked: a video begins coarse. The way back begins with START.
        page.get_by_role("button", name="Keep this moment").click()
        page.get_by_role("link", name="Explain the kept face").click()
        page.wait_for_url("**/explain?*")
        settle(page)
        said = page.get_by_role("heading", name=re.compile("The models (agree|disagree): ")).inner_text()
        assert RUN in said
        assert "random-vit" in said
        page.get_by_test_id("stSidebarNavLink").filter(has_text="Webcam").click()
        page.get_by_text("Press START and allow the camera.").wait_for()
        settle(page)
        press(page, "Start")
        plays(page)
        press(page, "Stop")
        page.get_by_text("Press START and allow the camera.").wait_for()


# As in a network that lets nothing through but a TURN server, of which there is none.
@pytest.mark.parametrize(
    ("flags", "script", "message"),
    [
        (["--deny-permission-prompts", FAKE_CAMERA], "", "The camera is not allowed for this page."),
        ([ALLOWED, f"{FAKE_CAMERA}=device-count=0"], "", "No camera was found."),
        ([ALLOWED, FAKE_CAMERA], NO_WAY, "The video is not connected after 10 seconds"),
    ],
)
def test_what_is_wrong_has_its_message(webcam_app, tab, settle, flags, script, message):
    with tab(*flags) as page:
        page.add_init_script(script)
        page.goto(f"{webcam_app.url}/webcam")
        settle(page)
        assert not boxes(page)
        press(page, "Start")
        page.get_by_text(message).wait_for()
        page.goto("about:blank")
