"""Ordinary figures with what most people say in place of the label."""

import numpy as np

from fercore.emotions import EMOTIONS
from fercore.evaluation.judged import judged, judged_report, over_classes
from fercore.evaluation.metrics import report
from fercore.evaluation.people import people_report
from fercore.runs import Predictions
from tests.factories.votes import counted

SETTINGS = {"split": "test", "split_name": "PrivateTest", "resamples": 50}
VOTES = counted({"happy": 10}, {"contempt": 9, "sad": 1}, {"sad": 5, "fear": 5}, {"no_face": 10}, {"sad": 10})
PREDICTIONS = Predictions(
    np.array(list("abcde")), np.array([4, 4, 4, 4, 4]), np.eye(7, dtype=np.float32)[[3, 4, 4, 4, 2]]
)


def test_images_with_a_verdict_are_labelled_by_it():
    found, classes = judged(PREDICTIONS, EMOTIONS, VOTES)
    assert classes == (*EMOTIONS, "contempt")
    assert found.id.tolist() == ["a", "b", "e"]
    assert [classes[label] for label in found.label] == ["happy", "contempt", "sad"]
    assert found.probabilities.shape == (3, 8)
    assert not found.probabilities[:, 7].any()


def test_the_report_is_the_ordinary_one_of_these_labels():
    found = judged_report(PREDICTIONS, EMOTIONS, VOTES, **SETTINGS)
    assert found["judged"] == {"n": 3, "of": 5}
    assert found["classes"] == [*EMOTIONS, "contempt"]
    people = people_report(PREDICTIONS, EMOTIONS, VOTES)["model"]
    assert found["accuracy"] == {key: people[key] for key in ("value", "low", "high")}
    assert found["confusion"][7][4] == 1  # contempt taken for sad


def test_where_all_people_say_the_label_it_is_the_published_one():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 7, 50)
    predictions = Predictions(np.arange(50).astype(str), labels, rng.dirichlet(np.ones(7), 50).astype(np.float32))
    published = report(labels, predictions.probabilities, **SETTINGS)
    found = judged_report(predictions, EMOTIONS, 10 * np.eye(10)[labels], **SETTINGS)
    for key in ("accuracy", "log_loss", "n"):
        assert found[key] == published[key]
    assert [row[:7] for row in found["confusion"][:7]] == published["confusion"]


def test_classes_meet_by_name():
    given = Predictions(np.array(["a", "b"]), np.array([0, 1]), np.array([[0.9, 0.1], [0.2, 0.8]], np.float32))
    found = over_classes(given, ("happy", "sad"), ("sad", "fear", "happy"))
    assert found.id.tolist() == ["a", "b"]
    assert found.label.tolist() == [2, 0]
    np.testing.assert_array_equal(found.probabilities, np.array([[0.1, 0, 0.9], [0.8, 0, 0.2]], np.float32))
    assert over_classes(given, ("happy", "sad"), ["happy", "sad"]) is given
