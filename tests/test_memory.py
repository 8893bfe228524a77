"""Freed memory goes back to the system where glibc can be told."""

import ctypes
import sys

import pytest

from fercore import memory


def resident() -> int:
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096


@pytest.mark.skipif(
    not (sys.platform.startswith("linux") and hasattr(ctypes.CDLL(None), "malloc_trim")), reason="glibc only"
)
def test_what_is_free_below_a_used_piece_is_given_back():
    libc = ctypes.CDLL(None)
    libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
    pieces = [libc.malloc(64_000) for _ in range(1000)]  # below the size that is mapped on its own
    for piece in pieces:
        ctypes.memset(ctypes.c_void_p(piece), 1, 64_000)
    used = resident()
    for piece in pieces[:-1]:  # the last keeps the heap from shrinking by itself
        libc.free(piece)
    assert memory.return_freed_memory()
    assert used - resident() > 50e6
    libc.free(pieces[-1])


def test_elsewhere_nothing_happens(monkeypatch):
    monkeypatch.setattr(memory.sys, "platform", "win32")
    assert memory.return_freed_memory() is False
    memory.keep_freed_memory()
