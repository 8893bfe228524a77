"""Fit a model: epochs, validation, early stopping.

Every epoch draws its order, augmentation and dropout from (seed, epoch) alone, and its learning rate from (step,
history). What a resumed training needs is therefore just the weights, the optimiser's tensors and the history.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Iterator

import torch
from torch.nn import functional as F

from fercore.data.transforms import augment, mix
from fercore.models.forward import model_input, probabilities
from fercore.training.distillation import soft_target_loss
from fercore.training.evaluate import val_scores
from fercore.training.progress import Progress
from fercore.training.schedule import learning_rate
from fercore.training.setup import Fit, TrainingFailed


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
