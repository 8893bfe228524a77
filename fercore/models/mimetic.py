"""First weights for a ViT that learns from few images: attention as trained transformers have it.

Trockman and Kolter 2023 (https://arxiv.org/abs/2305.09828) saw that in trained ViTs the product of query and key
matrices is near a positive multiple of the identity, and that of value and output matrices near a negative one. A ViT
that starts so, with sinusoidal places, first attends to near patches and need not find out that neighbours belong
together.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from transformers import ViTForImageClassification

# The paper's values: for a product of two matrices, weights of the noise and of the identity.
_QUERY_KEY = (0.7, 0.7)
_VALUE_OUTPUT = (0.4, -0.4)


@torch.no_grad()
def mimetic_init(model: ViTForImageClassification) -> None:
    """Give a fresh ViT attention matrices and places that look like a trained one's, in its own memory.

    Parameters
    ----------
    model
        Its hidden size is a multiple of 4, its patches form a square. Noise comes from torch's global generator.
    """
    # As torch begins any convolution: transformers' 0.02 is meant for patches of 768 values, and 36 would whisper.
    model.vit.embeddings.patch_embeddings.projection.reset_parameters()
    places = model.vit.embeddings.position_embeddings
    side = math.isqrt(places.shape[1] - 1)
    places[0, 1:] = sinusoidal_places(side, places.shape[2])
    # Among them all. At a place of its own, the token that classifies would attend to nothing but itself.
    places[0, 0] = places[0, 1:].mean(0)
    heads = model.config.num_attention_heads
    for layer in model.vit.layers:
        attention = layer.attention
        for query, key in zip(_heads(attention.q_proj, heads), _heads(attention.k_proj, heads), strict=True):
            left, right = _factors(*_QUERY_KEY, query.shape[1], rank=query.shape[0])
            query.copy_(left.T)
            key.copy_(right.T)
        left, right = _factors(*_VALUE_OUTPUT, places.shape[2], rank=places.shape[2])
        attention.v_proj.weight.copy_(left.T)
        attention.o_proj.weight.copy_(right)


def sinusoidal_places(side: int, size: int) -> torch.Tensor:
    """Where each patch lies, as sines and cosines of its row and column.

    Parameters
    ----------
    side
        Patches of a row and of a column.
    size
        Features, a multiple of 4: sine and cosine of the row at size / 4 frequencies from 1 down to 1/10,000, then of
        the column (Vaswani et al. 2017, https://arxiv.org/abs/1706.03762, in two dimensions).

    Returns
    -------
    torch.Tensor
        float32 (side * side, size), -1 to 1, row by row.
    """
    frequencies = 10_000 ** -torch.linspace(0, 1, size // 4)
    angles = torch.arange(side)[:, None] * frequencies
    line = torch.cat([angles.sin(), angles.cos()], dim=1)
    rows, columns = line[:, None].expand(-1, side, -1), line[None].expand(side, -1, -1)
    return torch.cat([rows, columns], dim=2).flatten(0, 1)


def _heads(linear: torch.nn.Linear, heads: int) -> torch.Tensor:
    """(heads, features of a head, hidden size): a view of the weights."""
    return linear.weight.view(heads, -1, linear.in_features)


def _factors(noise: float, identity: float, size: int, rank: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Two matrices (size, rank), the first times the second's transpose as near as can be to noise plus identity."""
    wanted = noise * torch.randn(size, size) / math.sqrt(size) + identity * torch.eye(size)
    left, values, right = torch.linalg.svd(wanted)
    scale = values[:rank].sqrt()
    return left[:, :rank] * scale, right[:rank].T * scale
