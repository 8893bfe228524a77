"""The audit of a data set in which everything is planted once: all of it is found, and nothing else."""

import json

import pandas as pd
import pytest

from fercore.data.audit.files import COPIES, TABLE, read_audit, write_audit
from fercore.data.audit.findings import COLUMNS, audit, with_doubts
from fercore.data.audit.proposals import proposals
from fercore.data.dataset import DataError
from tests.factories.data import make_dataset
from tests.factories.planted import make_planted_dataset


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return make_planted_dataset(tmp_path_factory.mktemp("data") / "planted")


@pytest.fixture(scope="module")
def found(dataset):
    return audit(dataset)


def of(found, finding):
    rows = found.table[found.table["finding"] == finding]
    return rows.set_index("id")


def test_exact_copies_and_conflicting_labels(found):
    rows = of(found, "exact copies")
    groups = rows[["group", "label", "group_splits", "conflict"]].apply(tuple, axis=1).to_dict()
    assert groups == {
        "train/angry/0": (1, "angry", "train", True),
        "train/conflict": (1, "neutral", "train", True),
        "test/exact": (2, "happy", "train, test", False),
        "train/happy/0": (2, "happy", "train, test", False),
    }


def test_near_and_mirrored_copies(found):
    rows = of(found, "near copies")
    assert rows[["group", "group_splits", "mirrored"]].apply(tuple, axis=1).to_dict() == {
        "val/mirrored": (1, "train, val", True),
        "train/fear/0": (1, "train, val", True),
        "test/near": (2, "train, test", False),
        "train/sad/0": (2, "train, test", False),
    }
    assert rows["similarity"].between(0.99, 1).all()


def test_blanks(found):
    assert of(found, "blank").loc["train/blank", ["brightness", "contrast"]].tolist() == [77, 0]
    assert set(found.table["finding"]) == {"exact copies", "near copies", "blank"}


def test_all_counts_by_hand(found):
    counts = found.copies.counts
    sizes = {"train_images": 23, "val_images": 22, "test_images": 23}
    exact = {"groups": 2, "images": 4, "surplus": 2, "conflicts": 1}
    exact |= {"train_in_train": 2, "train_in_test": 1, "test_in_train": 1}
    near = {"groups": 4, "images": 8, "surplus": 4, "conflicts": 1}
    near |= {"train_in_train": 2, "train_in_test": 2, "train_in_val": 1, "test_in_train": 2, "val_in_train": 1}
    expected = sizes | {f"exact_{key}": n for key, n in exact.items()} | {f"near_{key}": n for key, n in near.items()}
    expected |= {"near_pairs": 2, "mirrored_pairs": 1, "blank": 1}
    assert {key: n for key, n in counts.items() if n} == expected


def test_ids_with_a_copy_in_training(found, dataset):
    assert found.copies.fingerprint == dataset.info["fingerprint"]
    assert found.copies.ids == {
        "exact": {"val": [], "test": ["test/exact"]},
        "near": {"val": ["val/mirrored"], "test": ["test/near"]},
    }


def test_an_audit_survives_its_files(found, tmp_path):
    write_audit(found, tmp_path / "out")
    again = read_audit(tmp_path / "out")
    assert again.copies == found.copies
    pd.testing.assert_frame_equal(again.table, found.table, check_dtype=False, rtol=1e-3)


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        (TABLE, "id,split\na,train\n", "columns missing: finding"),
        (TABLE, ",".join(COLUMNS) + "\nblank,0,a,dev,sad,,False,,,,,,\n", "an unknown split or label"),
        (COPIES, "{", "no file of copies"),
    ],
)
def test_damaged_files_say_what_to_run(found, tmp_path, file, content, message):
    write_audit(found, tmp_path)
    (tmp_path / file).write_text(content)
    with pytest.raises(DataError, match=rf"{file}.*{message}.*python scripts/audit.py"):
        read_audit(tmp_path)


def test_counts_that_are_none_are_refused(found, tmp_path):
    content = found.copies.to_json() | {"counts": {"exact_groups": -1}}
    write_audit(found, tmp_path)
    (tmp_path / COPIES).write_text(json.dumps(content))
    with pytest.raises(DataError, match="counts: expected whole numbers"):
        read_audit(tmp_path)


def test_doubts_are_added_in_their_order(found, dataset):
    rows = [("train/sad/1", "fear", 0.9), ("gone", "sad", 1), ("train/fear/2", "happy", 0.8)]
    doubts = pd.DataFrame(rows, columns=["id", "suggested", "confidence"])
    rows = of(with_doubts(found, dataset, doubts, "me"), "me")
    assert rows[["label", "suggested", "confidence"]].apply(tuple, axis=1).to_dict() == {
        "train/sad/1": ("sad", "fear", 0.9),
        "train/fear/2": ("fear", "happy", 0.8),
    }


def test_what_could_be_dropped(found):
    assert proposals(found.table) == {
        "exact copies of test images": ["train/happy/0"],
        "near copies of test images": ["train/fear/0", "train/sad/0"],
        "exact copies of another training image": ["train/conflict"],
        "copies whose labels conflict": ["train/angry/0", "train/conflict"],
        "blank and near-uniform pictures": ["train/blank"],
    }


def test_a_data_set_without_copies(tmp_path):
    found = audit(make_dataset(tmp_path / "data", per_class=1))
    assert proposals(found.table) == {}
    counts = {key: n for key, n in found.copies.counts.items() if "_" in key and n}
    assert counts == {f"{split}_images": 7 for split in ("train", "val", "test")}
