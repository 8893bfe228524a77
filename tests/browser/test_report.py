"""A report saved by the dashboard's button, opened from disk by a browser that has no network."""

import pytest

pytestmark = pytest.mark.browser


@pytest.fixture
def offline(chromium):
    """`offline(path)`: a file in a tab without network; what it asks for and what the console says is in its lists."""
    context = chromium.new_context(offline=True, viewport={"width": 420, "height": 900})

    def opened(path):
        tab = context.new_page()
        asked, said = [], []
        tab.on("request", lambda request: asked.append(request.url))
        tab.on("console", lambda message: said.append(message.text))
        tab.on("pageerror", lambda error: said.append(str(error)))
        tab.goto(path.as_uri())
        return tab, asked, said

    yield opened
    context.close()


def save(page, app, settle, run, path):
    page.goto(f"{app.url}/evaluation?run={run}")
    settle(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download a report of this run").click()
    assert download.value.suggested_filename == f"{run}.html"
    download.value.save_as(path)
    return path


def test_a_saved_report_opens_without_a_network(page, full_app, settle, offline, tmp_path):
    path = save(page, full_app, settle, "good", tmp_path / "good.html")
    tab, asked, said = offline(path)
    assert (said, [url for url in asked if not url.startswith("data:")]) == ([], [path.as_uri()])
    assert tab.locator("h1").inner_text() == "good"
    assert "accuracy is 69.0" in tab.locator(".answer").inner_text().replace("\u00a0", " ")
    assert tab.locator("svg[role=img]").count() == 4 + 2 * 2 + 2
    assert tab.locator("table.confusion").first.locator("tbody td").count() == 49
    # No wider than a telephone: tables scroll on their own.
    assert tab.evaluate("document.documentElement.scrollWidth") <= 420
    loaded = "[...document.images].every(image => image.complete && image.naturalWidth == 48)"
    assert tab.evaluate(loaded)


def test_a_stranger_s_report_makes_no_link_picture_or_script(page, full_app, settle, offline, tmp_path):
    path = save(page, full_app, settle, "strange", tmp_path / "strange.html")
    tab, asked, said = offline(path)
    assert (said, [url for url in asked if not url.startswith("data:")]) == ([], [path.as_uri()])
    assert tab.locator("script, a[href*='//'], img:not([src^='data:'])").count() == 0
    assert "<script>alert(1)</script>" in tab.locator("body").inner_text()
