"""All that a training needs, built from its settings and its data set."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from torch import nn
from torch.optim.swa_utils import AveragedModel

from fercore.data.dataset import Dataset
from fercore.data.transforms import Preprocess
from fercore.memory import keep_freed_memory
from fercore.models.forward import pixels_of
from fercore.models.registry import build, preprocess_of, pretrain
from fercore.runs import RunError
from fercore.training.config import Config, TrainingConfig
from fercore.training.distillation import Teacher
from fercore.training.first_weights import FirstWeights, start_from
from fercore.training.guidance import Guidance, guide
from fercore.training.optimizers import averaging, optimizers
from fercore.training.shares import train_rows
from fercore.training.targets import class_weights, training_targets

COMPILER = "inductor"  # of --compile


class TrainingFailed(RunError):
    """Training cannot go on, with the reason and what to change."""


@dataclass
class Fit:
    """A training in progress; `history` and `best` say how far it is."""

    config: Config
    accelerator: Accelerator
    preprocess: Preprocess
    module: nn.Module
    wrapped: nn.Module
    optimizers: dict[str, torch.optim.Optimizer]
    average: AveragedModel | None
    images: torch.Tensor  # uint8 (N, H, W) or (N, 3, H, W), on the training device
    targets: torch.Tensor  # int64 classes (N,), or float32 distributions (N, C)
    class_weights: torch.Tensor | None
    val_images: np.ndarray | torch.Tensor  # uint8, on a device as `images`
    val_labels: np.ndarray
    pretraining: str | None
    teacher: Teacher | None = None
    first: FirstWeights | None = None
    guidance: Guidance | None = None
    history: list[dict[str, float]] = field(default_factory=list)
    best: dict | None = None

    @property
    def evaluated(self) -> nn.Module:
        """The module whose weights are judged and kept: the average where there is one."""
        return self.average.module if self.average else self.module

    @property
    def batch_size(self) -> int:
        return min(self.config.training.images_a_step, len(self.targets))

    @property
    def steps(self) -> int:
        """Steps of an epoch; the rest of the shuffled images that fills no batch waits for another epoch."""
        return len(self.targets) // self.batch_size

    @property
    def waited(self) -> int:
        """Epochs since the best one."""
        return len(self.history) - self.best["epoch"] if self.best else 0


def setup(
    config: Config,
    dataset: Dataset,
    fresh: bool = True,
    teacher: Teacher | None = None,
    first: FirstWeights | None = None,
) -> Fit:
    """Build everything a training needs; the same config gives the same first weights.

    A training that goes on from a saved state is not `fresh` and needs no first weights. One with distillation needs
    the `teacher` that `fercore.training.distillation.open_teacher` gives, and one with --init-from the `first` weights
    of `fercore.training.first_weights.open_first_weights`.
    """
    training = config.training
    keep_freed_memory()
    if training.threads:
        torch.set_num_threads(training.threads)
    accelerator = _accelerator(training)
    torch.manual_seed(training.seed)
    module, pretraining = _network(config, dataset, fresh, first)
    module = module.to(accelerator.device, memory_format=torch.channels_last)
    if training.distillation and teacher is None:
        raise TrainingFailed(f"--distillation: received {training.distillation}, but no teacher was opened")
    if teacher:
        teacher.model.module.to(accelerator.device, memory_format=torch.channels_last)
    guidance = guide(module, config.model, teacher.model.module) if training.guidance else None
    learning = nn.ModuleList([module, guidance.project]) if guidance else module
    names, steppers = zip(*optimizers(learning, training, len(dataset.classes)).items(), strict=True)
    wrapped, *steppers = accelerator.prepare(module, *steppers)
    wrapped = torch.compile(wrapped, backend=COMPILER) if training.compile else wrapped
    if guidance:
        guidance.project = accelerator.prepare(guidance.project)
    rows, targets = training_targets(dataset, train_rows(dataset, training), training.targets)
    val_rows, labels = dataset.indices("val"), torch.from_numpy(dataset.labels[rows])
    return Fit(
        config=config,
        accelerator=accelerator,
        preprocess=preprocess_of(config.model),
        module=module,
        wrapped=wrapped,
        optimizers=dict(zip(names, steppers, strict=True)),
        average=AveragedModel(module, multi_avg_fn=averaging(training.ema_decay), use_buffers=True)
        if training.ema
        else None,
        images=pixels_of(dataset.images[rows]).to(accelerator.device),
        targets=targets.to(accelerator.device),
        class_weights=class_weights(labels, training.class_weights, len(dataset.classes), accelerator.device),
        val_images=_val_images(dataset, val_rows, accelerator.device),
        val_labels=dataset.labels[val_rows],
        pretraining=pretraining,
        teacher=teacher,
        first=first,
        guidance=guidance,
    )


def _network(config: Config, dataset: Dataset, fresh: bool, first: FirstWeights | None) -> tuple[nn.Module, str | None]:
    """The network, with its first weights where it is `fresh`, and where these come from; None from nowhere."""
    module = build(config.model_type, config.model, dataset.classes)
    if not fresh:
        return module, None
    name = config.training.init_from
    pretraining = pretrain(module, config.model)
    if not name:
        return module, pretraining
    if first is None:
        raise TrainingFailed(f"--init-from: received {name!r}, but no weights were opened")
    start_from(module, dataset.classes, first)
    return module, f"run {name}"


def _val_images(dataset: Dataset, rows: np.ndarray, device: torch.device) -> np.ndarray | torch.Tensor:
    """Where memory maps serve as well they stay one; a GPU has them at hand in every epoch."""
    images = dataset.images[rows]
    return images if device.type == "cpu" else pixels_of(images).to(device)


def _accelerator(training: TrainingConfig) -> Accelerator:
    # Accelerate lets a process decide about precision once; the points of a sweep may differ in it.
    AcceleratorState._reset_state()
    # Without cpu=True, accelerate takes several processes on a machine without a GPU for one.
    cpu = not torch.accelerator.is_available()
    accelerator = Accelerator(mixed_precision="bf16" if uses_bf16(training) else "no", cpu=cpu)
    if training.images_a_step % accelerator.num_processes:
        raise TrainingFailed(
            f"--batch-size: received {training.batch_size}, expected a multiple of the "
            f"{accelerator.num_processes} processes that share it"
        )
    return accelerator


def uses_bf16(training: TrainingConfig) -> bool:
    """Whether a training runs in bfloat16: when asked for, or on hardware that gains from it."""
    if training.precision != "auto":
        return training.precision == "bf16"
    if torch.cuda.is_available():
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported()
