"""A journey of a video through the Predict page: upload, progress, a click on the timeline, the table saved."""

import re

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from tests.browser.conftest import ROOT
from tests.factories.videos import write_timed

pytestmark = pytest.mark.browser
RUN = "reference-report-cnn"


@pytest.fixture
def clip(tmp_path):
    """A face for two seconds, then, after a cut, the same face in another place on another ground."""
    face = Image.open(ROOT / "dashboard" / "examples" / "portrait.jpg").convert("RGB").resize((320, 320))
    scenes = []
    for ground, place in ((20, (0, 0)), (235, (320, 40))):
        scene = Image.new("RGB", (640, 360), (ground, ground, ground))
        scene.paste(face, place)
        scenes.append(np.asarray(scene))
    return write_timed(
        tmp_path / "talk.webm", [scenes[number // 10] for number in range(20)], [n / 5 for n in range(20)]
    )


def test_a_video_is_looked_at_and_its_table_saved(page, app, settle, clip, tmp_path):
    page.goto(f"{app.url}/predict?first={RUN}&second=(none)&pictures=Video")
    settle(page)
    page.get_by_test_id("stFileUploader").locator("input[type=file]").set_input_files([clip])
    page.get_by_role("button", name="Look at the video").click()
    page.get_by_role("heading", name=re.compile("2 people in 8 looks")).wait_for()
    settle(page)
    video = page.locator("video")
    assert video.evaluate(
        "video => new Promise(r => video.readyState ? r(true) : video.onloadedmetadata = () => r(true))"
    )

    page.get_by_role("heading", name="At 0.00 s: face 1 is Person 1").wait_for()
    spans = page.locator("svg.marks:has-text('Person 2')").first.locator(".mark-rect path")
    spans.last.click()
    page.get_by_role("heading", name="At 2.00 s: face 1 is Person 2").wait_for()
    settle(page)
    page.wait_for_function("document.querySelector('video')?.currentTime >= 2")  # the video is there too

    with page.expect_download() as download:
        page.get_by_role("button", name="CNN: faces (CSV)").click()
    download.value.save_as(tmp_path / "faces.csv")
    table = pd.read_csv(tmp_path / "faces.csv")
    assert table["time"].tolist() == pytest.approx([0, 0.6, 1, 1.6, 2, 2.6, 3, 3.6], abs=2e-3)
    assert table["track"].tolist() == [1] * 4 + [2] * 4
    assert set(table["file"]) == {"talk.webm"}


def test_cancel_is_heard_while_the_video_is_looked_at(page, app, settle, tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (120, 160, 3), dtype=np.uint8)
    clip = write_timed(tmp_path / "long.mp4", [noise] * 900, [number / 10 for number in range(900)])
    page.goto(f"{app.url}/predict?first={RUN}&second=(none)&pictures=Video")
    settle(page)
    page.get_by_test_id("stFileUploader").locator("input[type=file]").set_input_files([clip])
    page.get_by_label("Looks a second").fill("10")
    page.get_by_label("Looks a second").press("Enter")
    settle(page)
    page.get_by_role("button", name="Look at the video").click()
    page.get_by_text(re.compile(r"[1-9]\d* looks, ")).wait_for()
    page.get_by_role("button", name="Cancel").click()
    said = page.get_by_text(re.compile(r"You ended this after \d+ looks"))
    said.wait_for()
    assert 0 < int(re.search(r"\d+", said.inner_text())[0]) < 900
