"""Figures of disturbances worked out by hand, and what a file of counts must hold."""

import numpy as np
import pytest

from fercore.evaluation.disturbances import KINDS, TINY
from fercore.evaluation.intervals import wilson
from fercore.evaluation.robustness import (
    BASELINE,
    COUNTS,
    baseline_of,
    conditions,
    corruption_error,
    kind_table,
    mean_flips,
    read_robustness,
    robustness_file,
    strength_table,
)
from fercore.runs import RunError, read_npz, write_npz
from tests.factories.robustness import keep_counts, made_counts
from tests.factories.runs import make_run


def test_conditions_begin_with_the_clean_pictures():
    found = conditions()
    assert found[0] == ("clean", 0)
    assert found[1:6] == [("noise", strength) for strength in range(1, 6)]
    assert len(found) == 1 + 17 * 5 + 1 + len(TINY) == len(set(found))


def test_counts_by_hand():
    found = made_counts(lambda kind, strength: 10 + 4 * strength)
    row = found.counts[(found.counts["kind"] == "blur") & (found.counts["strength"] == 3)].iloc[0]
    assert row[list(COUNTS)].tolist() == [78, 12, 12, 100, 78]  # 22 wrong, ten of them before
    assert (row["confidence"], row["confidence_sd"]) == (0.75, 0.0)
    assert row["calibration_error"] == pytest.approx(0.03)
    assert found.wrong[:, 1].tolist() == [5] * 14 + [4] * 4 + [3] * 4 + [2] * 4 + [1] * 4 + [0] * 70
    assert found.wrong_clean.sum() == 10


def test_figures_by_strength():
    table = strength_table(made_counts(lambda kind, strength: 10 + 4 * strength))
    rows = table[table["kind"] == "mask"]
    assert rows["strength"].tolist() == [0, 1, 2, 3, 4, 5]
    assert rows["accuracy"].tolist() == pytest.approx([0.9, 0.86, 0.82, 0.78, 0.74, 0.7])
    last, expected = rows.iloc[-1], wilson(70, 100)
    assert (last["accuracy_low"], last["accuracy_high"]) == (expected["low"], expected["high"])
    assert last["flips"] == 0.2
    assert (last["sure"], last["sure_right"]) == (1.0, 0.7)
    assert last["confidence_low"] == last["confidence_high"] == 0.75


def test_no_answer_is_sure_below_the_threshold():
    rows = strength_table(made_counts(confidence=lambda kind, strength: 0.75 if strength < 3 else 0.4))
    rows = rows[rows["kind"] == "mask"]
    assert rows["sure"].tolist() == [1, 1, 1, 0, 0, 0]
    assert rows.iloc[-1][["sure_right_low", "sure_right_high"]].tolist() == [0, 1]  # nothing is known


def test_kinds_are_ordered_by_their_mean_accuracy_and_say_where_it_rises():
    wrong = {"noise": [10, 50, 60, 70, 80, 90], "glasses": [10, 20, 15, 30, 30, 25], "mirrored": [10, 8]}
    found = made_counts(lambda kind, strength: wrong.get(kind, [10, 10, 11, 12, 13, 14])[strength])
    table = kind_table(found).set_index("kind")
    assert table.index[:2].tolist() == ["noise", "glasses"]
    assert table.loc["noise", ["accuracy", "drop"]].tolist() == pytest.approx([0.3, 0.6])
    assert table.loc["noise", "accuracy_low"] < 0.3 < table.loc["noise", "accuracy_high"]
    assert table.loc["glasses", "rises"] == [2, 5]
    assert table.loc["mirrored", "rises"] == [1]
    assert table.loc["blur", "rises"] == []


def test_the_mean_corruption_error_by_hand():
    """15, 20, ... wrong against 30, 40, ...: half; of noise as many; the mean over 18 kinds."""
    baseline = made_counts(lambda kind, strength: 20 + 10 * strength)
    own = made_counts(lambda kind, strength: (1 if kind == "noise" else 0.5) * (20 + 10 * strength))
    error = corruption_error(own, baseline)
    assert error["value"] == pytest.approx((1 + 17 * 0.5) / 18)
    assert error["low"] < error["value"] < error["high"]
    assert corruption_error(baseline, baseline) == {"value": 1.0, "low": 1.0, "high": 1.0}


