"""Confident learning on a few images, whose thresholds are worked out by hand."""

import numpy as np
import pytest

from fercore.evaluation.label_errors import out_of_fold_runs, suspected_labels
from fercore.runs import Predictions, update_run
from tests.factories.runs import make_run

# angry (0) and disgust (1) with their probabilities; the rest goes to neutral, as which no image is labelled.
IMAGES = [
    ("a", 0, 0.9, 0.1),
    ("b", 0, 0.8, 0.1),
    ("c", 0, 0.1, 0.9),  # angry's threshold is (0.9 + 0.8 + 0.1) / 3 = 0.6
    ("d", 1, 0.2, 0.7),
    ("e", 1, 0.5, 0.4),  # not confidently angry: 0.5 is below 0.6
    ("f", 1, 0.7, 0.1),  # disgust's threshold is (0.7 + 0.4 + 0.1) / 3 = 0.4
]


def predictions(images=IMAGES):
    probabilities = np.zeros((len(images), 7), np.float32)
    probabilities[:, :2] = [row[2:] for row in images]
    probabilities[:, 6] = 1 - probabilities.sum(axis=1)
    return Predictions(np.array([row[0] for row in images]), np.array([row[1] for row in images]), probabilities)


def test_suspects_are_off_the_diagonal_of_the_confident_joint():
    found = suspected_labels(predictions())
    assert found[["id", "label", "suggested"]].to_numpy().tolist() == [
        ["c", "angry", "disgust"],  # 0.9 against 0.1
        ["f", "disgust", "angry"],  # 0.7 against 0.1
    ]
    np.testing.assert_allclose(found[["confidence", "label_probability"]], [[0.9, 0.1], [0.7, 0.1]], rtol=1e-6)


def test_of_two_confident_classes_the_more_probable_one_counts():
    # fear (2) is confident from 0.1 on. The image labelled so is more probably disgust, confident from 0.45 on.
    images = predictions([("a", 1, 0.0, 0.7), ("b", 1, 0.8, 0.2), ("c", 2, 0.0, 0.5)])
    images.probabilities[2, [2, 6]] = [0.1, 0.4]
    found = suspected_labels(images)
    assert found[["id", "suggested"]].to_numpy().tolist() == [["c", "disgust"]]


def test_one_class_alone_gives_no_reason_to_doubt():
    assert suspected_labels(predictions(IMAGES[:3])).empty


def test_only_whole_cross_validations_hold_out_of_fold_predictions(tmp_path):
    make_run(tmp_path, "plain", splits=("train", "val"))
    fold = update_run(make_run(tmp_path, "fold", splits=("train", "val")), kfold={"fold": 1})
    whole = update_run(make_run(tmp_path, "whole", splits=("train", "val")), kfold={}, ensemble={})
    unfinished = update_run(make_run(tmp_path, "unfinished"), kfold={}, ensemble={})
    assert out_of_fold_runs([fold, whole, unfinished]) == [whole]


@pytest.mark.parametrize("share", [0.5, 0.9])
def test_the_order_is_that_of_the_difference(share):
    images = [("a", 0, 1.0, 0.0), ("b", 0, 0.0, share), ("c", 1, 0.0, 1.0), ("d", 1, 0.9, 0.1), ("e", 1, 0.0, 0.1)]
    found = suspected_labels(predictions(images))
    assert found["id"].tolist() == (["b", "d"] if share == 0.9 else ["d", "b"])
