"""What the pictures of a report show: cells, labels, whiskers and what a click selects."""

import numpy as np
import pytest

from fercore.charts import evaluation
from fercore.emotions import COLORS, EMOTIONS
from fercore.evaluation import tables
from fercore.evaluation.metrics import report
from tests.charts import layer, rows


@pytest.fixture(scope="module")
def small():
    """4 angry (3 right, one taken for sad), 4 happy (all right)."""
    predicted = np.array([0, 0, 0, 4, 3, 3, 3, 3])
    labels = np.array([0, 0, 0, 0, 3, 3, 3, 3])
    return report(labels, np.eye(7)[predicted], split="test", split_name="PrivateTest", resamples=10)


@pytest.mark.parametrize(
    ("shown", "right", "wrong", "top"),
    [("count", "3", "1", 4.0), ("by_true", "75 %", "25 %", 1.0), ("by_pred", "100 %", "100 %", 1.0)],
)
def test_cells_carry_the_figure_that_is_asked_for(small, shown, right, wrong, top):
    chart = evaluation.confusion_matrix(tables.confusion_table(small), shown)
    cells = layer(chart, "rect")
    labels = {(row["true"], row["pred"]): row["label"] for row in rows(cells)}
    assert len(labels) == 49
    assert (labels["angry", "angry"], labels["angry", "sad"]) == (right, wrong)
    assert cells["encoding"]["color"]["field"] == f"{shown}"
    assert cells["encoding"]["color"]["scale"]["domain"][-1] == top


def test_a_class_without_images_has_no_shares(small):
    for shown, known in (("count", "0"), ("by_true", "")):
        cells = rows(layer(evaluation.confusion_matrix(tables.confusion_table(small), shown), "rect"))
        of_disgust = [row for row in cells if row["true"] == "disgust"]
        assert {row["label"] for row in of_disgust} == {known}
        assert {row["of_true"] for row in of_disgust} == {""}


@pytest.mark.parametrize(("dark", "full", "empty"), [(False, "#FFFFFF", "#000000"), (True, "#000000", "#FFFFFF")])
def test_labels_contrast_with_full_and_empty_cells(small, dark, full, empty):
    chart = evaluation.confusion_matrix(tables.confusion_table(small), "by_true", dark)
    inks = {(row["true"], row["pred"]): row["ink"] for row in rows(layer(chart, "text"))}
    assert (inks["happy", "happy"], inks["happy", "sad"]) == (full, empty)


def test_a_click_selects_true_and_predicted_class(small):
    spec = evaluation.confusion_matrix(tables.confusion_table(small)).to_dict()
    (selection,) = spec["params"]
    assert selection["name"] == "cell"
    assert selection["select"] == {"type": "point", "fields": ["true", "pred"]}


def test_classes_keep_their_order_on_both_axes(small):
    encoding = layer(evaluation.confusion_matrix(tables.confusion_table(small)), "rect")["encoding"]
    assert encoding["x"]["sort"] == encoding["y"]["sort"] == list(EMOTIONS)
    assert (encoding["y"]["title"], encoding["x"]["title"]) == ("True", "Predicted")


def test_class_bars_have_emotion_colours_and_whiskers(small):
    chart = evaluation.class_bars(tables.class_table(small), "recall")
    bars, whiskers = layer(chart, "bar"), layer(chart, "rule")
    angry = next(row for row in rows(bars) if row["emotion"] == "angry")
    low, high = (small["per_class"]["angry"]["recall"][key] for key in ("low", "high"))
    assert (angry["value"], angry["low"], angry["high"]) == (0.75, low, high)
    assert angry["words"] == f"75.0 % ({100 * low:.1f} to {100 * high:.1f})"
    assert len(rows(bars)) == 7
    assert (whiskers["encoding"]["x"]["field"], whiskers["encoding"]["x2"]["field"]) == ("low", "high")
    assert bars["encoding"]["color"]["scale"]["range"] == [COLORS[emotion] for emotion in EMOTIONS]
    assert bars["encoding"]["x"]["scale"]["domain"] == [0, 1]


def test_clicked_bars_select_their_classes(small):
    bars = layer(evaluation.class_bars(tables.class_table(small), "recall"), "bar")
    pairs = layer(evaluation.pair_bars(tables.confused_pairs(small)), "bar")
    assert bars["mark"]["cursor"] == pairs["mark"]["cursor"] == "pointer"
    (bar,) = evaluation.class_bars(tables.class_table(small), "recall").to_dict()["params"]
    (pair,) = evaluation.pair_bars(tables.confused_pairs(small)).to_dict()["params"]
    assert (bar["name"], bar["select"]["fields"]) == ("class", ["emotion"])
    assert (pair["name"], pair["select"]["fields"]) == ("cell", ["true", "pred"])


def test_pair_bars_say_count_and_share(small):
    chart = evaluation.pair_bars(tables.confused_pairs(small))
    (pair,) = rows(layer(chart, "bar"))
    assert (pair["pair"], pair["label"]) == ("angry → sad", "1 (25 %)")
    assert layer(chart, "text")["encoding"]["text"]["field"] == "label"
