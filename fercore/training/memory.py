"""Keep memory that tensors free, rather than give it back to the system and ask for it again every step."""

from __future__ import annotations

import ctypes
import sys

_M_TRIM_THRESHOLD, _M_MMAP_MAX = -1, -4  # names of malloc.h


def keep_freed_memory() -> None:
    """Tell glibc to serve large tensors from its own heap and never to shrink it; elsewhere this does nothing.

    By default every activation above 32 MB is mapped and unmapped once a step, and the system clears each of its pages
    anew: `scripts/benchmark.py training` shows what that costs.
    """
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # musl has none
    if mallopt is not None:
        mallopt(_M_MMAP_MAX, 0)
        mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)
