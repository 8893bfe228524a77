"""A plain chain of 3x3 convolutions for machines without a GPU: branches help it to learn and are gone when it answers.

Every convolution learns with a 1x1 convolution and a shortcut beside it, which fold into the 3x3 kernel afterwards
(RepVGG, Ding et al. 2021, https://arxiv.org/abs/2101.03697). Where batch normalisation stands follows QARepVGG (Chu, Li
and Zhang 2024, https://arxiv.org/abs/2212.01593), after the 3x3 convolution and after the sum, so that the folded
kernels keep the small range that 8-bit integers need. Our departure: widths and depths for gray faces of 48 pixels.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval

from fercore.emotions import EMOTIONS
from fercore.fields import check, setting
from fercore.models.settings import check_channels, check_stages


@dataclass(frozen=True)
class PlainConfig:
    """Architecture of `Plain`. The defaults fit into 0.4 ms on one CPU thread as 8-bit integers."""

    widths: tuple[int, ...] = setting(
        (32, 64, 128, 256), "filters of each stage; every stage halves the side", min=8, max=1024
    )
    convolutions: tuple[int, ...] = setting((3, 4, 6, 2), "3x3 convolutions of each stage", min=1, max=32)
    branches: bool = setting(True, "learn with a 1x1 convolution and a shortcut beside every 3x3 convolution")
    dropout: float = setting(0.0, "share of features dropped before the output", min=0, max=0.95)
    in_channels: int = setting(1, "image channels, 1 or 3", min=1, max=3)
    input_size: int = setting(48, "side of the input image in pixels", min=16, max=256)
    num_classes: int = setting(len(EMOTIONS), "number of output classes", min=2, max=1000)

    def __post_init__(self) -> None:
        check(self)
        check_channels(self.in_channels)
        check_stages(widths=self.widths, convolutions=self.convolutions)


class Plain(nn.Module):
    """Stages of convolutions, mean over what is left of the image, one linear layer.

    Takes normalised images (N, in_channels, S, S), gives logits (N, num_classes). With S = 48 the stages work on 24,
    12, 6 and 3 pixels.
    """

    def __init__(self, config: PlainConfig) -> None:
        super().__init__()
        self.features, channels = nn.Sequential(), config.in_channels
        for width, convolutions in zip(config.widths, config.convolutions, strict=True):
            for number in range(convolutions):
                self.features.append(Convolution(channels, width, 2 if number == 0 else 1, branches=config.branches))
                channels = width
        self.dropout = nn.Dropout(config.dropout)
        self.output = nn.Linear(channels, config.num_classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Images (N, C, S, S) -> logits (N, num_classes)."""
        features = self.features(images)  # (N, last width, side, side)
        return self.output(self.dropout(features.mean(dim=(2, 3))))


class Convolution(nn.Module):
    """A 3x3 convolution with its branches: relu(norm(norm(3x3) + 1x1 + shortcut)), or relu(norm(3x3)) without."""

    def __init__(self, channels: int, width: int, stride: int, *, branches: bool) -> None:
        super().__init__()
        # Batch normalisation subtracts the mean, so a bias before it would do nothing.
        self.main = nn.Conv2d(channels, width, 3, stride, padding=1, bias=False)
        nn.init.kaiming_normal_(self.main.weight, mode="fan_out", nonlinearity="relu")
        self.norm = nn.BatchNorm2d(width)
        self.point = nn.Conv2d(channels, width, 1, stride, bias=False) if branches else None
        self.sum_norm = nn.BatchNorm2d(width) if branches else None
        self.shortcut = branches and stride == 1 and channels == width
        self.activation = nn.ReLU(inplace=True)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """(N, channels, side, side) -> (N, width, side / stride, side / stride)."""
        total = self.norm(self.main(features))
        if self.point is not None:
            total = total + self.point(features)
            total = self.sum_norm(total + features if self.shortcut else total)
        return self.activation(total)

    def folded(self) -> nn.Sequential:
        """One convolution with a bias, and ReLU: in evaluation mode the same function."""
        convolution = fuse_conv_bn_eval(self.main, self.norm)
        if self.point is not None:
            kernel = F.pad(self.point.weight, (1, 1, 1, 1))  # the middle of a 3x3 kernel
            if self.shortcut:
                middle = torch.eye(len(kernel), dtype=kernel.dtype, device=kernel.device)
                kernel = kernel + F.pad(middle[:, :, None, None], (1, 1, 1, 1))
            convolution.weight = nn.Parameter(convolution.weight + kernel)
            convolution = fuse_conv_bn_eval(convolution, self.sum_norm)
        return nn.Sequential(convolution, self.activation)


@torch.no_grad()
def folded(model: nn.Module) -> nn.Module:
    """A copy of a model in evaluation mode, with every part folded away that only learning needs.

    A model without such parts is returned as it is.
    """
    names = [name for name, part in model.named_modules() if isinstance(part, Convolution)]
    if not names:
        return model
    model = copy.deepcopy(model).eval()
    for name in names:
        model.set_submodule(name, model.get_submodule(name).folded())
    return model
