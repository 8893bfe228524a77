"""Does a heat map show what the model learned? Randomise the weights and see whether it changes."""

from __future__ import annotations

import copy
import re
from collections import Counter

import numpy as np
import torch
from scipy.stats import spearmanr
from torch import nn

from fercore.explain.methods import heat_map
from fercore.models.registry import LoadedModel

LEVELS = 5  # down to which a model is randomised, at most
_BLOCK = re.compile(r"\blayers?\.(\d+)\.")  # a transformer's, in the names of its modules


def weighted_layers(module: nn.Module) -> dict[str, str]:
    """Convolutions and dense layers from the output down to the input: what they are called, and their modules' names.

    They are counted from the input: "convolution 1", "dense 1"; in each block of a transformer anew: "block 8, dense
    1". The last dense layer is the "output".
    """
    found, numbers = {}, Counter()
    for name, layer in module.named_modules():
        if isinstance(layer, nn.Conv2d | nn.Linear):
            block = _BLOCK.search(name)
            kind = "convolution" if isinstance(layer, nn.Conv2d) else "dense"
            words = f"block {int(block[1]) + 1}, {kind}" if block else kind
            numbers[words] += 1
            found[f"{words} {numbers[words]}"] = name
    names = list(found.items())[::-1]
    return {"output" if place == 0 else words: name for place, (words, name) in enumerate(names)}


def levels(loaded: LoadedModel) -> list[str]:
    """At most `LEVELS` of `weighted_layers`, evenly spread from the output to the first one."""
    names = list(weighted_layers(loaded.module))
    chosen = np.linspace(0, len(names) - 1, min(LEVELS, len(names))).round().astype(int)
    return [names[number] for number in chosen]


def randomised_map(
    loaded: LoadedModel, image: np.ndarray, method: str, target: int, layer: str | None, level: str
) -> np.ndarray:
    """`heat_map` of the model with random weights from its output down to `level`: float32 (S, S), as the face."""
    return heat_map(randomised(loaded, level), image, method, target, layer)


def randomised(loaded: LoadedModel, down_to: str, seed: int = 0) -> LoadedModel:
    """A copy of a model, from its output down to one layer as random as before training.

    The cascading randomisation of Adebayo et al. 2018, "Sanity Checks for Saliency Maps"
    (https://arxiv.org/abs/1810.03292, section 3.1). Normalisation layers on the way are reset too, as their statistics
    belong to the weights that are gone; parameters that are no layer (position embeddings) stay.

    Parameters
    ----------
    loaded
        The model; it stays as it is.
    down_to
        One of `weighted_layers`.
    seed
        Seed of the new weights.
    """
    names = weighted_layers(loaded.module)
    if down_to not in names:
        raise ValueError(f"received the layer {down_to!r}, expected one of {', '.join(names)}")
    module = copy.deepcopy(loaded.module)
    with torch.random.fork_rng(devices=()):
        torch.manual_seed(seed)
        for name, layer in reversed(list(module.named_modules())):
            if hasattr(layer, "reset_parameters"):
                layer.reset_parameters()
            if name == names[down_to]:
                break
    return LoadedModel(module, loaded.preprocess)


def similarity(first: np.ndarray, second: np.ndarray) -> float:
    """Spearman's rank correlation of two maps' pixels, -1 to 1; 0 where a map is the same everywhere."""
    if np.ptp(first) == 0 or np.ptp(second) == 0:
        return 0.0
    return float(spearmanr(first.ravel(), second.ravel()).statistic)
