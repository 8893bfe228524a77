import hashlib
import json
import os
from dataclasses import replace

import numpy as np
import pytest

from fercore.data.dataset import DataError, average_faces, find_dataset, open_dataset
from fercore.data.prepare import prepare
from fercore.data.records import Record, Source
from fercore.emotions import EMOTIONS
from tests.factories.data import make_dataset


@pytest.fixture
def folder(tmp_path):
    return make_dataset(tmp_path / "out", per_class=2).path


def test_indices_counts_and_names(folder):
    dataset = open_dataset(folder)
    assert dataset.indices("val").tolist() == list(range(14, 28))
    assert dataset.counts() == {split: dict.fromkeys(EMOTIONS, 2) for split in ("train", "val", "test")}
    assert [dataset.split_name(split) for split in ("train", "val", "test")] == [
        "Training",
        "PublicTest",
        "PrivateTest",
    ]
    with pytest.raises(DataError, match="received split 'PrivateTest', expected one of train, val, test"):
        dataset.indices("PrivateTest")


def test_images_are_mapped_not_loaded(folder):
    assert isinstance(open_dataset(folder).images, np.memmap)


def test_summary_is_what_a_run_records(folder):
    dataset = open_dataset(folder)
    assert dataset.summary() == {
        "fingerprint": dataset.info["fingerprint"],
        "order": dataset.order,
        "source": "synthetic",
        "counts": dataset.counts(),
        "split_names": {"train": "Training", "val": "PublicTest", "test": "PrivateTest"},
        "split_sizes": {"train": 14, "val": 14, "test": 14},
    }
    json.dumps(dataset.summary(), allow_nan=False)


def test_the_order_is_that_of_the_ids(folder):
    dataset = open_dataset(folder)
    assert replace(dataset, ids=np.array(["a", "b"])).order == hashlib.sha256(b"a\nb").hexdigest()[:16]
    assert replace(dataset, ids=dataset.ids[::-1]).order != dataset.order


def test_average_faces_are_rounded_means_of_one_split(tmp_path):
    levels = [("train", 3, 10), ("train", 3, 13), ("train", 3, 15), ("train", 0, 7), ("val", 3, 255), ("test", 0, 9)]
    records = [
        Record(str(number), label, split, np.full((48, 48), level, dtype=np.uint8))
        for number, (split, label, level) in enumerate(levels)
    ]
    names = {"train": "train", "val": "validation", "test": "test"}
    dataset = prepare(Source("synthetic", "test", names, lambda _: iter(records)), tmp_path / "out")
    faces = average_faces(dataset)
    assert (faces.shape, faces.dtype) == ((7, 48, 48), np.uint8)
    assert faces[:, 20, 20].tolist() == [7, 0, 0, 13, 0, 0, 0]  # (10 + 13 + 15) / 3 = 12.67
    assert average_faces(dataset, "val")[3, 0, 0] == 255


def test_a_missing_data_set_names_the_command_that_makes_it(tmp_path):
    with pytest.raises(
        DataError, match=r"no data set in .*gone; make it with: python scripts/prepare_data\.py .*gone$"
    ):
        open_dataset(tmp_path / "gone")


def edit_json(folder, **changes):
    info = json.loads((folder / "dataset.json").read_text())
    (folder / "dataset.json").write_text(json.dumps({**info, **changes}))


def edit_bytes(file, before, after):
    content = file.read_bytes()
    assert before in content
    file.write_bytes(content.replace(before, after))


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda f: (f / "images.npy").unlink(), "is damaged"),
        (lambda f: (f / "images.npy").write_bytes(b""), "is damaged"),
        (lambda f: (f / "images.npy").write_bytes((f / "images.npy").read_bytes()[:-1]), "is damaged"),
        (lambda f: edit_bytes(f / "images.npy", b"), }", b" , }"), "is damaged"),  # numpy raises tokenize.TokenError
        (lambda f: np.save(f / "images.npy", np.array([{}]), allow_pickle=True), "is damaged"),
        (
            lambda f: np.save(f / "images.npy", np.zeros((3, 48, 48), np.uint8)),
            r"received uint8 \(3, 48, 48\), expected",
        ),
        (lambda f: np.save(f / "images.npy", np.zeros((42, 48, 48))), "received float64"),
        (lambda f: (f / "index.csv").write_text(""), "is damaged"),
        (lambda f: (f / "index.csv").write_text("id,label\nx,0\n"), "is damaged"),
        (lambda f: (f / "index.csv").write_text("id,label,split\nx,happy,train\n"), "is damaged"),
        (lambda f: (f / "dataset.json").write_text("{"), "is damaged"),
        (lambda f: (f / "dataset.json").write_text("[]"), "is damaged"),
        (lambda f: edit_json(f, source=None), "is damaged"),
        (lambda f: edit_json(f, split_names={"train": "Training"}), "is damaged"),
        (lambda f: edit_json(f, schema_version=3), "schema_version '3', this version reads 1 to 2"),
    ],
)
def test_a_damaged_data_set_is_refused_with_the_command_that_mends_it(folder, damage, reason):
    damage(folder)
    with pytest.raises(DataError, match=f"{reason}.*make it again with: python scripts/prepare_data"):
        open_dataset(folder)


