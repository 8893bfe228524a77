"""What each augmentation does to a face, at a strength that is usual for FER2013."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np
import torch

from fercore.data.transforms import AugmentConfig, augment
from fercore.fields import flag

# Strengths of recipes that reached 73 % on FER2013 or trained well here. Saturation and hue leave gray pixels alone,
# mixup and cutmix need a second picture.
PREVIEWS = {
    "horizontal flip": AugmentConfig(horizontal_flip=0.5),
    "rotation": AugmentConfig(rotation=10),
    "shift": AugmentConfig(shift=0.12),
    "scale": AugmentConfig(scale=0.15),
    "brightness": AugmentConfig(brightness=0.3),
    "contrast": AugmentConfig(contrast=0.3),
    "erasing": AugmentConfig(erasing=0.5),
    "all together": AugmentConfig(
        horizontal_flip=0.5, rotation=10, shift=0.12, scale=0.15, brightness=0.3, contrast=0.3, erasing=0.5
    ),
}


def flags(config: AugmentConfig) -> str:
    """What to type after scripts/train.py for this augmentation: "--rotation 10"."""
    return " ".join(f"{flag(name)} {value:g}" for name, value in asdict(config).items() if value)


def preview(face: np.ndarray, config: AugmentConfig, n: int, seed: int) -> np.ndarray:
    """One face augmented `n` times, as training would see it in `n` epochs.

    Parameters
    ----------
    face
        uint8 (H, W), 0 black to 255 white.
    config
        What to change, and how strongly.
    n
        Number of variants.
    seed
        Seed of their randomness.

    Returns
    -------
    numpy.ndarray
        uint8 (n, H, W).
    """
    batch = torch.from_numpy(np.array(face)).expand(n, -1, -1)
    changed = augment(batch, config, torch.Generator().manual_seed(seed))
    return (changed * 255).round().to(torch.uint8).numpy()
