"""Figures of slices worked out by hand; planted weak slices are found, random ones raise no alarm."""

import numpy as np
import pytest
from scipy.stats import fisher_exact
from sklearn.metrics import f1_score

from fercore.evaluation.attributes import named, pair
from fercore.evaluation.calibration import calibration
from fercore.evaluation.intervals import wilson
from fercore.evaluation.slices import FEWEST, pairs, search, slice_table, slices_of, worst_slice
from fercore.runs import Predictions
from tests.factories.answers import answers


def answered(right, confidence=0.75, labels=0):
    """Predictions of two classes or more of which those that are `right`, bool (N,), are."""
    right = np.asarray(right, dtype=bool)
    labels = np.broadcast_to(labels, right.shape)
    probabilities = answers(np.broadcast_to(confidence, right.shape))
    predicted = np.where(right, labels, (labels + 1) % 7)
    probabilities = np.stack([np.roll(row, place) for row, place in zip(probabilities, predicted, strict=True)])
    ids = np.array([f"{i:05d}" for i in range(len(right))])
    return Predictions(ids, labels.astype(np.int64), probabilities.astype(np.float32))


def in_groups(**sizes):
    """An attribute "group" with groups one after another."""
    return named("group", [name for name, size in sizes.items() for _ in range(size)])


def test_figures_of_a_slice_by_hand():
    right = np.repeat([True, False, True, False], [90, 10, 60, 40])
    found = answered(right)
    table = slice_table(found, slices_of([in_groups(a=100, b=100)]))
    row = table.iloc[1]
    assert (row["attribute"], row["slice"], row["n"], row["small"]) == ("group", "b", 100, False)
    assert (row["accuracy"], row["rest"], row["difference"]) == (0.6, 0.9, pytest.approx(-0.3))
    own, rest = wilson(60, 100), wilson(90, 100)
    assert (row["accuracy_low"], row["accuracy_high"]) == (own["low"], own["high"])
    # Newcombe 1998, method 10
    low = -0.3 - np.sqrt((0.6 - own["low"]) ** 2 + (rest["high"] - 0.9) ** 2)
    high = -0.3 + np.sqrt((own["high"] - 0.6) ** 2 + (0.9 - rest["low"]) ** 2)
    assert (row["difference_low"], row["difference_high"]) == (pytest.approx(low), pytest.approx(high))
    assert row["p"] == fisher_exact([[60, 40], [90, 10]]).pvalue
    assert row["p_holm"] == pytest.approx(2 * row["p"])
    assert row["confidence"] == row["confidence_low"] == row["confidence_high"] == 0.75
    assert row["calibration_error"] == pytest.approx(0.15)
    expected = calibration(found.label[100:], found.probabilities[100:])
    assert row["calibration_by_chance"] == expected.by_chance
    assert row["macro_f1"] == pytest.approx(0.75)  # one class occurs: 2 * 60 / (100 + 60)
    assert row["macro_f1_low"] < 0.75 < row["macro_f1_high"]


def test_newcombe_s_own_example():
    # Newcombe 1998, table II: 56 of 70 and 48 of 80 give 0.2, from 0.0524 to 0.3339 by method 10
    right = np.repeat([True, False, True, False], [56, 14, 48, 32])
    row = slice_table(answered(right), slices_of([in_groups(a=70, b=80)])).iloc[0]
    assert (row["difference"], row["difference_low"], row["difference_high"]) == pytest.approx(
        (0.2, 0.0524, 0.3339), abs=5e-5
    )


def test_confidence_has_the_interval_of_a_mean():
    confidence = np.tile([0.5, 0.75], 50)
    row = slice_table(answered(np.ones(100), confidence), slices_of([in_groups(a=100)])).iloc[0]
    half = 1.959964 * 0.125 * np.sqrt(100 / 99) / 10
    assert (row["confidence"], row["confidence_low"]) == (0.625, pytest.approx(0.625 - half))
    assert np.isnan(row[["rest", "difference", "p", "p_holm"]].astype(float)).all()  # nothing to compare with


def test_macro_f1_is_scikit_learn_s():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 90)
    found = answered(rng.random(90) < 0.6, labels=labels)
    row = slice_table(found, slices_of([in_groups(a=90)])).iloc[0]
    assert row["macro_f1"] == pytest.approx(
        f1_score(labels, found.predicted, labels=[0, 1, 2], average="macro", zero_division=0)
    )


