"""Models small enough to explain by hand, and the shipped one."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from fercore.data.transforms import Preprocess
from fercore.models.registry import LoadedModel, load
from fercore.models.vit import ViTConfig, build_vit
from fercore.runs import open_run

RUN = Path(__file__).resolve().parents[2] / "runs" / "reference-report-cnn"
PIXELS = Preprocess(mean=0.0, std=1.0)  # leaves a face as it is, 0 to 1


def hooks(module: nn.Module) -> int:
    """How many hooks hang on a model's modules."""
    kinds = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    return sum(len(getattr(part, kind)) for part in module.modules() for kind in kinds)


@pytest.fixture
def quarters() -> np.ndarray:
    """A face of four gray squares, row by row 0, 0.2, 0.4 and 1 of white."""
    return np.kron(np.array([[0, 51], [102, 255]], np.uint8), np.ones((24, 24), np.uint8))


@pytest.fixture
def two_maps() -> LoadedModel:
    """Two feature maps of 2x2 cells: q, the mean gray of each quarter, and 0.5 - q, both rectified.

    The logit of class 2 weighs the cells of the first with 1, 2, 3, 4 and the first cell of the second with -4.
    """
    convolution = nn.Conv2d(1, 2, 24, stride=24)
    head = nn.Linear(8, 7)
    with torch.no_grad():
        convolution.weight.copy_(torch.tensor([1, -1])[:, None, None, None] / 24**2)
        convolution.bias.copy_(torch.tensor([0, 0.5]))
        head.weight.zero_()
        head.weight[2] = torch.tensor([1, 2, 3, 4, -4, 0, 0, 0])
    model = nn.Sequential(nn.Sequential(convolution, nn.ReLU()), nn.Sequential(nn.Flatten(), head))
    return LoadedModel(model.eval(), PIXELS)


@pytest.fixture
def vit() -> LoadedModel:
    """Three blocks of four heads on 6x6 patches of 8 pixels, with random weights large enough to matter."""
    torch.manual_seed(0)
    module = build_vit(ViTConfig(patch_size=8, hidden_size=32, layers=3, heads=4, mlp_ratio=2)).eval()
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.mul_(8 if parameter.ndim > 1 else 1)
    return LoadedModel(module, Preprocess())


@pytest.fixture(scope="session")
def shipped() -> LoadedModel:
    """The report's CNN, trained on all of FER2013."""
    return load(open_run(RUN))


@pytest.fixture(scope="session")
def average_faces() -> np.ndarray:
    """uint8 (7, 48, 48): FER2013's mean face of each emotion."""
    return open_run(RUN).average_faces()
