"""Integrated gradients: what each pixel adds to a class, compared with a gray picture."""

from __future__ import annotations

import numpy as np
import torch
from captum.attr import IntegratedGradients

from fercore.explain.inputs import BASELINE, face_tensor, logits_of_pixels
from fercore.models.registry import LoadedModel

PARTS = 8  # pieces of the way from gray to the face, so that a slow model can show how far it is
POINTS = 4  # of the way, in each piece, at which gradients are taken


@torch.inference_mode(False)
def integrated_gradients(loaded: LoadedModel, image: np.ndarray, target: int, part: int | None = None) -> np.ndarray:
    """Contribution of each pixel to the logit of a class.

    Sundararajan et al. 2017, "Axiomatic Attribution for Deep Networks" (https://arxiv.org/abs/1703.01365), by captum.
    Our departure: the baseline is the mean gray of FER2013's training images, not black, since black is what hair and
    shadows are; and the way from gray to the face is walked in `PARTS` pieces, whose maps add up to the whole.

    Parameters
    ----------
    loaded
        The model.
    image
        A face, uint8 (H, W) or in colour (H, W, 3).
    target
        Number of a class.
    part
        Number of a piece, 0 to PARTS - 1; without it the whole way.

    Returns
    -------
    np.ndarray
        float32 (H, W), in logits; positive speaks for the class, negative against it. The whole map sums to the
        class's logit for the face minus that for the gray picture (completeness), as closely as 32 points allow.
    """
    face = face_tensor(image)
    gray = torch.full_like(face, BASELINE)
    method = IntegratedGradients(logits_of_pixels(loaded))
    total = torch.zeros_like(face)
    for piece in range(PARTS) if part is None else (part,):
        start, end = (gray + (face - gray) * (piece + step) / PARTS for step in (0, 1))
        total += method.attribute(end, baselines=start, target=target, n_steps=POINTS).detach()
    return total[0].sum(dim=0).float().numpy()  # of colours, what the three channels of a pixel add
