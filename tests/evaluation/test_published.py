"""Published figures: the form of our own, and as much of the confusion matrix as follows from them."""

import numpy as np
import pytest

from fercore.charts.overview import reference_report
from fercore.emotions import EMOTIONS
from fercore.evaluation.intervals import wilson
from fercore.evaluation.published import ANOTHER, published_accuracy, published_confusion, published_table
from fercore.evaluation.tables import classification_table
from tests.factories.runs import make_run


def test_the_published_report_has_the_form_of_our_own(tmp_path):
    table = published_table(reference_report()["kfold"])
    ours = classification_table(make_run(tmp_path, "a").metrics("val"))
    assert table.columns.tolist() == ours.columns.tolist()
    assert table["class"].tolist() == ours["class"].tolist()
    happy = table.set_index("class").loc["happy"]
    assert happy[["precision", "recall", "f1", "support"]].tolist() == [0.74, 0.81, 0.77, 895]
    # 0.81 of 895 are 725 hits, and those are 0.74 of 980 predicted images.
    assert happy[["recall_low", "recall_high"]].tolist() == list(wilson(725, 895).values())[1:]
    assert happy[["precision_low", "precision_high"]].tolist() == list(wilson(725, 980).values())[1:]
    accuracy = table.set_index("class").loc["accuracy"]
    assert accuracy[["f1", "f1_low", "f1_high"]].tolist() == [0.57, *list(wilson(2046, 3589).values())[1:]]
    assert np.isnan(table.set_index("class").loc["macro average", "f1_low"])


def test_a_class_that_was_never_predicted_has_no_known_precision():
    figures = {"precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 8}
    published = {
        "classification_report": dict.fromkeys(EMOTIONS, figures),
        "accuracy": 0.0,
        "macro_avg": figures,
        "weighted_avg": figures,
        "support": 56,
    }
    row = published_table(published).iloc[0]
    assert row[["precision", "precision_low", "precision_high"]].tolist() == [0, 0, 1]
    assert row[["recall_low", "recall_high"]].tolist() == list(wilson(0, 8).values())[1:]
    assert published_confusion(published)["by_pred"].max() == pytest.approx(8 / 56)  # nothing is divided by no image


def test_averages_that_were_not_published_are_left_out():
    assert published_table(reference_report()["vit_dima806"])["class"].tolist() == [*EMOTIONS, "accuracy"]


def test_the_accuracy_of_the_card_has_the_interval_of_its_images():
    found = published_accuracy(reference_report()["vit_dima806"])
    assert found == {**wilson(22885, 25170), "value": 0.9092}


def test_four_digits_give_the_exact_diagonal_and_what_lies_beside_it():
    # Of 3596 images of fear 0.8532 are 3068, the only count that rounds so; 0.8788 of 3491 are these 3068.
    cells = published_confusion(reference_report()["vit_dima806"]).set_index(["true", "pred"])
    assert cells.loc[("fear", "fear"), "count"] == 3068
    assert cells.loc[("fear", ANOTHER)].tolist() == [528, 528 / 3596, 528 / (25170 - 3491)]
    assert cells.loc[(ANOTHER, "fear")].tolist() == [423, 423 / (25170 - 3596), 423 / 3491]
    assert cells.loc[("disgust", ANOTHER), "count"] == 0
    assert sum(cells.loc[(emotion, emotion), "count"] for emotion in EMOTIONS) == 22885
    # Each miss is one class's and another's false alarm.
    missed = sum(cells.loc[(emotion, ANOTHER), "count"] for emotion in EMOTIONS)
    assert missed == sum(cells.loc[(ANOTHER, emotion), "count"] for emotion in EMOTIONS) == 25170 - 22885
