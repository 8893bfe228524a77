"""The report's convolutional network (section 3), every variable of its studies a field of the config."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import torch
from torch import nn

from fercore.emotions import EMOTIONS
from fercore.fields import ConfigError, check, setting
from fercore.models.settings import check_channels

ACTIVATIONS = {
    "relu": nn.ReLU,
    "leaky_relu": nn.LeakyReLU,
    "elu": nn.ELU,
    "gelu": nn.GELU,
    "silu": nn.SiLU,
    "tanh": nn.Tanh,
}


@dataclass(frozen=True)
class CNNConfig:
    """Architecture of `CNN`. The defaults are the report's final model (section 4)."""

    activation: str = setting("relu", "activation function", choices=tuple(ACTIVATIONS))
    kernel_size: int = setting(3, "side of every convolution's kernel, odd", min=1, max=15)
    first_filters: int = setting(64, "filters of the first convolution; they double every layer", min=1, max=1024)
    conv_layers: int = setting(4, "number of convolutions", min=1, max=8)
    pool_kernel: int = setting(2, "side of every max-pooling kernel, and its stride", min=2, max=8)
    pool_layers: int = setting(3, "how many of the first convolutions are followed by max-pooling", min=0, max=8)
    dropout_conv: float = setting(0.2, "share of feature maps dropped after every convolution", min=0, max=0.95)
    dropout_dense: float = setting(0.2, "share of neurons dropped after every dense layer", min=0, max=0.95)
    batch_norm: bool = setting(True, "batch normalisation after every convolution")
    dense: tuple[int, ...] = setting((512, 256), "neurons of each dense layer before the output", min=1, max=8192)
    in_channels: int = setting(1, "image channels, 1 or 3", min=1, max=3)
    input_size: int = setting(48, "side of the input image in pixels", min=8, max=256)
    num_classes: int = setting(len(EMOTIONS), "number of output classes", min=2, max=1000)

    def __post_init__(self) -> None:
        check(self)
        if self.kernel_size % 2 == 0:
            raise ConfigError(f"--kernel-size: received {self.kernel_size}, expected an odd number, so that sizes keep")
        check_channels(self.in_channels)
        if self.filters[-1] > 4096:
            raise ConfigError(
                f"--first-filters {self.first_filters} doubled over --conv-layers {self.conv_layers} "
                f"gives {self.filters[-1]} filters, expected at most 4096"
            )
        if self.sizes[-1] < 1:
            steps = " -> ".join(map(str, self.sizes))
            raise ConfigError(
                f"the configuration pools the image away: side {steps} pixels; "
                "lower --pool-layers or --pool-kernel, or raise --input-size"
            )

    @property
    def filters(self) -> tuple[int, ...]:
        """Filters of each convolution: (64, 128, 256, 512)."""
        return tuple(self.first_filters << layer for layer in range(self.conv_layers))

    @property
    def sizes(self) -> tuple[int, ...]:
        """Side in pixels of the input and after each convolution with its pooling: (48, 24, 12, 6, 6)."""
        sizes = [self.input_size]
        for layer in range(self.conv_layers):
            sizes.append(sizes[-1] // self.pool_kernel if layer < self.pool_layers else sizes[-1])
        return tuple(sizes)


class CNN(nn.Module):
    """Convolutions with doubling filters, then dense layers.

    Each convolution keeps the image's side (zero padding) and is followed by batch normalisation, activation,
    max-pooling and dropout of whole feature maps (Tompson et al. 2015, https://arxiv.org/abs/1411.4280): neighbouring
    pixels of a map are so alike that dropping single ones, the report's form, hides nothing.
    """

    def __init__(self, config: CNNConfig) -> None:
        super().__init__()
        self.config = config
        blocks, channels = [], config.in_channels
        for layer, filters in enumerate(config.filters):
            blocks.append(_conv_block(config, channels, filters, pool=layer < config.pool_layers))
            channels = filters
        self.features = nn.Sequential(*blocks)
        widths = (channels * config.sizes[-1] ** 2, *config.dense)
        layers: list[nn.Module] = [nn.Flatten()]
        for before, after in itertools.pairwise(widths):
            layers += [nn.Linear(before, after), ACTIVATIONS[config.activation](), nn.Dropout(config.dropout_dense)]
        layers.append(nn.Linear(widths[-1], config.num_classes))
        self.classifier = nn.Sequential(*layers)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Normalised images (N, in_channels, input_size, input_size) -> logits (N, num_classes)."""
        return self.classifier(self.features(images))


def _conv_block(config: CNNConfig, before: int, after: int, *, pool: bool) -> nn.Sequential:
    block = nn.Sequential()
    # Batch normalisation subtracts the mean, so a bias before it would do nothing.
    padding = config.kernel_size // 2
    block.append(nn.Conv2d(before, after, config.kernel_size, padding=padding, bias=not config.batch_norm))
    if config.batch_norm:
        block.append(nn.BatchNorm2d(after))
    block.append(ACTIVATIONS[config.activation]())
    if pool:
        block.append(nn.MaxPool2d(config.pool_kernel))
    block.append(nn.Dropout2d(config.dropout_conv))
    return block
