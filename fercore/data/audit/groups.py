"""Groups of copies, and in which splits an image's copies lie.

Images with the same pixels are one picture. Near copies are pairs of pictures; what holds for a picture holds for all
its images.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from fercore.data.dataset import SPLITS

if TYPE_CHECKING:
    from scipy.sparse import coo_array


def picture_numbers(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which images show exactly the same pixels.

    Parameters
    ----------
    images
        uint8 (N, H, W) or (N, H, W, 3).

    Returns
    -------
    numbers
        int64 (N,): the same number for the same pixels (told by SHA-256), 0 to P - 1 in order of appearance.
    first
        int64 (P,): row of the first image of each picture.
    """
    digests = [hashlib.sha256(np.ascontiguousarray(image)).digest() for image in images]
    numbers, _ = pd.factorize(np.array(digests, dtype=object))
    return numbers.astype(np.int64), np.unique(numbers, return_index=True)[1]


def copy_groups(pictures: np.ndarray, pairs: pd.DataFrame | None = None) -> np.ndarray:
    """Number of the group of copies that each image belongs to.

    Parameters
    ----------
    pictures
        int64 (N,) from `picture_numbers`.
    pairs
        Near pairs of pictures, from `similarity.near_pairs`; without them only exact copies make groups. A near copy of
        a near copy is in the group too.

    Returns
    -------
    ndarray
        int64 (N,): 1, 2, ... in order of appearance, 0 for an image without a copy.
    """
    if pairs is not None:
        from scipy.sparse.csgraph import connected_components  # here, to keep pages that read an audit quick

        _, components = connected_components(_adjacency(pictures, pairs), directed=False)
        pictures = components[pictures]
    alone = np.bincount(pictures)[pictures] < 2
    numbers, _ = pd.factorize(np.where(alone, -1, pictures), use_na_sentinel=False)
    if alone.any():  # the number that the images without a copy share goes to none of the groups
        numbers = numbers + (numbers < numbers[alone.argmax()])
    else:
        numbers = numbers + 1
    return np.where(alone, 0, numbers).astype(np.int64)


def partner_splits(pictures: np.ndarray, splits: np.ndarray, pairs: pd.DataFrame | None = None) -> np.ndarray:
    """In which splits each image has another image that is its copy.

    Parameters
    ----------
    pictures, pairs
        As for `copy_groups`; here a near copy of a near copy does not count.
    splits
        str (N,), "train", "val" or "test".

    Returns
    -------
    ndarray
        bool (N, 3), in the order of `SPLITS`.
    """
    own = (splits[:, None] == np.array(SPLITS)).astype(np.int64)  # (N, 3), one 1 a row
    images = np.zeros((pictures.max(initial=-1) + 1, len(SPLITS)), dtype=np.int64)  # (P, 3): images of each picture
    np.add.at(images, pictures, own)
    partners = images[pictures] - own
    if pairs is not None:
        partners += (_adjacency(pictures, pairs) @ images)[pictures]
    return partners > 0


def _adjacency(pictures: np.ndarray, pairs: pd.DataFrame) -> coo_array:
    """Symmetric 0/1 matrix (P, P) of near pairs; a pair may be near both as it is and mirrored."""
    from scipy.sparse import coo_array

    n = pictures.max(initial=-1) + 1
    ends = pairs[["first", "second"]].drop_duplicates().to_numpy()
    one, other = np.concatenate([ends, ends[:, ::-1]]).T
    return coo_array((np.ones(len(one), dtype=np.int64), (one, other)), shape=(n, n))
