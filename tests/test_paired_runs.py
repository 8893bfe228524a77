import numpy as np
import pytest

import fercore
from fercore.data.copies import Copies
from fercore.emotions import EMOTIONS
from fercore.runs import Predictions, RunError, update_run, write_json, write_predictions
from tests.factories.runs import make_run


def answered(root, name, said, ids=None, label=3):
    """A run whose PrivateTest is one happy image for each answer."""
    run = make_run(root, name, splits=())
    ids = np.array(ids or [f"i{number}" for number in range(len(said))])
    probabilities = np.eye(len(EMOTIONS), dtype=np.float32)[said]
    write_predictions(run, "test", "none", Predictions(ids, np.full(len(said), label), probabilities))
    return run


@pytest.fixture
def pair(tmp_path):
    """Of ten happy images the first run gets eight, the second one, which the first gets too."""
    answered(tmp_path, "first", [3] * 8 + [4] * 2)
    answered(tmp_path, "second", [3] * 1 + [4] * 9)
    return tmp_path


def test_two_runs_are_compared_image_by_image(pair):
    found = fercore.compare("first", "second", root=pair)
    assert (found.first, found.second, found.n) == ("first", "second", 10)
    assert [figure["value"] for figure in found.accuracies] == [0.8, 0.1]
    assert found.difference["value"] == pytest.approx(0.7)
    assert (found.only_first, found.only_second) == (7, 0)
    assert found.p == pytest.approx(2 / 2**7)  # seven heads in seven tosses, either way
    assert found.told_apart


def test_the_order_turns_the_sign(pair):
    found = fercore.compare("second", "first", root=pair)
    assert found.difference["value"] == pytest.approx(-0.7)
    assert (found.only_first, found.only_second) == (0, 7)


def test_a_run_cannot_be_told_apart_from_itself(pair):
    found = fercore.compare(pair / "first", pair / "first")
    assert (found.p, found.difference) == (1.0, {"value": 0.0, "low": 0.0, "high": 0.0})
    assert not found.told_apart


def test_it_is_told_in_words(pair):
    lines = str(fercore.compare("first", "second", root=pair)).splitlines()
    assert lines[0] == "PrivateTest, n = 10; 95 % intervals in brackets"
    assert lines[1] == "accuracy of first: 80.0 % (49.0 to 94.3)"
    assert lines[3].startswith("difference: 70.0 points (")
    assert lines[3].endswith("), p = 0.016: they differ")
    assert lines[4] == "images that one alone gets right: first 7, second 0"


def test_only_shared_images_count(tmp_path):
    answered(tmp_path, "first", [3, 3, 4], ids=["a", "b", "c"])
    answered(tmp_path, "second", [3, 3], ids=["c", "d"])
    found = fercore.compare("first", "second", root=tmp_path)
    assert (found.n, found.only_first, found.only_second) == (1, 0, 1)


def test_runs_of_other_images_are_refused(tmp_path):
    answered(tmp_path, "first", [3], ids=["a"])
    answered(tmp_path, "second", [3], ids=["b"])
    with pytest.raises(RunError, match="first and second share no images of the test split; score both on the same"):
        fercore.compare("first", "second", root=tmp_path)


def test_classes_meet_by_name_whatever_their_order(tmp_path):
    answered(tmp_path, "first", [3, 3, 4])  # happy, happy, sad
    second = update_run(answered(tmp_path, "second", [0, 1, 1], label=0), classes=["happy", "angry"])
    ids = np.array(["i0", "i1", "i2"])
    probabilities = np.eye(2, dtype=np.float32)[[0, 1, 1]]
    write_predictions(second, "test", "none", Predictions(ids, np.zeros(3, np.int64), probabilities))
    found = fercore.compare("first", "second", root=tmp_path)
    assert (found.n, found.only_first, found.only_second) == (3, 1, 0)
    assert [figure["value"] for figure in found.accuracies] == pytest.approx([2 / 3, 1 / 3])


def test_runs_of_two_data_sets_are_refused(pair):
    run = fercore.open_run("second", pair)
    update_run(run, dataset=run.info["dataset"] | {"fingerprint": "e" * 64})
    with pytest.raises(RunError, match=r"first was measured on the data set f{12} and second on e{12}: their"):
        fercore.compare("first", "second", root=pair)


def test_images_with_a_copy_can_be_left_out(pair, monkeypatch):
    known = Copies("f" * 64, {"exact": {"test": ["i0"], "val": []}, "near": {"test": ["i1"], "val": []}})
    for name in ("first", "second"):
        run = fercore.open_run(name, pair)
        update_run(run, dataset=run.info["dataset"] | {"fingerprint": known.fingerprint})
    write_json(pair / "copies.json", known.to_json())
    monkeypatch.setattr("fercore.data.copies.SHIPPED", pair / "copies.json")
    found = fercore.compare("first", "second", root=pair, without_copies=True)
    assert (found.images, found.n) == ("PrivateTest without copies", 8)
    assert [figure["value"] for figure in found.accuracies] == [6 / 8, 0.0]


def test_unknown_copies_are_said(pair):
    with pytest.raises(RunError, match="which images of first have a copy in training is not known"):
        fercore.compare("first", "second", root=pair, without_copies=True)


def test_a_run_that_has_seen_the_images_is_named(pair):
    run = fercore.open_run("second", pair)
    update_run(run, trained_on={"splits": ["train", "test"], "pretraining": None, "teacher": None})
    (warning,) = fercore.compare("first", "second", root=pair).warnings
    assert warning == "what second learned from includes PrivateTest: its figure says what it remembers"
    update_run(run, trained_on=None)
    found = fercore.compare("first", "second", root=pair)
    assert "note: what second learned from is not known: it may have seen these images" in str(found)
