"""Histories short enough to read off the answers."""

import pandas as pd
import pytest

from fercore.evaluation import learning
from fercore.evaluation.intervals import wilson
from fercore.runs import HISTORY_COLUMNS


def make_history(*epochs):
    """History from (train_accuracy, val_accuracy, seconds) of each epoch."""
    rows = [[i + 1, 1.5 - i, train, 1.6 - i, val, val, 0.1, seconds] for i, (train, val, seconds) in enumerate(epochs)]
    return pd.DataFrame(rows, columns=list(HISTORY_COLUMNS))


HISTORY = make_history((0.4, 0.5, 12), (0.8, 0.62, 10), (0.9, 0.62, 11))


def test_learning_takes_the_first_of_equal_epochs():
    found = learning.learning(HISTORY, val_images=100)
    assert (found.epochs, found.best_epoch) == (3, 2)
    assert found.val_accuracy == wilson(62, 100)
    assert (found.gap, found.last_gap) == (pytest.approx(0.18), pytest.approx(0.28))
    assert (found.seconds, found.seconds_per_epoch) == (33, 11)


@pytest.mark.parametrize(
    ("train", "images", "verdict"),
    [
        (0.60, 3589, "none"),  # below validation
        (0.63, 3589, "none"),  # 1 point; chance alone is 1.6
        (0.66, 3589, "mild"),
        (0.73, 3589, "strong"),
        (0.66, 100, "none"),  # 4 points; chance alone is 9.4 with 100 images
    ],
)
def test_verdict_needs_more_than_chance(train, images, verdict):
    assert learning.learning(make_history((train, 0.62, 1)), images).verdict == verdict


def test_check_history_passes_a_good_one():
    assert learning.check_history(HISTORY) is HISTORY


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("epoch", float("nan"), "an epoch is no number"),
        ("val_accuracy", float("nan"), "val_accuracy is nan"),
        ("train_accuracy", 62.0, "train_accuracy is 62.0, expected 0 to 1"),
    ],
)
def test_check_history_names_what_is_wrong(column, value, message):
    with pytest.raises(learning.HistoryError, match=message):
        learning.check_history(HISTORY.astype(float).replace({column: {HISTORY[column][1]: value}}))


def test_curve_table_is_long_and_marks_the_best_epoch():
    table = learning.curve_table({"a": HISTORY, "empty": HISTORY.head(0), "b": HISTORY.head(1)})
    assert len(table) == 4 * 3 + 4 * 1
    assert table.groupby("run")["best"].sum().to_dict() == {"a": 4, "b": 4}
    row = table.query("run == 'a' and epoch == 2 and quantity == 'accuracy' and set == 'train'").iloc[0]
    assert (row["value"], row["best"]) == (0.8, True)
    row = table.query("run == 'a' and epoch == 3 and quantity == 'loss' and set == 'validation'").iloc[0]
    assert (row["value"], row["best"]) == (pytest.approx(-0.4), False)


def test_epoch_table_has_gap_and_rate():
    table = learning.epoch_table({"a": HISTORY, "empty": HISTORY.head(0)})
    assert table["gap"].tolist() == pytest.approx([-0.1, 0.18, 0.28])
    assert table["learning_rate"].tolist() == [0.1, 0.1, 0.1]
    assert table["best"].tolist() == [False, True, False]


@pytest.mark.parametrize("table", [learning.curve_table, learning.epoch_table])
def test_no_epoch_gives_an_empty_table_with_its_columns(table):
    found = table({"a": HISTORY.head(0)})
    assert len(found) == 0
    assert {"run", "epoch", "best"} <= set(found.columns)


def test_differences_keep_only_the_settings_that_differ():
    configs = {
        "a": {
            "recipe": "x",
            "model": {"type": "cnn", "dense": [512, 256]},
            "training": {"ema": 0.998, "seed": 0},
            "note": "n",
        },
        "b": {"recipe": "y", "model": {"type": "cnn", "dense": [512]}, "training": {"seed": 0, "nesterov": True}},
    }
    table = learning.config_table(configs)
    assert table.loc["model.type"].to_dict() == {"a": "cnn", "b": "cnn"}
    assert "recipe" not in table.index
    assert learning.differences(table).to_dict("index") == {
        "model.dense": {"a": "[512, 256]", "b": "[512]"},
        "training.ema": {"a": "0.998", "b": "not set"},
        "training.nesterov": {"a": "not set", "b": "true"},
        "note": {"a": "n", "b": "not set"},
    }


def test_equal_configs_differ_in_nothing():
    assert learning.differences(learning.config_table({"a": {"model": {"x": 1}}, "b": {"model": {"x": 1}}})).empty


@pytest.mark.parametrize(
    ("gap", "verdict"), [(0.02, "none"), (0.021, "mild"), (0.0999, "mild"), (0.1, "strong"), (-0.5, "none")]
)
def test_a_gap_is_overfitting_above_half_the_interval_and_strong_from_ten_points_on(gap, verdict):
    accuracy = {"value": 0.5, "low": 0.48, "high": 0.52}
    found = learning.Learning(9, 5, accuracy, gap, gap, 60.0, 6.0)
    assert found.verdict == verdict


def test_seconds_are_summed_over_epochs_and_their_median_is_that_of_one():
    history = make_history((0.5, 0.4, 1.0), (0.6, 0.5, 2.0), (0.7, 0.6, 9.0))
    found = learning.learning(history, 100)
    assert (found.seconds, found.seconds_per_epoch) == (12.0, 2.0)


def test_time_left_of_runs_that_train_alike():
    whole, half = make_history((0.4, 0.5, 10), (0.5, 0.5, 10)), make_history((0.4, 0.5, 12))
    # Of four runs of 20 s one is finished and 12 s of another are spent: 20 * 3 - 12.
    assert learning.seconds_left([("finished", whole), ("running", half)], 4, 2) == pytest.approx(48)
    # Two at once take half of the time that is left: 20 * 3 - 12 - 12.
    assert learning.seconds_left([("finished", whole), *[("running", half)] * 2], 4, 2) == pytest.approx(18)
    # Before the first is finished: two of two epochs of 12 s, of which one epoch is over.
    assert learning.seconds_left([("running", half)], 2, 2) == pytest.approx(36)
    assert learning.seconds_left([("finished", whole)], 1, 2) == 0
    assert learning.seconds_left([("running", make_history())], 2, 2) is None
    assert learning.seconds_left([("running", half)], 2, None) is None
