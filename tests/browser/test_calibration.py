"""Calibration in a real browser: a threshold that is moved, and its address, say what comes of it."""

import pytest

from fercore.evaluation.selective import answered
from fercore.runs import list_runs

pytestmark = pytest.mark.browser


def test_a_moved_threshold_says_what_it_comes_to_and_its_address_says_it_again(page, full_app, settle):
    page.goto(f"{full_app.url}/calibration?run=good&threshold=69")
    settle(page)
    page.get_by_role("slider").press("ArrowRight")
    page.wait_for_url(lambda url: "threshold=70" in url)
    page.get_by_text("From 70 % on,").wait_for()
    settle(page)
    said = page.get_by_text("From 70 % on,").inner_text()
    page.goto("about:blank")
    page.goto(f"{full_app.url}/calibration?run=good&threshold=70")
    settle(page)
    assert page.get_by_text("From 70 % on,").inner_text() == said
    page.goto(f"{full_app.url}/calibration?run=good&threshold=0")
    settle(page)
    (run,) = [run for run in list_runs(full_app.runs)[0] if run.name == "good"]
    found = run.predictions("test")
    everything = answered(found.label, found.probabilities, 0)  # a temperature keeps who is right
    assert f"accuracy {100 * everything.right['value']:.1f} %" in page.get_by_text("From 0 % on,").inner_text()
