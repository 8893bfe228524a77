"""Many visitors at once: sessions of Streamlit's own protocol that go through all pages for a given time.

A session is what a browser's is: a websocket, over which it asks for a page and gets the page's elements until the
script has ended. It goes through the pages in an order of its own, with a pause after each as somebody who reads makes
it, and begins again. What a browser does beside that (to draw, to fetch pictures) is not part of a time. Clients and
server share the machine.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import tempfile
import threading
import time
from collections import defaultdict
from pathlib import Path

from websockets.exceptions import WebSocketException

from benchmarks.sessions import Visit, addresses, ask, opened, visit_once
from benchmarks.webcam import Server, serve
from fercore.evaluation.speeds import machine_name

SECONDS, SESSIONS = 600, 20
WARM = 60.0  # seconds after which every page has been drawn once, so that the server no longer computes or imports
PAUSE = (2.0, 8.0)  # seconds between two pages, at random


def main(options: argparse.Namespace) -> None:
    sessions, seconds = options.sessions or SESSIONS, options.seconds or SECONDS
    print(f"{sessions} sessions for {seconds} s on {machine_name()}, load {os.getloadavg()[0]:.1f} before the start.")
    with (
        tempfile.TemporaryDirectory(prefix="load-") as folder,
        serve(Path(folder), options.runs, options.data) as server,
    ):
        first = visit_once(server, "home")
        before = server.memory()
        visits = drive(server, sessions, seconds)
        print("\n".join(table(visits)))
        print(f"First page of the cold server: {first.seconds:.1f} s. Memory {before:.0f} MB after it, ", end="")
        print(f"{server.memory():.0f} MB at the end. Load {os.getloadavg()[0]:.1f} at the end.")


def drive(server: Server, sessions: int, seconds: float) -> list[Visit]:
    """Let sessions come one after the other within a few seconds, and go on until the time is over."""
    begun, visits = time.monotonic(), []
    end = begun + seconds
    threads = [
        threading.Thread(target=browse, args=(server, random.Random(number), end, visits)) for number in range(sessions)
    ]
    for thread in threads:
        thread.start()
        time.sleep(0.2)
    for thread in threads:
        thread.join()
    return [visit._replace(since=visit.since - begun) for visit in visits]


def browse(server: Server, chance: random.Random, end: float, visits: list[Visit]) -> None:
    """One session: all pages in an order of its own, again and again; after an error it connects anew."""
    waiting: list[str] = []
    while time.monotonic() < end:
        try:
            with opened(server) as connection:
                while time.monotonic() < end:
                    waiting = waiting or chance.sample(addresses(), len(addresses()))
                    visits.append(ask(connection, waiting.pop()))
                    if visits[-1].problem == "no answer":
                        break
                    time.sleep(chance.uniform(*PAUSE))
        except (OSError, WebSocketException) as error:
            visits.append(Visit("connection", 0.0, str(error) or type(error).__name__, time.monotonic()))
            time.sleep(PAUSE[0])


def table(visits: list[Visit]) -> list[str]:
    """A line for each page: visits, errors, median and worst time, at all and once the server is warm; then all."""
    by_page = defaultdict(list)
    for visit in visits:
        by_page[visit.page].append(visit)
    lines = [f"  {'page':<14}{'visits':>8}{'errors':>8}{'median':>10}{'worst':>10}{f'after {WARM:.0f} s':>12}"]
    lines += [_line(page, by_page[page]) for page in sorted(by_page)]
    lines += [_line("all", visits)] if visits else []
    problems = sorted({f"  {visit.page}: {visit.problem}" for visit in visits if visit.problem})
    return lines + problems[:20]


def _line(name: str, visits: list[Visit]) -> str:
    times, errors = [visit.seconds for visit in visits], sum(bool(visit.problem) for visit in visits)
    later = [visit.seconds for visit in visits if visit.since >= WARM]
    worst_later = f"{max(later):>10.2f} s" if later else f"{'':>12}"
    return f"  {name:<14}{len(visits):>8}{errors:>8}{statistics.median(times):>8.2f} s{max(times):>8.2f} s{worst_later}"
