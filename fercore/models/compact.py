"""Weights in a byte each: a large matrix as 8-bit integers, with a scale for each of its rows.

Rounding to the nearest of 255 steps up to a row's largest weight (as Dettmers et al. 2022 store matrices,
https://arxiv.org/abs/2208.07339) moves a weight by less than half a percent of that largest one. A file holds `NAME` as
int8 and `NAME.scale` as float32; whoever loads it has floats again.
"""

from __future__ import annotations

import torch

LARGE = 2**15  # values; only a matrix of as many gains more bytes than its rounding is worth
_SCALE = ".scale"


def to_int8(state: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """A model's tensors: those of at least `LARGE` values as int8 and their scales (rows,), the others as they are."""
    stored = {}
    for name, tensor in state.items():
        if tensor.is_floating_point() and tensor.numel() >= LARGE:
            rows = tensor.float().flatten(1)
            scale = rows.abs().amax(dim=1).clamp(min=torch.finfo(torch.float32).tiny) / 127
            stored[name] = (rows / scale[:, None]).round().to(torch.int8).view(tensor.shape)
            stored[name + _SCALE] = scale
        else:
            stored[name] = tensor
    return stored


def from_int8(stored: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """What `to_int8` made, in float32 again; a state without int8 tensors is given back as it is.

    Raises
    ------
    ValueError
        If an int8 tensor has no scale, or not one a row.
    """
    state = dict(stored)
    for name, tensor in stored.items():
        if tensor.dtype == torch.int8:
            scale = state.pop(name + _SCALE, None)
            if scale is None or tensor.ndim < 2 or scale.shape != tensor.shape[:1]:
                found = "none" if scale is None else tuple(scale.shape)
                raise ValueError(f"{name}: received scales {found}, expected one for each row of {tuple(tensor.shape)}")
            state[name] = (tensor.flatten(1) * scale[:, None]).view(tensor.shape)
    return state
