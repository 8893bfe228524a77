"""A model judged by people: figures worked out by hand, and the ordinary ones where all people say the label."""

import math

import numpy as np
import pytest

from fercore.data.ferplus import ANSWERS, EXPRESSIONS
from fercore.emotions import EMOTIONS
from fercore.evaluation.intervals import wilson
from fercore.evaluation.metrics import report
from fercore.evaluation.people import cross_entropies, distances, nine_verdicts, people_report
from fercore.runs import Predictions
from tests.factories.votes import counted

IMAGES = (  # votes, label, the model's answer
    ({"happy": 10}, "happy", "happy"),
    ({"happy": 9, "sad": 1}, "sad", "happy"),
    ({"fear": 6, "surprise": 4}, "fear", "surprise"),
    ({"contempt": 8, "neutral": 2}, "neutral", "angry"),
    ({"sad": 5, "neutral": 5}, "sad", "neutral"),  # undecided
    ({"unknown": 7, "sad": 3}, "sad", "fear"),
    ({"no_face": 10}, "angry", "angry"),
    ({}, "disgust", "disgust"),  # no votes
)
COUNTS = counted(*(votes for votes, _, _ in IMAGES))
CODES = {name: code for code, name in enumerate(EMOTIONS)}


def made(labels, answers, confidence=0.7):
    """Predictions of images a, b, c, ...: a confidence in the answer, the rest spread evenly over the other six."""
    probabilities = np.full((len(labels), 7), (1 - confidence) / 6, np.float32)
    probabilities[np.arange(len(labels)), [CODES[name] for name in answers]] = confidence
    ids = np.array([f"image-{chr(ord('a') + number)}" for number in range(len(labels))])
    return Predictions(ids, np.array([CODES[name] for name in labels]), probabilities)


PREDICTIONS = made([label for _, label, _ in IMAGES], [answer for _, _, answer in IMAGES])


@pytest.fixture(scope="module")
def found():
    return people_report(PREDICTIONS, EMOTIONS, COUNTS)


def share(hits, n):
    return {**wilson(hits, n), "n": n}


def test_images_are_counted_by_what_most_people_say(found):
    expected = {"all": 8, "with_votes": 7, "verdict": 4, "undecided": 1, "unknown": 1, "no_face": 1}
    assert found["images"] == expected
    assert found["answers"] == list(ANSWERS)
    assert "more than half" in found["rule"]


def test_labels_and_model_are_compared_with_the_verdict(found):
    # Verdicts: happy, happy, fear, contempt.
    assert found["label"] == share(2, 4)
    assert found["model"] == share(2, 4)


def test_a_person_is_compared_with_the_other_nine(found):
    # happy 10: ten votes of ten. happy 9: nine of ten, since one sad is left against nine happy. fear 6: without a fear
    # vote, 5 fear and 4 surprise leave fear the verdict, 6 hits; without a surprise vote 6 and 3, 4 misses. contempt 8:
    # without a neutral vote the other neutral is an outlier; 8 hits of 10. sad 5: without a sad vote 5 of 9 say neutral
    # and the other way round: ten misses. unknown 7: the others say unknown, no verdict. no_face 10: no verdict.
    assert found["person"]["value"] == (10 + 9 + 6 + 8 + 0) / 50
    assert found["person"]["n"] == 5
    assert found["person"]["low"] <= found["person"]["value"] <= found["person"]["high"]


def test_all_three_are_compared_by_the_same_nine(found):
    # Of the undecided image each answer is right against the five votes that leave the other one more.
    assert found["against_nine"]["person"] == found["person"]
    assert found["against_nine"]["label"]["value"] == (10 + 0 + 10 + 0 + 5) / 50
    assert found["against_nine"]["model"]["value"] == (10 + 10 + 0 + 0 + 5) / 50


def test_nine_verdicts_of_a_single_image():
    names = [ANSWERS[code] if code >= 0 else None for code in nine_verdicts(counted({"sad": 5, "neutral": 5}))[0]]
    assert dict(zip(ANSWERS, names, strict=True)) == {**dict.fromkeys(ANSWERS), "sad": "neutral", "neutral": "sad"}


def test_where_model_and_label_differ_people_side_with_one_or_neither(found):
    # They differ on five images with votes: happy against sad (model), surprise against fear (label), and three where
    # the most votes are for contempt, for two answers alike, and for unknown.
    assert found["disagreements"] == {"n": 5, "model": share(1, 5), "label": share(1, 5), "neither": share(3, 5)}


def test_agreement_splits_the_same_figures(found):
    rows = {row["votes"]: row for row in found["by_agreement"]}
    assert list(rows) == [10, 9, 8, 6]
    assert rows[9]["label"] == share(0, 1)
    assert rows[9]["model"] == share(1, 1)
    assert rows[9]["person"] == {"value": 0.9, "low": 0.9, "high": 0.9, "n": 1}
    assert sum(row["label"]["n"] for row in rows.values()) == found["label"]["n"]


def test_confusion_counts_the_answer_with_most_votes(found):
    rows = dict(zip(ANSWERS, found["confusion"], strict=True))
    assert rows["happy"] == [0, 0, 0, 2, 0, 0, 0]
    assert rows["fear"][CODES["surprise"]] == rows["contempt"][CODES["angry"]] == 1
    assert rows["unknown"][CODES["fear"]] == rows["no_face"][CODES["angry"]] == 1
    assert sum(map(sum, found["confusion"])) == 6  # without the tie and the image without votes


