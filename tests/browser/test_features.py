"""Filters and activations in a real browser: a click enlarges a channel, and its address shows the same view."""

import pytest
from PIL import Image

pytestmark = pytest.mark.browser


def open_features(page, app, settle, query):
    page.goto(f"{app.url}/features?run=reference-report-cnn&{query}")
    settle(page)
    page.locator("svg.marks image").wait_for()


def tiles(page):
    return page.locator("svg.marks:has(image) .mark-rect path")


def enlarged(page, number):
    """The heading of an enlarged channel."""
    return page.get_by_role("heading", name=f"Channel {number} of ")


def chosen(page, was=None) -> str:
    """The channel in the address, once it is there and another than before."""
    page.wait_for_url(lambda url: "channel=" in url and f"channel={was}&" not in f"{url}&")
    return page.url.split("channel=")[1].split("&")[0]


def test_a_click_enlarges_a_channel_and_its_address_shows_it_again(page, app, settle):
    open_features(page, app, settle, "layer=convolution+4&emotion=fear")
    assert page.locator("svg.marks image").count() == 1  # one picture, not one for each of 512 channels
    assert tiles(page).count() == 64
    tiles(page).nth(10).click()
    number = chosen(page)
    enlarged(page, number).wait_for()
    page.get_by_label("Page 2").click()
    page.wait_for_url(lambda url: "page=2" in url)
    page.goto("about:blank")
    open_features(page, app, settle, f"layer=convolution+4&emotion=fear&page=2&channel={number}")
    enlarged(page, number).wait_for()


def test_a_tile_can_be_clicked_again_after_another_channel_was_typed(page, app, settle):
    open_features(page, app, settle, "layer=convolution+1&show=Filters")
    tiles(page).nth(20).click()
    clicked = chosen(page)
    enlarged(page, clicked).wait_for()
    settle(page)
    typed = "1" if clicked == "0" else "0"
    page.get_by_label("Channel to enlarge").fill(typed)
    page.get_by_label("Channel to enlarge").press("Enter")
    enlarged(page, typed).wait_for()
    settle(page)
    tiles(page).nth(20).click()
    assert chosen(page, typed) == clicked
    enlarged(page, clicked).wait_for()


def test_a_grid_can_be_saved(page, app, settle, tmp_path):
    open_features(page, app, settle, "layer=convolution+2&show=Filters")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download the grid").click()
    download.value.save_as(tmp_path / "grid.png")
    assert download.value.suggested_filename == "reference-report-cnn_convolution_2_filters.png"
    with Image.open(tmp_path / "grid.png") as picture:
        size = page.locator("svg.marks:has(image)").evaluate("svg => [svg.clientWidth, svg.clientHeight]")
        assert picture.size == (2 * size[0], 2 * size[1])


def test_boxes_lie_on_the_tiles_of_the_picture(page, app, settle):
    open_features(page, app, settle, "layer=convolution+2")
    picture, first, last = page.locator("svg.marks:has(image)").evaluate(
        """svg => [svg.querySelector('image'), ...svg.querySelectorAll('.mark-rect path')]
            .filter((_, number) => [0, 1, 12].includes(number)).map(element => element.getBoundingClientRect())
            .map(box => [box.left, box.top, box.right, box.bottom])"""
    )
    # Below 18 pixels of names and the faces there are twelve rows of 52 pixels.
    assert [first[1] - picture[1], last[3] - picture[1]] == pytest.approx([18 + 52, 18 + 13 * 52], abs=1)
    assert [first[0] - picture[0], picture[2] - first[2]] == pytest.approx([2, 1], abs=1)
