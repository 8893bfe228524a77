"""Bins of a reliability diagram against hand-made ones."""

import numpy as np
import pytest

from fercore.evaluation.intervals import wilson
from fercore.evaluation.reliability import reliability_table


def test_bins_hold_their_upper_end_and_count_what_is_right():
    # Confidences 0.5 (right), 0.55 (wrong), 0.6 (right) and 1 (right); the class said is always 0.
    confidence = np.array([0.5, 0.55, 0.6, 1.0])
    probabilities = np.zeros((4, 7))
    probabilities[:, 0] = confidence
    probabilities[:, 1] = 1 - confidence
    probabilities[0, 1:3] = 0.25
    table = reliability_table(np.array([0, 1, 0, 0]), probabilities).to_dict("records")
    assert [(round(row["from"], 1), round(row["to"], 1), row["images"]) for row in table] == [
        (0.4, 0.5, 1),
        (0.5, 0.6, 2),
        (0.9, 1.0, 1),
    ]
    assert [row["confidence"] for row in table] == pytest.approx([0.5, 0.575, 1])
    assert [{key: row[key] for key in ("value", "low", "high")} for row in table] == [
        wilson(1, 1),
        wilson(1, 2),
        wilson(1, 1),
    ]
