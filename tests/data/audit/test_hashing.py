"""Perceptual hashes, and which pairs are worth comparing."""

import numpy as np
import pytest

from fercore.data.audit.hashing import BITS, candidate_pairs, low_frequencies, mirrored, perceptual_hashes
from tests.factories.planted import clouds


def test_a_cosine_has_one_frequency():
    place = np.arange(48)
    wave = 128 + 100 * np.cos(np.pi * (place + 0.5) * 2 / 48)  # horizontal frequency 2
    found = low_frequencies(np.rint(np.tile(wave, (1, 48, 1))).astype(np.uint8))[0]
    # The mean, (0, 0), is left out, so (0, 2) is the second. An orthonormal basis gives it 100 * 48 / sqrt(2).
    assert found[1] == pytest.approx(100 * 48 / 2**0.5, rel=2e-3)
    assert np.abs(np.delete(found, 1)).max() < 20


def test_the_mirror_image_s_frequencies_need_no_transform():
    images = clouds(5)
    np.testing.assert_allclose(
        mirrored(low_frequencies(images)), low_frequencies(images[:, :, ::-1]), rtol=1e-4, atol=0.05
    )


def test_hashes_depend_on_neither_brightness_nor_contrast():
    images = clouds(5)
    changed = np.rint(20 + 0.7 * images.astype(float)).astype(np.uint8)
    one, other = (perceptual_hashes(low_frequencies(own)) for own in (images, changed))
    assert (one != other).sum(axis=1).max() <= 2  # rounding may turn a bit that lies on the median


def test_a_hash_is_what_lies_above_the_median():
    frequencies = np.arange(BITS, dtype=np.float32)[None] - 7
    assert perceptual_hashes(frequencies)[0].tolist() == [False] * 32 + [True] * 31


def test_pairs_are_those_within_the_distance_each_once():
    generator = np.random.default_rng(0)
    hashes = generator.random((300, BITS)) < 0.5
    hashes[7] = hashes[290]  # the same in every table
    hashes[8] = hashes[291]
    hashes[8, :5] ^= True
    hashes[9] = hashes[292]
    hashes[9, :6] ^= True
    assert candidate_pairs(hashes, distance=6).tolist() == [[7, 290], [8, 291], [9, 292]]
    assert candidate_pairs(hashes, distance=5).tolist() == [[7, 290], [8, 291]]
    assert candidate_pairs(hashes, distance=0).tolist() == [[7, 290]]
    distances = (hashes[:, None] != hashes[None]).sum(axis=2)
    near = np.argwhere(np.triu(distances <= 16, 1)).tolist()
    found = candidate_pairs(hashes, tables=400).tolist()
    assert found == near  # so many tables miss none
    assert len(found) > 3


@pytest.mark.parametrize("n", [0, 1])
def test_nothing_pairs_with_itself(n):
    assert candidate_pairs(np.ones((n, BITS), bool)).shape == (0, 2)


def test_equal_hashes_all_pair():
    assert candidate_pairs(np.zeros((4, BITS), bool)).tolist() == [[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]]
