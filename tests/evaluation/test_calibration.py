"""The calibration error against values worked out by hand."""

import numpy as np
import pytest

from fercore.evaluation.calibration import calibration
from tests.factories.answers import answers, labels


def test_each_bin_counts_by_its_images():
    # Bins of 1/15: 0.62 lies in (9/15, 10/15], 0.95 in (14/15, 1].
    # First bin: accuracy 1/2, confidence 0.62, 2 of 5 images. Second: accuracy 2/3, confidence 0.95, 3 of 5.
    found = calibration(labels("10110"), answers([0.62, 0.62, 0.95, 0.95, 0.95]))
    assert found.error == pytest.approx(2 / 5 * (0.62 - 1 / 2) + 3 / 5 * (0.95 - 2 / 3))
    assert found.overconfidence == pytest.approx((2 * 0.62 + 3 * 0.95) / 5 - 3 / 5)


def test_errors_of_one_bin_cancel_and_of_two_do_not():
    probabilities = answers([0.55, 0.95])
    # Bins of a half: both in one. Wrong at 0.55, right at 0.95: one of two is right, the mean confidence is 0.75.
    assert calibration(labels("01"), probabilities, bins=2).error == pytest.approx(0.25)
    assert calibration(labels("01"), probabilities, bins=15).error == pytest.approx((0.55 + 0.05) / 2)


def test_a_bin_holds_its_upper_end():
    # 0.5 in the bin up to a half, 0.75 above it: with one bin for both, their errors would cancel.
    assert calibration(labels("10"), answers([0.5, 0.75]), bins=2).error == pytest.approx((0.5 + 0.75) / 2)


def test_certain_and_right_is_no_error_and_has_none_by_chance():
    found = calibration(labels("111"), answers([1.0, 1.0, 1.0]))
    assert found == (0, 0, 0, 0)
    assert found.tilt == ""


def test_by_chance_follows_the_binomial_distribution():
    # 100 images in one bin with confidence 0.8: |right - 80| / 100 stays below 0.08 in 95 % of draws (sd 0.04).
    found = calibration(labels("1" * 60 + "0" * 40), answers([0.8] * 100), resamples=4000)
    assert found.error == pytest.approx(0.2)
    assert found.by_chance == pytest.approx(0.08, abs=0.011)
    assert found.overconfidence == pytest.approx(0.2)


def test_too_sure_is_said_where_chance_cannot_make_it():
    # 100 images of confidence 0.8: mean confidence and accuracy differ by at most 1.96 * 0.04 in 95 % of samples.
    found = calibration(labels("1" * 60 + "0" * 40), answers([0.8] * 100))
    assert found.tilt_by_chance == pytest.approx(1.959964 * 0.04)
    assert found.tilt == "too sure"
    assert calibration(labels("1" * 90 + "0" * 10), answers([0.8] * 100)).tilt == "not sure enough"
    assert calibration(labels("1" * 73 + "0" * 27), answers([0.8] * 100)).tilt == ""
    # Too sure at 0.95 and not sure enough at 0.55: miscalibrated, and right on the whole.
    both = calibration(labels("1" * 75 + "0" * 25 + "1" * 75 + "0" * 25), answers([0.95] * 100 + [0.55] * 100))
    assert both.error == pytest.approx(0.2)
    assert both.error > both.by_chance
    assert (round(both.overconfidence, 6), both.tilt) == (0, "")


def test_the_seed_decides_the_draws():
    answered = answers(np.linspace(0.3, 0.9, 40))
    same = [calibration(labels("10" * 20), answered, seed=seed) for seed in (3, 3, 4)]
    assert same[0] == same[1]
    assert same[0].by_chance != same[2].by_chance
