import pandas as pd
import pytest

from fercore.charts.models import choice_chart, cost_words
from fercore.charts.style import run_styles
from fercore.evaluation.facts import front, peer_table

ROWS = [
    ("a", "torch fp32", 2.0, 0.7),
    ("a", "onnx int8", 0.5, 0.69),
    ("b", "torch fp32", 3.0, 0.6),
    ("c", "x", None, 0.9),
]


@pytest.fixture
def table():
    table = pd.DataFrame(ROWS, columns=["run", "engine", "milliseconds", "val_accuracy"])
    table = table.assign(val_low=table["val_accuracy"] - 0.01, val_high=table["val_accuracy"] + 0.01, seen_val="")
    return table.assign(bytes=[2e6, 1e6, None, None], parameters=[10, 10, 20, None])


def drawn(table, cost="milliseconds"):
    styles = run_styles(["a", "b", "c"])
    chart = choice_chart(table, front(table, cost, "val"), peer_table(), cost, "val", "PublicTest", styles).to_dict()
    sets = chart["datasets"]
    return [(layer["mark"]["type"], sets[layer["data"]["name"]]) for layer in chart["layer"]]


def test_points_lie_where_they_were_measured_and_the_front_is_a_line(table):
    layers = drawn(table)
    assert [kind for kind, _ in layers] == ["rule", "point", "line", "rule", "point", *["text"] * 8]
    assert [(row["label"], row["cost"], row["value"]) for row in layers[4][1]] == [
        ("a, torch fp32", 2.0, 0.7),
        ("a, onnx int8", 0.5, 0.69),
        ("b, torch fp32", 3.0, 0.6),
    ]
    # Above and right, above and left, below and right, below and left: of the peers, then of ours. Half way between
    # the cheapest, 0.45 ms, and the dearest, 8.4 ms, lie 1.9 ms.
    assert [[row["label"] for row in names] for _, names in layers[5:]] == [
        ["fer"],
        [],
        [],
        ["face-api.js"],
        ["a, onnx int8"],
        ["a, torch fp32"],
        [],
        ["b, torch fp32"],
    ]
    assert [row["label"] for row in layers[2][1]] == ["a, torch fp32", "a, onnx int8"]


def test_of_neighbours_the_less_accurate_has_its_name_below(table):
    table.loc[3, ["milliseconds", "val_accuracy"]] = 3.1, 0.65  # just right of b, and higher
    right_and_left = [[row["label"] for row in rows] for _, rows in drawn(table)[-4:]]
    assert right_and_left == [["a, onnx int8"], ["a, torch fp32", "c, x"], [], ["b, torch fp32"]]


def test_peers_are_drawn_where_they_have_the_figure(table):
    assert {row["label"] for row in drawn(table)[1][1]} == {"fer", "face-api.js"}
    assert {row["label"] for row in drawn(table, "parameters")[1][1]} == {"fer", "face-api.js", "big_XCEPTION"}
    assert drawn(table, "bytes")[1][1] == []


def test_engines_share_the_parameters_of_their_run(table):
    assert [(row["label"], row["value"]) for row in drawn(table, "parameters")[4][1]] == [("a", 0.7), ("b", 0.6)]


def test_costs_as_people_read_them(table):
    assert [row["cost"] for row in drawn(table, "bytes")[4][1]] == [2.0, 1.0]
    assert cost_words(0.4321, "milliseconds") == "0.43 ms"
    assert cost_words(41.7, "milliseconds") == "42 ms"
    assert cost_words(5012345, "parameters") == "5,012,345"
    assert cost_words(10.13e6, "bytes") == "10.1 MB"
    assert cost_words(float("nan"), "bytes") == ""
