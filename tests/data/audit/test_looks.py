"""Blank and odd pictures, by hand."""

import numpy as np
import pytest

from fercore.data.audit.looks import looks, robust_z
from tests.factories.planted import clouds


def test_robust_z_by_hand():
    # Median 3; distances 2, 1, 0, 1, 97, whose median is 1.
    np.testing.assert_allclose(robust_z(np.array([1.0, 2, 3, 4, 100])) * 1.4826, [-2, -1, 0, 1, 97])


@pytest.mark.parametrize("values", [[], [5.0, 5, 5, 9]])
def test_without_spread_nothing_lies_out(values):
    assert not robust_z(np.array(values)).any()


def test_measures_by_hand():
    picture = np.zeros((1, 48, 48), np.uint8)
    picture[0, :12] = 200  # a quarter: mean 50, standard deviation 200 * sqrt(3) / 4
    found = looks(picture).iloc[0]
    assert (found["brightness"], found["common"]) == (50, 0.75)
    assert found["contrast"] == pytest.approx(200 * 3**0.5 / 4)
    assert found["oddity"] == "near-uniform"


def test_each_oddity_is_named():
    images = clouds(40)
    ordinary = images.astype(float)
    middle = ordinary.mean()
    images[0] = 9
    images[1] = 9
    images[1, 0, 0] = 255  # one pixel
    images[2] = np.rint(middle + 0.05 * (ordinary[2] - middle))  # a standard deviation of about 2
    images[3] = np.rint(0.5 * ordinary[3])
    images[4] = np.rint(255 - 0.4 * ordinary[4])
    images[5] = np.where(ordinary[5] > np.median(ordinary[5]), np.tile([253, 255], 24), np.tile([0, 2], 24))
    found = looks(images)["oddity"].tolist()
    assert found[:6] == ["blank", "near-uniform", "near-uniform", "dark", "bright", "high contrast"]
    assert set(found[6:]) == {""}
