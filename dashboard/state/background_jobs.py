"""The jobs of this server, and whether its visitors may start any."""

from __future__ import annotations

import os
import statistics
import sys
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

import streamlit as st

from fercore.jobs import Jobs, Roots
from state.demo import is_demo
from state.folders import REPOSITORY, data_root, runs_root

LOCAL = ("localhost", "127.0.0.1", "::1")
_PASSED_ON = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Via")  # what proxies add
FLAG = "--jobs"
_OTHERS_REACH_IT = (
    "Buttons that start jobs or change what is on this machine are off, because others can reach this server; whoever "
    "starts it can allow them: `streamlit run dashboard/Home.py -- --jobs`."
)


_DEMONSTRATION = "This is a demonstration: nothing can be started or changed here."


def why_no_jobs() -> str:
    """Why buttons that start jobs are not shown, as markdown."""
    return _DEMONSTRATION if is_demo() else _OTHERS_REACH_IT


def jobs() -> Jobs:
    """All jobs, in jobs/ of this repository or the folder that FERCORE_JOBS names."""
    folder = Path(os.environ.get("FERCORE_JOBS") or REPOSITORY / "jobs")
    return Jobs(folder, REPOSITORY / "scripts", Roots(runs_root(), data_root(), (Path.home(), REPOSITORY)))


def may_start_jobs() -> bool:
    """Whether buttons that start jobs or change runs are shown: where only this machine reaches the server, or `--jobs`
    allows it; never in a demonstration."""
    if is_demo():
        return False
    return FLAG in sys.argv[1:] or (st.get_option("server.address") in LOCAL and asked_here(st.context.headers))


def asked_here(headers: Mapping[str, str]) -> bool:
    """Whether a browser asked this machine by its own name and no proxy on it passed the browser of somebody else on.

    `headers` are those of the request; without any, as in tests of a page, nobody did.
    """
    try:
        host = urlsplit(f"//{headers.get('Host', LOCAL[0])}").hostname
    except ValueError:
        return False
    return host in LOCAL and not any(name in headers for name in _PASSED_ON)


def usual_seconds(script: str) -> float | None:
    """Median duration of the jobs of a script that ended well on this machine; None before the first."""
    # A job that writes nothing only measures what another would cost.
    same = [job for job in jobs().list() if Path(job.info["script"]).stem == script and job.info["writes"]]
    ended = [job for job in same if job.state == "finished"]
    times = [seconds for job in ended if (seconds := job.seconds) is not None]
    return statistics.median(times) if times else None
