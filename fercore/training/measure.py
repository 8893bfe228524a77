"""What a training will cost on this machine, measured on a few of its own steps before it starts."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
import torch

from fercore.data.dataset import Dataset
from fercore.models.forward import probabilities
from fercore.models.registry import count_parameters
from fercore.training.config import Config, fitted
from fercore.training.distillation import open_teacher
from fercore.training.loop import train_epoch
from fercore.training.setup import Fit, setup

WARM_UP, STEPS = 1, 3  # the first step also chooses kernels and fills the heap
VAL_BATCH = 256


@dataclass(frozen=True)
class Cost:
    """Cost of a training.

    Attributes
    ----------
    parameters
        Learned values of the model that answers.
    step_seconds, epoch_seconds, total_seconds
        Of one step, of one epoch with its validation, and of all epochs.
    images_per_second
        Training images, without validation.
    peak_bytes, free_bytes
        Memory that the training takes beyond what the process had, and memory that is free.
    """

    parameters: int
    step_seconds: float
    epoch_seconds: float
    total_seconds: float
    images_per_second: float
    peak_bytes: int
    free_bytes: int

    def words(self) -> str:
        """One paragraph for a terminal or a page."""
        fits = "fits" if self.peak_bytes < self.free_bytes else "does not fit"
        return (
            f"{self.parameters / 1e6:.2f} million parameters. Measured here on {STEPS} steps: "
            f"{self.images_per_second:.0f} images/s, about {self.epoch_seconds:.0f} s an epoch, "
            f"{self.total_seconds / 60:.0f} min in all. Memory: {self.peak_bytes / 2**30:.1f} GB, which {fits} into "
            f"the {self.free_bytes / 2**30:.1f} GB that are free."
        )


def measure(config: Config, dataset: Dataset, root: Path) -> Cost:
    """Train a few steps and throw them away.

    Parameters
    ----------
    config
        What would be trained; it is fitted to the data set. Its first weights are left out: they cost nothing.
    dataset
        What it would be trained on.
    root
        The folder of all runs, where its teacher is.

    Raises
    ------
    RunError, ConfigError
        As the training itself would.
    """
    process, free = psutil.Process(), psutil.virtual_memory().available
    before = process.memory_info().rss
    config = fitted(config, dataset)
    taught = config.training.distillation > 0
    teacher = open_teacher(config.training.teacher, dataset, root) if taught else None
    fit = setup(config, dataset, fresh=False, teacher=teacher)
    steps, images = fit.steps, fit.batch_size
    few = _shortened(fit, WARM_UP)
    train_epoch(few, 0)
    few = _shortened(fit, STEPS)
    began = time.perf_counter()
    train_epoch(few, 0)
    step = (time.perf_counter() - began) / min(STEPS, steps)
    peak = process.memory_info().rss - before
    epoch = step * steps + _validation_seconds(fit)
    return Cost(
        parameters=count_parameters(fit.module),
        step_seconds=step,
        epoch_seconds=epoch,
        total_seconds=epoch * config.training.epochs,
        images_per_second=images / step,
        peak_bytes=max(peak, 0),
        free_bytes=free,
    )


def _shortened(fit: Fit, steps: int) -> Fit:
    """The same training with an epoch of few steps."""
    images = min(steps * fit.batch_size, len(fit.targets))
    few = {name: getattr(fit, name)[:images] for name in ("images", "targets")}
    return replace(fit, **few, history=[], best=None)


def _validation_seconds(fit: Fit) -> float:
    """Time that the whole val split takes, from one batch of it."""
    images = fit.val_images[: min(VAL_BATCH, len(fit.val_images))]
    bf16 = fit.accelerator.mixed_precision == "bf16"
    began = time.perf_counter()
    with torch.no_grad():
        probabilities(fit.module.eval(), fit.preprocess, images, device=fit.accelerator.device, bf16=bf16)
    return (time.perf_counter() - began) * len(fit.val_images) / max(len(images), 1)
