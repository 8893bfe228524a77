"""Experiments in a real browser: from a cross-validation's sum to its folds, to a study, to the file of a new one."""

import tomllib
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.factories.studies import make_cross_validation, make_study

pytestmark = pytest.mark.browser


def asked(url):
    return parse_qs(urlsplit(url).query).get("experiment")


@pytest.fixture
def experiments(serve, tmp_path):
    """A dashboard with a study and a cross-validation."""
    make_study(tmp_path / "runs", "depth", {"2": 0.5, "4": 0.6}, n=100)
    make_cross_validation(tmp_path / "runs", "three", [0.5, 0.6, 0.55], n=100)
    with serve(tmp_path / "runs", tmp_path / "data") as app:
        yield app


def test_from_the_training_page_to_a_new_study(page, experiments, settle, tmp_path):
    page.goto(f"{experiments.url}/training?runs=three")
    settle(page)
    page.get_by_test_id("stPageLink").get_by_role("link").click()
    page.get_by_role("heading", name="Over 3 folds, three has accuracy").wait_for()
    settle(page)
    assert asked(page.url) == ["three"]
    page.get_by_test_id("stVegaLiteChart").locator("svg.marks").nth(4).wait_for()

    page.get_by_role("radio", name="depth").click()
    page.get_by_role("heading", name="depth 4 does best").wait_for()
    settle(page)
    page.locator("svg.marks text", has_text="10.0 points less").wait_for()  # a verdict in the summary chart

    page.get_by_role("radio", name="New study").click()
    settle(page)
    page.get_by_label("Name of the study").fill("mine")
    page.get_by_label("Name of the study").press("Enter")
    page.get_by_text("python scripts/sweep.py mine.toml").wait_for()
    settle(page)
    assert asked(page.url) == ["New study"]
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the file").click()
    assert download.value.suggested_filename == "mine.toml"
    download.value.save_as(tmp_path / "mine.toml")
    assert tomllib.loads((tmp_path / "mine.toml").read_text())["vary"] == ["learning_rate"]
    page.reload()
    settle(page)
    page.get_by_text("Choose what varies").wait_for()  # a shared address opens the same view
    page.goto("about:blank")  # before the server goes
