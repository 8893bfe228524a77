"""Captured outputs are those of the pass, and no hook outlives its block."""

import pytest
import torch
from torch import nn

from fercore.explain.hooks import captured


@pytest.fixture
def model():
    """Doubles, then rectifies in place: what `double` gave is gone after the pass."""
    double = nn.Linear(2, 2, bias=False)
    double.weight = nn.Parameter(2 * torch.eye(2))
    return nn.Sequential(double, nn.ReLU(inplace=True))


def hooks(model):
    return sum(len(module._forward_hooks) + len(module._forward_pre_hooks) for module in model.modules())


def test_outputs_are_kept_as_they_were_before_anything_changed_them(model):
    with torch.no_grad(), captured(model, ["0", "1", ""]) as found:
        model(torch.tensor([[1.0, -3.0]]))
    assert {name: output.tolist() for name, output in found.items()} == {
        "0": [[2.0, -6.0]],
        "1": [[2.0, 0.0]],
        "": [[2.0, 0.0]],
    }
    assert hooks(model) == 0


def test_inputs_are_kept_instead_where_they_are_asked_for(model):
    with torch.no_grad(), captured(model, ["0", "1"], inputs=True) as found:
        model(torch.tensor([[1.0, -3.0]]))
    assert {name: taken.tolist() for name, taken in found.items()} == {"0": [[1.0, -3.0]], "1": [[2.0, -6.0]]}
    assert hooks(model) == 0


def test_gradients_reach_what_is_captured():
    model = nn.Sequential(nn.Linear(1, 1), nn.ReLU(), nn.Linear(1, 1))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(3)
    with captured(model, ["1"], keep=lambda output: output) as found:
        answer = model(torch.tensor([[2.0]]))
    assert torch.autograd.grad(answer.sum(), found["1"])[0].item() == 3


@pytest.mark.parametrize(("number", "kept"), [(0, 2.0), (1, 3.0)])
def test_one_of_several_outputs_is_kept(number, kept):
    class Pair(nn.Module):
        def forward(self, x):
            return x + 1, x + 2

    pair = Pair()
    with captured(pair, [""], torch.Tensor.item, number) as found:
        assert found == {}
        pair(torch.tensor(1.0))
    assert found == {"": kept}


def test_an_exception_inside_leaves_no_hook(model):
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"), captured(model, ["0", "1"]):
        model(torch.ones(1, 3))
    assert hooks(model) == 0


def test_an_unknown_name_leaves_no_hook(model):
    with pytest.raises(ValueError, match=r"received the module name 'head', expected one of 0, 1"):
        captured(model, ["0", "head"]).__enter__()
    assert hooks(model) == 0
