"""Answers given from a confidence on, counted by hand."""

import numpy as np
import pytest

from fercore.evaluation.intervals import wilson
from fercore.evaluation.selective import answered, risk_coverage
from tests.factories.answers import answers, labels

SIX = [0.9, 0.8, 0.8, 0.6, 0.5, 0.4]
RIGHT = "110101"  # of the most confident: 1 of 1, 2 of 3, 3 of 4, 3 of 5, 4 of 6


@pytest.mark.parametrize(
    ("threshold", "given", "right", "silent"),
    [(0.0, 6, 4, 0), (0.5, 5, 3, 1), (0.55, 4, 3, 1), (0.8, 3, 2, 2), (0.81, 1, 1, 3), (1.0, 0, 0, 4)],
)
def test_answers_from_a_confidence_on(threshold, given, right, silent):
    found = answered(labels(RIGHT), answers(SIX), threshold)
    assert found == (wilson(given, 6), wilson(right, given), wilson(silent, 6 - given), given)


def test_the_curve_goes_from_the_surest_answers_to_all():
    for order in (slice(None), slice(None, None, -1)):  # the order of the images does not matter
        table = risk_coverage(labels(RIGHT[order]), answers(SIX[order]))
        assert table["threshold"].tolist() == pytest.approx([0.9, 0.8, 0.6, 0.5, 0.4])  # the two at 0.8 come together
        assert table["answers"].tolist() == [1, 3, 4, 5, 6]
        assert table["coverage"].tolist() == pytest.approx([1 / 6, 3 / 6, 4 / 6, 5 / 6, 1])
        assert table["value"].tolist() == pytest.approx([1, 2 / 3, 3 / 4, 3 / 5, 4 / 6])
        assert table.loc[2, ["low", "high"]].tolist() == pytest.approx([wilson(3, 4)["low"], wilson(3, 4)["high"]])


def test_a_long_curve_is_thinned_out_and_keeps_its_ends():
    confidence = np.linspace(0.2, 0.99, 1000)
    table = risk_coverage(labels("10" * 500), answers(confidence))
    assert len(table) == 200
    assert table["answers"].iloc[[0, -1]].tolist() == [1, 1000]
    assert table["value"].iloc[-1] == 0.5
    assert table["coverage"].is_monotonic_increasing


def test_the_curve_agrees_with_each_threshold():
    truth, probabilities = labels("1101001110"), answers(np.linspace(0.3, 0.8, 10))
    for row in risk_coverage(truth, probabilities).itertuples():
        found = answered(truth, probabilities, row.threshold)
        assert (found.answers, found.right["value"]) == (row.answers, pytest.approx(row.value))
