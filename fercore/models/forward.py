"""Images in, probabilities out: the one forward pass that training, evaluation and prediction share."""

from __future__ import annotations

import contextlib

import numpy as np
import torch
from torch import nn
from tqdm import trange

from fercore.data.fer2013 import SIZE
from fercore.data.transforms import Preprocess
from fercore.emotions import EMOTIONS
from fercore.models.hub import HubPreprocess


def model_input(preprocess: Preprocess | HubPreprocess, images: torch.Tensor) -> torch.Tensor:
    """Faces (N, H, W) as a model takes them, in the order of memory in which convolutions are fastest."""
    return preprocess(images).contiguous(memory_format=torch.channels_last)


def images_a_pass(side: int) -> int:
    """256 images of 48x48 pixels, fewer of larger ones so that memory stays the same."""
    return max(1, min(256, 256 * SIZE**2 // side**2))


@torch.inference_mode()
def probabilities(
    module: nn.Module,
    preprocess: Preprocess | HubPreprocess,
    images: np.ndarray,
    *,
    tta: str = "none",
    batch_size: int | None = None,
    device: str | torch.device = "cpu",
    bf16: bool = False,
    progress: bool = False,
) -> np.ndarray:
    """Class probabilities of faces.

    Parameters
    ----------
    module
        Model in eval mode: normalised images (N, C, H, W) -> logits (N, 7).
    preprocess
        The model's own preprocessing.
    images
        uint8 array (N, H, W), 0 to 255.
    tta
        "flip" averages the probabilities of each image and of its mirror image.
    batch_size, device
        Images a pass, by default as many as `images_a_pass` says, and where the module is.
    bf16
        Run under bfloat16 autocast: faster, and the third digit of a probability may differ.
    progress
        Show a bar on stderr where that is a terminal.

    Returns
    -------
    np.ndarray
        float32 (N, 7), rows sum to 1.
    """
    if images.dtype != np.uint8 or images.ndim != 3:
        raise ValueError(f"received {images.dtype} {images.shape}, expected uint8 images (N, H, W)")
    autocast = torch.autocast(torch.device(device).type, torch.bfloat16) if bf16 else contextlib.nullcontext()
    batch_size = batch_size or images_a_pass(preprocess.size)
    results = np.empty((len(images), len(EMOTIONS)), dtype=np.float32)
    for start in trange(0, len(images), batch_size, unit="batch", disable=None if progress else True, delay=1):
        # A copy, since the data set is a read-only memory map and torch wants memory it could write to.
        batch = torch.from_numpy(np.array(images[start : start + batch_size])).to(device)
        inputs = model_input(preprocess, batch)
        with autocast:
            outputs = module(inputs).float().softmax(dim=1)
            if tta == "flip":
                outputs = (outputs + module(inputs.flip(-1)).float().softmax(dim=1)) / 2
        results[start : start + len(batch)] = outputs.cpu().numpy()
    return results
