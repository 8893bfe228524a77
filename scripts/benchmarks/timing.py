"""How long something takes."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def timed(work: Callable[[], T], rounds: int) -> tuple[T, float]:
    """What `work` gives, and the median of its seconds."""
    seconds = []
    for _ in range(rounds):
        started = time.perf_counter()
        result = work()
        seconds.append(time.perf_counter() - started)
    return result, statistics.median(seconds)
