"""What `scripts/export.py --format huggingface` wrote of our own networks, back in the form of a run folder.

Such a folder holds the source of its network, for transformers to run. None of that is run here: its settings are
checked, the network is built by this project, and the weights must fit it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import torch
from safetensors.torch import save

from fercore.data.transforms import Preprocess
from fercore.models.hub_labels import HubError
from fercore.models.networks import NETWORKS

MODEL_TYPE = "fer-workbench"  # in config.json, see fercore/export/modeling_fer.py
_PREFIX = "network."
_FOLDED = re.compile(r"(features\.\d+)\.0\.(weight|bias)")
_EPSILON = 1e-5  # of torch.nn.BatchNorm2d


def is_exported(content: dict) -> bool:
    """Whether a config.json is of such a folder."""
    return content.get("model_type") == MODEL_TYPE


def own_form(
    content: dict, processor: dict, state: dict[str, torch.Tensor], classes: Sequence[str]
) -> tuple[dict, bytes]:
    """The config.json and the model.safetensors of a run folder.

    Parameters
    ----------
    content, processor, state
        What the folder's config.json, preprocessor_config.json and model.safetensors hold.
    classes
        Names of its outputs.

    Raises
    ------
    HubError
        If the network is none of ours, or its preprocessing is not of this project's form.
    """
    kind, settings = content.get("network"), content.get("settings")
    if kind not in NETWORKS or not isinstance(settings, dict):
        raise HubError(f"its network is {kind!r} with {settings!r:.80}, expected one of {', '.join(NETWORKS)}")
    try:
        mean, std = processor["image_mean"], processor["image_std"]
        preprocess = Preprocess(processor["size"]["height"], len(mean), mean[0], std[0])
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise HubError(f"its preprocessor_config.json is not as this project writes it ({error!r})") from error
    weights = {name.removeprefix(_PREFIX): tensor for name, tensor in state.items()}
    if kind == "plain":
        settings, weights = settings | {"branches": False}, _unfolded(weights)
    own = {"model_type": kind, "model": settings, "preprocess": preprocess.to_dict(), "classes": list(classes)}
    return own, save(weights)


def _unfolded(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Convolutions with a bias as convolutions without, followed by a normalisation that only adds the bias."""
    found = {}
    for name, tensor in state.items():
        if not (match := _FOLDED.fullmatch(name)):
            found[name] = tensor
        elif match[2] == "weight":
            found[f"{match[1]}.main.weight"] = tensor
        else:
            ones = torch.ones_like(tensor)
            found |= {
                f"{match[1]}.norm.weight": ones,
                f"{match[1]}.norm.bias": tensor,
                f"{match[1]}.norm.running_mean": torch.zeros_like(tensor),
                f"{match[1]}.norm.running_var": ones - _EPSILON,
                f"{match[1]}.norm.num_batches_tracked": torch.tensor(0),
            }
    return found
