"""Where explanations begin and end: a face as a tensor, the model as a function of its pixels, a map over the face."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch.nn import functional as F

from fercore.data.transforms import TRAINING_MEAN
from fercore.models.forward import pixels_of, probabilities
from fercore.models.registry import LoadedModel

# What takes the place of pixels that are left out: one gray for all models, so that their maps compare.
BASELINE = TRAINING_MEAN


def face_tensor(image: np.ndarray) -> torch.Tensor:
    """A square face as float32 (1, 1, S, S), or in colour (1, 3, S, S), 0 black to 1 white.

    ValueError unless it is uint8 (S, S) or (S, S, 3).
    """
    square = image.ndim in (2, 3) and image.shape[0] == image.shape[1] > 0
    if image.dtype != np.uint8 or not square or image.shape[2:] not in ((), (3,)):
        raise ValueError(f"received {image.dtype} {image.shape}, expected one square uint8 face (S, S) or (S, S, 3)")
    pixels = pixels_of(image[None]).float().div(255)
    return pixels if pixels.ndim == 4 else pixels[:, None]


def model_input(loaded: LoadedModel, face: torch.Tensor) -> torch.Tensor:
    """Faces of `face_tensor`, (N, 1 or 3, H, W), as the model takes them."""
    return loaded.preprocess(face[:, 0] if face.shape[1] == 1 else face)


def logits_of_pixels(loaded: LoadedModel) -> Callable[[torch.Tensor], torch.Tensor]:
    """The model as a function of a face's pixels: (N, 1 or 3, H, W), 0 to 1 -> logits (N, classes).

    Preprocessing is a part of it. What an explanation says of a pixel then is in the face's own pixels whatever size
    and channels the model takes, and adds up: resizing is linear.
    """
    return lambda pixels: loaded.module(model_input(loaded, pixels))


def seen_part(loaded: LoadedModel, side: int) -> tuple[slice, slice]:
    """Rows and columns of a square face that reach the model: all of them, unless its preprocessing crops.

    Faces whose gray is the position of each pixel are preprocessed; what comes out says what is left.
    """
    ramp = torch.linspace(0, 1, side).expand(side, side)
    faces = torch.stack([torch.zeros_like(ramp), torch.ones_like(ramp), ramp.T, ramp])
    black, white, down, across = loaded.preprocess(faces)[:, 0]
    share = (torch.stack([down.T, across]) - black) / (white - black)  # (2, h, w), along the last axis
    return tuple(_covered((side - 1) * position.mean(dim=0), side) for position in share)


def _covered(centres: torch.Tensor, side: int) -> slice:
    """Pixels of the face under input pixels, whose centres lie at these positions: half an input pixel beyond them."""
    first, last = centres[0].item(), centres[-1].item()
    half = (last - first) / (len(centres) - 1) / 2
    return slice(max(round(first - half + 0.5), 0), min(round(last + half + 0.5), side))


def over_seen_part(loaded: LoadedModel, cells: np.ndarray, side: int, mode: str = "bilinear") -> np.ndarray:
    """Maps of what the model saw, (N, h, w) cells, enlarged to where that lies on a square face of `side` pixels.

    float32 (N, side, side), interpolated by torch's `mode`; 0 where preprocessing crops the face.
    """
    rows, columns = seen_part(loaded, side)
    result = np.zeros((len(cells), side, side), np.float32)
    size = (rows.stop - rows.start, columns.stop - columns.start)
    result[:, rows, columns] = F.interpolate(torch.from_numpy(cells)[:, None], size, mode=mode)[:, 0].numpy()
    return result


def face_probabilities(loaded: LoadedModel, image: np.ndarray) -> np.ndarray:
    """What a model answers for one uint8 face (H, W) or (H, W, 3): float32 (classes,), sums to 1."""
    return probabilities(loaded.module, loaded.preprocess, image[None])[0]
