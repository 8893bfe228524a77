"""How long a model takes for one face on this machine."""

from __future__ import annotations

import contextlib
import statistics
import time
from collections.abc import Iterator

import numpy as np
import torch

from fercore.data.fer2013 import SIZE
from fercore.models.forward import probabilities
from fercore.models.registry import LoadedModel

REPEATS = 30
_FEWEST, _ENOUGH = 5, 3.0  # repetitions that are always made, and seconds after which no further one begins


def milliseconds(model: LoadedModel, seed: int = 0) -> float:
    """Median time from the pixels of one 48x48 face to its probabilities, on one thread.

    Parameters
    ----------
    model
        Preprocessing is part of the time: a ViT of 224 pixels enlarges the face first.
    seed
        Seed of the face, of which the time does not depend.

    Returns
    -------
    float
        Milliseconds; the median of 30 repetitions after two that warm up, fewer where the model takes long.
    """
    face = np.random.default_rng(seed).integers(0, 256, (1, SIZE, SIZE), dtype=np.uint8)
    times: list[float] = []
    with one_thread():
        for _ in range(2):
            probabilities(model.module, model.preprocess, face)
        while len(times) < _FEWEST or (len(times) < REPEATS and sum(times) < _ENOUGH):
            started = time.perf_counter()
            probabilities(model.module, model.preprocess, face)
            times.append(time.perf_counter() - started)
    return 1000 * statistics.median(times)


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """Let torch compute on one thread inside the `with` block."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
