"""Near copies: pictures that are alike once they lie on each other, as they are or mirrored.

FER2013's near copies are one photo that was found on the web several times: scaled, compressed or marked differently
and therefore cropped a few pixels apart. Their plain correlation can be as low as that of two different faces, hence
the shifts. The threshold is chosen by eye: of 100 pairs of FER2013 looked at between 0.94 and 0.955 all showed one
photo, between 0.925 and 0.94 two to three in a hundred showed two people, more of the mirrored ones.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view

from fercore.data.audit.hashing import candidate_pairs, low_frequencies, mirrored

NEAR = 0.94  # least aligned correlation of near copies
SHIFT = 3  # pixels by which copies may be displaced, in each direction
_FLAT = 1.0  # gray levels of standard deviation below which a picture correlates with anything
_CHUNK = 2000  # pairs compared at once, which takes 60 MB


def near_pairs(images: np.ndarray, threshold: float = NEAR, between: int | None = None) -> pd.DataFrame:
    """Pairs of different pictures that are near copies of each other.

    Parameters
    ----------
    images
        uint8 (N, 48, 48), no two the same.
    threshold
        Least aligned correlation.
    between
        Only pairs of one of so many first pictures with a later one; without it, pairs of any.

    Returns
    -------
    DataFrame
        first < second (rows of `images`), mirrored (whether one is alike to the other's mirror image), similarity
        (aligned correlation); ascending. Pictures of one gray level are left out. Some pairs are missed, see
        `candidate_pairs`: of the 2,944 pairs that comparing all with all finds in FER2013, this finds 94 %.
    """
    varied = np.flatnonzero(_deviations(images) >= _FLAT)
    columns = {"first": np.int64, "second": np.int64, "mirrored": bool, "similarity": np.float32}
    if len(varied) < 2:
        return pd.DataFrame({name: np.empty(0, kind) for name, kind in columns.items()})
    first, second, flipped = _candidates(images[varied])
    if between is not None:
        across = (varied[first] < between) & (varied[second] >= between)
        first, second, flipped = first[across], second[across], flipped[across]
    similarity = np.empty(len(first), dtype=np.float32)
    for start in range(0, len(first), _CHUNK):
        part = slice(start, start + _CHUNK)
        one, other = images[varied[first[part]]], images[varied[second[part]]]
        other = np.where(flipped[part, None, None], other[:, :, ::-1], other)
        similarity[part] = aligned_correlation(one, other)
    table = pd.DataFrame(
        {"first": varied[first], "second": varied[second], "mirrored": flipped, "similarity": similarity}
    )
    return table[table["similarity"] >= threshold].reset_index(drop=True)


def aligned_correlation(one: np.ndarray, other: np.ndarray, shift: int = SHIFT) -> np.ndarray:
    """Highest Pearson correlation of picture pairs over all small shifts of one against the other.

    Parameters
    ----------
    one, other
        uint8 (P, H, W) each.
    shift
        Largest displacement in pixels, up, down, left and right.

    Returns
    -------
    ndarray
        float32 (P,), -1 to 1: of the middle of the one, without a border of `shift` pixels, with every equally large
        part of the other. A part of one gray level counts as 0.
    """
    height, width = (side - 2 * shift for side in one.shape[1:])
    middle = one[:, shift : shift + height, shift : shift + width].astype(np.float32)
    middle -= middle.mean(axis=(1, 2), keepdims=True)
    parts = sliding_window_view(other.astype(np.float32), (height, width), axis=(1, 2))  # (P, shifts, shifts, h, w)
    # The middle has mean 0, so the mean of the other's part does not matter here.
    products = np.einsum("pyxij,pij->pyx", parts, middle)
    lengths = np.linalg.norm(middle, axis=(1, 2))[:, None, None] * np.sqrt(_squared_deviations(other, height, width))
    return np.where(lengths > 0, products / lengths.clip(1e-6), 0).max(axis=(1, 2)).clip(-1, 1).astype(np.float32)


def _candidates(images: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """First and second rows (P,) of pairs worth a closer look, and whether one of the two is to be mirrored."""
    n, frequencies = len(images), low_frequencies(images)
    pairs = candidate_pairs(np.concatenate([frequencies, mirrored(frequencies)]))  # row N + i is i's mirror image
    flipped = (pairs[:, 0] < n) != (pairs[:, 1] < n)
    rows = np.sort(pairs % n, axis=1)
    different = rows[:, 0] < rows[:, 1]  # a symmetric face is no copy of itself
    keys = np.unique((rows[different, 0] * n + rows[different, 1]) * 2 + flipped[different])
    return keys // 2 // n, keys // 2 % n, keys % 2 == 1


def _squared_deviations(images: np.ndarray, height: int, width: int) -> np.ndarray:
    """Sum of squared deviations from its mean of every part of height x width, float64 (P, H-height+1, W-width+1)."""
    exact = images.astype(np.float64)  # whole numbers, so that a part of one level gives 0
    rows, columns = (_windows(side, part) for side, part in zip(images.shape[1:], (height, width), strict=True))
    total, squares = (rows.T @ values @ columns for values in (exact, exact**2))
    return squares - total**2 / (height * width)


def _windows(side: int, part: int) -> np.ndarray:
    """float64 (side, side - part + 1): in each column 1 for the `part` places of one window, 0 elsewhere."""
    places, start = np.ogrid[:side, : side - part + 1]
    return ((places >= start) & (places < start + part)).astype(np.float64)


def _deviations(images: np.ndarray) -> np.ndarray:
    parts = [images[start : start + _CHUNK].std(axis=(1, 2)) for start in range(0, len(images), _CHUNK)]
    return np.concatenate([np.empty(0), *parts])
