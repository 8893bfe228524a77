"""A journey through the Predict page: a real photo is uploaded, its emotion read, its table saved, then explained."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from fercore.emotions import EMOTIONS
from fercore.inference.detectors import Mtcnn
from fercore.inference.faces import crop_face
from fercore.inference.predictor import Predictor
from tests.browser.conftest import ROOT

pytestmark = pytest.mark.browser
RUN = "reference-report-cnn"


@pytest.fixture
def holiday(tmp_path):
    """A photo as a phone takes it, held sideways; its path and how it is seen."""
    upright = Image.open(ROOT / "dashboard" / "examples" / "portrait.jpg").resize((1500, 1500))
    exif = Image.Exif()
    exif[0x0112] = 6
    stored = upright.transpose(Image.Transpose.ROTATE_90)
    stored.save(tmp_path / "holiday.png", exif=exif)
    return tmp_path / "holiday.png", np.asarray(upright)


def test_an_uploaded_photo_is_answered(page, app, settle, holiday, tmp_path):
    path, picture = holiday
    crop = crop_face(picture, Mtcnn()(picture)[0])
    answers = Predictor.from_run(app.runs / RUN).predict(crop[None])
    emotion = EMOTIONS[answers.labels[0]]
    assert answers.sure[0]

    page.goto(f"{app.url}/predict?first={RUN}&second=(none)")
    settle(page)
    page.get_by_text("Until then, an example.").wait_for()
    (tmp_path / "notes.jpg").write_text("a shopping list")
    page.get_by_test_id("stFileUploader").locator("input[type=file]").set_input_files([path, tmp_path / "notes.jpg"])
    page.get_by_text("is left out: not an image of a known format").wait_for()
    page.get_by_alt_text("holiday.png with 1 face in numbered boxes").wait_for()
    page.get_by_role("heading", name=f"CNN says {emotion}").wait_for()
    settle(page)
    bars = page.locator("svg.marks").first
    for text in (f"{100 * answers.probabilities[0].max():.1f} %", *EMOTIONS):  # no more the example's
        bars.get_by_text(text, exact=True).first.wait_for()

    with page.expect_download() as download:
        page.get_by_role("button", name="Download the faces (CSV)").click()
    download.value.save_as(tmp_path / "faces.csv")
    table = pd.read_csv(tmp_path / "faces.csv")
    assert table[["file", "face", "run", "label", "sure"]].values.tolist() == [["holiday.png", 1, RUN, emotion, True]]
    assert table[list(EMOTIONS)].to_numpy() == pytest.approx(answers.probabilities, abs=1e-4)

    page.get_by_role("button", name="Remove notes.jpg").click()
    page.get_by_text("is left out").wait_for(state="detached")
    settle(page)  # until then the buttons of before stand beside the new ones
    page.get_by_role("button", name="Open in Explain").click()
    page.get_by_role("heading", name=f"{RUN} says {emotion}").wait_for()
    settle(page)

    # On the way back the photo is there still, until it is to be forgotten.
    page.get_by_test_id("stSidebarNavLink").filter(has_text="Predict").click()
    page.get_by_role("heading", name=f"CNN says {emotion}").wait_for()
    page.get_by_alt_text("holiday.png with 1 face in numbered boxes").wait_for()
    page.get_by_role("button", name="Forget 1 file").click()
    page.get_by_text("Until then, an example.").wait_for()
    settle(page)
