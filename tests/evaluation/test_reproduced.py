"""Runs made again beside those that are shipped."""

import numpy as np
import pytest

from fercore.evaluation.intervals import wilson
from fercore.evaluation.reproduced import (
    NOT_DONE,
    NOT_SHIPPED,
    OTHER_DATA,
    OUTSIDE,
    WITHIN,
    comparison,
    expected_range,
)
from fercore.runs import read_json, update_run, write_json
from tests.factories.runs import make_run


def figure(value, n=100):
    return wilson(round(value * n), n)


def test_one_seed_is_expected_within_its_interval():
    assert expected_range([figure(0.5)]) == pytest.approx((0.4038, 0.5962), abs=1e-4)


def test_several_seeds_are_expected_within_their_prediction_interval():
    # Of 0.5 and 0.6: mean 0.55, sd 0.0707; t of 1 degree of freedom at 97.5 % is 12.7062.
    away = 12.7062 * np.sqrt(0.005) * np.sqrt(1.5)
    assert expected_range([figure(0.5), figure(0.6)]) == pytest.approx((0.55 - away, 0.55 + away), abs=1e-5)


def test_a_run_is_within_outside_not_shipped_or_not_done(tmp_path):
    for name, again, shipped in [("a", 0.52, 0.5), ("b", 0.7, 0.5), ("c", 0.5, None), ("d", None, 0.5)]:
        for folder, accuracy in (("out", again), ("runs", shipped)):
            if accuracy is not None:
                make_run(tmp_path / folder, name, accuracy=accuracy, n=100)
    seeds = {name: [name] for name in "abcd"}
    table = comparison(seeds, tmp_path / "out", tmp_path / "runs", dict.fromkeys("abcd", ("done", "")))
    assert table["test_verdict"].tolist() == [WITHIN, OUTSIDE, NOT_SHIPPED, NOT_DONE]
    assert table["test_again"].tolist() == pytest.approx([0.52, 0.7, 0.5, np.nan], nan_ok=True)
    assert table["test_shipped"].tolist() == pytest.approx([0.5, 0.5, np.nan, 0.5], nan_ok=True)
    assert table.loc[0, ["test_low", "test_high"]].tolist() == pytest.approx((0.4038, 0.5962), abs=1e-4)


def test_a_run_that_did_not_finish_is_not_done(tmp_path):
    make_run(tmp_path / "out", "a", status="stopped")
    table = comparison({"a": ["a"]}, tmp_path / "out", tmp_path / "runs", {"a": ("failed", "out of memory")})
    assert table.loc[0, ["status", "problem", "val_verdict"]].tolist() == ["failed", "out of memory", NOT_DONE]


def test_figures_on_other_data_do_not_compare(tmp_path):
    run, _ = make_run(tmp_path / "out", "a"), make_run(tmp_path / "runs", "a")
    update_run(run, dataset=run.info["dataset"] | {"fingerprint": "another"})
    metrics = read_json(run.path / "metrics_test.json")
    write_json(run.path / "metrics_test.json", metrics | {"dataset_fingerprint": "another"})
    table = comparison({"a": ["a"]}, tmp_path / "out", tmp_path / "runs", {"a": ("done", "")})
    assert table.loc[0, "test_verdict"] == OTHER_DATA
    assert table.loc[0, ["test_shipped", "test_low"]].isna().all()


def test_damaged_files_cost_their_own_figures_and_not_the_table(tmp_path):
    run, shipped = make_run(tmp_path / "out", "a"), make_run(tmp_path / "runs", "a")
    (run.path / "history.csv").write_text("no,history\n1,2\n")
    metrics = read_json(shipped.path / "metrics_test.json")
    write_json(shipped.path / "metrics_test.json", metrics | {"accuracy": {}})
    table = comparison({"a": ["a"]}, tmp_path / "out", tmp_path / "runs", {"a": ("done", "")})
    assert table.loc[0, ["epochs", "val_verdict", "test_verdict"]].tolist() == [0, WITHIN, NOT_SHIPPED]