def test_relative_errors_count_what_disturbances_add():
    baseline = made_counts(lambda kind, strength: 40 + 4 * strength)
    own = made_counts(lambda kind, strength: 10 + 6 * strength)
    assert corruption_error(own, baseline, relative=True)["value"] == pytest.approx(1.5)


def test_only_images_that_both_were_asked_about_count():
    baseline = made_counts(lambda kind, strength: 50)
    own = made_counts(lambda kind, strength: 10, n=20)  # of the first 20 the baseline has all wrong
    assert corruption_error(own, baseline)["value"] == pytest.approx(0.5)


@pytest.mark.parametrize("other", [{"fingerprint": "another"}, {"order": "down"}, {"split": "val"}, {"kinds": "old"}])
def test_counts_of_other_images_do_not_compare(other):
    assert corruption_error(made_counts(**other), made_counts()) is None


def test_without_errors_there_is_nothing_to_divide_by():
    assert corruption_error(made_counts(), made_counts(lambda kind, strength: 0)) is None


def test_flips_are_of_tiny_changes_alone():
    tiny = dict(zip(TINY, (10, 11, 12, 13, 20), strict=True))
    found = made_counts(lambda kind, strength: tiny.get(kind, 10 if strength == 0 else 90))
    assert mean_flips(found) == pytest.approx({"value": (0 + 1 + 2 + 3 + 10) / 500, "low": 0.0, "high": 0.1})


def test_what_is_kept_is_read_again(tmp_path):
    run = make_run(tmp_path, "a")
    made = keep_counts(run)
    found = read_robustness(run, "test")
    assert found.about == made.about
    assert found.counts.astype(made.counts.dtypes).equals(made.counts)
    for name in ("rows", "wrong", "wrong_clean"):
        assert (getattr(found, name) == getattr(made, name)).all()
    assert robustness_file(run, "test").stat().st_size < 30_000


def test_the_baseline_is_found_by_its_data(tmp_path):
    found = keep_counts(make_run(tmp_path, "a"))
    assert baseline_of(found, tmp_path) is None
    keep_counts(make_run(tmp_path, BASELINE))
    assert baseline_of(found, tmp_path).about["fingerprint"] == found.about["fingerprint"]
    assert baseline_of(made_counts(), tmp_path) is None


def test_a_missing_file_says_what_to_run(tmp_path):
    with pytest.raises(RunError, match=r"run: python scripts/robustness.py a --split val"):
        read_robustness(make_run(tmp_path, "a"), "val")


def damaged(name, change):
    def make(arrays):
        arrays[name] = change(arrays[name])

    return make


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda arrays: arrays.pop("wrong"), "damaged"),
        (damaged("about", lambda about: np.array("{")), "damaged"),
        (damaged("about", lambda about: np.array(str(about).replace('"kinds": "', '"kinds": "0'))), "other kinds"),
        (damaged("about", lambda about: np.array(str(about).replace('"test"', '"nowhere"'))), "the split 'nowhere'"),
        (damaged("right", lambda right: right + 1000), "expected counts from 0 to 100"),
        (damaged("sure_right", lambda sure_right: sure_right + 5), "more answers are sure and right"),
        (damaged("right", lambda right: right[:-1]), "damaged"),
        (damaged("kind", lambda kind: kind[::-1]), "a kind or a strength is missing"),
        (damaged("confidence", lambda confidence: confidence * np.nan), "expected fractions"),
        (damaged("wrong", lambda wrong: wrong + 9), "expected wrong"),
        (damaged("rows", lambda rows: rows[::-1]), "expected ascending rows"),
        (damaged("wrong_clean", lambda wrong: wrong.astype(int)), "expected wrong_clean"),
    ],
)
def test_damaged_files_are_refused_in_words(tmp_path, damage, said):
    run = make_run(tmp_path, "a")
    keep_counts(run)
    arrays = read_npz(robustness_file(run, "test"))
    damage(arrays)
    write_npz(robustness_file(run, "test"), **arrays)
    with pytest.raises(RunError, match=said):
        read_robustness(run, "test")


def test_counts_on_another_data_set_are_not_the_run_s(tmp_path):
    run = make_run(tmp_path, "a")
    keep_counts(run)
    run.info["dataset"]["fingerprint"] = "another"
    with pytest.raises(RunError, match="measured on another data set"):
        read_robustness(run, "test")


def test_every_kind_has_its_levels_in_words():
    assert all(kind.unit for kind in KINDS.values())
