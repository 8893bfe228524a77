import pytest
import torch

from fercore.runs import RunError
from fercore.training.checkpoint import load_state, restore_optimizer, save_state


def trained_optimizer(kind, steps=3):
    parameters = [torch.nn.Parameter(torch.ones(2, 2)), torch.nn.Parameter(torch.ones(2))]
    groups = [{"params": [parameters[0]], "weight_decay": 0.1}, {"params": [parameters[1]], "weight_decay": 0.0}]
    optimizer = kind(groups)
    for step in range(steps):
        for parameter in parameters:
            parameter.grad = torch.full_like(parameter, 0.5 + step)
        optimizer.step()
    return optimizer, parameters


@pytest.mark.parametrize(
    "kind",
    [lambda groups: torch.optim.SGD(groups, lr=0.1, momentum=0.9), lambda groups: torch.optim.AdamW(groups, lr=0.1)],
)
def test_a_restored_optimizer_takes_the_same_next_step(tmp_path, kind):
    optimizer, parameters = trained_optimizer(kind)
    save_state(tmp_path, {"optimizer": optimizer.state_dict()}, {"best": {"value": 1 / 3}})
    parts, progress = load_state(tmp_path)
    assert progress == {"best": {"value": 1 / 3}}
    other, copies = trained_optimizer(kind, steps=0)
    with torch.no_grad():
        for copy, parameter in zip(copies, parameters, strict=True):
            copy.copy_(parameter)
    restore_optimizer(other, parts["optimizer"])
    for chosen, values in ((optimizer, parameters), (other, copies)):
        for value in values:
            value.grad = torch.full_like(value, -0.3)
        chosen.step()
    for copy, parameter in zip(copies, parameters, strict=True):
        assert torch.equal(copy, parameter)


def test_no_state_is_none_and_a_damaged_one_is_told(tmp_path):
    assert load_state(tmp_path) is None
    (tmp_path / "last").mkdir()
    (tmp_path / "last" / "state.safetensors").write_bytes(b"\x80\x04nonsense")
    with pytest.raises(RunError, match="the training state cannot be read"):
        load_state(tmp_path)
