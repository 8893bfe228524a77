"""Test images with a copy in Training, by id."""

import json
from pathlib import Path

import pytest

from fercore.data.copies import SHIPPED, Copies, read_copies, with_copy_in_training
from fercore.data.dataset import DataError
from fercore.data.fer2013_ids import known
from fercore.runs import open_run

RUNS = Path(__file__).resolve().parents[2] / "runs"
FINGERPRINT = "3fad9286d96654547c029cd0028c0867406d71c520b3e6105f0a6bb90b3ee4da"
IDS = {"exact": {"val": ["a"], "test": []}, "near": {"val": ["b"], "test": []}}


@pytest.fixture
def local(tmp_path):
    file = tmp_path / "copies.json"
    file.write_text(json.dumps(Copies("mine", IDS).to_json()))
    return file


@pytest.mark.parametrize(("split", "exact"), [("val", 280), ("test", 288)])
def test_the_shipped_runs_ids_are_known(split, exact):
    run = open_run(RUNS / "reference-report-cnn")
    found = run.predictions(split)
    fingerprint = run.info["dataset"]["fingerprint"]
    assert fingerprint == FINGERPRINT
    assert with_copy_in_training(fingerprint, split, found.id, near=False).sum() == exact
    counted = read_copies(SHIPPED).counts
    assert with_copy_in_training(fingerprint, split, found.id).sum() == counted[f"near_{split}_in_train"] > exact
    assert counted[f"exact_{split}_in_train"] == exact


def test_the_copies_of_fer2013_hold_for_its_original_pixels_too():
    table = known()
    ids = table.ids[table.split == 2]
    csv = with_copy_in_training("fingerprint of fer2013.csv", "test", ids)
    assert csv.tolist() == with_copy_in_training(FINGERPRINT, "test", ids).tolist()
    assert with_copy_in_training("fingerprint of fer2013.csv", "test", ids[1:]) is None  # a part is another data set
    assert with_copy_in_training("fingerprint of fer2013.csv", "val", ids) is None


def test_near_copies_count_unless_told(local):
    ids = ["c", "b", "a"]
    assert with_copy_in_training("mine", "val", ids, local=local).tolist() == [False, True, True]
    assert with_copy_in_training("mine", "val", ids, near=False, local=local).tolist() == [False, False, True]
    assert with_copy_in_training("mine", "test", ["x"], local=local).tolist() == [False]


def test_what_is_not_known_is_none(local, tmp_path):
    assert with_copy_in_training("other", "val", ["a", "b"], local=local) is None
    assert with_copy_in_training("mine", "train", ["a", "b"], local=local) is None
    assert with_copy_in_training("mine", "val", ["row_1", "row_2"], local=local) is None  # other ids than the file's
    assert with_copy_in_training("mine", "val", ["a", "b"], local=tmp_path / "gone.json") is None
    assert with_copy_in_training(FINGERPRINT, "val", ["row_1"]) is None


def test_a_changed_file_is_read_again(local):
    assert with_copy_in_training("mine", "val", ["a", "b"], local=local).sum() == 2
    local.write_text(json.dumps(Copies("mine now", IDS).to_json()))
    assert with_copy_in_training("mine now", "val", ["a", "b"], local=local).sum() == 2


@pytest.mark.parametrize(
    "content", ["[]", "{}", '{"schema_version": 1, "ids": {"exact": {"val": [1]}, "near": {}}}', "x"]
)
def test_a_damaged_file_says_what_to_run(local, content):
    local.write_text(content)
    with pytest.raises(DataError, match=r"no file of copies.*python scripts/audit.py"):
        with_copy_in_training("mine", "val", ["a"], local=local)
