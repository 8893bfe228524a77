"""Audit in a real browser: look at copies, decide, and find the decisions again under their address."""

import pytest

from fercore.data.dataset import DECISIONS
from fercore.data.decisions import Decision, read_decisions
from tests.browser.conftest import boxes
from tests.factories.planted import make_audited_dataset

pytestmark = pytest.mark.browser

# Ends when the page has scrolled to where it stays.
STILL = """() => new Promise(done => {
    const main = document.querySelector('[data-testid=stMain]')
    let before = null
    const look = () => {
        if (main.scrollTop === before) return done()
        before = main.scrollTop
        setTimeout(() => requestAnimationFrame(look), 100)
    }
    look()
})"""


@pytest.fixture
def planted_app(serve, tmp_path):
    make_audited_dataset(tmp_path / "data")
    (tmp_path / "runs").mkdir()
    with serve(tmp_path / "runs", tmp_path / "data") as running:
        yield running


def test_copies_are_seen_decided_and_found_again(page, planted_app, settle, tmp_path):
    page.goto(f"{planted_app.url}/audit")
    settle(page)
    main = page.get_by_test_id("stMain")
    assert "1 of 45 test images (2.2\u00a0%) have an exact copy in Training" in main.inner_text()
    assert main.get_by_text("labels conflict", exact=True).count() == 1
    main.get_by_role("radio", name="Near and mirrored").click()
    main.get_by_text("r = 1.00, mirrored").first.wait_for()
    settle(page)
    picture = main.get_by_role("img", name="train/fear/0")
    picture.evaluate("image => image.decode()")  # waits until it is loaded
    assert picture.evaluate("image => image.naturalWidth") == 48
    box = main.get_by_role("combobox", name="Decision on train/fear/0")
    box.scroll_into_view_if_needed()
    page.evaluate(STILL)  # scrolling closes what a click opens
    box.click()
    page.get_by_role("option", name="drop").click()
    settle(page)
    main.get_by_role("radio", name="Decisions").click()
    main.get_by_text("1 to drop").wait_for()
    settle(page)
    with page.expect_download() as download:
        main.get_by_role("button", name="Download the decisions").click()
    download.value.save_as(tmp_path / "downloaded.csv")
    kept = read_decisions(planted_app.data / DECISIONS)
    assert kept == read_decisions(tmp_path / "downloaded.csv") == {"train/fear/0": Decision("drop")}
    assert "view=Decisions" in page.url
    page.goto(page.url)
    settle(page)
    main.get_by_text("1 to drop").wait_for()
    assert not boxes(page)
    page.goto("about:blank")  # before the server goes
