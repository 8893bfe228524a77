"""Charts of points with several seeds."""

import pandas as pd
import pytest

from fercore.charts.seeds import range_words, seeds_chart, seeds_curves
from fercore.charts.style import RunStyle
from tests.charts import layer, rows

LOOKS = {"a": RunStyle("#111111", "circle"), "b": RunStyle("#222222", "square")}
POINTS = pd.DataFrame({"point": ["a", "b"], "val_mean": [0.6, 0.4], "val_low": [0.5, 0.4], "val_high": [0.7, 0.4]})
TABLE = pd.DataFrame({"point": ["a", "a", "b"], "seed": [0, 1, 0], "val_accuracy": [0.5, 0.7, 0.4]})


def test_a_point_shows_mean_range_and_each_seed():
    chart = seeds_chart(POINTS, TABLE, {"a": "best"}, LOOKS, "V")
    rules = layer(chart, "rule")
    assert rules["encoding"]["x"]["axis"]["title"] == "Accuracy on V"
    assert [(row["val_low"], row["val_mean"], row["val_high"], row["told"]) for row in rows(rules)] == [
        (0.5, 0.6, 0.7, "60.0 % (50.0 to 70.0)"),
        (0.4, 0.4, 0.4, "40.0 %"),
    ]
    assert [row["told"] for row in rows(layer(chart, "tick"))] == [
        "50.0 % (seed 0)",
        "70.0 % (seed 1)",
        "40.0 % (seed 0)",
    ]
    assert [row["words"] for row in rows(layer(chart, "text"))] == ["best", ""]
    assert layer(chart, "point")["encoding"]["color"]["scale"]["range"] == ["#111111", "#222222"]


def test_curves_have_a_band_of_the_range_around_the_mean():
    ranges = pd.DataFrame(
        [
            ["a", 1, "accuracy", "validation", 0.3, 0.2, 0.4],
            ["a", 1, "loss", "validation", 1.5, 1.0, 2.0],
        ],
        columns=["point", "epoch", "quantity", "set", "mean", "low", "high"],
    )
    band = layer(seeds_curves(ranges, LOOKS), "area")
    assert (band["encoding"]["y"]["field"], band["encoding"]["y2"]["field"]) == ("low", "high")
    (row,) = rows(band)
    assert row["words"] == "30.0 % (20.0 % to 40.0 %)"
    (row,) = rows(layer(seeds_curves(ranges, LOOKS, "loss"), "line"))
    assert row["words"] == "1.500 nats (1.000 nats to 2.000 nats)"


@pytest.mark.parametrize(
    ("figures", "words"),
    [((0.6, 0.5, 0.7), "60.0 % (50.0 to 70.0)"), ((0.6, 0.6, 0.6), "60.0 %"), ((float("nan"),) * 3, "")],
)
def test_a_range_in_words(figures, words):
    assert range_words(*figures) == words
