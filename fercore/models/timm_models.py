"""Networks of timm (https://github.com/huggingface/pytorch-image-models) by name, as models of ours.

timm is an extra and is imported only where such a network is made. Weights are read from safetensors alone.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from safetensors import SafetensorError, safe_open
from torch import nn

from fercore.data.transforms import Preprocess
from fercore.emotions import EMOTIONS
from fercore.extras import import_extra
from fercore.fields import ConfigError, check, setting
from fercore.models.settings import check_channels
from fercore.runs import RunError

NONE, PRETRAINED = "none", "imagenet"
_WEIGHTS = "model.safetensors"  # of a repository on the hub


@dataclass(frozen=True)
class TimmConfig:
    """Which network of timm, and where its first weights come from."""

    network: str = setting("resnet18", "name of a network of timm, with or without the tag of its weights")
    weights: str = setting(NONE, "first weights: none, imagenet (timm's, downloads), or a .safetensors file")
    dropout: float = setting(0.0, "share of features dropped before the output", min=0, max=0.95)
    drop_path: float = setting(0.0, "share of images that skip a branch, where it has branches", min=0, max=0.95)
    in_channels: int = setting(3, "image channels, 1 or 3", min=1, max=3)
    input_size: int = setting(0, "side of the input image in pixels; 0 is the network's own", min=0, max=1024)
    num_classes: int = setting(len(EMOTIONS), "number of output classes", min=2, max=1000)

    def __post_init__(self) -> None:
        check(self)
        check_channels(self.in_channels)
        if self.input_size == 0:
            object.__setattr__(self, "input_size", _published(self.network)["input_size"][-1])
        if self.input_size < 8:
            raise ConfigError(f"--input-size: received {self.input_size}, expected 0 or at least 8")


def build_timm(config: TimmConfig) -> nn.Module:
    """A network of timm with random weights.

    Takes normalised images (N, in_channels, input_size, input_size), gives logits (N, num_classes). A network whose
    weights are bound to a size, as a transformer's position embeddings, is made for `input_size`.

    Raises
    ------
    ConfigError
        If timm has no such network, or cannot make it so.
    """
    _published(config.network)  # refuses names that timm would fetch from the hub or a folder, as of a stranger's run
    try:
        return _create(config)
    except (TypeError, RuntimeError, ValueError, AssertionError) as error:
        raise ConfigError(
            f"--model timm:{config.network}: timm cannot make it with these settings ({error})"
        ) from error


def _create(config: TimmConfig, **more: Any) -> nn.Module:
    settings = {"num_classes": config.num_classes, "in_chans": config.in_channels, "drop_rate": config.dropout, **more}
    if config.drop_path:
        settings["drop_path_rate"] = config.drop_path
    try:
        return _timm().create_model(config.network, img_size=config.input_size, **settings)
    except TypeError:  # convolutions take any size, and no argument for it
        return _timm().create_model(config.network, **settings)


def timm_preprocess(config: TimmConfig) -> Preprocess:
    """The preprocessing with which the network was published: mean and standard deviation of each colour.

    A gray input has the mean of the three.
    """
    published = _published(config.network)
    mean, std = (tuple(map(float, published[key])) for key in ("mean", "std"))
    if config.in_channels == 1:
        mean, std = (sum(values) / len(values) for values in (mean, std))
    return Preprocess(config.input_size, config.in_channels, mean, std)


def load_pretrained(module: nn.Module, config: TimmConfig) -> str | None:
    """Put pretrained weights into a fresh network, all but its classifier.

    timm resizes position embeddings to another input, and sums the first kernels for gray images.

    Returns
    -------
    str or None
        What run.json records as the pretraining; None where the weights are random.

    Raises
    ------
    ConfigError
        If the weights cannot be had or do not fit; the message names the ways on.
    """
    if config.weights == NONE:
        return None
    published = _published(config.network)
    path = _download(config, published) if config.weights == PRETRAINED else Path(config.weights)
    heads = _classifiers(published)
    _check_names(path, module, heads, config)
    try:
        twin = _create(config, pretrained=True, pretrained_cfg_overlay={"file": os.fspath(path), "hf_hub_id": None})
    except (RuntimeError, ValueError, KeyError) as error:
        raise ConfigError(
            f"--weights: {config.weights} does not fit {config.network} at {config.input_size} pixels "
            f"({str(error)[:300]}); its own size is --input-size {published['input_size'][-1]}"
        ) from error
    state = {name: tensor for name, tensor in twin.state_dict().items() if not name.startswith(heads)}
    module.load_state_dict(state, strict=False)
    return _said(config.network, published) if config.weights == PRETRAINED else f"file {path.name}"


def _check_names(path: Path, module: nn.Module, heads: tuple[str, ...], config: TimmConfig) -> None:
    """Refuse a file that is no safetensors, or lacks weights of the network; timm passes over what is missing."""
    if path.suffix != ".safetensors" or not path.is_file():
        raise ConfigError(
            f"--weights: received {os.fspath(path)!r}, expected none, imagenet, or the path of a .safetensors file; "
            "other files of weights can run code when they are opened"
        )
    try:
        with safe_open(path, framework="pt") as file:
            found = set(file.keys())
    except (SafetensorError, OSError) as error:
        raise ConfigError(f"--weights: {path} cannot be read as safetensors ({error})") from error
    missing = [name for name, _ in module.named_parameters() if name not in found and not name.startswith(heads)]
    if missing:
        raise ConfigError(
            f"--weights: {config.weights} holds no {config.network}; missing are {', '.join(missing[:3])}"
        )


def _classifiers(published: dict[str, Any]) -> tuple[str, ...]:
    """How the names of the layers begin that answer; a name that none begins with where timm says nothing."""
    found = published.get("classifier") or "-"
    return tuple(f"{name}." for name in ([found] if isinstance(found, str) else found))


def _timm() -> ModuleType:
    try:
        return import_extra("timm", "timm")
    except RunError as error:
        raise ConfigError(f"--model timm: {error}") from error


def _published(name: str) -> dict[str, Any]:
    """What timm says of a network: input_size (C, H, W), mean, std, classifier, where its weights are."""
    timm = _timm()
    if not timm.is_model(name):
        near = timm.list_models(f"*{name.partition('.')[0][:12]}*")[:5]
        found = f"near are {', '.join(near)}" if near else "timm.list_models() lists them"
        raise ConfigError(f"--model: timm has no network {name!r}; {found}")
    found = timm.get_pretrained_cfg(name)
    return found.to_dict() if found else {"input_size": (3, 224, 224), "mean": (0.5,) * 3, "std": (0.5,) * 3}


def _said(name: str, published: dict[str, Any]) -> str:
    tag = published.get("tag") or name.partition(".")[2]
    return f"ImageNet, timm {name.partition('.')[0]}{f'.{tag}' if tag else ''}"


def _download(config: TimmConfig, published: dict[str, Any]) -> Path:
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    repository = published.get("hf_hub_id")
    if not repository:
        raise ConfigError(f"--weights imagenet: timm knows none of {config.network} on the hub; give a file, or none")
    try:
        return Path(hf_hub_download(repository, _WEIGHTS))
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError, ValueError) as error:
        raise ConfigError(
            f"--weights imagenet: {repository}/{_WEIGHTS} cannot be had from the Hugging Face hub "
            f"({str(error).splitlines()[0][:200]}). Two ways on: fetch that file on a machine with a network and give "
            "it as --weights FILE, or train from scratch with --weights none"
        ) from error
