"""What becomes of memory that is freed: kept for the next step of a training, or given back to the system.

Both tell glibc, and do nothing where there is none (macOS, Windows, musl).
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable

_M_TRIM_THRESHOLD, _M_MMAP_MAX = -1, -4  # names of malloc.h


def keep_freed_memory() -> None:
    """Serve large tensors from the heap and never shrink it, rather than ask the system for them again every step.

    By default every activation above 32 MB is mapped and unmapped once a step, and the system clears each of its pages
    anew: `scripts/benchmark.py training` shows what that costs.
    """
    if mallopt := _of_glibc("mallopt"):
        mallopt(_M_MMAP_MAX, 0)
        mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)


def return_freed_memory() -> bool:
    """Give back what is free in the heaps of all threads, those that have ended too; whether there was any."""
    trim = _of_glibc("malloc_trim")
    return bool(trim and trim(0))


def _of_glibc(name: str) -> Callable[..., int] | None:
    return getattr(ctypes.CDLL(None), name, None) if sys.platform.startswith("linux") else None
