"""What the tokens of a vision transformer look at, and which of it raises a class.

The first token is the one that classifies; the others are patches of the picture, row by row. Attention matrices are
arrays (layers, heads, T, T): row i holds the weights with which token i reads the others, and sums to 1.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator

import numpy as np
import torch
from torch import nn

from fercore.explain.hooks import captured
from fercore.explain.inputs import face_tensor, model_input, over_seen_part
from fercore.models.ensemble import Ensemble
from fercore.models.registry import LoadedModel


def attention_names(module: nn.Module) -> list[str]:
    """Names of the modules that put out attention beside their answer, first layer first; none but in a ViT.

    An ensemble has none either: the layers of its members stand beside each other, not upon each other.
    """
    if isinstance(module, Ensemble):
        return []
    return [name for name, part in module.named_modules() if type(part).__name__ == "ViTAttention"]


def rollout(attention: np.ndarray) -> np.ndarray:
    """How much of each token's input reaches each token's output through all layers.

    Abnar and Zuidema 2020, "Quantifying Attention Flow in Transformers" (https://arxiv.org/abs/2005.00928, section 3):
    heads are averaged, half of each layer is the residual connection, and the layers' matrices are multiplied.

    Parameters
    ----------
    attention
        float array (layers, heads, T, T), rows sum to 1.

    Returns
    -------
    np.ndarray
        float64 (T, T), 0 to 1, rows sum to 1. It is the same for every class.
    """
    tokens = attention.shape[-1]
    mixed = (attention.mean(axis=1, dtype=np.float64) + np.eye(tokens)) / 2
    result = np.eye(tokens)
    for layer in mixed:
        result = layer @ result
    return result


def relevance(attention: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    """How much each token matters to each token's output for one class.

    Chefer et al. 2021, "Generic Attention-model Explainability" (https://arxiv.org/abs/2103.15679, equations 5 and 6
    for self-attention): each layer adds what its attention, weighted by its gradient and rectified, carries on.

    Parameters
    ----------
    attention, gradients
        float arrays (layers, heads, T, T): attention, and the class's logit differentiated by it.

    Returns
    -------
    np.ndarray
        float64 (T, T), 0 and above; the identity where no gradient is positive.
    """
    result = np.eye(attention.shape[-1])
    for layer in np.maximum(attention * gradients, 0).mean(axis=1, dtype=np.float64):
        result = result + layer @ result
    return result


@torch.inference_mode(False)
@torch.no_grad()
def attentions(loaded: LoadedModel, image: np.ndarray) -> np.ndarray:
    """Attention of every layer and head for a face: float32 (layers, heads, T, T), rows sum to 1."""
    with _eager(loaded.module), captured(loaded.module, attention_names(loaded.module), number=1) as found:
        loaded.module(model_input(loaded, face_tensor(image)))
    return torch.cat(list(found.values())).float().numpy()


def attention_rollout(loaded: LoadedModel, image: np.ndarray) -> np.ndarray:
    """`rollout` of a face's patches into the token that classifies.

    Returns
    -------
    np.ndarray
        float32 (S, S), 0 to 1: each patch's share, enlarged bilinearly. What the classifying token keeps of itself
        is left out, as it has no place in the picture.
    """
    return over_seen_part(loaded, patch_grid(rollout(attentions(loaded, image))[:1, 1:]), len(image))[0]


def attention_relevance(loaded: LoadedModel, image: np.ndarray, target: int) -> np.ndarray:
    """`relevance` of a face's patches for a class: float32 (S, S), 0 and above, enlarged bilinearly."""
    attention, gradients = _with_gradients(loaded, image, target, attention_names(loaded.module), number=1)
    return over_seen_part(loaded, patch_grid(relevance(attention, gradients)[:1, 1:]), len(image))[0]


def token_layers(module: nn.Module) -> dict[str, str]:
    """Blocks of a transformer, "block 1" first, and the modules that put out the tokens their attention reads."""
    names = (name.removesuffix("attention") + "layernorm_before" for name in attention_names(module))
    return {f"block {number}": name for number, name in enumerate(names, 1)}


def token_cam(loaded: LoadedModel, image: np.ndarray, target: int, layer: str | None = None) -> np.ndarray:
    """Grad-CAM on the tokens that a block's attention reads.

    Selvaraju et al. 2017 (https://arxiv.org/abs/1610.02391) carried over to transformers, as the package
    pytorch-grad-cam does: a token stands for a place and its features for channels. Not the last block's output, of
    which only the classifying token is used: no gradient reaches its patches.

    Parameters
    ----------
    loaded, image, target
        A transformer, a face uint8 (S, S) or (S, S, 3), number of a class.
    layer
        One of `token_layers`; without it the last one.

    Returns
    -------
    np.ndarray
        float32 (S, S), 0 and above, in logits, enlarged bilinearly.
    """
    tokens, gradients = _tokens(loaded, image, target, layer)
    cells = patch_grid(np.maximum(tokens @ gradients.mean(axis=0), 0)[None])
    return over_seen_part(loaded, cells, len(image))[0]


def token_hires_cam(loaded: LoadedModel, image: np.ndarray, target: int, layer: str | None = None) -> np.ndarray:
    """HiResCAM (Draelos and Carin 2020, https://arxiv.org/abs/2011.08891) on tokens, carried over as in `token_cam`.

    Each token is weighed by its own gradient, not by the mean of all: float32 (S, S), in logits, with both signs.
    """
    tokens, gradients = _tokens(loaded, image, target, layer)
    return over_seen_part(loaded, patch_grid((tokens * gradients).sum(axis=1)[None]), len(image))[0]


def block_heads(loaded: LoadedModel, image: np.ndarray, block: str) -> np.ndarray:
    """What the classifying token looks at in each head of one block.

    Parameters
    ----------
    loaded, image
        A transformer, a face uint8 (S, S) or (S, S, 3).
    block
        One of `block_names`.

    Returns
    -------
    np.ndarray
        float32 (heads, S, S), 0 to 1: the weight of each patch, not enlarged smoothly but as the square it is.
    """
    number = block_names(loaded).index(block)
    return over_seen_part(loaded, patch_grid(attentions(loaded, image)[number, :, 0, 1:]), len(image), "nearest")


def block_names(loaded: LoadedModel) -> list[str]:
    """Names of a model's attention blocks, the first one first; none but in a ViT."""
    return list(token_layers(loaded.module))


def patch_grid(values: np.ndarray) -> np.ndarray:
    """Values of patches (N, n), row by row, as squares (N, side, side); ValueError unless n is a square number."""
    side = math.isqrt(values.shape[1])
    if side * side != values.shape[1]:
        raise ValueError(f"received {values.shape[1]} patches, expected a square number of them beside one token")
    return values.reshape(-1, side, side)


@torch.inference_mode(False)
@torch.enable_grad()
def _with_gradients(
    loaded: LoadedModel, image: np.ndarray, target: int, names: list[str], number: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """What modules put out for a face, and a class's logit differentiated by it, one after the other."""
    inputs = model_input(loaded, face_tensor(image)).requires_grad_()  # so that frozen models have a graph too
    with _eager(loaded.module), captured(loaded.module, names, lambda output: output, number) as found:
        logit = loaded.module(inputs)[0, target]
    outputs = list(found.values())
    gradients = torch.autograd.grad(logit, outputs)
    return torch.cat(outputs).detach().float().numpy(), torch.cat(gradients).float().numpy()


@contextlib.contextmanager
def _eager(module: nn.Module) -> Iterator[None]:
    """Compute attention in the one way of transformers that leaves the matrices to be read."""
    configs = [part.config for part in module.modules() if hasattr(part, "set_attn_implementation")]
    before = [config._attn_implementation for config in configs]
    try:
        for config in configs:
            config._attn_implementation = "eager"
        yield
    finally:
        for config, implementation in zip(configs, before, strict=True):
            config._attn_implementation = implementation


def _tokens(loaded: LoadedModel, image: np.ndarray, target: int, layer: str | None) -> tuple[np.ndarray, np.ndarray]:
    """The patches' tokens (T - 1, features) that a block's attention reads, and a logit differentiated by them."""
    names = token_layers(loaded.module)
    layer = layer or list(names)[-1]
    if layer not in names:
        raise ValueError(f"received the layer {layer!r}, expected one of {', '.join(names)}")
    tokens, gradients = _with_gradients(loaded, image, target, [names[layer]])  # (1, T, features)
    return tokens[0, 1:], gradients[0, 1:]
