"""Charts of several models: what they hold and how runs are told apart."""

import pandas as pd
import pytest

from fercore.charts import comparison as charts
from fercore.charts.style import RunStyle
from fercore.emotions import EMOTIONS
from tests.charts import layer, rows

LOOKS = {"a": RunStyle("#111111", "circle"), "b": RunStyle("#222222", "square")}
RANKED = pd.DataFrame(
    {
        "run": ["b", "a"],
        "accuracy": [0.7, 0.6],
        "low": [0.65, 0.5],
        "high": [0.75, 0.7],
        "difference": [None, 0.1],
        "difference_low": [None, -0.02],
        "difference_high": [None, 0.22],
    }
)
PAIRS = pd.DataFrame(
    {
        "first": ["a", "a", "b", "b"],
        "second": ["a", "b", "a", "b"],
        "same": [1.0, 0.75, 0.75, 1.0],
        "both_right": [500, 400, 400, 600],
        "only_first": [0, 100, 200, 0],
        "only_second": [0, 200, 100, 0],
        "wrong_alike": [1500, 1100, 1100, 1400],
        "wrong_differently": [0, 200, 200, 0],
        "n": 2000,
    }
)


def test_accuracies_stand_best_first_with_their_interval():
    chart = charts.accuracy_chart(RANKED, LOOKS, "PrivateTest")
    rules = layer(chart, "rule")
    assert rules["encoding"]["y"]["sort"] == ["b", "a"]
    assert rules["encoding"]["x"]["axis"]["title"] == "Accuracy on PrivateTest"
    assert [(row["run"], row["low"], row["high"], row["words"]) for row in rows(rules)] == [
        ("b", 0.65, 0.75, "70.0 % (65.0 to 75.0)"),
        ("a", 0.5, 0.7, "60.0 % (50.0 to 70.0)"),
    ]
    marks = layer(chart, "point")["encoding"]
    assert marks["color"]["scale"] == {"domain": ["b", "a"], "range": ["#222222", "#111111"]}
    assert marks["shape"]["scale"]["range"] == ["square", "circle"]


def test_differences_leave_out_the_best_and_have_a_line_at_none():
    spec = charts.difference_chart(RANKED, LOOKS).to_dict()
    data = [row for found in spec["datasets"].values() for row in found]
    assert {"x": 0.0} in data
    (row,) = [row for row in data if "run" in row]
    assert (row["run"], row["value"], row["low"]) == ("a", 0.1, -0.02)
    assert row["words"] == "10.0 points (−2.0 to 22.0) below b"
    assert spec["title"] == "Below b"


@pytest.mark.parametrize(("names", "height"), [(["a", "b"], 50 + 7 * 40), (["a", "b", "c", "d"], 50 + 7 * 68)])
def test_each_emotion_has_a_mark_of_each_model_and_room_for_it(names, height):
    table = pd.DataFrame({"class": [*EMOTIONS, "accuracy"], "f1": 0.6, "f1_low": 0.5, "f1_high": 0.7})
    tables = {name: table.assign(f1=0.6 - number / 10) for number, name in enumerate(names)}
    chart = charts.class_chart(tables, "f1", dict.fromkeys(names, LOOKS["a"]) | LOOKS)
    found = layer(chart, "point")
    assert found["encoding"]["color"]["scale"]["domain"] == names
    assert found["encoding"]["color"]["scale"]["range"][:2] == ["#111111", "#222222"]
    assert len(rows(found)) == 7 * len(names)
    row = next(row for row in rows(found) if (row["emotion"], row["name"]) == ("fear", "b"))
    assert (row["value"], row["words"]) == (0.5, "50.0 % (50.0 to 70.0)")
    assert chart.to_dict()["height"] == height


def test_agreement_is_written_into_its_cells_and_a_click_names_two_runs():
    chart = charts.agreement_chart(PAIRS)
    cells = layer(chart, "rect")
    assert [row["label"] for row in rows(cells)] == ["100 %", "75 %", "75 %", "100 %"]
    assert rows(cells)[1]["wrong_alike"] == "1,100"
    assert cells["encoding"]["y"]["sort"] == cells["encoding"]["x"]["sort"] == ["a", "b"]
    (selection,) = [found for found in chart.to_dict()["params"] if found["name"] == charts.PAIR]
    assert selection["select"]["fields"] == ["first", "second"]


def test_overlap_bars_share_out_all_images_in_one_order():
    spec = charts.overlap_chart(PAIRS[1:2]).to_dict()
    (data,) = spec["datasets"].values()
    assert [(row["order"], row["kind"], row["images"], row["words"]) for row in data] == [
        (0, "both right", 400, "400 (20.0 %)"),
        (1, "only the first right", 100, "100 (5.0 %)"),
        (2, "only the second right", 200, "200 (10.0 %)"),
        (3, "both wrong, alike", 1100, "1,100 (55.0 %)"),
        (4, "both wrong, differently", 200, "200 (10.0 %)"),
    ]
    assert spec["encoding"]["x"]["scale"]["domainMax"] == 2000
    assert spec["title"] == "a (first) and another (second)"
