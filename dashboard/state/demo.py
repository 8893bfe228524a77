"""A demonstration for strangers: `streamlit run dashboard/Home.py -- --demo`.

Nothing on the server can be changed or started, uploads are small, and looks at pictures and videos are rationed: so
many a minute for each visitor, and so many for all of them together. Live video and heat maps are not.
"""

from __future__ import annotations

import sys
import threading
import time
from collections import deque
from collections.abc import Callable

import streamlit as st
from streamlit import config

FLAG = "--demo"
MOST_MB = 10  # of an upload
UPLOADS = "server.maxUploadSize"  # MB
EACH, ALL, MINUTE = 30, 240, 60.0  # looks of a visitor and of all visitors, in so many seconds
CLIP = 15  # looks that a video counts as


def is_demo() -> bool:
    """Whether this server is a demonstration."""
    return FLAG in sys.argv[1:]


def upload_limit(megabytes: int) -> int:
    """Largest upload in MB of a widget that usually takes so many."""
    return min(megabytes, MOST_MB) if is_demo() else megabytes


def limit_uploads() -> None:
    """Have the server of a demonstration refuse what is larger: limits of widgets are kept by browsers alone."""
    if is_demo() and st.get_option(UPLOADS) > MOST_MB:
        config.set_option(UPLOADS, MOST_MB)


class Ration:
    """So many in so many seconds, in any thread."""

    def __init__(self, most: int, seconds: float = MINUTE, clock: Callable[[], float] = time.monotonic) -> None:
        self._most, self._seconds, self._clock = most, seconds, clock
        self._taken: deque[float] = deque()
        self._lock = threading.Lock()

    def wait(self, number: int = 1) -> float:
        """Seconds until so many are free, at most all; 0 where they are, and then they are taken."""
        number = min(number, self._most)
        with self._lock:
            now = self._clock()
            while self._taken and now - self._taken[0] >= self._seconds:
                self._taken.popleft()
            if (over := len(self._taken) + number - self._most) > 0:
                return self._seconds - (now - self._taken[over - 1])
            self._taken.extend([now] * number)
            return 0.0


def spend(looks: int = 1) -> None:
    """Take looks out of the ration of a demonstration, or say how long to wait and stop the page."""
    if not is_demo():
        return
    if wait := _own().wait(looks) or _shared().wait(looks):
        st.warning(
            f"This is a demonstration: {EACH} pictures a minute for each visitor, {ALL} for all, a video counts as "
            f"{CLIP}. "
            f"Try again in {max(1, round(wait))} seconds.",
            icon=":material/hourglass_empty:",
        )
        st.stop()


@st.cache_resource(scope="session", show_spinner=False)
def _own() -> Ration:
    return Ration(EACH)


@st.cache_resource(show_spinner=False)
def _shared() -> Ration:
    return Ration(ALL)
