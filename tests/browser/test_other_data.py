"""A second data set, from its pictures to the errors of a run on it, in a real browser."""

import runpy
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest

from fercore.emotions import KNOWN
from fercore.evaluation.elsewhere import open_elsewhere
from tests.browser.conftest import ROOT
from tests.factories.data import make_dataset, png, write_folder
from tests.factories.runs import make_run

pytestmark = pytest.mark.browser
PER_CLASS = 5


def script(name, *arguments):
    assert not runpy.run_path(str(ROOT / "scripts" / f"{name}.py"))["main"](list(map(str, arguments)))


@pytest.fixture
def measured(serve, tmp_path):
    """A dashboard with two runs that were evaluated on a second data set, made of eight folders of pictures."""
    rng = np.random.default_rng(0)
    pictures = {
        f"{name}/{number}.png": png(rng.integers(0, 256, (60, 60), dtype=np.uint8))
        for name in KNOWN
        for number in range(PER_CLASS)
    }
    write_folder(tmp_path / "pictures", pictures)
    home, faces = tmp_path / "data" / "fer2013", tmp_path / "data" / "faces"
    script("prepare_data", tmp_path / "pictures", "--out", faces, "--as", "test")
    dataset = make_dataset(home, per_class=5)
    runs = [make_run(tmp_path / "runs", name, seed, dataset=dataset, weights=True) for seed, name in enumerate("ab")]
    for run in runs:
        script("evaluate", run.name, "--data", faces, "--runs", tmp_path / "runs")
    with serve(tmp_path / "runs", home) as app:
        yield app, [open_elsewhere(run, "faces") for run in runs]


def test_a_clicked_cell_of_the_matrix_shows_the_errors_there(page, measured, settle):
    app, found = measured
    assert [one.metrics("test")["n"] for one in found] == [7 * PER_CLASS] * 2  # contempt is not asked
    page.goto(f"{app.url}/other-data")
    settle(page)
    cells = page.locator("svg.marks .mark-rect path[aria-roledescription='rect mark']")
    assert cells.count() == 4
    cells.nth(3).click(position={"x": 8, "y": 8})  # of b on faces, beside its label
    page.get_by_role("heading", name="Errors", exact=True).wait_for()
    settle(page)
    asked = {key: value[0] for key, value in parse_qs(urlsplit(page.url).query).items()}
    assert (asked["run"], asked["data"]) == ("b", "faces")
    answers = found[1].predictions("test")
    wrong = int((answers.predicted != answers.label).sum())
    assert f"wrong on {wrong} of {7 * PER_CLASS} images" in page.locator("h4").first.inner_text().replace("\xa0", " ")
    assert page.get_by_test_id("stImage").count() > 0
    page.goto("about:blank")  # before the server goes
