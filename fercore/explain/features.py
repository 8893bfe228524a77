"""Filters of convolutions and activations of layers, as arrays; their strength per emotion over a whole split.

The strength of a channel on an image is the mean over all places of the positive part of its activation. After a ReLU
that is the mean activation. Where activations have a sign (tokens of a ViT, leaky and smooth activation functions) it
says how much a channel fires and not how much it is held down: the same index can then be formed for all layers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import nn
from tqdm import trange

from fercore.data.dataset import Dataset
from fercore.emotions import EMOTIONS
from fercore.evaluation.elsewhere import asked, place
from fercore.explain.hooks import captured
from fercore.explain.layers import find_layer, layers
from fercore.explain.summary import TOP, ChannelSummary, FeatureSummary, write_features
from fercore.models.forward import pixels_of
from fercore.models.registry import LoadedModel, load
from fercore.runs import Run, RunError


def kernels(model: nn.Module, name: str) -> np.ndarray:
    """All kernels of any `nn.Conv2d` of a model, by the module's name: float32 (filters, inputs, height, width)."""
    module = dict(model.named_modules()).get(name)
    if not isinstance(module, nn.Conv2d):
        raise ValueError(f"received {name!r}, expected the name of a convolution")
    return module.weight.detach().float().cpu().numpy()


def filters(loaded: LoadedModel, layer: str, inputs: int | str = "norm") -> np.ndarray:
    """One picture of each filter of a layer.

    Parameters
    ----------
    loaded
        The model.
    layer
        Name of one of `layers.layers` that has filters, such as "convolution 1".
    inputs
        Which of the inputs' kernels: the number of one input channel; "norm", the L2 norm over all inputs, which says
        where a filter looks and not what for; "sum", their sum: what a first layer does to a gray image that it gets
        in all of its channels (with one channel, the kernel itself).

    Returns
    -------
    numpy.ndarray
        float32 (filters, height, width).

    Raises
    ------
    ValueError
        If there is no such layer or input channel, or the layer has no filters.
    """
    weight = kernels(loaded.module, find_layer(loaded.module, layer).filters)
    if inputs == "norm":
        return np.linalg.norm(weight, axis=1)
    if inputs == "sum":
        return weight.sum(axis=1)
    if not isinstance(inputs, int) or not 0 <= inputs < weight.shape[1]:
        raise ValueError(f"received input {inputs!r}, expected norm, sum or 0 to {weight.shape[1] - 1}")
    return weight[:, inputs].copy()


