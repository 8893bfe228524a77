"""All pages in a real browser: nothing breaks, nothing asks the network, a shared address shows the same view."""

import json
from urllib.parse import urlsplit

import pandas as pd
import pytest

from fercore.runs import list_runs
from tests.browser.conftest import VIEWPORT, boxes
from tests.dashboard.test_pages import ADDRESSES
from tests.factories.runs import make_run

pytestmark = pytest.mark.browser
WIDTHS = [VIEWPORT["width"], 800]


def walk(page, app, settle) -> dict[str, str]:
    """Open Home, then every other page through the navigation; the title of each address."""
    page.goto(app.url)
    settle(page)
    titles = {"": check(page)}
    for link in page.get_by_test_id("stSidebarNavLink").all()[1:]:
        link.click()
        changed = "old => document.querySelector('h1') && document.querySelector('h1').innerText !== old"
        page.wait_for_function(changed, arg=list(titles.values())[-1])
        settle(page)
        titles[urlsplit(page.url).path.strip("/")] = check(page)
    return titles


def check(page) -> str:
    """The title of a page that shows no error and is no wider than the window: what is cut off cannot be reached."""
    title = page.locator("h1").inner_text()
    assert not boxes(page), title
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollWidth") <= page.viewport_size["width"]
    return title


@pytest.mark.parametrize("width", WIDTHS)
def test_every_page_with_the_shipped_runs_and_no_data_set(page, app, settle, width):
    page.set_viewport_size({"width": width, "height": 900})
    titles = walk(page, app, settle)
    assert set(titles) == set(ADDRESSES)
    assert len(set(titles.values())) == len(ADDRESSES)


def test_every_address_opens_its_page(page, app, settle):
    chosen = page.get_by_test_id("stSidebarNavLink").and_(page.locator("[aria-current=page]"))
    for address in ADDRESSES:  # one after the other: a browser that has loaded Streamlit before is twice as quick
        page.goto(f"{app.url}/{address}")
        settle(page)
        check(page)
        assert urlsplit(chosen.get_attribute("href")).path.strip("/") == address


@pytest.mark.parametrize("width", WIDTHS)
def test_every_page_with_a_data_set_and_a_run_from_a_stranger(page, full_app, settle, width):
    page.set_viewport_size({"width": width, "height": 900})
    walk(page, full_app, settle)


NOTE_WHAT_IS_ASKED = """() => ['asked', 'running'].forEach(name => {
    let now = window.scriptOfPage[name]
    const set = value => { now = value; window[`ever_${name}`] ||= value }
    Object.defineProperty(window.scriptOfPage, name, {get: () => now, set})
})"""


def test_settle_waits_for_what_a_click_has_asked_for(page, full_app, settle):
    page.goto(f"{full_app.url}/evaluation?run=good&split=test")
    settle(page)
    page.evaluate(NOTE_WHAT_IS_ASKED)
    page.get_by_role("radio", name="PublicTest").click()
    settle(page)
    assert "PublicTest" in page.get_by_test_id("stMain").locator("h4").inner_text()
    # Streamlit's messages are read rightly: else settle would wait for less than it says.
    assert page.evaluate("[window.ever_asked, window.ever_running]") == [True, True]


def test_a_shared_address_shows_the_same_run_and_split(page, full_app, settle):
    page.goto(f"{full_app.url}/evaluation?run=fair&split=val")
    settle(page)
    main = page.get_by_test_id("stMain")
    assert main.get_by_test_id("stSelectbox").first.locator("input").input_value() == "fair"
    assert "PublicTest" in main.locator("[aria-checked=true]").first.inner_text()
    page.get_by_test_id("stSidebarNavLink").filter(has_text="Home").click()
    page.get_by_role("heading", name="FER workbench").wait_for()
    page.get_by_test_id("stSidebarNavLink").filter(has_text="Evaluation").click()
    page.wait_for_url(lambda url: {"run=fair", "split=val"} <= set(urlsplit(url).query.split("&")))


def test_the_first_visitor_of_a_server_may_come_by_a_shared_address(page, serve, settle, tmp_path):
    make_run(tmp_path / "runs", "a")
    with serve(tmp_path / "runs", tmp_path / "data") as fresh:
        page.goto(f"{fresh.url}/training?run=a")
        settle(page)
        links = page.get_by_test_id("stSidebarNavLink").all_inner_texts()
        assert links[0].endswith("Home")
        assert not any("page" in link for link in links)  # the bare file names
        assert "run=a" in page.url
        assert not boxes(page)
        page.goto("about:blank")  # before the server goes


def test_a_stranger_s_text_makes_no_link_picture_or_script(page, full_app, settle):
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    for path in ("", "training?run=strange&runs=strange", "evaluation?run=strange"):
        page.goto(f"{full_app.url}/{path}")
        settle(page)
        assert page.locator("a[href*='//evil'], img[src*=evil], .katex").count() == 0
    assert "[a](https" in page.get_by_test_id("stMain").inner_text().replace("\u2060", "")


def test_an_unknown_run_is_a_message(page, full_app, settle):
    page.goto(f"{full_app.url}/evaluation?run=gone")
    settle(page)
    assert (
        "There is no run gone to show here; shown is good." in page.get_by_test_id("stAlertContentWarning").inner_text()
    )


def test_a_table_can_be_downloaded(page, full_app, settle, tmp_path):
    page.goto(full_app.url)
    settle(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the runs").click()
    download.value.save_as(tmp_path / "runs.csv")
    table = pd.read_csv(tmp_path / "runs.csv")
    assert table["run"].tolist() == ["good", "fair"]  # the third is of other data
    runs = {run.name: run for run in list_runs(full_app.runs)[0]}
    stored = json.loads((runs["good"].path / "metrics_test.json").read_text())
    assert table["test_accuracy"][0] == stored["accuracy"]["value"]
