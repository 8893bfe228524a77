"""Tests mirror the code. They run on all cores, a file in one process; see `conftest`."""

import os

if "PYTEST_XDIST_WORKER" in os.environ:
    # Before torch and numpy read it: each core has a process, which needs no more threads.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