def strongest_kernels(loaded: LoadedModel, layer: str, channel: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The kernels of one filter that weigh most, by their L2 norm.

    Returns
    -------
    inputs, kernels
        int64 (at most count,) numbers of the input channels, heaviest first; float32 (as many, height, width).
    """
    weight = kernels(loaded.module, find_layer(loaded.module, layer).filters)[channel]  # (inputs, height, width)
    heaviest = np.argsort(-np.linalg.norm(weight, axis=(1, 2)), kind="stable")[:count]
    return heaviest, weight[heaviest]


def channel_maps(output: torch.Tensor) -> torch.Tensor:
    """A layer's output as maps (N, C, H, W), whatever kind of layer it is.

    Parameters
    ----------
    output
        (N, C, H, W) of a convolution; (N, C) of a dense layer, whose maps have one place; (N, tokens, C) of a
        transformer, whose last tokens are a square of patches: what stands before them (the class token, that of
        DeiT's distillation) has no place and is left out.

    Raises
    ------
    RunError
        If it is none of these.
    """
    if output.ndim == 4:
        return output
    if output.ndim == 2:
        return output[:, :, None, None]
    tokens = output.shape[1] if output.ndim == 3 else 0
    side = math.isqrt(tokens)
    before = tokens - side * side
    if side == 0 or before > 2:
        raise RunError(
            f"a layer puts out {tuple(output.shape)}, expected maps, values, or a square of tokens; "
            "this kind of model cannot be shown"
        )
    patches = output[:, before:]  # (N, side * side, C)
    return patches.transpose(1, 2).unflatten(2, (side, side))


def activations(loaded: LoadedModel, images: np.ndarray, names: Sequence[str]) -> dict[str, np.ndarray]:
    """What layers put out for images, in one pass.

    Parameters
    ----------
    loaded
        The model.
    images
        uint8 (N, H, W).
    names
        Names of `layers.layers`, such as "convolution 1".

    Returns
    -------
    dict
        Name -> float32 (N, channels, height, width), read where the layer says.

    Raises
    ------
    ValueError
        If the model has no layer of a name.
    RunError
        If a layer's output is nothing that can be shown.
    """
    chosen = [find_layer(loaded.module, name) for name in names]
    with torch.inference_mode(), captured(loaded.module, [layer.response for layer in chosen]) as outputs:
        loaded.module(_inputs(loaded, images))
    maps = {layer.name: channel_maps(outputs[layer.response]).float().cpu() for layer in chosen}
    return {layer.name: (maps[layer.name].relu() if layer.rectify else maps[layer.name]).numpy() for layer in chosen}


def strengths(maps: torch.Tensor | np.ndarray) -> torch.Tensor | np.ndarray:
    """Strength of each channel on each image: (N, C, H, W) -> (N, C), the mean of the positive part over all places."""
    return maps.clip(0).mean((2, 3))


def summarize(
    loaded: LoadedModel,
    images: np.ndarray,
    ids: np.ndarray,
    labels: np.ndarray,
    *,
    classes: int = len(EMOTIONS),
    batch_size: int = 128,
    progress: bool = False,
) -> FeatureSummary:
    """Mean strength of every channel of every layer on each emotion, and the images that drive it most.

    One pass for all layers. Of a batch only the strengths (N, C) are kept, and of those only sums and the best, so
    memory does not grow with the images.

    Parameters
    ----------
    loaded
        The model.
    images, ids, labels
        uint8 (N, H, W) or (N, H, W, 3), str (N,) and int (N,), N at least 1.
    classes
        How many there are.
    batch_size
        Images a pass.
    progress
        Show a bar on stderr where that is a terminal.
    """
    found = layers(loaded.module)
    running = {layer.name: _Running() for layer in found}
    targets = np.eye(classes)[labels]  # (N, classes), one-hot
    responses = [layer.response for layer in found]
    with torch.inference_mode(), captured(loaded.module, responses, _strengths_of_output) as outputs:
        for start in trange(0, len(images), batch_size, unit="batch", disable=None if progress else True, delay=1):
            loaded.module(_inputs(loaded, images[start : start + batch_size]))
            for layer in found:
                running[layer.name].add(outputs[layer.response], targets[start : start + batch_size], start)
    return _gathered(running, ids, labels, classes)


def summarize_run(run: Run, dataset: Dataset, split: str, progress: bool = False) -> FeatureSummary:
    """`summarize` for a run's weights and a split of a data set, kept in the run's folder for this data set.

    Raises
    ------
    RunError
        If the run has no usable weights, model and data share no class, or another data set has this one's name.
    DataError
        If the split has no images.
    """
    chosen, results = asked(run, dataset, dataset.some_indices(split)), place(run, dataset)
    model = load(run, "cuda" if torch.cuda.is_available() else "cpu")
    images = dataset.images[chosen.rows], dataset.ids[chosen.rows], chosen.labels
    summary = summarize(model, *images, classes=len(run.classes), progress=progress)
    write_features(results, split, summary)
    return summary


class _Running:
    """Sums and best images of one layer's channels, batch after batch."""

    def __init__(self) -> None:
        self.sums = 0.0  # (C, K)
        self.rows: np.ndarray | None = None  # (C, TOP) of the images that drive each channel most, -1 for none
        self.best: np.ndarray | None = None  # (C, TOP), the strength on each of them

    def add(self, values: np.ndarray, classes: np.ndarray, start: int) -> None:
        """Take in the strengths (N, C) of a batch whose first image has the number `start`."""
        count, channels = values.shape
        self.sums = self.sums + values.T.astype(np.float64) @ classes
        if self.rows is None:
            self.rows, self.best = np.full((channels, TOP), -1), np.zeros((channels, TOP), np.float32)
        rows = np.hstack([self.rows, np.broadcast_to(np.arange(start, start + count), (channels, count))])
        best = np.hstack([self.best, values.T])
        # Stable: images that tie stay in their order, and those that do not fire stay behind "none".
        order = np.argsort(-best, axis=1, kind="stable")[:, :TOP]
        self.rows, self.best = np.take_along_axis(rows, order, 1), np.take_along_axis(best, order, 1)


def _gathered(running: dict[str, _Running], ids: np.ndarray, labels: np.ndarray, classes: int) -> FeatureSummary:
    """Means from sums, and the table of those images only that drive some channel most."""
    counts = np.bincount(labels, minlength=classes)
    rows = np.unique(np.concatenate([own.rows[own.rows >= 0] for own in running.values()]))
    channels = {}
    for name, own in running.items():
        if not np.isfinite(own.sums).all():
            raise RunError(f"the activations of {name} are not finite numbers: this training went wrong")
        means = np.where(counts > 0, own.sums / np.maximum(counts, 1), np.nan).astype(np.float32)
        top = np.where(own.rows < 0, -1, np.searchsorted(rows, own.rows))
        channels[name] = ChannelSummary(means, top, own.best)
    return FeatureSummary(counts, ids[rows], labels[rows].astype(np.int64), channels)


def _strengths_of_output(output: torch.Tensor) -> np.ndarray:
    return strengths(channel_maps(output)).float().cpu().numpy()


def _inputs(loaded: LoadedModel, images: np.ndarray) -> torch.Tensor:
    pixels = pixels_of(images).to(next(loaded.module.parameters()).device)
    return loaded.preprocess(pixels).contiguous(memory_format=torch.channels_last)
