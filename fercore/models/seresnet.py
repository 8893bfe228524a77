"""A residual network with squeeze-and-excitation for small gray faces, any width and depth.

Residual blocks of He et al. 2016 (https://arxiv.org/abs/1512.03385), channel attention of Hu et al. 2018
(https://arxiv.org/abs/1709.01507), shortcuts that average before they halve (ResNet-D, He et al. 2019,
https://arxiv.org/abs/1812.01187), whole branches dropped at random in training (Huang et al. 2016,
https://arxiv.org/abs/1603.09382). Our departure: the stem keeps the full 48 pixels for one cheap convolution and halves
them with the second, without max-pooling, and the last batch norm of a branch starts at 1, not 0, which learned far
slower on faces of this size.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn
from torchvision.ops import Conv2dNormActivation, SqueezeExcitation, StochasticDepth

from fercore.emotions import EMOTIONS
from fercore.fields import check, setting
from fercore.models.settings import check_channels, check_stages

STEM = 32  # filters of the first convolution, which alone sees every pixel


@dataclass(frozen=True)
class SEResNetConfig:
    """Architecture of `SEResNet`."""

    widths: tuple[int, ...] = setting(
        (48, 96, 192, 320), "filters of each stage; every stage halves the side", min=8, max=1024
    )
    blocks: tuple[int, ...] = setting((2, 2, 2, 2), "residual blocks of each stage", min=1, max=16)
    squeeze: int = setting(
        8, "channels for each one of a block's bottleneck of attention; 0 leaves attention out", min=0, max=64
    )
    drop_path: float = setting(
        0.0, "share of images that skip the last block's branch; earlier blocks skip less", min=0, max=0.9
    )
    dropout: float = setting(0.0, "share of features dropped before the output", min=0, max=0.95)
    in_channels: int = setting(1, "image channels, 1 or 3", min=1, max=3)
    input_size: int = setting(48, "side of the input image in pixels", min=16, max=256)
    num_classes: int = setting(len(EMOTIONS), "number of output classes", min=2, max=1000)

    def __post_init__(self) -> None:
        check(self)
        check_channels(self.in_channels)
        check_stages(widths=self.widths, blocks=self.blocks)


class SEResNet(nn.Module):
    """Stem, stages of residual blocks, mean over what is left of the image, one linear layer.

    Takes normalised images (N, in_channels, S, S), gives logits (N, num_classes). With S = 48 the stages work on 24,
    12, 6 and 3 pixels.
    """

    def __init__(self, config: SEResNetConfig) -> None:
        super().__init__()
        first = config.widths[0]
        self.stem = nn.Sequential(
            Conv2dNormActivation(config.in_channels, STEM), Conv2dNormActivation(STEM, first, stride=2)
        )
        self.stages = nn.Sequential()
        depth, channels, number = sum(config.blocks), first, 0
        for stage, (width, blocks) in enumerate(zip(config.widths, config.blocks, strict=True)):
            layers = []
            for block in range(blocks):
                number += 1
                stride = 2 if block == 0 and stage > 0 else 1
                skipped = config.drop_path * number / depth  # the deeper, the more often
                layers.append(Block(channels, width, stride, config.squeeze, skipped))
                channels = width
            self.stages.append(nn.Sequential(*layers))
        self.dropout = nn.Dropout(config.dropout)
        self.output = nn.Linear(channels, config.num_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Images (N, C, S, S) -> logits (N, num_classes)."""
        features = self.stages(self.stem(images))  # (N, last width, side, side)
        return self.output(self.dropout(features.mean(dim=(2, 3))))


class Block(nn.Module):
    """Two 3x3 convolutions and channel attention, added to a shortcut."""

    def __init__(self, channels: int, width: int, stride: int, squeeze: int, skipped: float) -> None:
        super().__init__()
        self.branch = nn.Sequential(
            Conv2dNormActivation(channels, width, stride=stride),
            Conv2dNormActivation(width, width, activation_layer=None),
            SqueezeExcitation(width, max(4, width // squeeze)) if squeeze else nn.Identity(),
        )
        self.drop_path = StochasticDepth(skipped, "row")
        self.shortcut = nn.Identity()
        if stride > 1 or channels != width:
            average = nn.AvgPool2d(stride, ceil_mode=True) if stride > 1 else nn.Identity()
            project = Conv2dNormActivation(channels, width, kernel_size=1, activation_layer=None)
            self.shortcut = nn.Sequential(average, project)
        self.activation = nn.ReLU(inplace=True)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """(N, channels, side, side) -> (N, width, side / stride, side / stride)."""
        return self.activation(self.shortcut(features) + self.drop_path(self.branch(features)))
