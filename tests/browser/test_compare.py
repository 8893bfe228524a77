"""Comparing runs in a real browser: a click chooses two, their images lead to Explain, tables can be saved."""

import re
from urllib.parse import parse_qs, urlsplit

import pandas as pd
import pytest

from fercore.runs import list_runs
from tests.browser.conftest import boxes
from tests.factories.data import make_dataset
from tests.factories.runs import make_run

pytestmark = pytest.mark.browser


@pytest.fixture
def three(serve, tmp_path):
    """A dashboard with three runs on a data set that is there; one of them has weights."""
    dataset = make_dataset(tmp_path / "data", per_class=6)
    for seed, (name, accuracy) in enumerate({"good": 0.7, "fair": 0.5, "poor": 0.4}.items()):
        make_run(tmp_path / "runs", name, seed=seed, accuracy=accuracy, dataset=dataset, weights=name == "poor")
    with serve(tmp_path / "runs", tmp_path / "data") as app:
        yield app


def query(page):
    return parse_qs(urlsplit(page.url).query)


def test_from_who_is_ahead_to_why_they_disagree(page, three, settle, tmp_path):
    page.goto(f"{three.url}/compare?runs=good&runs=fair&runs=poor")
    page.get_by_role("heading", name="good is ahead of fair on PrivateTest").wait_for()
    settle(page)

    cells = page.locator("svg.marks:has-text('poor') .mark-rect path[aria-roledescription='rect mark']")
    cells.nth(5).click(position={"x": 8, "y": 8})  # second row, third column, beside its label: fair and poor
    page.wait_for_url(lambda url: {"first=fair", "second=poor"} <= set(urlsplit(url).query.split("&")))
    settle(page)
    page.get_by_role("radio", name="only the second is right").click()
    runs = {run.name: run.predictions("test") for run in list_runs(three.runs)[0]}
    fair, poor = runs["fair"], runs["poor"]
    images = set(fair.id[(fair.predicted != fair.label) & (poor.predicted == fair.label)])
    # The address changes before the pictures do.
    page.wait_for_function(
        "number => document.querySelectorAll('[data-testid=stImage]').length === number", arg=len(images)
    )
    settle(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download these images").click()
    download.value.save_as(tmp_path / "images.csv")
    assert set(pd.read_csv(tmp_path / "images.csv")["id"]) == images
    assert images

    page.get_by_role("button", name="Measure the time of one face").click()
    # The table is drawn on a canvas; its cells lie in the page for screen readers.
    page.get_by_test_id("stDataFrame").locator("td", has_text=re.compile(r"\d ms")).first.wait_for(state="attached")
    settle(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the choice").click()
    download.value.save_as(tmp_path / "choice.csv")
    choice = pd.read_csv(tmp_path / "choice.csv").set_index("run")
    assert choice.loc["poor", "milliseconds"] > 0
    assert choice.loc["good", ["milliseconds", "weights_bytes"]].isna().all()
    assert not boxes(page)

    page.get_by_role("link", name="Explain").nth(1).click()  # the first is the navigation's
    page.get_by_role("heading", name="poor says").wait_for()
    settle(page)
    asked = query(page)
    assert asked["runs"] == ["poor"]
    assert set(asked["ids"]) <= images
    page.goto("about:blank")  # before the server goes
