"""Which pictures may be near copies: perceptual hashes, and pairs that agree in random parts of them.

The hash is the DCT hash of Zauner (2010, "Implementation and benchmarking of perceptual image hash functions",
section 3.2.1): the signs of a picture's lowest frequencies about their median. It depends on neither brightness nor
contrast. The mirror image needs no second transform, since it turns the sign of every odd horizontal frequency.
Pairs come from bit-sampling locality-sensitive hashing (Indyk and Motwani 1998).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

SIDE = 8  # frequencies of the hash along each axis
BITS = SIDE * SIDE - 1  # all but the mean
DISTANCE = 16  # bits in which the hashes of near copies may differ
CORRELATION = 0.82  # least correlation of the low frequencies of near copies; few lie below
TABLES = 40  # random parts of the hash; each finds some of the pairs
_BUCKET = 16  # mean number of hashes that share a bucket
_CHUNK = 4096  # images transformed at once


def low_frequencies(images: np.ndarray) -> np.ndarray:
    """The lowest frequencies of pictures, without their mean.

    Parameters
    ----------
    images
        uint8 (N, 48, 48).

    Returns
    -------
    ndarray
        float32 (N, 63): orthonormal DCT-II coefficients, vertical frequency 0 to 7 by horizontal frequency 0 to 7.
    """
    from scipy.fft import dctn  # here, to keep pages that read an audit quick

    parts = [
        dctn(images[start : start + _CHUNK].astype(np.float32), axes=(1, 2), norm="ortho")[:, :SIDE, :SIDE]
        for start in range(0, len(images), _CHUNK)
    ]
    return np.concatenate(parts).reshape(len(images), -1)[:, 1:]


def mirrored(frequencies: np.ndarray) -> np.ndarray:
    """The `low_frequencies` of the mirror images of pictures whose low frequencies these are, float32 (N, 63)."""
    signs = np.tile(np.where(np.arange(SIDE) % 2, np.float32(-1), np.float32(1)), SIDE)[1:]
    return frequencies * signs


def perceptual_hashes(frequencies: np.ndarray) -> np.ndarray:
    """bool (N, 63): whether each low frequency (N, 63) lies above the picture's median of them."""
    return frequencies > np.median(frequencies, axis=1, keepdims=True)


def candidate_pairs(
    frequencies: np.ndarray,
    tables: int = TABLES,
    distance: int = DISTANCE,
    correlation: float = CORRELATION,
    seed: int = 0,
) -> np.ndarray:
    """Pairs of pictures whose low frequencies are alike: most of them, without comparing each with each.

    Each table puts pictures whose hashes agree in some random bits into one bucket, and compares within buckets. The
    number of these bits grows with the logarithm of N, so that a bucket holds the same number of pictures on average
    and the cost grows about as N. A pair whose hashes differ in h of 63 bits meets in a table of k bits with a
    probability of about (1 - h / 63)^k, and so is missed with (1 - that)^tables.

    Parameters
    ----------
    frequencies
        float32 (N, 63) from `low_frequencies` or `mirrored`.
    tables
        More of them miss fewer pairs and cost more.
    distance, correlation
        Most bits in which the hashes of a pair may differ, and the least correlation of its low frequencies.
    seed
        Of the choice of bits.

    Returns
    -------
    ndarray
        int64 (P, 2), first < second, each pair once, in ascending order.
    """
    n, generator = len(frequencies), np.random.default_rng(seed)
    width = int(np.clip(np.rint(np.log2(max(n, 1) / _BUCKET)), 1, BITS))
    words = perceptual_hashes(frequencies).astype(np.uint64) @ (np.uint64(1) << np.arange(BITS, dtype=np.uint64))
    unit = frequencies / np.linalg.norm(frequencies, axis=1, keepdims=True).clip(1e-6)
    found = [np.empty(0, dtype=np.int64)]
    for _ in range(tables):
        bits = generator.permutation(BITS)[:width].astype(np.uint64)
        keys = sum(((words >> bit) & np.uint64(1)) << np.uint64(place) for place, bit in enumerate(bits))
        for one, other in _same_bucket(keys):
            close = np.bitwise_count(words[one] ^ words[other]) <= distance
            one, other = one[close], other[close]
            alike = np.einsum("pi,pi->p", unit[one], unit[other]) >= correlation
            found.append(np.minimum(one[alike], other[alike]) * n + np.maximum(one[alike], other[alike]))
    pairs = np.unique(np.concatenate(found))
    return np.stack([pairs // max(n, 1), pairs % max(n, 1)], axis=1)


def _same_bucket(keys: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Pairs of rows with the same key, as arrays of neighbours 1, 2, 3, ... places apart in sorted order."""
    order = np.argsort(keys, kind="stable")
    keys, places, apart = keys[order], np.arange(len(keys)), 1
    while len(places := places[places < len(keys) - apart]):
        # Whoever agrees at this distance agreed at all smaller ones, so ever fewer places stay.
        places = places[keys[places] == keys[places + apart]]
        yield order[places], order[places + apart]
        apart += 1
