"""What the curves show: their data, and which encoding tells runs, sets and best epochs apart."""

import pandas as pd
import pytest

from fercore.charts import training
from fercore.charts.style import run_styles
from fercore.evaluation import learning
from fercore.runs import HISTORY_COLUMNS
from tests.charts import layer, rows

STYLES = run_styles(["a", "b", "c"])


def make_history(epochs=2, best=1):
    rows = [
        [i, 1 / i, 0.5 + i / 1000, 1.25, 0.6 if i == best else 0.5, 0.4, 0.05 / i, 10] for i in range(1, epochs + 1)
    ]
    return pd.DataFrame(rows, columns=list(HISTORY_COLUMNS))


@pytest.fixture
def histories():
    return {"c": make_history(), "a": make_history(best=2)}


def test_accuracy_curves_hold_both_sets_of_both_runs_in_per_cent(histories):
    chart = training.curves(learning.curve_table(histories), STYLES)
    found = rows(layer(chart, "line"))
    assert len(found) == 2 * 2 * 2
    row = next(r for r in found if (r["run"], r["epoch"], r["set"]) == ("a", 2, "validation"))
    assert (row["value"], row["words"], row["best"]) == (0.6, "60.0 %", True)


def test_loss_curves_name_their_unit(histories):
    chart = training.curves(learning.curve_table(histories), STYLES, "loss")
    lines = layer(chart, "line")
    assert {row["words"] for row in rows(lines) if row["set"] == "validation"} == {"1.250 nats"}
    assert lines["encoding"]["y"]["axis"]["title"] == "Cross-entropy (nats)"


def test_sets_differ_by_dash_and_runs_by_colour_and_shape(histories):
    chart = training.curves(learning.curve_table(histories), STYLES)
    lines, points = layer(chart, "line"), layer(chart, "point")
    assert lines["encoding"]["strokeDash"]["field"] == "set"
    expected = {"domain": ["c", "a"], "range": [STYLES["c"].color, STYLES["a"].color]}
    assert lines["encoding"]["color"]["scale"] == expected
    assert points["encoding"]["shape"]["scale"]["range"] == [STYLES["c"].shape, STYLES["a"].shape]


def test_only_best_epochs_are_ringed(histories):
    rings = layer(training.curves(learning.curve_table(histories), STYLES), "point", number=1)
    assert rings["transform"] == [{"filter": "datum.best"}]
    best = [row for row in rows(rings) if row["best"] and row["set"] == "validation"]
    assert [(row["run"], row["epoch"]) for row in best] == [("c", 1), ("a", 2)]


def test_whiskers_do_not_stretch_the_axis_to_an_epoch_that_is_none(histories):
    chart = training.curves(learning.curve_table(histories), STYLES, intervals={"a": {"low": 0.55, "high": 0.65}})
    assert {layer(chart, kind)["encoding"]["x"]["scale"]["zero"] for kind in ("rule", "line", "point")} == {False}


def test_best_epochs_carry_their_interval_where_one_is_given(histories):
    table = learning.curve_table(histories)
    (whisker,) = rows(layer(training.curves(table, STYLES, intervals={"a": {"low": 0.55, "high": 0.65}}), "rule"))
    assert (whisker["run"], whisker["epoch"], whisker["low"], whisker["high"]) == ("a", 2, 0.55, 0.65)
    assert "rule" not in [part["mark"]["type"] for part in training.curves(table, STYLES).to_dict()["layer"]]


def test_every_mark_has_a_tooltip(histories):
    for chart in (
        training.curves(learning.curve_table(histories), STYLES),
        training.learning_rate(learning.epoch_table(histories), STYLES),
    ):
        for part in chart.to_dict()["layer"]:
            assert [t["title"] for t in part["encoding"]["tooltip"]][:2] == ["Run", "Epoch"]


@pytest.mark.parametrize(
    ("epochs", "marked"), [(12, list(range(1, 13))), (13, [1, 2, 4, 6, 8, 10, 12]), (36, [1, *range(3, 37, 3)])]
)
def test_long_runs_show_some_points_and_always_the_best(epochs, marked):
    points = layer(training.curves(learning.curve_table({"a": make_history(epochs)}), STYLES), "point")
    assert [row["epoch"] for row in rows(points) if row["marked"] and row["set"] == "train"] == marked
    assert points["encoding"]["opacity"]["condition"] == {"test": "datum.marked", "value": 1}


def test_run_legend_names_the_runs_beside_their_marks():
    legend = training.run_legend(STYLES, ["c", "a"], dark=True)
    points, names = layer(legend, "point"), layer(legend, "text")
    assert [row["run"] for row in rows(names)] == ["c", "a"]
    assert points["encoding"]["color"]["scale"]["range"] == [STYLES["c"].color, STYLES["a"].color]
    assert points["encoding"]["shape"]["scale"]["range"] == [STYLES["c"].shape, STYLES["a"].shape]
    assert names["mark"]["color"] == "#E3E9EE"


@pytest.mark.parametrize(("letters", "place"), [(4, "70.0"), (20, "190.0")])
def test_run_legend_breaks_lines_where_names_are_wider_than_the_page(letters, place):
    names = [letter * letters for letter in "abc"]
    legend = training.run_legend(run_styles(names), names)
    columns, *places = layer(legend, "text")["transform"]
    assert columns == {"as": "columns", "calculate": f"max(1, floor(width / {place}))"}
    assert {one["as"]: one["calculate"] for one in places} == {
        "line": "floor(datum.number / datum.columns)",
        "left": f"8 + {place} * (datum.number % datum.columns)",
    }
    assert legend.height.step == 22  # as many lines as there are


def test_gap_is_in_points_around_a_line_at_zero(histories):
    chart = training.gap(learning.epoch_table(histories), STYLES)
    found = rows(layer(chart, "line"))
    assert [row["words"] for row in found if row["run"] == "a"] == ["0.1 points", "−9.8 points"]
    assert rows(layer(chart, "rule")) == [{"value": 0.0}]


def test_learning_rate_keeps_small_numbers(histories):
    found = rows(layer(training.learning_rate(learning.epoch_table(histories), STYLES), "line"))
    assert [row["words"] for row in found if row["run"] == "c"] == ["0.05", "0.025"]


def test_a_run_without_epochs_draws_an_empty_chart():
    table = learning.curve_table({"a": make_history(0)})
    assert rows(layer(training.curves(table, STYLES), "line")) == []
