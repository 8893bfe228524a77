"""What turns gradients into steps, by names that a training's state keeps."""

from __future__ import annotations

import torch
from torch import nn
from torch.optim import SGD, AdamW, Muon, Optimizer

from fercore.emotions import EMOTIONS
from fercore.training.config import TrainingConfig


def optimizers(module: nn.Module, training: TrainingConfig) -> dict[str, Optimizer]:
    """One or two optimizers that together step all parameters; biases and norms are not decayed.

    Muon (Jordan 2024, https://kellerjordan.github.io/posts/muon/) makes each step of a matrix orthogonal. Kernels,
    embeddings, vectors and the last layer, for which it is not made, are left to AdamW; its steps have the size of
    AdamW's (Liu et al. 2025, https://arxiv.org/abs/2502.16982, section 2.2), so that one learning rate fits both.
    """
    rate, decay = training.learning_rate, training.weight_decay
    if training.optimizer == "sgd":
        groups = _groups(list(module.parameters()), decay)
        return {"optimizer": SGD(groups, rate, training.momentum, nesterov=training.momentum > 0, fused=True)}
    orthogonal = [p for p in module.parameters() if training.optimizer == "muon" and _is_inner_matrix(p)]
    chosen = {id(parameter) for parameter in orthogonal}
    others = [parameter for parameter in module.parameters() if id(parameter) not in chosen]
    found: dict[str, Optimizer] = {"optimizer": AdamW(_groups(others, decay), rate, fused=True)}
    if orthogonal:
        found["muon"] = Muon(orthogonal, rate, decay, training.momentum, adjust_lr_fn="match_rms_adamw")
    return found


def _is_inner_matrix(parameter: torch.Tensor) -> bool:
    return parameter.ndim == 2 and len(parameter) != len(EMOTIONS)


def _groups(parameters: list[nn.Parameter], decay: float) -> list[dict]:
    matrices, vectors = ([p for p in parameters if (p.ndim > 1) == large] for large in (True, False))
    return [{"params": matrices, "weight_decay": decay}, {"params": vectors, "weight_decay": 0.0}]