def test_distances_of_small_distributions():
    people, model = (
        np.array([[0.5, 0.5], [1, 0], [1, 0], [0.5, 0.5]]),
        np.array([[0.5, 0.5], [0, 1], [0.5, 0.5], [0.8, 0.2]]),
    )
    # The third: middle (3/4, 1/4); log2(4/3) and (log2(2/3) + log2(2)) / 2 bits, of which half the sum.
    third = math.sqrt((math.log2(4 / 3) + (math.log2(2 / 3) + 1) / 2) / 2)
    assert distances(people, model)[:3] == pytest.approx([0, 1, third], abs=1e-15)
    assert cross_entropies(people, model)[3] == pytest.approx(-0.5 * math.log(0.8) - 0.5 * math.log(0.2), abs=1e-15)


def test_means_of_distributions_stand_beside_the_uniform_one(found):
    # Images with an expression of more than one person: all but no_face and the one without votes.
    assert found["cross_entropy"]["uniform"]["value"] == pytest.approx(math.log(8), abs=1e-15)
    assert found["cross_entropy"]["uniform"]["n"] == 6
    entropies = [0, 0, -0.6 * math.log(0.6) - 0.4 * math.log(0.4), -0.8 * math.log(0.8) - 0.2 * math.log(0.2)]
    entropies += [math.log(2), 0]
    assert found["cross_entropy"]["lowest"]["value"] == pytest.approx(sum(entropies) / 6, abs=1e-6)
    other, own = -math.log(0.05), -math.log(0.7)
    never = -math.log(np.finfo(np.float32).eps)  # the model does not know contempt
    losses = [own, own, 0.6 * other + 0.4 * own, 0.8 * never + 0.2 * other, 0.5 * other + 0.5 * own, other]
    assert found["cross_entropy"]["model"]["value"] == pytest.approx(sum(losses) / 6, abs=1e-6)
    for measure in ("cross_entropy", "distance"):
        assert found[measure]["model"]["low"] < found[measure]["model"]["value"] < found[measure]["model"]["high"]


def test_a_person_is_as_far_from_the_others_as_one_certain_answer():
    # Nine say happy, one sad: nine times happy against eight of nine happy and a lone sad, which is dropped (0); once
    # sad against nine happy (1).
    found = people_report(made(["happy"], ["happy"]), EMOTIONS, counted({"happy": 9, "sad": 1}))
    assert found["distance"]["person"]["value"] == pytest.approx(0.1, abs=1e-15)
    never = -math.log(np.finfo(np.float32).eps)
    assert found["cross_entropy"]["person"]["value"] == pytest.approx(0.1 * never, abs=1e-6)


def test_where_all_people_say_the_label_the_figures_are_the_ordinary_ones():
    rng = np.random.default_rng(0)
    ids = np.array([f"{number:03}" for number in range(300)])
    labels = rng.integers(0, 7, 300)
    predictions = Predictions(ids, labels, rng.dirichlet(np.ones(7), 300).astype(np.float32))
    ordinary = report(labels, predictions.probabilities, split="test", split_name="PrivateTest")
    found = people_report(predictions, EMOTIONS, 10 * np.eye(10)[labels])
    assert found["model"] == {**ordinary["accuracy"], "n": 300}
    assert found["label"]["value"] == found["person"]["value"] == 1
    assert found["cross_entropy"]["model"]["value"] == ordinary["log_loss"]["value"]
    assert found["confusion"] == [*ordinary["confusion"], *[[0] * 7] * 3]
    assert found["cross_entropy"]["lowest"]["value"] == pytest.approx(0, abs=1e-6)


def test_a_permutation_of_images_changes_nothing(found):
    order = np.random.default_rng(1).permutation(len(IMAGES))
    parts = (PREDICTIONS.id, PREDICTIONS.label, PREDICTIONS.probabilities)
    assert people_report(Predictions(*(part[order] for part in parts)), EMOTIONS, COUNTS[order]) == found


def test_classes_are_mapped_by_name():
    order = [EXPRESSIONS.index(name) for name in ("contempt", *EMOTIONS)]
    probabilities = np.eye(8, dtype=np.float32)[[0, 4]]  # contempt and happy
    predictions = Predictions(np.array(["a", "b"]), np.array([0, 0]), probabilities)
    counts = counted({"contempt": 10}, {"happy": 10})
    found = people_report(predictions, [EXPRESSIONS[code] for code in order], counts)
    assert (found["model"], found["label"]) == (share(2, 2), share(1, 2))
    assert found["distance"]["model"]["value"] == 0


def test_a_class_that_people_could_not_answer_is_never_right():
    predictions = Predictions(np.array(["a"]), np.array([0]), np.array([[0.9, 0.1]], np.float32))
    found = people_report(predictions, ("bored", "happy"), counted({"happy": 10}))
    assert (found["model"], found["label"]) == (share(0, 1), share(0, 1))
    # The model's 0.1 is all that it shares with people.
    middle = -0.5 * math.log2(0.55) + 0.5 * (0.1 * math.log2(0.1 / 0.55) + 0.9)
    assert found["distance"]["model"]["value"] == pytest.approx(math.sqrt(middle), abs=1e-6)


def test_without_a_verdict_there_is_no_report():
    assert people_report(PREDICTIONS, EMOTIONS, np.zeros((8, 10))) is None
    assert people_report(PREDICTIONS, EMOTIONS, COUNTS * 0 + counted({"no_face": 10})) is None
