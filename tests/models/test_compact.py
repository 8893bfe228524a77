"""Large matrices in a byte a weight."""

import pytest
import torch

from fercore.models import compact


@pytest.fixture(autouse=True)
def four_are_large(monkeypatch):
    monkeypatch.setattr(compact, "LARGE", 4)


def test_rows_by_hand():
    matrix = torch.tensor([[1.27, -0.634], [0.0, 0.0], [-254.0, 3.0]], dtype=torch.float64).half()
    state = {"matrix": matrix, "bias": torch.tensor([0.1, 0.2]), "steps": torch.arange(5)}
    stored = compact.to_int8(state)
    assert stored["matrix"].dtype == torch.int8
    assert stored["matrix"].tolist() == [[127, -63], [0, 0], [-127, 2]]  # 3 / (254 / 127) = 1.5, rounded to even
    assert stored["matrix.scale"].tolist() == pytest.approx([0.01, 0, 2], abs=1e-5)
    again = compact.from_int8(stored)
    assert again.keys() == state.keys()
    torch.testing.assert_close(again["matrix"], torch.tensor([[1.27, -0.63], [0, 0], [-254, 4]]), atol=1e-3, rtol=0)
    assert again["bias"] is state["bias"]
    assert torch.equal(again["steps"], state["steps"])


def test_a_convolution_keeps_its_shape_and_loses_less_than_half_a_step():
    weights = torch.randn(8, 3, 3, 3, generator=torch.Generator().manual_seed(0))
    again = compact.from_int8(compact.to_int8({"w": weights}))["w"]
    step = weights.abs().amax((1, 2, 3), keepdim=True) / 127
    assert again.shape == weights.shape
    assert 0 < ((again - weights).abs() / step).max() <= 0.5001


@pytest.mark.parametrize("scale", [None, torch.ones(3), torch.ones(2, 2)])
def test_integers_without_a_scale_for_each_row_are_refused(scale):
    stored = {"w": torch.ones(2, 2, dtype=torch.int8)} | ({} if scale is None else {"w.scale": scale})
    with pytest.raises(ValueError, match="expected one for each row of"):
        compact.from_int8(stored)
