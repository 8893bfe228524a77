"""Seconds from a click on Cancel until the page Predict says that it was heard, and until it shows what was found.

In a real Chromium, by its own clock: what drives it waits, before it clicks and until it notices, for frames that a
busy machine draws late.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from benchmarks.webcam import chromium, serve

PATIENCE = 120_000  # milliseconds for a page
HEARD = "Cancelled."  # with more words
ENDED = r"You ended this after \d+ looks"
AT_WORK = re.compile(r"[1-9]\d* looks, ")
_WATCH = """([heard, ended]) => {
    const at = window.cancelled = {};
    document.addEventListener("click", () => { at.click = performance.now() }, {capture: true, once: true});
    const watch = new MutationObserver(() => {
        const said = at.click ? document.body.textContent : "";
        if (!at.heard && said.includes(heard)) at.heard = performance.now();
        if (!at.found && said.match(ended)) at.found = performance.now();
        if (at.heard && at.found) watch.disconnect();
    });
    watch.observe(document.body, {childList: true, subtree: true, characterData: true});
}"""


def seconds_to_cancel(folder: Path, runs: Path, run: str, clip: Path, rounds: int) -> list[tuple[float, float]]:
    """Of each round: the video is looked at, and cancelled once it has been looked at here and there."""
    with serve(folder, runs, folder / "data") as server, chromium("--no-sandbox") as page:
        page.set_default_timeout(PATIENCE)
        page.goto(f"{server.url}/predict?first={run}&second=(none)&pictures=Video")
        page.get_by_test_id("stFileUploader").locator("input[type=file]").set_input_files([clip])
        return [_cancelled(page) for _ in range(rounds)]


def _cancelled(page: Any) -> tuple[float, float]:
    page.get_by_role("button", name="Look at the video").click()
    for said in (page.get_by_text(re.compile(ENDED)), page.get_by_text(HEARD).first):  # those of the round before
        said.wait_for(state="detached")
    page.get_by_text(AT_WORK).wait_for()
    page.evaluate(_WATCH, [HEARD, ENDED])
    page.get_by_role("button", name="Cancel").click()
    page.wait_for_function("window.cancelled.heard && window.cancelled.found")
    at = page.evaluate("window.cancelled")
    return tuple((at[moment] - at["click"]) / 1000 for moment in ("heard", "found"))
