"""Bins of a reliability diagram against hand-made ones."""

import numpy as np
import pytest

from fercore.evaluation.intervals import wilson
from fercore.evaluation.reliability import people_reliability, reliability_table
from tests.factories.votes import counted


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


def test_people_who_say_the_same_by_confidence():
    probabilities = np.array([[0.7, 0.3], [0.65, 0.35], [0.1, 0.9], [0.05, 0.95], [0.5, 0.5]])
    votes = counted({"happy": 7, "sad": 3}, {"happy": 4, "no_face": 6}, {"sad": 10}, {"sad": 5, "fear": 5}, {})
    table = people_reliability(votes, probabilities, ("happy", "sad"))
    assert table[["from", "to", "images"]].to_numpy().tolist() == [[0.6, 0.7, 2], [0.8, 0.9, 1], [0.9, 1.0, 1]]
    assert table["value"].tolist() == pytest.approx([0.55, 1.0, 0.5])
    assert table["confidence"].tolist() == pytest.approx([0.675, 0.9, 0.95])
    assert table.loc[0, ["low", "high"]].tolist() == pytest.approx([0.4, 0.7])


def test_an_answer_that_people_could_not_give_is_given_by_none():
    table = people_reliability(counted({"happy": 10}), np.array([[0.2, 0.8]]), ("happy", "bored"))
    assert table["value"].tolist() == [0.0]
