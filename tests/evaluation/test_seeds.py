"""Points of several seeds: mean and range."""

import pandas as pd
import pytest

from fercore.evaluation.seeds import curve_ranges, over_seeds

TABLE = pd.DataFrame(
    {
        "run": ["a0", "a1", "b0", "b1"],
        "point": ["a", "a", "b", "b"],
        "status": ["finished", "finished", "finished", "stopped"],
        "val_accuracy": [0.5, 0.7, 0.4, None],
        "test_accuracy": [0.6, 0.5, 0.4, None],
        "seconds_per_epoch": [10.0, 14.0, 20.0, None],
        "parameters": [7, 7, 9, 9],
    }
)


def test_a_point_has_mean_and_range_of_the_seeds_that_finished():
    found = over_seeds(TABLE).set_index("point")
    assert found.loc["a", ["val_mean", "val_low", "val_high"]].tolist() == pytest.approx([0.6, 0.5, 0.7])
    assert found.loc["a", ["test_mean", "test_low", "test_high"]].tolist() == pytest.approx([0.55, 0.5, 0.6])
    assert found.loc["b", ["val_mean", "val_low", "val_high"]].tolist() == [0.4, 0.4, 0.4]
    assert found[["seeds", "runs", "finished"]].to_numpy().tolist() == [[2, 2, True], [1, 2, False]]
    assert found["seconds_per_epoch"].tolist() == [12, 20]


def history(*accuracies):
    columns = {f"{images}_{kind}": accuracies for images in ("train", "val") for kind in ("loss", "accuracy")}
    return pd.DataFrame({"epoch": range(1, len(accuracies) + 1), **columns})


def test_curves_have_the_range_of_the_seeds_that_have_the_epoch():
    found = curve_ranges({"a0": history(0.2, 0.4), "a1": history(0.4)}, {"a0": "a", "a1": "a"})
    one = found[(found["quantity"] == "accuracy") & (found["set"] == "validation")]
    assert one["epoch"].tolist() == [1, 2]
    assert one["mean"].tolist() == pytest.approx([0.3, 0.4])
    assert one[["low", "high"]].to_numpy().tolist() == [[0.2, 0.4], [0.4, 0.4]]
    assert len(found) == 2 * 4
