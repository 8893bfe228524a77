"""Model, label and person on one scale."""

import numpy as np

from fercore.charts.people import (
    agreement_chart,
    agreement_table,
    answers_matrix,
    answers_table,
    judged_chart,
    judged_table,
    judged_words,
    sides_words,
)
from fercore.evaluation.people import people_report
from fercore.runs import Predictions
from tests.factories.votes import counted

PEOPLE = people_report(
    Predictions(np.array(["a", "b"]), np.array([3, 4]), np.eye(7, dtype=np.float32)[[3, 3]]),
    ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"),
    counted({"happy": 10}, {"happy": 9, "sad": 1}),
)


def test_the_three_stand_in_one_table():
    table = judged_table(PEOPLE)
    assert table["who"].tolist() == ["a single person", "the model", "the label"]
    assert table["value"].tolist() == [0.95, 1.0, 0.5]
    assert table["n"].tolist() == [2, 2, 2]


def test_labels_that_were_made_of_what_people_say_are_told_and_not_compared():
    told = people_report(
        Predictions(np.array(["a", "b"]), np.array([3, 3]), np.eye(7, dtype=np.float32)[[3, 4]]),
        ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral"),
        counted({"happy": 10}, {"happy": 9, "sad": 1}),
    )
    assert judged_table(told)["who"].tolist() == ["a single person", "the model"]
    words = judged_words(told, "PrivateTest")
    assert "the label on" not in words
    assert words.endswith("The labels of these images are what most people say.")
    assert sides_words(told) == ""
    assert "the label on 50.0 %" in judged_words(PEOPLE, "PrivateTest")


def test_agreement_has_a_row_for_each_level_and_each_of_the_three():
    table = agreement_table(PEOPLE)
    assert table[["votes", "who", "value"]].to_numpy().tolist() == [
        *([10, "a single person", 1.0], [10, "the model", 1.0], [10, "the label", 1.0]),
        *([9, "a single person", 0.9], [9, "the model", 1.0], [9, "the label", 0.0]),
    ]


def test_charts_tell_the_three_apart_without_colour_and_with_their_intervals():
    for chart in (judged_chart(PEOPLE).to_dict(), agreement_chart(PEOPLE).to_dict()):
        marks = [layer for layer in chart["layer"] if layer["mark"].get("type") == "point"]
        assert set(marks[0]["encoding"]["shape"]["scale"]["range"]) == {"circle", "diamond", "square"}
        assert any(layer["mark"].get("type") == "rule" for layer in chart["layer"])
        assert any("95 %" in tip["title"] for tip in marks[0]["encoding"]["tooltip"])


def test_what_people_say_stands_against_what_the_model_says():
    table = answers_table(PEOPLE)
    assert set(table["said"]) == {"happy"}  # rows without images are left out
    assert table[table["count"] > 0].to_numpy().tolist() == [["happy", "happy", 2, 1.0]]
    chart = answers_matrix(PEOPLE).to_dict()
    assert [layer["mark"]["type"] for layer in chart["layer"]] == ["rect", "text"]
