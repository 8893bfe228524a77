"""The embedding page in a real browser: a picture at the pointer, and a box that shows the images in it."""

import pytest

pytestmark = pytest.mark.browser


def plane(page):
    """Left, top, right and bottom of the points' plane on the screen."""
    ground = page.locator(".vega-embed").first.locator("path.background").first
    ground.scroll_into_view_if_needed()
    box = ground.bounding_box()
    left, top, width, height = (box[key] for key in ("x", "y", "width", "height"))
    return left, top, left + width, top + height


def drag(page, start, end):
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
    page.mouse.move(*end)
    page.mouse.up()


def test_a_dragged_box_shows_the_images_in_it(page, full_app, settle):
    page.goto(f"{full_app.url}/embedding?run=good&colour=Right+or+wrong")
    settle(page)
    assert page.get_by_role("radio", name="Right or wrong").get_attribute("aria-checked") == "true"
    page.get_by_role("heading", name="Images whose neighbours have other labels").wait_for()
    left, top, right, bottom = plane(page)
    drag(page, (left + 2, top + 2), (right - 2, bottom - 2))
    page.get_by_role("heading", name="Images in the box").wait_for()
    page.get_by_text("42 images, most of them 6").wait_for()
    settle(page)
    assert page.get_by_test_id("stImage").locator("img").count() == 24
    left, top, right, bottom = plane(page)
    page.mouse.dblclick((left + right) / 2, (top + bottom) / 2)  # takes the box away
    page.get_by_role("heading", name="Images whose neighbours have other labels").wait_for()


def test_the_face_stands_at_the_pointer(page, full_app, settle):
    page.goto(f"{full_app.url}/embedding?run=good")
    settle(page)
    point = page.locator(".vega-embed").first.locator(".mark-symbol.role-mark path").nth(20)
    point.scroll_into_view_if_needed()
    point.hover(force=True)
    shown = page.locator("#vg-tooltip-element.visible")
    shown.wait_for()
    assert shown.locator("img").get_attribute("src").startswith("data:image/webp;base64,")
    assert "PrivateTest" in shown.inner_text()
