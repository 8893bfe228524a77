"""Cross-validations: which runs belong together, and what folds come to."""

from dataclasses import replace

import numpy as np
import pytest

from fercore.evaluation.cross_validation import (
    ensemble_gain,
    fold_scores,
    group_cross_validations,
    spread,
    stored_scores,
)
from fercore.runs import Predictions, RunError, list_runs, update_run
from tests.factories.runs import make_run
from tests.factories.studies import make_cross_validation, make_fold


def answers(right, n=4):
    """Predictions of the class 0 for the first `right` of n images of class 0, else of the class 1."""
    predicted = (np.arange(n) >= right).astype(int)
    return Predictions(np.arange(n).astype(str), np.zeros(n, np.int64), np.eye(7, dtype=np.float32)[predicted])


def test_folds_and_their_sum_are_one_cross_validation(tmp_path):
    make_cross_validation(tmp_path, "done", [0.5, 0.6])
    make_fold(tmp_path, "begun", 2, 0.5, folds=3)
    make_run(tmp_path, "alone")
    for i, entry in enumerate(
        ["x", {"name": "n"}, {"name": "n", "folds": 10**9}, {"name": "n", "folds": 2, "fold": 3}]
    ):
        update_run(make_run(tmp_path, f"strange{i}"), kfold=entry)
    found = group_cross_validations(list_runs(tmp_path)[0])
    assert list(found) == ["begun", "done"]
    assert (found["begun"].folds, found["begun"].whole) == (3, None)
    assert [(fold, run.name) for fold, run in found["begun"].members.items()] == [(2, "begun-fold2")]
    assert found["done"].whole.name == "done"
    assert [run.name for run in found["done"].members.values()] == ["done-fold1", "done-fold2"]


def test_stored_scores_are_those_of_the_folds(tmp_path):
    whole = make_cross_validation(tmp_path, "cv", [0.5, 0.6], n=10)
    (found,) = group_cross_validations(list_runs(tmp_path)[0]).values()
    reports = {
        fold: {split: run.metrics(split) for split in ("train", "val", "test")} for fold, run in found.members.items()
    }
    key = ["split", "score", "fold"]
    computed = fold_scores(reports).sort_values(key, ignore_index=True)
    assert computed.equals(stored_scores(whole).sort_values(key, ignore_index=True))
    assert computed.query("split == 'test' and score == 'accuracy'")["value"].tolist() == [0.5, 0.6]


def test_a_fold_that_is_not_scored_yet_adds_no_rows(tmp_path):
    run = make_fold(tmp_path, "cv", 1, 0.5, n=10)
    assert len(fold_scores({1: {"val": run.metrics("val")}, 2: {}})) == 5
    assert fold_scores({}).columns.tolist() == ["split", "score", "fold", "value"]


def test_spread_is_the_sample_s(tmp_path):
    table = spread(stored_scores(make_cross_validation(tmp_path, "cv", [0.5, 0.6], n=10)))
    row = table.query("split == 'train' and score == 'accuracy'").iloc[0]
    assert (row["mean"], row["sd"], row["folds"]) == (pytest.approx(0.55), pytest.approx(0.1 / 2**0.5), 2)
    assert np.isnan(spread(fold_scores({1: {"val": make_run(tmp_path, "a").metrics("val")}}))["sd"]).all()


@pytest.mark.parametrize(
    "scores",
    [None, {"train": 5}, {"train": {"accuracy": {"folds": ["0.5"]}}}, {"train": {"accuracy": {"folds": [62]}}}],
)
def test_scores_that_are_none_are_refused(tmp_path, scores):
    whole = update_run(make_run(tmp_path, "cv"), kfold={"name": "cv", "folds": 2, "scores": scores})
    with pytest.raises(RunError, match="kfold has no accuracy of its folds on train from 0 to 1"):
        stored_scores(whole)


def test_the_ensemble_s_gain_is_paired_by_image():
    # Right on 4 of 4 where its members are right on 2 and on 3: each image adds 0, 0, 0.5 and 1.
    found = ensemble_gain(answers(4), [answers(2), answers(3)])
    assert found["value"] == pytest.approx(0.375)
    assert 0 <= found["low"] < 0.375 < found["high"] <= 1
    assert ensemble_gain(answers(2), [answers(2), answers(2)]) == {"value": 0, "low": 0, "high": 0}


def test_an_ensemble_of_other_images_is_refused():
    moved = replace(answers(2), id=np.arange(4)[::-1].astype(str))
    with pytest.raises(RunError, match="answered for other images"):
        ensemble_gain(answers(4), [answers(2), moved])
