"""The convolutional networks of this project by name: what needs nothing of it but their files and their configs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from torch import nn

from fercore.models.cnn import CNN, CNNConfig
from fercore.models.plain import Plain, PlainConfig
from fercore.models.resnet import ResNet18Config, build_resnet18
from fercore.models.seresnet import SEResNet, SEResNetConfig

NETWORKS: dict[str, tuple[type, Callable[[Any], nn.Module]]] = {
    "cnn": (CNNConfig, CNN),
    "plain": (PlainConfig, Plain),
    "resnet18": (ResNet18Config, build_resnet18),
    "seresnet": (SEResNetConfig, SEResNet),
}
