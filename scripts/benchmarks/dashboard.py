"""Seconds of a warm re-run of every page, through Streamlit's AppTest: the script alone, without a browser."""

from __future__ import annotations

import argparse
import os
import statistics
import time
from pathlib import Path
from unittest import mock

from streamlit.testing.v1 import AppTest
from tqdm import tqdm

from fercore.runs import RunError

DASHBOARD = Path(__file__).resolve().parents[2] / "dashboard"
LIMIT = 0.3  # seconds, median


def main(options: argparse.Namespace) -> None:
    rounds = options.rounds or 20
    os.environ["FERCORE_RUNS"], os.environ["FERCORE_DATA"] = str(options.runs), str(options.data)
    # streamlit-webrtc asks for the session of a real server, which AppTest has not.
    with mock.patch("streamlit_webrtc.component.get_this_session_info", return_value=None):
        time_pages(rounds)


def time_pages(rounds: int) -> None:
    """Run every page, warm, and print how long that takes."""
    app = AppTest.from_file(str(DASHBOARD / "Home.py"), default_timeout=120)
    _run(app, "first start")
    print(f"Warm re-runs of each page, median (slowest) of {rounds}; at most {LIMIT} s wanted:")
    slow = []
    for page in tqdm(pages(), unit="page", leave=False):
        app.switch_page(f"views/{page}/page.py")
        first = _run(app, page)
        times = [_run(app, page) for _ in range(rounds)]
        median = statistics.median(times)
        tqdm.write(f"  {page:<20} {median:.3f} s ({max(times):.3f}), first visit {first:.2f} s")
        if median > LIMIT:
            slow.append(page)
    print(f"Over the limit: {', '.join(slow)}" if slow else "All pages are within the limit.")


def pages() -> list[str]:
    """Names of all pages."""
    return sorted(path.parent.name for path in DASHBOARD.glob("views/*/page.py"))


def _run(app: AppTest, page: str) -> float:
    started = time.perf_counter()
    app.run()
    seconds = time.perf_counter() - started
    if app.exception:
        raise RunError(f"{page} raised {app.exception[0].value}; a page that fails is not timed")
    return seconds
