"""From a confusion cell to its images and to why, in a real browser; and the clean score on the way."""

import re
from urllib.parse import parse_qs, urlsplit

import pandas as pd
import pytest

from fercore.emotions import EMOTIONS
from tests.browser.conftest import boxes
from tests.factories.copies import make_copies
from tests.factories.data import make_dataset
from tests.factories.runs import make_run

pytestmark = pytest.mark.browser


@pytest.fixture
def pictured(serve, tmp_path):
    """A dashboard with a run that holds weights, and its predictions of 70 test images whose pictures are there."""
    dataset = make_dataset(tmp_path / "data", per_class=10)
    run = make_run(tmp_path / "runs", "a", accuracy=0.5, dataset=dataset, weights=True)
    found = run.predictions("test")
    make_copies(tmp_path / "data", run, exact=found.id[:12].tolist())
    with serve(tmp_path / "runs", tmp_path / "data") as app:
        yield app, found


def query(page):
    return {key: value[0] for key, value in parse_qs(urlsplit(page.url).query).items()}


def cell(page, true, pred):
    """The cell of the confusion matrix; rows and columns are in the order of the emotions."""
    cells = page.locator("svg.marks .mark-rect path[aria-roledescription='rect mark']")
    return cells.nth(len(EMOTIONS) * EMOTIONS.index(true) + EMOTIONS.index(pred))


def downloaded(page, tmp_path):
    with page.expect_download() as download:
        page.get_by_role("button", name="Download these images").click()
    download.value.save_as(tmp_path / "images.csv")
    return pd.read_csv(tmp_path / "images.csv")


def test_a_clicked_cell_shows_its_images_and_one_of_them_leads_to_why(page, pictured, settle, tmp_path):
    app, found = pictured
    pairs = pd.Series(list(zip(found.label, found.predicted, strict=True)))
    (true, pred), images = next((pair, n) for pair, n in pairs.value_counts().items() if pair[0] != pair[1])
    rows = (found.label == true) & (found.predicted == pred)
    page.goto(f"{app.url}/evaluation?run=a")
    settle(page)
    cell(page, EMOTIONS[true], EMOTIONS[pred]).click(position={"x": 8, "y": 8})  # beside its label
    page.get_by_role("heading", name="Errors", exact=True).wait_for()
    settle(page)
    asked = query(page)
    assert (asked["true"], asked["pred"], asked["outcome"]) == (EMOTIONS[true], EMOTIONS[pred], "all")
    assert page.get_by_test_id("stImage").count() == images
    table = downloaded(page, tmp_path)
    assert set(table["id"]) == set(found.id[rows])
    assert table["probability"].is_monotonic_decreasing

    other = next(name for name in EMOTIONS if name != EMOTIONS[true])
    cell(page, other, other).click(position={"x": 8, "y": 8})
    page.wait_for_url(lambda url: {f"true={other}", f"pred={other}"} <= set(urlsplit(url).query.split("&")))
    settle(page)
    right = found.id[(found.label == EMOTIONS.index(other)) & (found.predicted == found.label)]
    assert set(downloaded(page, tmp_path)["id"]) == set(right)

    page.get_by_role("link", name="Explain").nth(1).click()  # the first is the navigation's
    page.get_by_role("heading", name="a says").wait_for()
    settle(page)
    assert query(page)["ids"] in right
    assert not boxes(page)
    page.goto("about:blank")  # before the server goes


def test_a_clicked_bar_shows_the_images_of_its_class_and_the_address_shows_them_again(page, pictured, settle, tmp_path):
    app, found = pictured
    page.goto(f"{app.url}/evaluation?run=a")
    settle(page)
    bars = page.locator("svg.marks:has-text('Recall') .mark-rect path[aria-roledescription='bar']")
    assert bars.count() == len(EMOTIONS)
    bars.nth(EMOTIONS.index("happy")).click(position={"x": 3, "y": 5})
    page.get_by_role("heading", name="Errors", exact=True).wait_for()
    settle(page)
    page.get_by_role("radio", name="wrong").click()
    page.wait_for_url(lambda url: "outcome" not in url)  # what is chosen at first is not in the address
    happy = found.label == EMOTIONS.index("happy")
    wrong = set(found.id[happy & (found.predicted != found.label)])
    # The address changes before the pictures do.
    page.wait_for_function(
        "number => document.querySelectorAll('[data-testid=stImage]').length === number", arg=len(wrong)
    )
    settle(page)
    assert set(downloaded(page, tmp_path)["id"]) == wrong
    shared = page.url
    page.goto("about:blank")
    page.goto(shared)
    settle(page)
    assert set(downloaded(page, tmp_path)["id"]) == wrong
    page.goto("about:blank")  # before the server goes


def test_the_clean_score_stays_chosen_from_page_to_page(page, pictured, settle):
    app, found = pictured
    page.goto(f"{app.url}/evaluation?run=a")
    settle(page)
    page.get_by_role("radio", name="without copies").click()
    page.wait_for_url(lambda url: "score=clean" in url)
    kept = (found.predicted == found.label)[12:]
    page.get_by_role("heading", name=f"a has accuracy {100 * kept.mean():.1f} %").wait_for()
    page.get_by_test_id("stSidebarNavLink").filter(has_text="Home").click()
    page.get_by_role("heading", name="FER workbench").wait_for()
    page.wait_for_url(lambda url: "score=clean" in url)
    settle(page)
    assert f"{100 * kept.mean():.1f}\u00a0%" in page.get_by_test_id("stMain").locator("h4").inner_text()
    page.goto("about:blank")  # before the server goes


def test_a_clicked_point_of_a_slice_shows_its_images(page, app, settle):
    page.goto(f"{app.url}/slices?run=reference-fast")
    settle(page)
    points = page.locator("svg.marks").first.locator(".mark-symbol path[aria-roledescription='point']")
    points.first.click()
    page.get_by_role("heading", name="Errors", exact=True).wait_for()
    settle(page)
    assert (query(page)["slice"], query(page)["outcome"]) == ("brightness: low of 3", "all")
    page.get_by_text(re.compile(r"[1-9][\d,]* images of the slice brightness: low \(under \d+\)")).wait_for()