def test_a_data_set_made_with_schema_1_opens_unchanged(folder):
    made = json.loads((folder / "dataset.json").read_text())
    old = ("created", "fingerprint", "counts", "split_sizes", "source", "split_names", "bad")
    earlier = {"schema_version": 1} | {key: made[key] for key in old}
    (folder / "dataset.json").write_text(json.dumps(earlier))
    folder = folder.rename(folder.with_name("my data"))
    dataset = open_dataset(folder)
    assert (dataset.name, dataset.classes, dataset.size, dataset.channels) == ("my-data", EMOTIONS, 48, 1)
    assert (dataset.votes, dataset.subjects, dataset.extras.shape) == (None, None, (42, 0))
    assert dataset.info["fingerprint"] == made["fingerprint"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"classes": ["a", "a"]}, "classes: received 'a' twice"),
        ({"classes": "angry"}, "classes: received str"),
        ({"classes": None}, "classes: received NoneType"),
        ({"size": None}, "size None"),
        ({"size": None, "classes": None}, "classes: received NoneType"),
        ({"classes": ["a", "b"]}, "index.csv: unknown split or label"),
        ({"name": "../up"}, r"name '\.\./up', expected letters"),
        ({"name": None}, "name 'None'"),
        ({"size": 10**9}, "size 1000000000 and channels 1"),
        ({"size": 64}, r"expected uint8 \(42, 64, 64\)"),
        ({"channels": 3}, r"expected uint8 \(42, 48, 48, 3\)"),
        ({"fingerprint": 7}, "fingerprint, source or split_names: expected texts"),
        ({"schema_version": True}, "schema_version 'True'"),
    ],
)
def test_a_dataset_json_that_does_not_hold_together_is_refused(folder, changes, reason):
    edit_json(folder, **changes)
    with pytest.raises(DataError, match=f"{reason}.*make it again with: python scripts/prepare_data"):
        open_dataset(folder)


@pytest.mark.parametrize("name", ["dataset.json", "index.csv", "images.npy", "votes.npy"])
@pytest.mark.parametrize("kind", ["/dev/zero", "FIFO"])
def test_what_never_ends_when_read_is_refused_unread(folder, name, kind):
    (folder / name).unlink(missing_ok=True)
    if kind == "FIFO":
        os.mkfifo(folder / name)
    else:
        (folder / name).symlink_to(kind)
    with pytest.raises(DataError, match="make it"):
        open_dataset(folder)


def test_votes_of_another_shape_are_refused(folder):
    np.save(folder / "votes.npy", np.zeros((42, 8), np.float32))
    with pytest.raises(DataError, match=r"votes\.npy: received float32 \(42, 8\), expected float32 \(42, 7\)"):
        open_dataset(folder)


def test_an_index_of_thousands_of_columns_is_refused_before_it_is_parsed(folder):
    (folder / "index.csv").write_text("id,label,split," + ",".join(map(str, range(20_001))) + "\n")
    with pytest.raises(DataError, match="columns, expected at most 200"):
        open_dataset(folder)


@pytest.mark.parametrize("cell", ["7,train", "-1,train", "0,PrivateTest"])
def test_an_unknown_label_or_split_is_refused(folder, cell):
    lines = (folder / "index.csv").read_text().splitlines()
    (folder / "index.csv").write_text("\n".join([*lines[:-1], f"test/neutral/1,{cell}"]) + "\n")
    with pytest.raises(DataError, match=r"index\.csv: unknown split or label"):
        open_dataset(folder)


def test_an_id_that_looks_like_a_number_or_like_nothing_stays_text(tmp_path):
    records = [
        Record(id_, 0, split, np.zeros((48, 48), np.uint8))
        for id_, split in [("007", "train"), ("NA", "val"), ('a,"b"', "test")]
    ]
    names = {"train": "train", "val": "validation", "test": "test"}
    dataset = prepare(Source("synthetic", "test", names, lambda _: iter(records)), tmp_path / "out")
    assert dataset.ids.tolist() == ["007", "NA", 'a,"b"']


def test_the_data_set_of_a_fingerprint_is_found_beside_others(tmp_path):
    home = make_dataset(tmp_path / "home", per_class=1, seed=1)
    make_dataset(tmp_path / "other", per_class=1, seed=2)
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "dataset.json").write_text("{")
    assert find_dataset(tmp_path, home.info["fingerprint"]).path == home.path
    assert find_dataset(tmp_path, "none") is None
    assert find_dataset(tmp_path / "absent", "none") is None
    assert find_dataset(tmp_path, home.info["fingerprint"], home.order).path == home.path
    assert find_dataset(tmp_path, home.info["fingerprint"], "another order") is None
