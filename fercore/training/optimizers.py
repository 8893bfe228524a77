"""What turns gradients into steps, and the average of the weights that steps lead through."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn
from torch.optim import SGD, AdamW, Muon, Optimizer

from fercore.emotions import EMOTIONS
from fercore.training.config import TrainingConfig


def optimizers(module: nn.Module, training: TrainingConfig, classes: int = len(EMOTIONS)) -> dict[str, Optimizer]:
    """One or two optimizers that together step all parameters, by names; biases and norms are not decayed.

    Muon (Jordan 2024, https://kellerjordan.github.io/posts/muon/) makes each step of a matrix orthogonal. Kernels,
    embeddings, vectors and the last layer, for which it is not made, are left to AdamW; its steps have the size of
    AdamW's (Liu et al. 2025, https://arxiv.org/abs/2502.16982, section 2.2), so that one learning rate fits both.
    The last layer is the matrix with a row for each of `classes`.
    """
    rate, decay = training.learning_rate, training.weight_decay
    if training.optimizer == "sgd":
        groups = _groups(list(module.parameters()), decay)
        return {"optimizer": SGD(groups, rate, training.momentum, nesterov=training.momentum > 0, fused=True)}
    orthogonal = [p for p in module.parameters() if training.optimizer == "muon" and _is_inner_matrix(p, classes)]
    chosen = {id(parameter) for parameter in orthogonal}
    others = [parameter for parameter in module.parameters() if id(parameter) not in chosen]
    found: dict[str, Optimizer] = {"optimizer": AdamW(_groups(others, decay), rate, fused=True)}
    if orthogonal:
        found["muon"] = Muon(orthogonal, rate, decay, training.momentum, adjust_lr_fn="match_rms_adamw")
    return found


def averaging(decay: float) -> Callable[[list[torch.Tensor], list[torch.Tensor], torch.Tensor | int], None]:
    """Exponential moving average of weights for `AveragedModel`, by a decay of 0 to 1 a step.

    It has a warm-up, so that the random first weights are soon forgotten.
    """

    @torch.no_grad()
    def average(averaged: list[torch.Tensor], current: list[torch.Tensor], updates: torch.Tensor | int) -> None:
        weight = 1 - min(decay, (1 + int(updates)) / (10 + int(updates)))
        if averaged[0].is_floating_point():
            torch._foreach_lerp_(averaged, current, weight)
        else:
            torch._foreach_copy_(averaged, current)

    return average


def _is_inner_matrix(parameter: torch.Tensor, classes: int) -> bool:
    return parameter.ndim == 2 and len(parameter) != classes


def _groups(parameters: list[nn.Parameter], decay: float) -> list[dict]:
    matrices, vectors = ([p for p in parameters if (p.ndim > 1) == large] for large in (True, False))
    return [{"params": matrices, "weight_decay": decay}, {"params": vectors, "weight_decay": 0.0}]