def test_slices_of_one_attribute_add_up_to_the_whole():
    rng = np.random.default_rng(1)
    right = rng.random(400) < 0.7
    table = slice_table(answered(right), slices_of([in_groups(a=30, b=170, c=200)]))
    assert table["n"].sum() == 400
    assert (table["n"] @ table["accuracy"]) == pytest.approx(right.sum())
    rest = (right.sum() - table["n"] * table["accuracy"]) / (400 - table["n"])
    assert table["rest"].tolist() == pytest.approx(rest.tolist())


def test_small_slices_are_shown_and_not_tested():
    right = np.repeat([True, False, True], [100, FEWEST - 1, FEWEST])
    table = slice_table(answered(right), slices_of([in_groups(a=100, b=FEWEST - 1, c=FEWEST)]))
    assert table["small"].tolist() == [False, True, False]
    assert table["p"].isna().tolist() == [False, True, False]
    assert table["p_holm"].isna().tolist() == [False, True, False]


def test_images_without_a_group_are_in_no_slice_and_no_rest():
    right = np.repeat([True, False, False], [60, 60, 100])
    attribute = named("group", ["a"] * 60 + ["b"] * 60 + [""] * 100)
    table = slice_table(answered(right), slices_of([attribute]))
    assert table["n"].tolist() == [60, 60]
    assert table["rest"].tolist() == [0, 1]


def test_a_slice_may_be_worse_for_its_classes_alone():
    # class 0 is right always, class 1 half the time; slice a has more of class 1
    labels = np.repeat([0, 1, 0, 1], [20, 80, 80, 20])
    right = np.concatenate([np.ones(20), np.tile([1, 0], 40), np.ones(80), np.tile([1, 0], 10)])
    table = slice_table(answered(right, labels=labels), slices_of([in_groups(a=100, b=100)]))
    assert table["accuracy"].tolist() == [0.6, 0.9]
    assert table["same_classes"].tolist() == pytest.approx([0.6, 0.9])


def test_without_one_of_its_classes_in_the_rest_there_is_no_such_figure():
    labels = np.repeat([0, 1], [60, 60])
    table = slice_table(answered(np.ones(120), labels=labels), slices_of([in_groups(a=60, b=60)]))
    assert table["same_classes"].isna().all()


def test_the_worst_slice_is_the_least_accurate_of_those_beyond_noise():
    right = np.repeat([True, False] * 3, [90, 10, 10, 40, 50, 50])
    table = slice_table(answered(right), slices_of([in_groups(a=100, b=50, c=100)]))
    assert worst_slice(table)["slice"] == "b"
    same = slice_table(answered(np.tile([1, 0], 100)), slices_of([in_groups(a=100, b=100)]))
    assert worst_slice(same) is None


def random_attributes(rng, images, number=4):
    return [named(f"random {i}", rng.choice(["x", "y", "z"], images)) for i in range(number)]


def test_a_planted_weak_slice_is_found_and_confirmed():
    rng = np.random.default_rng(0)
    attributes = random_attributes(rng, 3000)
    weak = (attributes[0].place == 1) & (attributes[2].place == 2)
    right = rng.random(3000) < np.where(weak, 0.4, 0.75)
    found = search(answered(right), attributes, resamples=10)
    assert found.tried == 4 * 3 + 6 * 9
    first = found.confirmed.iloc[0]
    assert (first["attribute"], first["slice"]) == ("random 0 and random 2", "y, z")
    assert weak.sum() / 2 * 0.8 < first["n"] < weak.sum() / 2 * 1.2  # the other half's images alone
    assert len(found.first) == len(found.second) == 3
    assert found.first["n"].add(found.second["n"]).iloc[0] == weak.sum()


def test_a_search_repeats_with_its_seed():
    rng = np.random.default_rng(3)
    attributes, right = random_attributes(rng, 600), rng.random(600) < 0.7
    one, other = (search(answered(right), attributes, seed=5, resamples=10).second for _ in range(2))
    assert one.equals(other)


def test_pairs_of_attributes():
    one, two, three = (named(name, ["x", "y"]) for name in "abc")
    assert [both.name for both in pairs([one, two, three])] == ["a and b", "a and c", "b and c"]
    assert pairs([one, two])[0].place.tolist() == pair(one, two).place.tolist()


@pytest.mark.slow
@pytest.mark.parametrize("look", ["table", "search"])
def test_random_attributes_raise_no_alarm_in_95_of_100_trials(look):
    alarms = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        found, attributes = answered(rng.random(600) < 0.7), random_attributes(rng, 600)
        if look == "table":
            alarms += worst_slice(slice_table(found, slices_of(attributes), resamples=2)) is not None
        else:
            alarms += len(search(found, attributes, seed=seed, resamples=2).confirmed) > 0
    assert alarms <= 5
