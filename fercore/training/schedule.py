"""The course of the learning rate as pure functions of step and history, so that resuming has no state to restore."""

from __future__ import annotations

import math
from collections.abc import Sequence

from fercore.training.config import TrainingConfig


def learning_rate(config: TrainingConfig, step: int, total: int, val_accuracies: Sequence[float] = ()) -> float:
    """Learning rate of one step.

    Parameters
    ----------
    config
        Its schedule, highest_rate, warmup and plateau fields are read.
    step, total
        Steps done so far, 0 to total - 1, and steps of the whole training.
    val_accuracies
        One value per finished epoch; only the plateau schedule looks at them.

    Returns
    -------
    float
        onecycle (Smith & Topin 2018, as torch's OneCycleLR, without its cycling momentum): cosine from 1/25 of the
        highest rate up to it during the warm-up, then cosine down to 1/250,000. cosine (Loshchilov & Hutter 2017):
        linear warm-up from 0, then half a cosine to 0. plateau: `plateau_factor` per stall. constant.
    """
    highest = config.highest_rate
    if config.schedule == "plateau":
        stalls = count_stalls(val_accuracies, config.plateau_patience)
        return highest * config.plateau_factor**stalls
    if config.schedule == "constant":
        return highest
    warmup = round(config.warmup * total)
    if step < warmup:
        done = step / warmup
        return highest * done if config.schedule == "cosine" else _cosine(highest / 25, highest, done)
    lowest = 0.0 if config.schedule == "cosine" else highest / 250_000
    return _cosine(highest, lowest, (step - warmup) / max(1, total - 1 - warmup))


def count_stalls(values: Sequence[float], patience: int) -> int:
    """How often a value failed to beat its best for more than `patience` epochs, counted anew after each time.

    The rule of torch's ReduceLROnPlateau with mode="max", threshold=0 and cooldown=0.
    """
    best, waited, stalls = -math.inf, 0, 0
    for value in values:
        best, waited = (value, 0) if value > best else (best, waited + 1)
        if waited > patience:
            stalls, waited = stalls + 1, 0
    return stalls


def _cosine(start: float, end: float, done: float) -> float:
    return end + (start - end) * (1 + math.cos(math.pi * done)) / 2
