"""Whom people side with, image by image."""

import math

import numpy as np

from fercore.evaluation.errors import AGREED, DIVIDED, Wanted, image_table, matching, ordered
from fercore.evaluation.sides import people_table, vote_words
from fercore.runs import Predictions
from tests.factories.votes import counted

VOTES = counted(
    {"happy": 9, "sad": 1},
    {"fear": 6, "surprise": 4},
    {"sad": 10},
    {"contempt": 7, "sad": 3},
    {"sad": 5, "happy": 5},
    {"no_face": 6, "sad": 4},
    {"unknown": 6, "happy": 4},
    {},
)
LABELS = ["sad", "fear", "sad", "sad", "sad", "sad", "happy", "sad"]
PREDICTED = ["happy", "surprise", "sad", "happy", "happy", "sad", "happy", "happy"]


def test_people_side_with_the_model_the_label_both_or_neither():
    table = people_table(LABELS, PREDICTED, VOTES)
    expected = ["model", "label", "both", "neither", "divided", "no_face", "no_face", ""]
    assert table["side"].tolist() == expected
    assert table["agreed"].tolist()[:-1] == [0.9, 0.6, 1.0, 0.7, 0.5, 0.6, 0.6]
    assert math.isnan(table["agreed"].iloc[-1])
    assert table["votes"].tolist()[0] == "happy 9, sad 1"
    assert table["votes"].tolist()[5:] == ["no face 6, sad 4", "unknown 6, happy 4", ""]


def test_votes_in_words_come_most_first():
    assert vote_words(counted({"sad": 3, "angry": 3, "no_face": 4})[0]) == "no face 4, angry 3, sad 3"


def test_images_are_asked_for_by_side_and_sorted_by_agreement():
    codes = {"fear": 2, "happy": 3, "sad": 4, "surprise": 5}
    probabilities = np.eye(7, dtype=np.float32)[[codes[name] for name in PREDICTED]]
    predictions = Predictions(np.array(list("abcdefgh")), np.array([codes[name] for name in LABELS]), probabilities)
    table = image_table(predictions, votes=VOTES)
    assert matching(table, Wanted(side="no_face"))["id"].tolist() == ["f", "g"]
    assert matching(table, Wanted(side="model", true="sad"))["id"].tolist() == ["a"]
    assert "".join(ordered(table, AGREED)["id"]) == "cadbfgeh"
    assert "".join(ordered(table, DIVIDED)["id"]) == "ebfgdach"
    assert ordered(table, "confidence") is table
    assert "side" not in image_table(predictions)
