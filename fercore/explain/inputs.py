"""Where every explanation begins: one face as a tensor, and the model as a function of its pixels."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

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


def face_probabilities(loaded: LoadedModel, image: np.ndarray) -> np.ndarray:
    """What a model answers for one uint8 face (48, 48): float32 (7,), sums to 1."""
    return probabilities(loaded.module, loaded.preprocess, image[None])[0]
