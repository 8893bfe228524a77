"""Seconds of the first page of a cold server, and of every page: the first visit and a warm re-run.

The first page is asked for over Streamlit's protocol, from the moment at which the server answers; what it was like
before (the files in the machine's memory) is not touched. All others are visited by Streamlit's AppTest: the script
alone, without a browser.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path
from unittest import mock

import psutil
from streamlit.testing.v1 import AppTest
from tqdm import tqdm

from benchmarks.sessions import DASHBOARD, visit_once
from benchmarks.webcam import serve
from fercore.evaluation.speeds import machine_name
from fercore.runs import RunError

LIMIT, LIMIT_COLD = 0.3, 3.0  # seconds: median of a re-run, first page of a cold server


def main(options: argparse.Namespace) -> None:
    rounds = options.rounds or 20
    print(f"{machine_name()}, load {os.getloadavg()[0]:.1f}.")
    with tempfile.TemporaryDirectory(prefix="dashboard-") as folder:
        os.environ |= {"FERCORE_RUNS": str(options.runs), "FERCORE_DATA": str(options.data)}
        with serve(Path(folder), options.runs, options.data) as server:
            before = server.processor()
            cold = visit_once(server, "home")
            processor = server.processor() - before
        print(
            f"First page of a cold server: {cold.seconds:.2f} s ({processor:.2f} of processor time); at most "
            f"{LIMIT_COLD:g} s wanted."
        )
        # streamlit-webrtc asks for the session of a real server, which AppTest has not.
        with mock.patch("streamlit_webrtc.component.get_this_session_info", return_value=None):
            time_pages(rounds)


def time_pages(rounds: int) -> None:
    """Run every page, warm, and print how long that takes and how much memory it leaves taken."""
    app = AppTest.from_file(str(DASHBOARD / "Home.py"), default_timeout=120)
    _run(app, "first start")
    memory = _megabytes()
    print(f"Re-runs: medians and slowest of {rounds}, processor time in brackets; at most {LIMIT} s wanted.")
    print(f"  {'page':<14}{'first visit':>18}{'re-run':>18}{'slowest':>12}")
    slow, failed = [], []
    for page in tqdm(pages(), unit="page", leave=False):
        app.switch_page(f"views/{page}/page.py")
        try:
            first = _run(app, page)
            again = [_run(app, page) for _ in range(rounds)]
        except RunError as error:
            failed.append(page)
            tqdm.write(f"  {page:<14}  {error}")
            continue
        times, processor = zip(*again, strict=True)
        median = statistics.median(times)
        words = f"{first[0]:.2f} s ({first[1]:.2f})", f"{median:.3f} s ({statistics.median(processor):.3f})"
        tqdm.write(f"  {page:<14}{words[0]:>18}{words[1]:>18}{max(times):>10.3f} s")
        if median > LIMIT:
            slow.append(page)
    print(f"Over the limit: {', '.join(slow)}." if slow else "All pages timed are within the limit.")
    print(
        f"Errors: {', '.join(failed) or 'none'}. Memory {memory:.0f} MB after Home, {_megabytes():.0f} MB at the end."
    )


def pages() -> list[str]:
    """Names of all pages."""
    return sorted(path.parent.name for path in DASHBOARD.glob("views/*/page.py"))


def _run(app: AppTest, page: str) -> tuple[float, float]:
    """Seconds of a run of the page's script, and its processor time."""
    started, processor = time.perf_counter(), time.process_time()
    app.run()
    seconds = time.perf_counter() - started, time.process_time() - processor
    if app.exception:
        raise RunError(f"{page} raised {app.exception[0].value}; a page that fails is not timed")
    return seconds


def _megabytes() -> float:
    return psutil.Process().memory_info().rss / 1e6
