"""The images behind a figure, on six images of two models."""

import numpy as np
import pytest

from fercore.emotions import EMOTIONS
from fercore.evaluation import errors
from fercore.evaluation.errors import Wanted
from fercore.evaluation.tables import BESIDE_CLASSES
from fercore.runs import Predictions
from tests.factories.votes import counted

FEAR, HAPPY, SAD = 2, 3, 4


def answers(ids, labels, predicted, confidences):
    """Each image gets its confidence in the predicted class, and the true one, where another, half of the rest."""
    probabilities = np.zeros((len(ids), 7), np.float32)
    rows = np.arange(len(ids))
    probabilities[rows, 6] = 1 - np.array(confidences)
    wrong = np.array(labels) != predicted
    probabilities[rows[wrong], np.array(labels)[wrong]] = (1 - np.array(confidences)[wrong]) / 2
    probabilities[rows[wrong], 6] /= 2
    probabilities[rows, predicted] = confidences
    return Predictions(np.array(list(ids)), np.array(labels), probabilities)


@pytest.fixture
def six():
    return answers(
        "abcdef",
        [FEAR, FEAR, FEAR, SAD, SAD, HAPPY],
        [SAD, SAD, FEAR, FEAR, SAD, HAPPY],
        [0.9, 0.6, 0.8, 0.7, 0.5, 0.8],
    )


@pytest.fixture
def second():
    """Right on a and d, wrong on c, has never seen b and f."""
    return answers("decag", [SAD, SAD, FEAR, FEAR, HAPPY], [SAD, SAD, SAD, FEAR, HAPPY], [0.65, 0.55, 0.6, 0.7, 0.8])


def ids(table):
    return "".join(table["id"])


def test_images_come_most_confident_first_with_the_true_class_beside(six):
    table = errors.image_table(six)
    assert ids(table) == "acfdbe"  # c and f are equally sure, and stay in order
    assert table["outcome"].tolist() == ["wrong", "right", "right", "wrong", "wrong", "right"]
    assert table["probability"].tolist() == pytest.approx([0.9, 0.8, 0.8, 0.7, 0.6, 0.5])
    assert table["true_probability"].tolist() == pytest.approx([0.05, 0.8, 0.8, 0.15, 0.2, 0.5])
    assert not {"copy", "brightness", "other_pred"} & set(table)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (Wanted(), "acfdbe"),
        (Wanted(true="fear"), "acb"),
        (Wanted(pred="sad"), "abe"),
        (Wanted(true="fear", pred="sad"), "ab"),
        (Wanted(outcome="wrong"), "adb"),
        (Wanted(confidence=(0.55, 0.85)), "cfdb"),
        (Wanted(copy=True), "bf"[::-1]),
        (Wanted(copy=False, outcome="wrong"), "ad"),
        (Wanted(brightness=(40, 60)), "dbe"),
        (Wanted(brightness=(0, 30), true="happy"), ""),
    ],
)
def test_every_filter_narrows(six, wanted, expected):
    copies = np.array([name in "bf" for name in six.id])
    table = errors.image_table(six, copies=copies, brightness=np.array([0, 50, 20, 40, 60, 255.0]))
    assert ids(errors.matching(table, wanted)) == expected


def test_ends_of_a_range_are_in_it(six):
    table = errors.image_table(six, brightness=np.arange(6.0))
    assert ids(errors.matching(table, Wanted(brightness=(2, 3)))) == "cd"


def test_two_models_side_by_side_on_the_images_of_both(six, second):
    table = errors.image_table(six, second)
    found = {row.id: (row.outcome, row.other_pred) for row in table.itertuples()}
    assert found == {
        "a": ("only_first_wrong", "fear"),
        "c": ("only_second_wrong", "sad"),
        "d": ("only_first_wrong", "sad"),
        "e": ("both_right", "sad"),
    }
    assert ids(errors.matching(table, Wanted(outcome="only_first_wrong"))) == "ad"
    assert errors.image_table(six, six)["outcome"].tolist().count("both_wrong") == 3


def test_what_a_class_cannot_be_called_holds_every_column(six):
    given = {"copies": np.zeros(6, bool), "brightness": np.zeros(6), "inside": np.zeros(6, bool)}
    votes, labels = counted(*[{"sad": 10}] * 6), np.full(6, "sad", object)
    table = errors.image_table(six, six, **given, votes=votes, labels=labels)
    assert {*table.columns} - {*EMOTIONS} == BESIDE_CLASSES


def test_an_image_whose_true_class_differs_is_another_image(six, second):
    relabelled = Predictions(second.id, np.full(5, HAPPY), second.probabilities)
    assert errors.image_table(six, relabelled).empty


def test_an_image_twice_in_the_other_model_counts_once(six, second):
    twice = Predictions(np.repeat(second.id, 2), np.repeat(second.label, 2), np.repeat(second.probabilities, 2, axis=0))
    assert len(errors.image_table(six, twice)) == 4


def test_the_matrix_counts_what_the_other_filters_leave(six):
    table = errors.image_table(six)
    wanted = Wanted(true="happy", outcome="right", confidence=(0.6, 1))
    found = errors.cells(table, wanted).set_index(["true", "pred"])["count"]
    assert found[found > 0].to_dict() == {
        ("fear", "fear"): 1,
        ("fear", "sad"): 2,
        ("sad", "fear"): 1,
        ("happy", "happy"): 1,
    }
    assert len(found) == 49


def test_outcomes_are_counted_under_the_other_filters(six, second):
    one = errors.outcomes(errors.image_table(six), Wanted(true="fear", outcome="right"))
    assert (one["wrong"], one["right"]) == (2, 1)
    two = errors.outcomes(errors.image_table(six, second), Wanted(outcome="both_wrong"))
    assert [two[name] for name in errors.PAIR_OUTCOMES] == [0, 2, 1, 1]


def test_the_most_frequent_confusion(six):
    assert errors.most_confused(errors.image_table(six)) == ("fear", "sad", 2)
    assert errors.most_confused(errors.image_table(six)[1:3]) is None


def test_where_people_are_the_truth_they_side_with_the_label_of_the_data():
    found = answers("abc", [HAPPY, HAPPY, SAD], [HAPPY, FEAR, FEAR], [0.9, 0.8, 0.7])  # true: what most people say
    votes = counted({"happy": 10}, {"happy": 8, "fear": 2}, {"sad": 10})
    table = errors.image_table(found, votes=votes, labels=np.array(["fear", "happy", "neutral"], dtype=object))
    assert table["right"].tolist() == [True, False, False]
    assert table["label"].tolist() == ["fear", "happy", "neutral"]
    assert table["side"].tolist() == ["model", "label", "neither"]
