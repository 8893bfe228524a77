"""A journey through the Explain page: another method, two classes, what is saved, and the address that is shared."""

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from fercore.emotions import EMOTIONS
from fercore.explain.methods import heat_map
from fercore.models.registry import load
from fercore.runs import open_run
from tests.browser.conftest import ROOT, boxes

pytestmark = pytest.mark.browser


def choose(page, label, option):
    """Choose an option of the selectbox with a label."""
    page.get_by_test_id("stSelectbox").filter(has_text=label).get_by_role("combobox").click()
    page.get_by_role("option", name=option, exact=True).click()


def save(page, button, path):
    with page.expect_download() as download:
        page.get_by_role("button", name=button).first.click()
    download.value.save_as(path)
    return path


def test_why_this_and_not_that(page, app, settle, tmp_path):
    page.goto(f"{app.url}/explain?runs=reference-report-cnn&face=fear")
    settle(page)
    page.get_by_role("heading", name="reference-report-cnn says fear").wait_for()
    settle(page)  # what is drawn anew closes the list of a chooser
    choose(page, "Method", "Occlusion")
    page.get_by_role("heading", name="Occlusion for fear is strongest in").wait_for()
    settle(page)
    choose(page, "and not", "sad")
    page.get_by_text("more for fear (blue), for sad (orange)").wait_for()
    settle(page)
    assert not boxes(page)

    table = pd.read_csv(save(page, "Download the heat maps", tmp_path / "maps.csv"))
    run = open_run(ROOT / "runs" / "reference-report-cnn")
    face = run.average_faces()[EMOTIONS.index("fear")]
    for emotion in ("fear", "sad"):
        expected = heat_map(load(run), face, "occlusion", EMOTIONS.index(emotion))
        found = table[table["emotion"] == emotion].pivot(index="row", columns="column", values="value")
        assert np.allclose(found, expected, atol=1e-4)
    with Image.open(save(page, "Download the picture", tmp_path / "maps.png")) as picture:
        assert picture.size[0] > 3 * picture.size[1] * 0.8  # three maps beside each other

    assert {"method=Occlusion", "against=sad", "face=fear"} <= set(page.url.partition("?")[2].split("&"))
    page.reload()
    page.get_by_text("more for fear (blue), for sad (orange)").wait_for()
