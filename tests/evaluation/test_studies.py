"""Studies: what is read, what is compared, and what counts as more than noise."""

import numpy as np
import pandas as pd
import pytest

from fercore.evaluation import studies
from fercore.evaluation.intervals import wilson
from fercore.evaluation.studies import (
    BEST,
    WITHIN,
    WORSE,
    group_studies,
    point_table,
    ranking,
    read_point,
    right_answers,
)
from fercore.runs import Predictions, RunError, update_run
from tests.factories.runs import make_run
from tests.factories.studies import BUDGET, make_point, make_study


def table_of(*rows):
    """(run, point, seed) of each row, as far as `ranking` looks."""
    return pd.DataFrame(rows, columns=["run", "point", "seed"])


def right(hits, n=100, start=0):
    """Right on the images from `start` to `start + hits`."""
    answers = np.zeros(n, bool)
    answers[start : start + hits] = True
    return answers


def test_runs_are_grouped_by_the_study_they_name(tmp_path):
    make_study(tmp_path, "b", {"0": 0.5})
    first, second = make_study(tmp_path, "a", {"0": 0.5, "1": 0.5})
    alone = make_run(tmp_path, "alone")
    strange = [
        update_run(make_run(tmp_path, f"strange{i}"), study=entry)
        for i, entry in enumerate(["text", {"name": "../up"}, {"name": 5}, {}])
    ]
    groups = group_studies([alone, second, first, *strange])
    assert {name: [run.name for run in runs] for name, runs in groups.items()} == {"a": [second.name, first.name]}


def test_a_point_is_what_its_run_says(tmp_path):
    run = make_point(tmp_path, "s", "0.1", 0.5, position=2, seed=7, points=6)
    point = read_point(run)
    assert (point.label, point.position, point.seed, point.planned) == ("0.1", 2, 7, 6)
    assert (point.varied, point.budget) == ({"dropout_conv": "0.1"}, BUDGET)
    assert point.description == "What s does (report, section 9): a test."


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("label", "x" * 101, "expected str, 0 to 100 long"),
        ("label", None, "study label is 'None', expected str"),
        ("position", 0, "study position is '0', expected int, 1 to 10000;"),
        ("position", True, "study position is 'True'"),
        ("seed", 2**31, "study seed is '2147483648'"),
        ("points", 10**30, "study points"),
        ("varied", {"a": 1, "b": 2, "c": 3}, "expected dict, 0 to 2 long"),
        ("budget", [1], "study budget is '\\[1\\]', expected dict"),
    ],
)
def test_what_a_stranger_s_run_may_say_is_limited(tmp_path, key, value, expected):
    run = make_point(tmp_path, "s", "0", 0.5)
    with pytest.raises(RunError, match=expected):
        read_point(update_run(run, study={**run.info["study"], key: value}))


def test_the_table_is_in_the_order_of_the_study_and_says_what_is_known(tmp_path):
    second = make_point(tmp_path, "s", "0.1", 0.6, position=2, n=10)
    first = make_point(tmp_path, "s", "0.2", 0.5, position=1, epochs=0, status="failed", splits=())
    first = update_run(first, problem="no memory", parameters="many")
    points = [read_point(run) for run in (second, first)]
    reports = {second.name: {split: second.metrics(split) for split in ("val", "test")}}
    table = point_table(points, {run.name: run.history() for run in (first, second)}, reports)
    assert table["point"].tolist() == ["0.2", "0.1"]
    assert table["status"].tolist() == ["failed", "finished"]
    assert table["problem"].tolist() == ["no memory", ""]
    failed, finished = table.iloc[0], table.iloc[1]
    assert failed[["best_epoch", "val_accuracy", "test_low", "seconds_per_epoch", "parameters"]].isna().all()
    assert (finished["epochs"], finished["best_epoch"]) == (3, second.info["best"]["epoch"])
    assert finished[["val_accuracy", "val_low", "val_high"]].tolist() == list(wilson(6, 10).values())
    assert (finished["seconds_per_epoch"], finished["parameters"]) == (12.5, 123_456)


def test_right_answers_leave_out_runs_with_other_images():
    answers = Predictions(np.array(["a", "b"]), np.array([0, 1]), np.eye(7, dtype=np.float32)[[0, 2]])
    moved = Predictions(np.array(["b", "a"]), answers.label, answers.probabilities)
    relabelled = Predictions(answers.id, np.array([1, 1]), answers.probabilities)
    right_of, others = right_answers({"x": answers, "y": moved, "z": answers, "w": relabelled})
    assert {name: found.tolist() for name, found in right_of.items()} == {"x": [True, False], "z": [True, False]}
    assert others == ["y", "w"]
    assert right_answers({}) == ({}, [])


