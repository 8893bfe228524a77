"""Several models as one: the mean of their probabilities."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from fercore.data.transforms import Preprocess
from fercore.models.forward import model_input
from fercore.models.hub import HubPreprocess


class Ensemble(nn.Module):
    """Models that each look at a face through their own preprocessing.

    Parameters
    ----------
    members
        Modules that take normalised images and give logits (N, C), each with its preprocessing; at least one.
    """

    def __init__(self, members: Sequence[tuple[nn.Module, Preprocess | HubPreprocess]]) -> None:
        super().__init__()
        self.members = nn.ModuleList(module for module, _ in members)
        self.preprocesses = [preprocess for _, preprocess in members]

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """Faces (N, 1 or 3, H, W), 0..1 as `PIXELS` leaves them -> logarithms (N, C) of the mean of all probabilities.

        They are logits like any model's: softmax of them is that mean.
        """
        faces = pixels.squeeze(1) if pixels.shape[1] == 1 else pixels
        answers = [
            module(model_input(preprocess, faces)).float().log_softmax(dim=1)
            for module, preprocess in zip(self.members, self.preprocesses, strict=True)
        ]
        return torch.stack(answers).logsumexp(dim=0) - torch.tensor(float(len(answers))).log()
