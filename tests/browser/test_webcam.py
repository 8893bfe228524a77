"""The webcam page in a real browser, whose camera shows the average happy face: from START to the answers of two
models, and what it says where there is no camera, no permission and no connection."""

import contextlib
import io
import re
import shutil

import pytest
from PIL import Image

from fercore.emotions import EMOTIONS
from fercore.runs import open_run
from tests.browser.conftest import ROOT, boxes, watched_tab
from tests.factories.runs import make_run

pytestmark = pytest.mark.browser
RUN = "reference-report-cnn"
FAKE_CAMERA = "--use-fake-device-for-media-stream"
ALLOWED = "--use-fake-ui-for-media-stream"
BOTH = re.compile(r"Both say happy: CNN \d+.%, ViT \d+.%|They disagree: CNN says happy, \d+.%, ViT [a-z]+, \d+.%")

# What comes back: frames so far, pixels of the box's yellow (VP8 blurs colours), and the gray of both halves.
SEEN = """() => {
    const video = document.querySelector('video')
    if (!video?.videoWidth) return null
    const [width, height] = [video.videoWidth, video.videoHeight]
    const context = new OffscreenCanvas(width, height).getContext('2d')
    context.drawImage(video, 0, 0)
    const {data} = context.getImageData(0, 0, width, height)
    let [yellow, left, right] = [0, 0, 0]
    for (let i = 0; i < data.length; i += 4) {
        if (data[i] > 190 && data[i + 1] > 150 && data[i + 2] < 110) yellow++
        if ((i / 4) % width < width / 2) left += data[i]
        else right += data[i]
    }
    return {frames: video.getVideoPlaybackQuality().totalVideoFrames, yellow, brighter: left > right ? 'left' : 'right'}
}"""


@pytest.fixture(scope="module")
def webcam_app(serve, tmp_path_factory):
    """The report's CNN and a ViT with random weights."""
    folder = tmp_path_factory.mktemp("webcam")
    shutil.copytree(ROOT / "runs" / RUN, folder / "runs" / RUN)
    make_run(folder / "runs", "random-vit", weights="vit")
    with serve(folder / "runs", folder / "data") as running:
        yield running


@pytest.fixture(scope="module")
def portrait(tmp_path_factory):
    """A video of the average happy face before a wall that is dark on the left and bright on the right."""
    happy = open_run(ROOT / "runs" / RUN).average_faces()[EMOTIONS.index("happy")]
    picture = Image.new("L", (640, 480), 60)
    picture.paste(190, (320, 0, 640, 480))
    picture.paste(Image.fromarray(happy).resize((300, 300), Image.Resampling.LANCZOS), (170, 90))
    file = io.BytesIO()
    picture.convert("RGB").save(file, "JPEG", quality=90)
    path = tmp_path_factory.mktemp("camera") / "portrait.mjpeg"
    path.write_bytes(30 * file.getvalue())
    return path


@pytest.fixture
def tab(launch):
    """`with tab(*flags) as page`: a tab of a browser of its own."""

    @contextlib.contextmanager
    def opened(*flags):
        browser = launch(*flags)
        with watched_tab(browser) as page:
            yield page
        browser.close()

    return opened


def video(page):
    """The frame that the video is in, and its buttons."""
    return page.wait_for_selector("iframe[title='streamlit_webrtc.component.webrtc_streamer']").content_frame()


def press(page, button):
    video(page).get_by_role("button", name=button, exact=True).click()


def wait_for(page, condition, *arguments):
    """Wait until what is seen of the video fulfils a JavaScript condition on `seen`; what is seen."""
    frame = video(page)
    frame.wait_for_function(f"argument => {{ const seen = ({SEEN})(); return seen && ({condition}) }}", arg=arguments)
    return frame.evaluate(SEEN)


def plays(page):
    """Frames come back, more and more of them, and on them a face is boxed."""
    before = wait_for(page, "seen.yellow > 500")
    assert wait_for(page, "seen.frames > argument[0] + 10", before["frames"])["yellow"] > 500


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
        assert {"CNN", "ViT", *EMOTIONS} <= set(bars.locator("text").all_text_contents())
        page.get_by_text(re.compile(r"CNN\s[\d.]+\sms · ViT\s[\d.]+\sms · video\s[1-9]\d*\s/s")).wait_for()

        # The mirror turns while the video plays.
        assert wait_for(page, "true")["brighter"] == "left"
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
NO_WAY = """
const Connection = RTCPeerConnection
window.RTCPeerConnection = class extends Connection {
    constructor(options) { super({...options, iceTransportPolicy: 'relay'}) }
}
"""


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
