"""Several models on the same images, against values worked out by hand."""

import numpy as np
import pandas as pd
import pytest

from fercore.evaluation.calibration import Calibration
from fercore.evaluation.comparison import (
    DIFFERENTLY,
    ONLY_FIRST,
    ONLY_SECOND,
    agreement,
    choice_table,
    compare,
    disagreements,
    licence,
    share,
)
from fercore.evaluation.studies import BEST, WITHIN, WORSE
from fercore.runs import Predictions, update_run
from tests.factories.runs import make_run


def answers(said, ids="abcdef", label="000000"):
    """Predictions whose most probable class is the digit, with the probability 0.7, for each letter's image."""
    probabilities = np.full((len(said), 7), 0.05, np.float32)
    probabilities[np.arange(len(said)), [int(c) for c in said]] = 0.7
    return Predictions(np.array(list(ids)), np.array([int(c) for c in label]), probabilities)


def shared(**said):
    return share({name: answers(text) for name, text in said.items()})


def test_what_is_shared_is_what_all_answered_for_with_the_same_class():
    found = share(
        {
            "a": answers("0123", "abcd", "0000"),
            "b": answers("456", "dcb", "000"),
            "c": answers("016", "cdb", "003"),  # of another class for b
        }
    )
    assert found.id.tolist() == ["c", "d"]
    assert found.label.tolist() == [0, 0]
    assert [found.predicted(name).tolist() for name in "abc"] == [[2, 3], [5, 4], [0, 1]]
    assert found.left_out == ()


def test_a_run_of_other_images_is_left_out_and_spoils_nothing():
    found = share({"a": answers("00"[:2], "ab", "00"), "b": answers("11", "xy", "00"), "c": answers("22", "ba", "00")})
    assert (found.id.tolist(), list(found.probabilities), found.left_out) == (["a", "b"], ["a", "c"], ("b",))


def test_the_best_comes_first_and_each_other_is_compared_with_it():
    # Of 40 images the best is right on 30; "near" on 29 of these; "far" on 10 of these and on 2 others.
    label, ids = "0" * 40, [f"{number}" for number in range(40)]
    said = {"far": "0" * 10 + "1" * 28 + "00", "best": "0" * 30 + "1" * 10, "near": "0" * 29 + "1" * 11}
    found = compare(share({name: answers(text, ids, label) for name, text in said.items()}), ["far", "best", "near"])
    assert found["run"].tolist() == ["best", "near", "far"]
    assert found["accuracy"].tolist() == [30 / 40, 29 / 40, 12 / 40]
    assert found["difference"].tolist()[1:] == pytest.approx([1 / 40, 18 / 40])
    assert found["only_best"].tolist() == [0, 1, 20]
    assert found["only_run"].tolist() == [0, 0, 2]
    assert found["verdict"].tolist() == [BEST, WITHIN, WORSE]
    # 20 against 2: twice P(X <= 2) of Binomial(22, 1/2), and three times that for three pairs; 1 against 0 is certain.
    assert found["p"][2] == pytest.approx(3 * 2 * (1 + 22 + 231) / 2**22)
    assert found["p"][1] == 1


def test_only_named_runs_are_compared():
    both = shared(a="000000", b="000011")
    assert compare(both, ["b"])["run"].tolist() == ["b"]
    assert compare(both, []).empty


def test_agreement_counts_every_image_once():
    # a and b: right together 2, only a 1, only b 1, wrong alike 1, wrong differently 1.
    table = agreement(shared(a="000112", b="001013")).set_index(["first", "second"])
    row = table.loc[("a", "b")]
    assert row[["both_right", ONLY_FIRST, ONLY_SECOND, "wrong_alike", DIFFERENTLY, "n"]].tolist() == [2, 1, 1, 1, 1, 6]
    assert row["same"] == 3 / 6
    mirrored = table.loc[("b", "a")]
    assert (mirrored[ONLY_FIRST], mirrored[ONLY_SECOND], mirrored["same"]) == (1, 1, 3 / 6)
    assert table.loc[("a", "a"), "same"] == 1
    assert len(table) == 4


@pytest.mark.parametrize(
    ("kind", "rows"),
    [
        (ONLY_FIRST, [("c", "angry", "disgust", True)]),
        (ONLY_SECOND, [("d", "disgust", "angry", True)]),
        (DIFFERENTLY, [("f", "fear", "happy", False)]),
    ],
)
def test_disagreements_are_the_images_of_their_kind(kind, rows):
    found = disagreements(shared(a="000112", b="001013"), "a", "b", kind)
    assert list(found[["id", "first", "second", "right"]].itertuples(index=False, name=None)) == rows
    assert found["true"].tolist() == ["angry"]
    assert found["first_probability"][0] == pytest.approx(0.7)


def test_the_choice_has_what_there_is_to_know(tmp_path):
    run = make_run(tmp_path, "a", n=70, weights=True)
    bare = update_run(make_run(tmp_path, "b", n=70, seed=1), parameters="many", trained_on={"splits": ["test"]})
    reports = {name: one.metrics("test") for name, one in (("a", run), ("b", bare))}
    calibrations = {"a": Calibration(0.1, 0.05, -0.02), "b": Calibration(0.2, 0.05, 0.1)}
    table = choice_table([run, bare], "test", reports, calibrations, {"a": 1.5}).set_index("run")
    recalls = {emotion: figures["recall"] for emotion, figures in reports["a"]["per_class"].items()}
    weakest = min(recalls, key=lambda emotion: recalls[emotion]["value"])
    first = table.loc["a"]
    assert first["weakest"] == weakest
    assert first[["recall", "recall_low", "recall_high"]].tolist() == list(recalls[weakest].values())
    assert first[["accuracy", "accuracy_low"]].tolist() == [42 / 70, reports["a"]["accuracy"]["low"]]
    assert first[["calibration_error", "overconfidence"]].tolist() == [0.1, -0.02]
    assert first["weights_bytes"] == (run.path / "model.safetensors").stat().st_size
    assert (first["parameters"], first["milliseconds"], first["seen"]) == (123_456, 1.5, "")
    assert table.loc["b", ["parameters", "weights_bytes", "milliseconds"]].isna().all()
    assert table.loc["b", "seen"] == "includes PrivateTest"


def test_a_class_without_images_is_not_the_weakest(tmp_path):
    run = make_run(tmp_path, "a", n=6)  # no neutral one, whose recall would be 0
    table = choice_table([run], "test", {"a": run.metrics("test")}, {"a": Calibration(0, 0, 0)}, {})
    assert table["weakest"][0] != "neutral"
    assert pd.isna(table["milliseconds"][0])


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "trained here: none of its own"),
        ({"trained_on": {"pretraining": "ImageNet-1k"}}, "trained here from weights of ImageNet-1k: theirs"),
        ({"source": {"license": "apache-2.0"}}, "apache-2.0"),
        ({"source": {"license": None}}, "none stated by its author"),
        ({"source": "<script>"}, "none stated by its author"),
    ],
)
def test_the_licence_as_far_as_the_folder_says(tmp_path, changes, words):
    assert licence(update_run(make_run(tmp_path, "a", epochs=0, splits=()), **changes)) == words
