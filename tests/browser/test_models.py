"""Which model, in a real browser: the picture of a choice, another cost by its address, the table as a file."""

import pandas as pd
import pytest

from fercore.evaluation.speeds import Speed, SpeedRecord, write_speeds
from tests.factories.runs import make_run

pytestmark = pytest.mark.browser


@pytest.fixture
def timed_app(serve, tmp_path):
    for name, accuracy, milliseconds in (("good", 0.7, 4.0), ("fast", 0.6, 0.4)):
        run = make_run(tmp_path / "runs", name, accuracy=accuracy, weights=True)
        write_speeds(run, SpeedRecord("A processor", "2026-11-23", {"torch fp32": Speed(milliseconds, 100.0)}))
    with serve(tmp_path / "runs", tmp_path / "data") as running:
        yield running


def labels(page):
    return set(page.locator("svg.marks .mark-text text").all_text_contents())


def test_an_engineer_picks_a_model(page, timed_app, settle, tmp_path):
    page.goto(f"{timed_app.url}/models")
    settle(page)
    page.get_by_text("The fastest is fast: accuracy").wait_for()
    page.locator("svg.marks").wait_for()
    assert {"good, torch fp32", "fast, torch fp32", "fer"} <= labels(page)
    page.get_by_role("radio", name="Parameters").click()
    page.wait_for_url(lambda url: "against=Parameters" in url)
    settle(page)
    page.locator("svg.marks text", has_text="big_XCEPTION").wait_for()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the models", exact=True).click()
    download.value.save_as(tmp_path / "models.csv")
    table = pd.read_csv(tmp_path / "models.csv")
    assert table["run"].tolist() == ["good", "fast"]
    assert table["milliseconds"].tolist() == [4.0, 0.4]
    page.goto("about:blank")  # before the server goes
