"""Charts of studies and cross-validations: what they hold and how points are told apart."""

import pandas as pd
import pytest

from fercore.charts import experiments as charts
from fercore.charts.style import RunStyle
from fercore.evaluation.cross_validation import spread
from fercore.evaluation.studies import BEST, WITHIN, WORSE
from tests.charts import layer, rows

LOOKS = {"0": RunStyle("#111111", "circle"), "0.5": RunStyle("#222222", "square")}
TABLE = pd.DataFrame(
    {
        "point": ["0", "0.5"],
        "name": ["0", "0.5"],
        "seed": [0, 0],
        "val_accuracy": [0.6, 0.5],
        "val_low": [0.5, 0.4],
        "val_high": [0.7, 0.6],
        "seconds_per_epoch": [12.4, 65.0],
    }
)


def ranked(verdict=WORSE, seeds=1):
    columns = ["point", "seeds", "accuracy", "difference", "verdict"]
    return pd.DataFrame([["0", seeds, 0.6, None, BEST], ["0.5", seeds, 0.5, 0.1, verdict]], columns=columns)


def accuracy_chart(**changes):
    return charts.accuracy_chart(**{"table": TABLE, "ranked": ranked(), "styles": LOOKS, "split_name": "V", **changes})


def test_points_stand_in_the_order_of_the_study_with_their_interval():
    rules = layer(accuracy_chart(), "rule")
    assert rules["encoding"]["y"]["sort"] == ["0", "0.5"]
    assert rules["encoding"]["x"]["axis"]["title"] == "Accuracy on V"
    row = rows(rules)[1]
    assert (row["low"], row["value"], row["high"], row["words"]) == (0.4, 0.5, 0.6, "50.0 % (40.0 to 60.0)")


def test_points_keep_colour_and_shape():
    marks = layer(accuracy_chart(), "point")
    assert marks["encoding"]["color"]["scale"] == {"domain": ["0", "0.5"], "range": ["#111111", "#222222"]}
    assert marks["encoding"]["shape"]["scale"]["range"] == ["circle", "square"]


@pytest.mark.parametrize(("verdict", "words"), [(WORSE, "10.0 points less"), (WITHIN, "within noise")])
def test_the_best_is_marked_and_the_others_say_how_they_compare(verdict, words):
    found = rows(layer(accuracy_chart(ranked=ranked(verdict)), "text"))
    assert [(row["point"], row["end"], row["verdict"]) for row in found] == [("0", 0.7, "best"), ("0.5", 0.6, words)]


def test_the_scale_leaves_room_for_what_stands_beside_the_intervals():
    scale = layer(accuracy_chart(), "rule")["encoding"]["x"]["scale"]
    assert scale["domain"] == pytest.approx([0.4 - 0.015, 0.7 + 0.135])


def test_several_seeds_stand_below_each_other_with_a_tick_at_their_mean():
    table = pd.concat([TABLE, TABLE], ignore_index=True)
    table = table.assign(name=["0, a", "0.5, a", "0, b", "0.5, b"], seed=[0, 0, 1, 1])
    looks = dict.fromkeys(table["name"], LOOKS["0"])
    chart = accuracy_chart(table=table, ranked=ranked(seeds=2), styles=looks)
    assert layer(chart, "rule")["encoding"]["yOffset"]["field"] == "seed"
    assert [(row["point"], row["mean"]) for row in rows(layer(chart, "tick"))] == [("0", 0.6), ("0.5", 0.5)]
    assert len(rows(layer(chart, "text"))) == 2
    assert "yOffset" not in layer(accuracy_chart(), "rule")["encoding"]


def test_a_study_that_cannot_be_ranked_has_points_without_verdicts():
    chart = accuracy_chart(ranked=ranked().head(0))
    assert len(rows(layer(chart, "point"))) == 2
    assert rows(layer(chart, "text")) == []


def test_time_is_written_at_the_bars():
    chart = charts.time_chart(TABLE, LOOKS, dark=True)
    words = layer(chart, "text")
    assert [(row["seconds"], row["words"]) for row in rows(words)] == [(12.4, "12 s"), (65.0, "1 min 5 s")]
    assert words["encoding"]["color"] == {"value": "#E3E9EE"}


def test_folds_are_points_around_their_mean():
    scores = pd.DataFrame(
        [["train", "accuracy", 1, 0.5], ["train", "accuracy", 2, 0.6], ["train", "log_loss", 1, 1.2]],
        columns=["split", "score", "fold", "value"],
    )
    chart = charts.fold_chart(scores, spread(scores), {"train": "held out"}, "#123456")
    points = layer(chart, "point")
    assert points["mark"]["color"] == "#123456"
    assert [(row["split"], row["score"], row["words"]) for row in rows(points)] == [
        ("held out", "Accuracy", "50.0 % (fold 1)"),
        ("held out", "Accuracy", "60.0 % (fold 2)"),
    ]
    (rule,) = rows(layer(chart, "rule"))
    assert (rule["mean"], rule["words"]) == (pytest.approx(0.55), "55.0 % ± 7.1")
    assert (rule["low"], rule["high"]) == pytest.approx((0.55 - 0.005**0.5, 0.55 + 0.005**0.5))


@pytest.mark.parametrize(("ending", "columns"), [("", 3), (" without copies", 2)])
def test_long_names_of_images_take_two_lines(ending, columns):
    names = {"train": "held-out Training", "val": f"PublicTest{ending}", "test": f"PrivateTest{ending}"}
    scores = pd.DataFrame([[split, "accuracy", 1, 0.5] for split in names], columns=["split", "score", "fold", "value"])
    points = layer(charts.fold_chart(scores, spread(scores), names, "#123456"), "point")
    assert points["encoding"]["shape"]["legend"]["columns"] == columns


def test_spread_in_words():
    assert charts.spread_words(0.5787, 0.00412) == "57.9 % ± 0.4"
    assert charts.spread_words(0.5787, float("nan")) == "57.9 %"
