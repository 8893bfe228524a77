"""ResNet-18 (He et al. 2016, https://arxiv.org/abs/1512.03385) as torchvision builds it, fitted to gray 48x48 faces."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import nn
from torchvision.models import ResNet, ResNet18_Weights, resnet18

from fercore.emotions import EMOTIONS
from fercore.fields import ConfigError, check, setting
from fercore.models.settings import check_channels

WEIGHTS = ResNet18_Weights.IMAGENET1K_V1
IMAGENET = f"ImageNet-1k, torchvision ResNet18_Weights.{WEIGHTS.name}"
# torchvision names a file by the first digits of its sha256.
SHA256 = re.search(r"-([0-9a-f]+)\.pth$", WEIGHTS.url).group(1)
ImageNetState = dict[str, torch.Tensor]


@dataclass(frozen=True)
class ResNet18Config:
    """Architecture of `build_resnet18`, and where its first weights come from."""

    weights: str = setting("none", "first weights: none, imagenet (downloads), or the path of a torchvision file")
    stem: str = setting("3x3", "first convolution: 7x7 with stride 2, or 3x3 with stride 1", choices=("7x7", "3x3"))
    dropout: float = setting(0.0, "share of features dropped before the output", min=0, max=0.95)
    in_channels: int = setting(1, "image channels, 1 or 3", min=1, max=3)
    input_size: int = setting(48, "side of the input image in pixels", min=32, max=256)
    num_classes: int = setting(len(EMOTIONS), "number of output classes", min=2, max=1000)

    def __post_init__(self) -> None:
        check(self)
        check_channels(self.in_channels)


def build_resnet18(config: ResNet18Config) -> ResNet:
    """A ResNet-18 with random weights.

    Takes normalised images (N, in_channels, input_size, input_size), gives logits (N, num_classes). The last batch
    norm of each residual branch starts at 1, torchvision's default: branches that start at 0 learned far slower on
    48x48 faces in short trainings.
    """
    model = resnet18(weights=None, num_classes=config.num_classes)
    if config.stem == "3x3":
        # Small images keep their detail until the max-pooling: 48 -> 48 -> 24 -> 24 -> 12 -> 6 -> 3 pixels.
        model.conv1 = nn.Conv2d(config.in_channels, 64, 3, padding=1, bias=False)
    else:
        model.conv1 = nn.Conv2d(config.in_channels, 64, 7, stride=2, padding=3, bias=False)
    nn.init.kaiming_normal_(model.conv1.weight, mode="fan_out", nonlinearity="relu")
    if config.dropout:
        model.fc = nn.Sequential(nn.Dropout(config.dropout), model.fc)
    return model


def load_first_weights(model: ResNet, config: ResNet18Config) -> str | None:
    """Put ImageNet weights into a fresh model, as far as they fit.

    The classifier stays random. A 7x7 stem for one channel gets the sum of the three colour kernels, which answers a
    gray image exactly as the colour stem answers it in all three channels; a 3x3 stem stays random.

    Returns
    -------
    str or None
        What run.json records as the pretraining; None where the weights are random. A file counts as ImageNet's
        where it is torchvision's to the byte, else nobody knows what it learned from.

    Raises
    ------
    ConfigError
        If the weights cannot be downloaded or the file cannot be used; the message names the ways on.
    """
    if config.weights == "none":
        return None
    state, source = _download() if config.weights == "imagenet" else _read(Path(config.weights))
    stem = state.pop("conv1.weight")
    if config.stem == "7x7":
        state["conv1.weight"] = stem.sum(dim=1, keepdim=True) if config.in_channels == 1 else stem
    for name in [name for name in state if name.startswith("fc.")]:
        del state[name]
    try:
        missing, unexpected = model.load_state_dict(state, strict=False)
    except RuntimeError as error:
        raise ConfigError(f"--weights: {config.weights} is no ResNet-18 of torchvision ({error})") from error
    missing = [name for name in missing if not name.startswith("fc.") and name != "conv1.weight"]
    if missing or unexpected:
        raise ConfigError(
            f"--weights: {config.weights} is no ResNet-18 of torchvision; "
            f"missing {missing[:3] or 'nothing'}, unknown {unexpected[:3] or 'nothing'}"
        )
    return source


def _download() -> tuple[ImageNetState, str]:
    try:
        state = WEIGHTS.get_state_dict(progress=True, check_hash=True)
    except (OSError, RuntimeError) as error:
        raise ConfigError(
            f"--weights imagenet: {WEIGHTS.url} cannot be downloaded ({error}). Two ways on: fetch that file on a "
            "machine with a network and give it as --weights FILE, or train from scratch with --weights none"
        ) from error
    return dict(state), IMAGENET


def _read(path: Path) -> tuple[ImageNetState, str]:
    if not path.is_file():
        raise ConfigError(f"--weights: received {str(path)!r}, expected none, imagenet, or the path of a file")
    try:
        # weights_only refuses a pickle that holds anything but tensors.
        state = load_file(path) if path.suffix == ".safetensors" else torch.load(path, "cpu", weights_only=True)
        state = {name: tensor.float() for name, tensor in state.items()}
        stem = tuple(state["conv1.weight"].shape)
    except Exception as error:  # a foreign file can break the unpickler in any way
        raise ConfigError(f"--weights: {path} cannot be read as torchvision weights ({error})") from error
    if stem != (64, 3, 7, 7):
        raise ConfigError(f"--weights: {path} has a conv1.weight of {stem}, expected (64, 3, 7, 7)")
    known = hashlib.sha256(path.read_bytes()).hexdigest().startswith(SHA256)
    # As fercore.runs.OWN_FILE says it: exported networks take this file along, and know nothing of runs.
    return state, IMAGENET if known else f"file {path.name}"
