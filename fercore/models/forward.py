"""Images in, probabilities out: the one forward pass that training, evaluation and prediction share."""

from __future__ import annotations

import contextlib

import numpy as np
import torch
from torch import nn
from tqdm import trange

from fercore.data.transforms import Preprocess
from fercore.models.hub import HubPreprocess


def model_input(preprocess: Preprocess | HubPreprocess, images: torch.Tensor) -> torch.Tensor:
    """Faces as a model takes them, in the order of memory in which convolutions are fastest.

    They are (N, H, W) gray or (N, 3, H, W) in colour, as `pixels_of` makes them.
    """
    return preprocess(images).contiguous(memory_format=torch.channels_last)


def pixels_of(images: np.ndarray) -> torch.Tensor:
    """Images of a data set, uint8 (N, H, W) or (N, H, W, 3), as torch has them: a copy, (N, H, W) or (N, 3, H, W)."""
    # A data set is a read-only memory map, and torch wants memory it could write to.
    pixels = torch.from_numpy(np.array(images))
    return pixels if pixels.ndim == 3 else pixels.permute(0, 3, 1, 2).contiguous()


def images_a_pass(side: int, device: str | torch.device = "cpu") -> int:
    """256 images of 48x48 pixels on the CPU, 2048 elsewhere; fewer of larger ones so that memory stays the same."""
    most = 256 if torch.device(device).type == "cpu" else 2048
    return max(1, min(most, most * 48**2 // side**2))


@torch.inference_mode()
def probabilities(
    module: nn.Module,
    preprocess: Preprocess | HubPreprocess,
    images: np.ndarray | torch.Tensor,
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
        Model in eval mode: normalised images (N, channels, H, W) -> logits (N, C).
    preprocess
        The model's own preprocessing.
    images
        uint8 array (N, H, W) or, in colour, (N, H, W, 3), 0 to 255; or the same as `pixels_of` makes it, which may lie
        on the device already.
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
        float32 (N, C), rows sum to 1.
    """
    if isinstance(images, np.ndarray):
        _check(images)
    if not len(images):  # a blank one tells how many classes there are
        blank = np.zeros((1, *images.shape[1:]), dtype=np.uint8)
        return probabilities(module, preprocess, blank, device=device)[:0]
    autocast = torch.autocast(torch.device(device).type, torch.bfloat16) if bf16 else contextlib.nullcontext()
    batch_size = batch_size or images_a_pass(preprocess.size, device)
    results = []
    for start in trange(0, len(images), batch_size, unit="batch", disable=None if progress else True, delay=1):
        batch = images[start : start + batch_size]
        inputs = model_input(preprocess, (pixels_of(batch) if isinstance(batch, np.ndarray) else batch).to(device))
        with autocast:
            outputs = module(inputs).float().softmax(dim=1)
            if tta == "flip":
                outputs = (outputs + module(inputs.flip(-1)).float().softmax(dim=1)) / 2
        results.append(outputs)
    return torch.cat(results).cpu().numpy()  # asked of the device once: each pass would wait for the one before


def _check(images: np.ndarray) -> None:
    if images.dtype != np.uint8 or images.ndim not in (3, 4) or images.shape[3:] not in ((), (3,)):
        received = f"{images.dtype} {images.shape}"
        raise ValueError(f"received {received}, expected uint8 images (N, H, W) or (N, H, W, 3)")
