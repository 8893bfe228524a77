"""The clean score on five images worked out by hand."""

import numpy as np
import pytest

from fercore.evaluation.clean import clean_report, kept
from fercore.evaluation.intervals import wilson
from fercore.evaluation.metrics import MetricsError, report
from fercore.runs import Predictions

SETTINGS = {"split": "test", "split_name": "PrivateTest", "tta": "none", "resamples": 10}


@pytest.fixture
def five():
    """Of angry, angry, fear, fear, happy all are right but the first fear, taken for sad."""
    predicted = np.eye(7, dtype=np.float32)[[0, 0, 4, 2, 3]]
    return Predictions(np.array(list("abcde")), np.array([0, 0, 2, 2, 3]), predicted)


def test_images_with_a_copy_are_left_out_and_counted(five):
    found = clean_report(five, np.array([True, False, False, True, False]), **SETTINGS)
    assert found["n"] == 3  # angry right, fear wrong, happy right
    assert found["accuracy"] == wilson(2, 3)
    assert found["copies"] == {"n": 2, "of": 5, "accuracy": wilson(2, 2)}
    assert np.trace(found["confusion"]) == 2
    assert found["confusion"][2][4] == 1
    assert found["per_class"]["fear"]["support"] == 1


def test_without_copies_it_is_the_published_report(five):
    found = clean_report(five, np.zeros(5, bool), **SETTINGS)
    assert found.pop("copies") == {"n": 0, "of": 5, "accuracy": {"value": 0, "low": 0, "high": 1}}
    assert found == report(five.label, five.probabilities, **SETTINGS)


def test_no_image_left_cannot_be_measured(five):
    with pytest.raises(MetricsError, match="at least one image"):
        clean_report(five, np.ones(5, bool), **SETTINGS)


def test_kept_images_stay_in_order(five):
    found = kept(five, np.array([False, True, False, True, True]))
    assert found.id.tolist() == ["b", "d", "e"]
    assert found.label.tolist() == [0, 2, 3]
    assert found.predicted.tolist() == [0, 2, 3]
