"""Paired tests against values worked out by hand."""

import numpy as np
import pytest
from scipy import stats

from fercore.evaluation.paired import holm, mcnemar, paired_difference, welch


def right(text):
    """ "110" -> [True, True, False]"""
    return np.array([c == "1" for c in text])


def test_mcnemar_looks_only_at_images_that_one_model_gets_right():
    # Only a: 5 images, only b: 1. P(X <= 1) of Binomial(6, 1/2) is 7/64, twice that is 14/64.
    a, b = right("11111" + "0" + "1111" + "00"), right("00000" + "1" + "1111" + "00")
    assert mcnemar(a, b) == pytest.approx(14 / 64)
    assert mcnemar(b, a) == pytest.approx(14 / 64)
    assert mcnemar(a[:6], b[:6]) == mcnemar(a, b)


def test_mcnemar_of_equal_answers_is_one():
    assert mcnemar(right("1100"), right("1100")) == 1.0
    assert mcnemar(right("10"), right("01")) == 1.0


def test_welch_follows_the_formula():
    a, b = np.array([0.50, 0.52, 0.54]), np.array([0.40, 0.46])
    # Variances 0.0004 and 0.0018; their shares of the squared standard error are 0.0004 / 3 and 0.0018 / 2.
    part_a, part_b = 0.0004 / 3, 0.0018 / 2
    error = np.sqrt(part_a + part_b)
    freedom = (part_a + part_b) ** 2 / (part_a**2 / 2 + part_b**2 / 1)
    difference, p = welch(a, b)
    half = stats.t.ppf(0.975, freedom) * error
    assert difference == pytest.approx({"value": 0.09, "low": 0.09 - half, "high": 0.09 + half})
    assert p == pytest.approx(2 * stats.t.sf(0.09 / error, freedom))


def test_welch_of_trainings_without_spread_asks_only_whether_they_differ():
    same, other = np.array([0.5, 0.5]), np.array([0.25, 0.25])
    assert welch(same, same) == ({"value": 0, "low": 0, "high": 0}, 1.0)
    assert welch(same, other) == ({"value": 0.25, "low": 0.25, "high": 0.25}, 0.0)


def test_holm_multiplies_by_what_is_left_and_never_falls():
    # Sorted 0.01, 0.02, 0.04: times 3, 2 and 1 makes 0.03, 0.04, 0.04.
    assert holm(np.array([0.04, 0.01, 0.02])) == pytest.approx([0.04, 0.03, 0.04])
    # 0.03 * 2 = 0.06, then 0.04 * 1 may not fall below it.
    assert holm(np.array([0.03, 0.04])) == pytest.approx([0.06, 0.06])
    assert holm(np.array([0.6, 0.7])) == pytest.approx([1, 1])
    assert len(holm(np.array([]))) == 0
    # Two of three pairs, chosen after a look: 0.01 * 3, then 0.03 * 2.
    assert holm(np.array([0.03, 0.01]), of=3) == pytest.approx([0.06, 0.03])


def test_paired_difference_is_certain_where_every_pair_is_alike():
    assert paired_difference(right("111"), right("000")) == {"value": 1, "low": 1, "high": 1}
    assert paired_difference(np.array([0.75, 0.25]), np.array([0.5, 0.0])) == {"value": 0.25, "low": 0.25, "high": 0.25}


def test_paired_difference_spreads_as_the_normal_approximation_says():
    # 300 images only a gets right, 200 only b, 500 the same: mean 0.1, variance of one image 0.5 - 0.01.
    a, b = right("1" * 300 + "0" * 200 + "1" * 500), right("0" * 300 + "1" * 200 + "1" * 500)
    found = paired_difference(a, b, resamples=20000)
    half = 1.96 * np.sqrt(0.49 / 1000)
    assert found["value"] == pytest.approx(0.1)
    assert (found["low"], found["high"]) == pytest.approx((0.1 - half, 0.1 + half), abs=0.003)
