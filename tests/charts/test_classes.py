"""Every picture of classes follows those that it is given: their order, their colours, one that has no images."""

import numpy as np
import pytest

from fercore.charts import dataset, embedding, evaluation, features, live, probabilities
from fercore.charts.comparison import class_chart
from fercore.charts.style import run_styles
from fercore.emotions import color
from fercore.evaluation import tables
from fercore.evaluation.metrics import report
from tests.charts import layer, rows

CLASSES = ("tired", "happy", "bored")
COLORS = [color(name) for name in CLASSES]


@pytest.fixture(scope="module")
def measured():
    """Two images of tired, one right; two of happy, both right; none of bored."""
    answers = np.eye(3)[[0, 1, 1, 1]]
    return report(np.array([0, 0, 1, 1]), answers, split="test", split_name="test", classes=CLASSES, resamples=10)


def scale(encoding):
    return encoding["color"]["scale"]["domain"], encoding["color"]["scale"]["range"]


def test_classes_beyond_the_known_keep_a_colour_of_their_own():
    assert len(set(COLORS)) == 3


def test_figures_of_each_class(measured):
    bars = layer(evaluation.class_bars(tables.class_table(measured), "recall"), "bar")
    assert bars["encoding"]["y"]["sort"] == list(CLASSES)
    assert scale(bars["encoding"]) == (list(CLASSES), COLORS)
    assert {row["emotion"]: (row["value"], row["words"]) for row in rows(bars)}["bored"] == (None, "no images")
    pairs = layer(evaluation.pair_bars(tables.confused_pairs(measured), classes=CLASSES), "bar")
    assert scale(pairs["encoding"]) == (list(CLASSES), COLORS)


def test_confusion_matrix(measured):
    cells = layer(evaluation.confusion_matrix(tables.confusion_table(measured)), "rect")
    assert cells["encoding"]["x"]["sort"] == cells["encoding"]["y"]["sort"] == list(CLASSES)
    assert len(rows(cells)) == 9


def test_several_models(measured):
    chart = class_chart({"a": tables.classification_table(measured)}, "f1", run_styles(["a"]))
    marks = layer(chart, "point")
    assert marks["encoding"]["y"]["sort"] == list(CLASSES)
    assert {row["emotion"]: row["words"] for row in rows(marks)}["bored"] == "no images"


def test_answers_for_a_face():
    bars = layer(probabilities.probability_bars(np.array([0.2, 0.5, 0.3]), classes=CLASSES), "bar")
    assert [(row["emotion"], row["label"]) for row in rows(bars)] == [
        ("tired", "20.0 %"),
        ("happy", "50.0 %"),
        ("bored", "30.0 %"),
    ]
    assert scale(bars["encoding"]) == (list(CLASSES), COLORS)


def test_answers_that_keep_coming():
    found = live.answer_rows(["a"], np.array([[0.25, np.nan, 0.75]]), CLASSES)
    assert found[["emotion", "label"]].values.tolist() == [["tired", "25.0 %"], ["bored", "75.0 %"]]
    bars = live.answer_bars(("a",), ("#000000",), classes=CLASSES).to_dict()["layer"][0]
    assert bars["encoding"]["y"]["scale"]["domain"] == list(CLASSES)
    minute = live.minute_bars(classes=("it's", *CLASSES)).to_dict()
    ranks = [step["calculate"] for step in minute["transform"] if step["as"] == "rank"]
    assert ranks == ['indexof(["it\'s", "tired", "happy", "bored"], datum.emotion)']


def test_counts_of_the_data():
    counts = {split: {"tired": 1, "happy": 2, "bored": 0} for split in ("train", "val", "test")}
    table = dataset.counts_table(counts, {split: split for split in counts}, CLASSES)
    assert dataset.imbalance(table, "train") == ("happy", 2, "bored", 0, float("inf"))
    bars = dataset.distribution_chart(table).to_dict()["encoding"]
    assert (bars["x"]["sort"], *scale(bars)) == (list(CLASSES), list(CLASSES), COLORS)
    with pytest.raises(ValueError, match="a count for each of angry, disgust"):
        dataset.counts_table(counts, {split: split for split in counts})


def test_channels():
    bars = features.strength_bars([0.5, float("nan"), 0.25], CLASSES).to_dict()["encoding"]
    assert (bars["y"]["sort"], *scale(bars)) == (list(CLASSES), list(CLASSES), COLORS)


def test_the_plane():
    encoding = embedding.scatter("true", ("test",), classes=CLASSES).to_dict()["encoding"]
    assert scale(encoding) == (list(CLASSES), COLORS)
