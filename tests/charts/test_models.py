import pandas as pd
import pytest

from fercore.charts.models import choice_chart, cost_words
from fercore.charts.style import ink, run_styles
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


def layers(table, cost="milliseconds", peers=None):
    styles = run_styles(["a", "b", "c"])
    others = peer_table() if peers is None else peers
    chart = choice_chart(table, front(table, cost, "val"), others, cost, "val", "PublicTest", styles).to_dict()
    sets = chart["datasets"]
    return [(layer["mark"], sets[layer["data"]["name"]]) for layer in chart["layer"]]


def drawn(table, cost="milliseconds"):
    return [(mark["type"], rows) for mark, rows in layers(table, cost)]


def names(table, **settings):
    """Name -> on which side of its point it stands, how far above it, and its colour."""
    return {
        row["label"]: (mark["align"], mark["dy"], mark["color"])
        for mark, rows in layers(table, **settings)
        if mark["type"] == "text"
        for row in rows
    }


def test_points_lie_where_they_were_measured_and_the_front_is_a_line(table):
    found = drawn(table)
    assert [kind for kind, _ in found][:5] == ["rule", "point", "line", "rule", "point"]
    assert [(row["label"], row["cost"], row["value"]) for row in found[4][1]] == [
        ("a, torch fp32", 2.0, 0.7),
        ("a, onnx int8", 0.5, 0.69),
        ("b, torch fp32", 3.0, 0.6),
    ]
    assert [row["label"] for row in found[2][1]] == ["a, torch fp32", "a, onnx int8"]


@pytest.mark.slow
def test_every_run_and_all_of_the_front_have_their_name_above_and_right_where_there_is_room(table):
    right = ("left", -9, ink())
    assert names(table, peers=peer_table().head(0)) == {
        "a, torch fp32": right,
        "a, onnx int8": right,
        "b, torch fp32": ("right", -9, ink()),  # at the right end of the chart
    }
    grey = {name: color for name, (_, _, color) in names(table).items() if color != ink()}
    assert grey == {"fer": "#8C8C8C", "face-api.js": "#8C8C8C"}


def test_of_neighbours_the_more_accurate_has_the_better_place(table):
    # a and c within the width of a name of each other, and c higher: a's would cover it
    table.loc[3, ["milliseconds", "val_accuracy", "val_low", "val_high"]] = 2.1, 0.705, 0.695, 0.715
    found = names(table, peers=peer_table().head(0))
    assert found["c, x"][:2] == ("left", -9)
    assert found["a, torch fp32"][:2] == ("right", -9)


@pytest.mark.slow
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
