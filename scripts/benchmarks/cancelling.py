"""Seconds from a click on Cancel until the page Predict says that it was heard, and until it shows what was found.

In a real Chromium.
"""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

from benchmarks.webcam import chromium, serve

PATIENCE = 120_000  # milliseconds for a page
HEARD = "Cancelled."  # with more words
ENDED = re.compile(r"You ended this after \d+ looks")
AT_WORK = re.compile(r"[1-9]\d* looks, ")


def seconds_to_cancel(folder: Path, runs: Path, run: str, clip: Path, rounds: int) -> list[tuple[float, float]]:
    """Of each round: the video is looked at, and cancelled once it has been looked at here and there."""
    with serve(folder, runs, folder / "data") as server, chromium("--no-sandbox") as page:
        page.set_default_timeout(PATIENCE)
        page.goto(f"{server.url}/predict?first={run}&second=(none)&pictures=Video")
        page.get_by_test_id("stFileUploader").locator("input[type=file]").set_input_files([clip])
        return [_cancelled(page) for _ in range(rounds)]


def _cancelled(page: Any) -> tuple[float, float]:
    page.get_by_role("button", name="Look at the video").click()
    for said in (page.get_by_text(ENDED), page.get_by_text(HEARD).first):  # those of the round before
        said.wait_for(state="detached")
    page.get_by_text(AT_WORK).wait_for()
    began = time.perf_counter()
    page.get_by_role("button", name="Cancel").click()
    page.get_by_text(HEARD).first.wait_for()
    heard = time.perf_counter() - began
    page.get_by_text(ENDED).wait_for()
    return heard, time.perf_counter() - began
