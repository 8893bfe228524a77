"""Near copies: displaced, mirrored, darker; and nothing else."""

import numpy as np
import pytest
from scipy.stats import pearsonr

from fercore.data.audit.similarity import aligned_correlation, near_pairs
from tests.factories.planted import clouds


def test_the_correlation_is_the_highest_over_all_shifts():
    one, other = np.random.default_rng(0).integers(0, 256, (2, 1, 6, 7), dtype=np.uint8)
    middle = one[0, 1:5, 1:6].ravel()
    parts = [other[0, top : top + 4, left : left + 5].ravel() for top in range(3) for left in range(3)]
    expected = max(pearsonr(middle, part).statistic for part in parts)
    assert aligned_correlation(one, other, shift=1)[0] == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("moved", [(0, 0), (3, -3), (-1, 2)])
def test_a_displaced_copy_is_wholly_alike(moved):
    large = clouds(1, side=60)[0]
    one, other = large[6:54, 6:54], large[6 + moved[0] : 54 + moved[0], 6 + moved[1] : 54 + moved[1]]
    assert aligned_correlation(one[None], other[None])[0] == pytest.approx(1, abs=1e-5)


def test_a_part_of_one_level_correlates_with_nothing():
    flat = np.full((1, 48, 48), 9, np.uint8)
    assert aligned_correlation(flat, clouds(1))[0] == aligned_correlation(clouds(1), flat)[0] == 0


def test_planted_copies_are_found_and_nothing_else():
    images = clouds(80)
    images[10] = np.rint(40 + 0.5 * np.roll(images[3], (-2, 1), axis=(0, 1)).astype(float))
    images[11] = images[4][:, ::-1]
    images[12] = np.rint(255 - images[5].astype(float))  # a negative is no copy
    images[13] = 200
    images[14] = 100
    found = near_pairs(images)
    assert found[["first", "second", "mirrored"]].to_numpy().tolist() == [[3, 10, False], [4, 11, True]]
    # Moving by rolling wraps two rows around; the middle of the picture is whole.
    np.testing.assert_allclose(found["similarity"], [1, 1], atol=0.01)


def test_the_threshold_decides():
    images = clouds(20)
    images[1] = np.rint(0.75 * images[0].astype(float) + 0.25 * images[2].astype(float))
    similarity = float(near_pairs(images, 0.5)["similarity"].max())
    assert 0.8 < similarity < 0.99
    assert len(near_pairs(images, similarity - 0.001)) == 1
    assert near_pairs(images, similarity + 0.001).empty


@pytest.mark.parametrize("images", [clouds(1), np.zeros((3, 48, 48), np.uint8), clouds(0)], ids=["one", "flat", "none"])
def test_too_few_pictures_have_no_pairs(images):
    found = near_pairs(images)
    assert len(found) == 0
    assert found.columns.tolist() == ["first", "second", "mirrored", "similarity"]
