"""Fit a model: setup, epochs, validation, checkpoints.

Every epoch draws its order, augmentation and dropout from (seed, epoch) alone, and its learning rate from (step,
history). What a resumed training needs is therefore just the weights, the optimiser's tensors and the history.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.state import AcceleratorState
from torch import nn
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel

from fercore.data.dataset import Dataset
from fercore.data.transforms import Preprocess, augment, mix
from fercore.memory import keep_freed_memory
from fercore.models.forward import model_input, pixels_of, probabilities
from fercore.models.registry import build, preprocess_of, pretrain
from fercore.runs import RunError
from fercore.training.config import Config, TrainingConfig
from fercore.training.distillation import Teacher, soft_target_loss
from fercore.training.evaluate import val_scores
from fercore.training.first_weights import FirstWeights, start_from
from fercore.training.guidance import Guidance, guide
from fercore.training.optimizers import averaging, optimizers
from fercore.training.progress import Progress
from fercore.training.schedule import learning_rate
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
    module = build(config.model_type, config.model, dataset.classes)
    pretraining = pretrain(module, config.model) if fresh else None
    if training.init_from and fresh:
        if first is None:
            raise TrainingFailed(f"--init-from: received {training.init_from!r}, but no weights were opened")
        start_from(module, dataset.classes, first)
        pretraining = f"run {training.init_from}"
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


def train_epoch(fit: Fit, epoch: int, progress: Progress | None = None) -> dict[str, float]:
    """One pass over the training images.

    Parameters
    ----------
    fit
        The training; its weights change.
    epoch
        Counted from 0; with the seed, the source of all randomness.
    progress
        Told after every step.

    Returns
    -------
    dict
        train_loss (plain cross-entropy in nats, whatever the loss that is minimised, so that runs compare),
        train_accuracy and learning_rate (of the last step), means over the images seen. Of mixed images the larger
        part is the right answer.
    """
    training, accelerator = fit.config.training, fit.accelerator
    seed = training.seed * 1_000_003 + epoch
    torch.manual_seed(seed + 500_000 * accelerator.process_index)  # dropout differs between processes
    val_accuracies = [row["val_accuracy"] for row in fit.history]
    fit.wrapped.train()
    totals = torch.zeros(3, device=accelerator.device)  # loss, right answers, images
    rate = 0.0
    for step, (pixels, targets) in enumerate(batches(fit, seed)):
        rate = learning_rate(training, epoch * fit.steps + step, training.epochs * fit.steps, val_accuracies)
        for optimizer in fit.optimizers.values():
            for group in optimizer.param_groups:
                group["lr"] = rate
        inputs = model_input(fit.preprocess, pixels)
        with accelerator.autocast(), fit.guidance.watching() if fit.guidance else contextlib.nullcontext():
            logits = _answers(fit, inputs)
            taught = fit.teacher(pixels) if fit.teacher else None
        learn(fit, _loss(fit, logits, targets, taught))
        with torch.no_grad():
            plain = F.cross_entropy(logits, targets, reduction="sum")
            labels = targets if targets.ndim == 1 else targets.argmax(1)
            right = (logits.argmax(1) == labels).sum().float()
            totals += torch.stack([plain, right, torch.full_like(plain, len(labels))])
        if progress:
            progress.step(epoch, totals, fit.batch_size)
    loss, right, seen = accelerator.reduce(totals, "sum").tolist()
    if not math.isfinite(loss):
        raise TrainingFailed(
            f"the loss is no longer finite in epoch {epoch + 1}; lower --learning-rate (now {training.learning_rate}) "
            "or set --gradient-clip 1"
        )
    return {"train_loss": loss / seen, "train_accuracy": right / seen, "learning_rate": rate}


def _answers(fit: Fit, inputs: torch.Tensor) -> torch.Tensor:
    """Logits (N, C) in float32."""
    if not fit.config.training.compile:
        return fit.wrapped(inputs).float()
    from torch._dynamo.exc import TorchDynamoException  # seconds to import

    try:
        return fit.wrapped(inputs).float()
    except TorchDynamoException as error:
        reason = str(error).strip().splitlines()[0][:300]
        raise TrainingFailed(
            f"--compile: the network cannot be compiled here ({reason}). On a CPU that takes a C++ compiler, on a GPU "
            "triton; or leave --compile out: the results are the same within rounding"
        ) from error


def learn(fit: Fit, loss: torch.Tensor) -> None:
    """One step of all weights, and of their average, down the gradient of a loss."""
    for optimizer in fit.optimizers.values():
        optimizer.zero_grad()
    fit.accelerator.backward(loss)
    if clip := fit.config.training.gradient_clip:
        fit.accelerator.clip_grad_norm_(fit.wrapped.parameters(), clip)
    for optimizer in fit.optimizers.values():
        optimizer.step()
    if fit.average:
        fit.average.update_parameters(fit.module)


def batches(fit: Fit, seed: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
    """This process's share of every batch of an epoch: float 0..1 images (n, H, W), classes (n,) or shares (n, C)."""
    rank, world = fit.accelerator.process_index, fit.accelerator.num_processes
    order = torch.randperm(len(fit.targets), generator=torch.Generator().manual_seed(seed)).to(fit.targets.device)
    generator = torch.Generator(fit.images.device).manual_seed(seed + 500_000 * rank + 1)
    for start in range(0, fit.steps * fit.batch_size, fit.batch_size):
        chosen = order[start : start + fit.batch_size][rank::world]
        pixels = augment(fit.images[chosen], fit.config.augment, generator)
        yield mix(pixels, fit.targets[chosen], fit.config.augment, fit.config.model.num_classes)


def _loss(fit: Fit, logits: torch.Tensor, targets: torch.Tensor, taught: torch.Tensor | None) -> torch.Tensor:
    training = fit.config.training
    loss = F.cross_entropy(logits, targets, weight=fit.class_weights, label_smoothing=training.label_smoothing)
    if taught is not None:
        loss = torch.lerp(loss, soft_target_loss(logits, taught, training.temperature), training.distillation)
    if fit.guidance:
        with fit.accelerator.autocast():
            loss = loss + training.guidance * fit.guidance.loss()
    return loss


def validate(fit: Fit) -> dict[str, float]:
    """val_loss, val_accuracy and val_macro_f1 of the weights that would be kept, the same in every process."""
    module = fit.evaluated.eval()
    device = fit.accelerator.device
    # Every process scores all of val: a few seconds, and no process can decide otherwise about early stopping.
    answers = probabilities(
        module, fit.preprocess, fit.val_images, device=device, bf16=fit.accelerator.mixed_precision == "bf16"
    )
    return val_scores(fit.val_labels, answers)


def run_epoch(fit: Fit, progress: Progress | None = None) -> dict[str, float]:
    """Train and validate the next epoch and add it to the history; returns its row."""
    started, epoch = time.perf_counter(), len(fit.history)
    row = {"epoch": epoch + 1, **train_epoch(fit, epoch, progress), **validate(fit)}
    row["seconds"] = round(time.perf_counter() - started, 3)
    fit.history.append(row)
    if fit.best is None or row["val_accuracy"] > fit.best["value"]:
        fit.best = {"epoch": epoch + 1, "metric": "val_accuracy", "value": row["val_accuracy"]}
    return row


def is_done(fit: Fit) -> bool:
    """Whether all epochs are trained, or early stopping has waited long enough."""
    training = fit.config.training
    return len(fit.history) >= training.epochs or 0 < training.early_stopping <= fit.waited
