"""Where a run fails, in words."""

from fercore.charts.weak_points import weak_cells, weak_sentences
from fercore.evaluation.weak_points import WeakPoints

FIGURE = {"value": 0.5, "low": 0.45, "high": 0.55}
ROW = {"accuracy": 0.5, "accuracy_low": 0.45, "accuracy_high": 0.55}
FOUND = WeakPoints(
    slice={**ROW, "attribute": "brightness", "slice": "low (under 90)", "n": 1194, "rest": 0.7},
    kind={**ROW, "kind": "mask"},
    corruption={"value": 0.9, "low": 0.85, "high": 0.95},
    away={"name": "rafdb", "accuracy": FIGURE, "n": 3068},
)


def test_a_sentence_for_each_thing_that_is_known():
    assert weak_sentences(FOUND, "PrivateTest") == [
        "On PrivateTest it is least accurate where brightness is low (under 90): 50.0 % (45.0 to 55.0) of 1,194 "
        "images, 70.0 % of the others.",
        "Of 18 kinds of disturbance it suffers most from mask: accuracy 50.0 % (45.0 to 55.0), the mean over its "
        "strengths. Its mean corruption error is 90.0 % (85.0 to 95.0) of reference-report-cnn's.",
        "On other data, rafdb, its accuracy is 50.0 % (45.0 to 55.0) (n = 3,068).",
    ]
    assert weak_sentences(WeakPoints(), "PrivateTest") == []


def test_cells_of_a_table():
    assert list(weak_cells(FOUND).values()) == [
        "brightness low (under 90): 50.0 %",
        "90.0 % (85.0 to 95.0)",
        "rafdb: 50.0 % (45.0 to 55.0)",
    ]
    assert set(weak_cells(WeakPoints()).values()) == {""}
