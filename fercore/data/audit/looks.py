"""Pictures that show nothing, or are much darker, brighter, flatter or harsher than the others."""

from __future__ import annotations

import numpy as np
import pandas as pd

SHARE = 0.5  # of the pixels that have one and the same level
FLAT = 5.0  # gray levels of standard deviation
OUTLYING = 3.0  # robust standard deviations
_CHUNK = 4096

ODD = ("blank", "near-uniform", "dark", "bright", "low contrast", "high contrast")


def looks(images: np.ndarray) -> pd.DataFrame:
    """What each picture is like.

    Parameters
    ----------
    images
        uint8 (N, 48, 48), 0 black to 255 white.

    Returns
    -------
    DataFrame
        brightness and contrast (mean and standard deviation of the pixels, gray levels), common (share of the most
        common level), and oddity, one of `ODD` or "" where there is none: "blank" has a single level; "near-uniform"
        has one level on at least half of its pixels, or less contrast than 5 levels, as notes that an image is no
        longer available have; the others lie 3 robust standard deviations from the median, see `robust_z`.
    """
    parts = [_measure(images[start : start + _CHUNK]) for start in range(0, len(images), _CHUNK)]
    brightness, contrast, common = np.concatenate([np.empty((0, 3)), *parts]).T
    blank = common == 1
    uniform = ~blank & ((common >= SHARE) | (contrast < FLAT))
    light, spread = (np.where(blank | uniform, 0, robust_z(x)) for x in (brightness, contrast))
    tests = (blank, uniform, light < -OUTLYING, light > OUTLYING, spread < -OUTLYING, spread > OUTLYING)
    oddity = np.select(tests, ODD, default="")
    return pd.DataFrame({"brightness": brightness, "contrast": contrast, "common": common, "oddity": oddity})


def robust_z(values: np.ndarray) -> np.ndarray:
    """How many robust standard deviations each value (N,) lies from the median.

    A robust standard deviation is 1.4826 times the median distance from the median, which for a normal distribution is
    the standard deviation and which outliers hardly move (Iglewicz and Hoaglin 1993). All 0 where it is 0.
    """
    distance = values - np.median(values) if len(values) else values
    scale = 1.4826 * np.median(np.abs(distance)) if len(values) else 0
    return distance / scale if scale else np.zeros_like(distance)


def _measure(images: np.ndarray) -> np.ndarray:
    """Mean, standard deviation and share of the most common level, float64 (n, 3)."""
    pixels = images.reshape(len(images), -1)
    levels = np.zeros((len(pixels), 256), dtype=np.int64)
    np.add.at(levels, (np.arange(len(pixels))[:, None], pixels), 1)
    return np.stack([pixels.mean(axis=1), pixels.std(axis=1), levels.max(axis=1) / pixels.shape[1]], axis=1)
