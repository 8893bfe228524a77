"""Who steps what, and the first step of each optimizer by hand."""

import pytest
import torch
from torch import nn

from fercore.training.config import TrainingConfig
from fercore.training.optimizers import optimizers

MATRIX = torch.diag(torch.tensor([3.0, 0.5]))


def model():
    """A kernel and a bias, a matrix, a norm, and the last layer's matrix and bias."""
    parts = nn.Conv2d(1, 2, 1), nn.Linear(2, 2, bias=False), nn.LayerNorm(2), nn.Linear(2, 7)
    return nn.Sequential(*parts)


def shapes(group):
    return [tuple(parameter.shape) for parameter in group["params"]]


def test_muon_steps_the_inner_matrices_and_adamw_all_else():
    found = optimizers(model(), TrainingConfig(optimizer="muon", weight_decay=0.1))
    assert list(found) == ["optimizer", "muon"]
    assert [shapes(group) for group in found["muon"].param_groups] == [[(2, 2)]]
    assert [shapes(group) for group in found["optimizer"].param_groups] == [
        [(2, 1, 1, 1), (7, 2)],
        [(2,), (2,), (2,), (7,)],
    ]
    assert [group["weight_decay"] for group in found["optimizer"].param_groups] == [0.1, 0.0]


@pytest.mark.parametrize("kind", ["sgd", "adamw"])
def test_one_optimizer_steps_all(kind):
    found = optimizers(model(), TrainingConfig(optimizer=kind))
    assert list(found) == ["optimizer"]
    assert [shapes(group) for group in found["optimizer"].param_groups] == [
        [(2, 1, 1, 1), (2, 2), (7, 2)],
        [(2,), (2,), (2,), (7,)],
    ]


def test_a_module_without_inner_matrices_needs_no_muon():
    assert list(optimizers(nn.Conv2d(1, 2, 1), TrainingConfig(optimizer="muon"))) == ["optimizer"]


@pytest.mark.parametrize(
    ("kind", "expected", "tolerance"),
    [
        # Nesterov's first step is 1.9 times the gradient.
        ("sgd", 1 - 0.1 * 1.9 * MATRIX, 1e-6),
        # Adam's first step goes by the sign of the gradient alone.
        ("adamw", 1 - 0.1 * MATRIX.sign(), 1e-6),
        # An orthogonal step has the identity's singular values, which 0.2 x root of 2 brings to the size of AdamW's;
        # five iterations of Newton and Schulz find them within 0.7 to 1.2.
        ("muon", 1 - 0.1 * 0.2 * 2**0.5 * torch.eye(2), 0.1 * 0.2 * 2**0.5 * 0.35),
    ],
)
def test_the_first_step(kind, expected, tolerance):
    layer = nn.Linear(2, 2, bias=False)
    nn.init.ones_(layer.weight)
    training = TrainingConfig(optimizer=kind, learning_rate=0.1, momentum=0.9, weight_decay=0.0)
    for optimizer in optimizers(layer, training).values():
        layer.weight.grad = MATRIX.clone()
        optimizer.step()
    torch.testing.assert_close(layer.weight.detach(), expected, atol=tolerance, rtol=0)
