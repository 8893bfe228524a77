"""Intervals against their formulas."""

import numpy as np
import pytest
from scipy import stats

from fercore.evaluation.intervals import class_estimates, drop, mean_interval, percentile_interval, wilson

Z = 1.959963984540054  # of the normal distribution, at 95 %


def test_wilson_bounds_follow_the_formula():
    # Wilson (1927): (p + z^2/2n +- z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n)
    n, p = 3589, 2236 / 3589
    centre, half = p + Z**2 / (2 * n), Z * np.sqrt(p * (1 - p) / n + Z**2 / (4 * n**2))
    found = wilson(2236, 3589)
    assert found["value"] == p
    assert found["low"] == pytest.approx((centre - half) / (1 + Z**2 / n))
    assert found["high"] == pytest.approx((centre + half) / (1 + Z**2 / n))


@pytest.mark.parametrize("level", [0.5, 0.95, 0.999])
@pytest.mark.parametrize(("hits", "trials"), [(0, 1), (1, 1), (0, 55), (3, 7), (55, 55), (2236, 3589)])
def test_wilson_is_scipy_s_which_also_computes_a_p_value(hits, trials, level):
    expected = stats.binomtest(hits, trials).proportion_ci(level, method="wilson")
    bounds = {"value": hits / trials, "low": expected.low, "high": expected.high}
    assert wilson(hits, trials, level) == pytest.approx(bounds, rel=1e-14)


def test_never_right_is_not_known_to_be_zero():
    # With no hit in n, Wilson's upper bound is z^2 / (n + z^2).
    assert wilson(0, 55) == pytest.approx({"value": 0, "low": 0, "high": Z**2 / (55 + Z**2)})
    assert wilson(0, 0) == {"value": 0, "low": 0, "high": 1}


def test_class_estimates_are_wilson_of_their_counts():
    # 30 of 40 images found among 60 predicted: precision 30/60, recall 30/40, F1 2 * 30 / (40 + 60).
    found = class_estimates(30, 40, 60)
    assert found["precision"] == wilson(30, 60)
    assert found["recall"] == wilson(30, 40)
    jaccard = wilson(30, 70)
    assert found["f1"]["value"] == pytest.approx(0.6)
    assert found["f1"]["low"] == pytest.approx(2 * jaccard["low"] / (1 + jaccard["low"]))


def test_percentile_interval_cuts_both_ends():
    assert percentile_interval(0.5, np.linspace(0, 1, 101), 0.9) == pytest.approx(
        {"value": 0.5, "low": 0.05, "high": 0.95}
    )


def test_the_interval_of_a_mean_spreads_as_the_normal_approximation_says():
    values = np.array([0.0] * 50 + [1.0] * 150)
    found = mean_interval(values, resamples=20000)
    half = Z * np.sqrt(0.75 * 0.25 / 200)
    assert found["value"] == 0.75
    assert [found["low"], found["high"]] == pytest.approx([0.75 - half, 0.75 + half], abs=0.01)


def test_a_drop_between_two_sets_of_images_is_newcombes():
    # Newcombe 1998, table II, (a): 56/70 - 48/80, method 10: 0.0524 to 0.3339
    found = drop(wilson(56, 70), wilson(48, 80))
    assert found["value"] == pytest.approx(0.2)
    assert (round(found["low"], 4), round(found["high"], 4)) == (0.0524, 0.3339)
