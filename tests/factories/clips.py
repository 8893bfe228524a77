"""A small video for scripts and pages."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from tests.factories.videos import write_timed

TIMES = (0, 0.3, 0.6, 1.0, 1.3, 1.6)


def write_clip(path: Path) -> Path:
    """A dark and a bright scene of three frames each, whose times are no constant step apart, with sound up to 2 s."""
    dark, bright = (np.full((96, 128, 3), value, np.uint8) for value in (20, 230))
    dark[:48] += 20
    bright[:48] -= 20
    return write_timed(path, [dark] * 3 + [bright] * 3, TIMES, sound=(0, 2))
