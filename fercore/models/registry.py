"""The only door to a model: `build` one from its config, `load` one from a run folder, `save` one into it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import nn

from fercore import fields
from fercore.data.transforms import PIXELS, Preprocess
from fercore.emotions import EMOTIONS
from fercore.models.compact import from_int8
from fercore.models.ensemble import Ensemble
from fercore.models.hub import HubPreprocess, is_hub_config, open_folder
from fercore.models.networks import NETWORKS
from fercore.models.plain import folded
from fercore.models.resnet import ResNet18Config, load_first_weights
from fercore.models.timm_models import TimmConfig, build_timm, load_pretrained, timm_preprocess
from fercore.models.vit import ViTConfig, build_vit, hub_files
from fercore.runs import Run, RunError, atomic_write, open_run, read_json, write_json

MODELS: dict[str, tuple[type, Callable[[Any], nn.Module]]] = {
    **NETWORKS,
    "vit": (ViTConfig, build_vit),
    "timm": (TimmConfig, build_timm),
}


@dataclass(frozen=True)
class LoadedModel:
    """A model ready to predict: the module in eval mode, and what to do to pixels before it."""

    module: nn.Module
    preprocess: Preprocess | HubPreprocess


def config_class(kind: str) -> type:
    """Config dataclass of a model type; ConfigError names the known types."""
    if not isinstance(kind, str) or kind not in MODELS:  # a stranger's run.json may say a list
        raise fields.ConfigError(f"model type: received {kind!r}, expected one of {', '.join(MODELS)}")
    return MODELS[kind][0]


def build(kind: str, config: Any, classes: Sequence[str] | None = None) -> nn.Module:
    """A freshly initialised model.

    Parameters
    ----------
    kind
        "cnn", ...: a key of `MODELS`.
    config
        Its config dataclass.
    classes
        Names of its outputs, which a ViT keeps.

    Returns
    -------
    nn.Module
        Takes normalised images (N, C, H, W), gives logits (N, num_classes).
    """
    config_class(kind)
    return build_vit(config, classes) if kind == "vit" else MODELS[kind][1](config)


def pretrain(module: nn.Module, config: Any) -> str | None:
    """Put the pretrained weights that a config asks for into a fresh model.

    Returns
    -------
    str or None
        What they were trained on, for run.json; None where the model stays random.

    Raises
    ------
    ConfigError
        If the weights cannot be had or do not fit; the message names the ways on.
    """
    if isinstance(config, TimmConfig):
        return load_pretrained(module, config)
    return load_first_weights(module, config) if isinstance(config, ResNet18Config) else None


def preprocess_of(config: Any) -> Preprocess:
    """The preprocessing that a model's config asks for: of timm's networks the one that they were published with."""
    if isinstance(config, TimmConfig):
        return timm_preprocess(config)
    return Preprocess(size=config.input_size, channels=config.in_channels)


def save_model(
    folder: Path,
    kind: str,
    config: Any,
    state: dict[str, torch.Tensor],
    preprocess: Preprocess,
    classes: Sequence[str] = EMOTIONS,
) -> None:
    """Write config.json and model.safetensors (matrices in fp16, the few biases and statistics in fp32).

    A ViT is written in the layout of the Hugging Face hub, with a preprocessor_config.json.
    """
    # Variances of batch normalisation can leave fp16's range, and vectors weigh next to nothing.
    tensors = {name: (t.half() if t.ndim > 1 else t).contiguous().cpu() for name, t in state.items()}
    if kind == "vit":
        content, processor, weights = hub_files(config, tensors, preprocess, classes)
        write_json(folder / "preprocessor_config.json", processor)
    else:
        content, weights = _own_config(kind, config, preprocess, classes), save(tensors)
    write_json(folder / "config.json", content)
    atomic_write(folder / "model.safetensors", lambda file: file.write(weights))


def _own_config(kind: str, config: Any, preprocess: Preprocess, classes: Sequence[str]) -> dict:
    return {
        "model_type": kind,
        "model": fields.to_mapping(config),
        "preprocess": preprocess.to_dict(),
        "classes": list(classes),
    }


def load(run: Run, device: str | torch.device = "cpu") -> LoadedModel:
    """Load a run's model, without the branches that only its training needed; an ensemble's from its members' folders.

    The folder may be a stranger's: the config is validated, the architecture is laid out without memory first, and the
    weights must fit it exactly. Nothing is unpickled.

    Raises
    ------
    RunError
        If weights or config are missing, damaged or do not belong together.
    """
    return _load_ensemble(run, device) if run.members else _load_own(run, device)


def _load_ensemble(run: Run, device: str | torch.device) -> LoadedModel:
    recorded = run.info["ensemble"].get("weights_sha256")
    if recorded and run.has_weights and recorded != run.weights_sha256():
        raise RunError(
            f"the weights of {', '.join(run.members)} are others than when {run.name} was made of them; make it again "
            "with: python scripts/ensemble.py"
        )
    members = []
    for name in run.members:
        try:
            member = open_run(run.path.parent / name)
            if member.members:
                raise RunError(f"{name} is an ensemble itself; name its members instead")
            model = _load_own(member, device)
        except RunError as error:
            raise RunError(f"{run.name} is an ensemble of {', '.join(run.members)}: {error}") from error
        members.append((model.module, model.preprocess))
    return LoadedModel(Ensemble(members).to(device).eval(), PIXELS)


def _load_own(run: Run, device: str | torch.device) -> LoadedModel:
    if (run.path / "model.safetensors").is_symlink() and not run.has_weights:
        raise RunError(
            f"{run.name} links to weights that are no longer there ({(run.path / 'model.safetensors').readlink()}); "
            "bring them back, or delete the run and add the model again with: python scripts/add_model.py"
        )
    module, preprocess = _stored(run)
    return LoadedModel(folded(module).to(device).eval(), preprocess)


def stored_module(run: Run) -> nn.Module:
    """A run's model as it was stored, with the branches that its training needed, to learn on from.

    Raises
    ------
    RunError
        As `load`.
    """
    return _stored(run)[0]


def _stored(run: Run) -> tuple[nn.Module, Preprocess | HubPreprocess]:
    if not run.has_weights:
        raise RunError(
            f"{run.name} has no weights (model.safetensors); train it again, or choose a run that was shipped with them"
        )
    return open_model(run.path, run.classes)


def open_model(folder: Path, classes: tuple[str, ...]) -> tuple[nn.Module, Preprocess | HubPreprocess]:
    """The model in a folder with config.json and model.safetensors, as it was stored, and its preprocessing.

    Raises
    ------
    RunError
        If they are damaged, do not belong together, or have other classes.
    """
    try:
        content = read_json(folder / "config.json")
        return open_folder(folder, classes) if is_hub_config(content) else _open_own(folder, content, classes)
    except (
        OSError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        RuntimeError,
        ImportError,
        SafetensorError,
    ) as error:
        raise RunError(f"{folder}: the model cannot be loaded ({error})") from error


def _open_own(folder: Path, content: dict, classes: tuple[str, ...]) -> tuple[nn.Module, Preprocess]:
    kind = content["model_type"]
    config = fields.from_mapping(config_class(kind), content["model"], str(folder / "config.json"))
    preprocess = Preprocess(**content["preprocess"])
    if tuple(content["classes"]) != classes or config.num_classes != len(classes):
        raise ValueError(
            f"config.json has {config.num_classes} outputs for the classes {content['classes']}, expected those of "
            f"run.json, {list(classes)}"
        )
    with torch.device("meta"):
        module = build(kind, config)
    state = from_int8(load_file(folder / "model.safetensors"))
    state = {name: t.float() if t.is_floating_point() else t for name, t in state.items()}
    module.load_state_dict(state, assign=True)
    if any(buffer.is_meta for buffer in module.buffers()):  # which the weights do not hold, as timm's transformers have
        module = build(kind, config)
        module.load_state_dict(state)
    return module, preprocess


def count_parameters(module: nn.Module) -> int:
    """Number of learned values of the model that answers, without branches that only its training needs."""
    return sum(p.numel() for p in folded(module).parameters())
