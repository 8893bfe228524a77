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


def signs(hashes):
    """Low frequencies float32 (N, 63) that have these hashes (N, 63), each with 31 bits set."""
    return np.where(hashes, np.float32(1), np.float32(-1)) + np.linspace(0, 0.1, BITS, dtype=np.float32)


@pytest.fixture
def planted():
    """300 random hashes with 31 bits set; of rows 7, 8 and 9 copies in 290 to 292 differ in 0, 4 and 6 bits."""
    generator = np.random.default_rng(0)
    hashes = np.stack([generator.permutation(BITS) < 31 for _ in range(300)])
    for row, swaps in ((7, 0), (8, 2), (9, 3)):
        hashes[283 + row] = hashes[row]
        for value in (True, False):  # as many are set as are cleared
            hashes[283 + row, np.flatnonzero(hashes[row] == value)[:swaps]] ^= True
    return hashes


@pytest.mark.slow
def test_pairs_are_those_within_the_distance_each_once(planted):
    frequencies = signs(planted)
    assert (perceptual_hashes(frequencies) == planted).all()
    for distance, expected in ((6, [[7, 290], [8, 291], [9, 292]]), (5, [[7, 290], [8, 291]]), (3, [[7, 290]])):
        assert candidate_pairs(frequencies, distance=distance, correlation=0).tolist() == expected
    distances = (planted[:, None] != planted[None]).sum(axis=2)
    near = np.argwhere(np.triu(distances <= 18, 1)).tolist()
    found = candidate_pairs(frequencies, tables=600, distance=18, correlation=0).tolist()
    assert found == near  # so many tables miss none
    assert len(found) > 3


def test_pairs_are_those_that_correlate(planted):
    # Two sign vectors that differ in 4 of 63 places correlate by 55 / 63 = 0.87, in 6 of them by 0.81.
    assert candidate_pairs(signs(planted), correlation=0.84).tolist() == [[7, 290], [8, 291]]


@pytest.mark.parametrize("n", [0, 1])
def test_nothing_pairs_with_itself(n):
    assert candidate_pairs(np.ones((n, BITS), np.float32)).shape == (0, 2)


def test_equal_pictures_all_pair():
    same = np.tile(np.arange(BITS, dtype=np.float32), (4, 1))
    assert candidate_pairs(same).tolist() == [[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]]