def test_points_are_compared_with_the_best_by_mcnemar_and_holm():
    table = table_of(("r0", "0", 0), ("r1", "0.1", 0), ("r2", "0.5", 0))
    # 0.1 is right on 60 images; 0 on 54 of these and no other; 0.5 on 50 of these and on 1 other.
    right_of = {"r0": right(54), "r1": right(60), "r2": right(50) | right(1, start=99)}
    found = ranking(table, right_of).set_index("point")
    assert found["accuracy"].tolist() == [0.54, 0.6, 0.51]
    assert found["verdict"].tolist() == [WITHIN, BEST, WORSE]
    # Binomial(6, 1/2) has 2/64 in its ends; Binomial(11, 1/2) has 2 * 12/2048 in those of at most 1. Any of three pairs
    # could have been the best and another: the smaller p counts three times, the other one twice.
    assert found["p"].tolist() == pytest.approx([4 / 64, np.nan, 3 * 24 / 2048], nan_ok=True)
    assert found["difference"].tolist() == pytest.approx([0.06, np.nan, 0.09], nan_ok=True)
    assert found.loc["0.5", "difference_low"] < 0.09 < found.loc["0.5", "difference_high"]
    assert found.loc["0.1", ["low", "high"]].tolist() == list(wilson(60, 100).values())[1:]
    assert found["sd"].isna().all()


def test_what_would_be_a_difference_alone_is_noise_among_several():
    table = table_of(("a", "a", 0), ("b", "b", 0), ("c", "c", 0))
    # 6 images: p = 2/64 alone, 6/64 when there are three pairs.
    assert ranking(table, {"a": right(60), "b": right(54), "c": right(54)})["verdict"].tolist() == [
        BEST,
        WITHIN,
        WITHIN,
    ]
    assert ranking(table, {"a": right(60), "b": right(54)})["verdict"].tolist() == [BEST, WORSE]


def test_several_seeds_are_compared_by_their_spread():
    table = table_of(*[(f"{point}{seed}", point, seed) for seed in (0, 1) for point in ("a", "b", "c")])
    hits = {"a0": 60, "a1": 62, "b0": 58, "b1": 62, "c0": 20, "c1": 22}
    found = ranking(table, {run: right(n) for run, n in hits.items()}).set_index("point")
    assert found["seeds"].tolist() == [2, 2, 2]
    assert found["accuracy"].tolist() == pytest.approx([0.61, 0.6, 0.21])
    assert found["sd"].tolist() == pytest.approx([0.02 / 2**0.5, 0.04 / 2**0.5, 0.02 / 2**0.5])
    assert found[["low", "high"]].isna().all(axis=None)
    assert found["verdict"].tolist() == [BEST, WITHIN, WORSE]
    # a against c: t = 0.4 / sqrt(0.0002) with 2 degrees of freedom, where p = 1 - t / sqrt(2 + t^2), of three pairs.
    t = 0.4 / 0.0002**0.5
    assert found.loc["c", "p"] == pytest.approx(3 * (1 - t / (2 + t**2) ** 0.5))


def test_a_study_stopped_in_its_second_seed_is_compared_by_its_first():
    table = table_of(("a0", "a", 0), ("b0", "b", 0), ("a1", "a", 1), ("b1", "b", 1))
    found = ranking(table, {"a0": right(50), "b0": right(60), "a1": right(99)})
    assert found["accuracy"].tolist() == [0.5, 0.6]
    assert found["seeds"].tolist() == [1, 1]


def test_points_without_a_seed_in_common_and_no_points_rank_nothing():
    table = table_of(("a0", "a", 0), ("b1", "b", 1))
    for right_of in ({"a0": right(50), "b1": right(60)}, {}):
        found = ranking(table, right_of)
        assert len(found) == 0
        assert {"point", "accuracy", "verdict"} <= set(found.columns)


def test_one_point_alone_is_best_and_compared_with_nothing():
    found = ranking(table_of(("a0", "a", 0)), {"a0": right(50)})
    assert found[["point", "accuracy", "verdict"]].to_dict("records") == [
        {"point": "a", "accuracy": 0.5, "verdict": BEST}
    ]


@pytest.mark.parametrize(("p", "verdict"), [(0.05, WITHIN), (0.0499, WORSE)])
def test_a_difference_is_told_below_the_level_and_not_at_it(monkeypatch, p, verdict):
    monkeypatch.setattr(studies, "holm", lambda _, of: np.array([p]))
    found = ranking(table_of(("a", "a", 0), ("b", "b", 0)), {"a": right(60), "b": right(20)})
    assert found["verdict"].tolist() == [BEST, verdict]
