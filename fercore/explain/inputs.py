"""Where explanations begin and end: a face as a tensor, the model as a function of its pixels, a map over the face."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch.nn import functional as F

from fercore.data.fer2013 import SIZE
from fercore.data.transforms import TRAINING_MEAN
from fercore.models.forward import probabilities
from fercore.models.registry import LoadedModel

# What takes the place of pixels that are left out: one gray for all models, so that their maps compare.
BASELINE = TRAINING_MEAN


def face_tensor(image: np.ndarray) -> torch.Tensor:
    """A face as float32 (1, 1, 48, 48), 0 black to 1 white; ValueError unless it is uint8 (48, 48)."""
    if image.dtype != np.uint8 or image.shape != (SIZE, SIZE):
        raise ValueError(f"received {image.dtype} {image.shape}, expected one uint8 face ({SIZE}, {SIZE})")
    # A copy, since faces may lie in read-only memory and torch wants memory it could write to.
    return torch.from_numpy(image.copy()).float().div(255)[None, None]


def logits_of_pixels(loaded: LoadedModel) -> Callable[[torch.Tensor], torch.Tensor]:
    """The model as a function of the 48x48 pixels of a face: (N, 1, 48, 48), 0 to 1 -> logits (N, 7).

    Preprocessing is a part of it. What an explanation says of a pixel then is in the face's own pixels whatever size
    and channels the model takes, and adds up: resizing is linear.
    """
    return lambda pixels: loaded.module(loaded.preprocess(pixels.squeeze(1)))


def seen_part(loaded: LoadedModel) -> tuple[slice, slice]:
    """Rows and columns of a face that reach the model: all 48, unless its preprocessing crops.

    Faces whose gray is the position of each pixel are preprocessed; what comes out says what is left.
    """
    ramp = torch.linspace(0, 1, SIZE).expand(SIZE, SIZE)
    faces = torch.stack([torch.zeros_like(ramp), torch.ones_like(ramp), ramp.T, ramp])
    black, white, down, across = loaded.preprocess(faces)[:, 0]
    share = (torch.stack([down.T, across]) - black) / (white - black)  # (2, side, side), along the last axis
    return tuple(_covered((SIZE - 1) * position.mean(dim=0)) for position in share)


def _covered(centres: torch.Tensor) -> slice:
    """Pixels of the face under input pixels, whose centres lie at these positions: half an input pixel beyond them."""
    first, last, side = centres[0].item(), centres[-1].item(), len(centres)
    half = (last - first) / (side - 1) / 2
    return slice(max(round(first - half + 0.5), 0), min(round(last + half + 0.5), SIZE))


def over_seen_part(loaded: LoadedModel, cells: np.ndarray, mode: str = "bilinear") -> np.ndarray:
    """Maps of what the model saw, (N, h, w) cells, enlarged to where that lies on the face: float32 (N, 48, 48).

    Interpolated by torch's `mode`; 0 where preprocessing crops the face.
    """
    rows, columns = seen_part(loaded)
    result = np.zeros((len(cells), SIZE, SIZE), np.float32)
    size = (rows.stop - rows.start, columns.stop - columns.start)
    result[:, rows, columns] = F.interpolate(torch.from_numpy(cells)[:, None], size, mode=mode)[:, 0].numpy()
    return result


def face_probabilities(loaded: LoadedModel, image: np.ndarray) -> np.ndarray:
    """What a model answers for one uint8 face (48, 48): float32 (7,), sums to 1."""
    return probabilities(loaded.module, loaded.preprocess, image[None])[0]
