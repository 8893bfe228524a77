import hashlib
import json

import numpy as np
import pandas as pd
import pytest

from fercore.data.dataset import SPLITS, DataError, open_dataset
from fercore.data.fer2013 import OFFICIAL_SPLIT_NAMES
from fercore.data.prepare import fingerprint, prepare
from fercore.data.records import BadRecord, Record, Source
from fercore.data.sources import open_source
from tests.factories.data import make_dataset, make_records, tree_files, write_csv, write_folder, write_zip


def source_of(records, **changes):
    def read(on_bad):
        for record in records:
            if isinstance(record, BadRecord):
                on_bad(record)
            else:
                yield record

    return Source("synthetic", "test", OFFICIAL_SPLIT_NAMES, read, **changes)


def content(folder):
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_what_goes_in_comes_out_in_its_order(tmp_path):
    records = make_records(per_class=2)[::-1]
    dataset = prepare(source_of(records), tmp_path / "out")
    assert dataset.ids.tolist() == [record.id for record in records]
    assert dataset.labels.tolist() == [record.label for record in records]
    assert dataset.splits.tolist() == [record.split for record in records]
    assert np.array_equal(dataset.images, np.stack([record.pixels for record in records]))


def test_dataset_json_tells_what_it_is(tmp_path):
    info = make_dataset(tmp_path / "out", per_class=3).info
    assert json.loads((tmp_path / "out" / "dataset.json").read_text()) == info
    assert list(info["counts"]["val"].items())[:2] == [("angry", 3), ("disgust", 3)]
    assert info["split_sizes"] == {"train": 21, "val": 21, "test": 21}
    assert info["split_names"] == OFFICIAL_SPLIT_NAMES
    assert info["source"] == {"form": "synthetic", "name": "factory", "options": {"skip_bad": False}}
    assert info["bad"] == []


def test_the_files_are_plain_npy_and_csv(tmp_path):
    make_dataset(tmp_path / "out", per_class=1)
    images = np.load(tmp_path / "out" / "images.npy", allow_pickle=False)
    assert (images.shape, images.dtype) == ((21, 48, 48), np.uint8)
    assert (tmp_path / "out" / "images.npy").stat().st_size == 128 + 21 * 48 * 48
    assert pd.read_csv(tmp_path / "out" / "index.csv").columns.tolist() == ["id", "label", "split"]


def test_fingerprint_is_the_hash_of_the_sorted_hashes():
    images = np.stack([np.zeros((48, 48), np.uint8), np.full((48, 48), 255, np.uint8)])
    one = hashlib.sha256(b"train 3 " + bytes(2304)).digest()
    two = hashlib.sha256(b"test 0 " + b"\xff" * 2304).digest()
    assert fingerprint(images, [3, 0], ["train", "test"]) == hashlib.sha256(b"".join(sorted([one, two]))).hexdigest()


def test_fingerprint_does_not_depend_on_the_order_of_the_classes():
    images, splits = np.arange(3 * 64, dtype=np.uint8).reshape(3, 8, 8), ["train", "test", "test"]
    names = ["happy", "contempt", "bored"]
    known = fingerprint(images, [0, 1, 2], splits, names)
    assert fingerprint(images, [2, 1, 0], splits, names[::-1]) == known
    assert fingerprint(images, [0, 1, 2], splits, ["happy", "bored", "contempt"]) != known
    parts = [b"train 3 ", b"test 7 ", b"test bored "]  # codes of the known, names of the others
    hashes = sorted(hashlib.sha256(part + image.tobytes()).digest() for part, image in zip(parts, images, strict=True))
    assert known == hashlib.sha256(b"".join(hashes)).hexdigest()


def test_other_classes_colour_columns_and_votes(tmp_path):
    classes, votes = ("happy", "bored"), np.array([[7, 3], [0, 10]], dtype=np.float32)
    pixels = np.arange(2 * 8 * 8 * 3, dtype=np.uint16).reshape(2, 8, 8, 3).astype(np.uint8)
    records = [
        Record("a", 1, "train", pixels[0], {"subject": "S1"}, votes[0]),
        Record("b", 0, "test", pixels[1], {"subject": "", "age": "30"}, votes[1]),
    ]
    source = source_of(
        records, classes=classes, size=8, channels=3, columns=("subject", "age"), votes=True, licence="research only"
    )
    dataset = prepare(source, tmp_path / "out", name="own")
    assert (dataset.name, dataset.classes, dataset.size, dataset.channels) == ("own", classes, 8, 3)
    assert np.array_equal(dataset.images, pixels)
    assert np.array_equal(dataset.votes, votes)
    assert dataset.subjects.tolist() == ["S1", ""]
    assert dataset.extras.to_dict("list") == {"subject": ["S1", ""], "age": ["", "30"]}
    assert dataset.counts() == {
        "train": {"happy": 0, "bored": 1},
        "val": {"happy": 0, "bored": 0},
        "test": {"happy": 1, "bored": 0},
    }
    assert (dataset.info["subjects"], dataset.info["licence"]) == (1, "research only")


def test_a_source_that_gives_other_sizes_than_it_says_is_a_fault_of_ours_and_writes_nothing(tmp_path):
    with pytest.raises(RuntimeError, match=r"received an array of \(48, 48\), expected \(64, 64\)"):
        prepare(source_of(make_records(per_class=1), size=64), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_fingerprint_depends_on_content_alone():
    images = np.arange(2 * 2304, dtype=np.uint32).reshape(2, 48, 48).astype(np.uint8) // np.array([[[1]], [[2]]], "u1")
    known = fingerprint(images, [1, 2], ["train", "val"])
    assert fingerprint(images[::-1], [2, 1], ["val", "train"]) == known
    assert fingerprint(images, [2, 1], ["train", "val"]) != known
    assert fingerprint(images, [1, 2], ["val", "train"]) != known
    images[0, 0, 0] ^= 1
    assert fingerprint(images, [1, 2], ["train", "val"]) != known


def test_csv_folder_and_zip_of_the_same_pixels_have_the_same_fingerprint(tmp_path):
    records = make_records(per_class=2)
    files = tree_files(records, official=True)
    paths = [
        write_csv(tmp_path / "fer2013.csv", records),
        write_csv(tmp_path / "icml_face_data.csv", records, ("emotion", " Usage", " pixels")),
        write_folder(tmp_path / "folder", files),
        write_zip(tmp_path / "archive.zip", files),
    ]
    found = set()
    for path in paths:
        with open_source(path) as source:
            found.add(prepare(source, tmp_path / "out").info["fingerprint"])
    assert found == {prepare(source_of(records), tmp_path / "out").info["fingerprint"]}


def test_a_validation_split_is_cut_from_train_where_there_is_none(tmp_path):
    records = [record for record in make_records(per_class=10) if record.split != "val"]
    with open_source(write_folder(tmp_path / "faces", tree_files(records, official=False))) as source:
        dataset = prepare(source, tmp_path / "out", seed=5)
    assert dataset.counts()["val"] == dict.fromkeys(dataset.counts()["val"], 1)  # a tenth of 10 of each class
    assert dataset.counts()["train"] == dict.fromkeys(dataset.counts()["train"], 9)
    assert {id_.split("/")[0] for id_ in dataset.ids[dataset.indices("val")]} == {"train"}
    assert dataset.info["split_names"] == {
        "train": "train (without validation)",
        "val": "validation (cut from train, seed 5)",
        "test": "test",
    }
    assert dataset.info["source"]["options"] == {
        "splits": "names",
        "skip_bad": False,
        "val_fraction": 0.1,
        "seed": 5,
    }


def test_bad_records_are_left_out_and_listed_only_when_asked(tmp_path):
    records = make_records(per_class=1)
    records.insert(3, BadRecord("test row 4: 2,303 pixels, expected 2,304"))
    with pytest.raises(DataError, match=r"^test row 4: 2,303 pixels.*; mend or remove it, or .* --skip-bad$"):
        prepare(source_of(records), tmp_path / "out")
    assert not (tmp_path / "out").exists()
    dataset = prepare(source_of(records), tmp_path / "out", skip_bad=True)
    assert len(dataset.ids) == 21
    assert dataset.info["bad"] == ["test row 4: 2,303 pixels, expected 2,304"]
    assert dataset.info["source"]["options"] == {"skip_bad": True}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda records: [], "no usable image in it"),
        (lambda records: [r for r in records if r.split != "val"], r"no usable image for PublicTest \(val\)"),
        (lambda records: [r for r in records if r.split == "val"], r"for Training \(train\), PrivateTest \(test\)"),
        (lambda records: [*records, records[0]], "the id 'train/angry/0' occurs twice"),
    ],
)
def test_what_is_no_data_set_is_refused_and_the_earlier_one_stays(tmp_path, change, reason):
    make_dataset(tmp_path / "out", seed=1)
    before = content(tmp_path / "out")
    with pytest.raises(DataError, match=reason):
        prepare(source_of(change(make_records(per_class=1)), expected=SPLITS), tmp_path / "out")
    assert content(tmp_path / "out") == before


@pytest.mark.parametrize("step", ["reading", "fsync"])
@pytest.mark.parametrize(
    ("error", "seen"), [(KeyboardInterrupt(), KeyboardInterrupt), (OSError(28, "No space left on device"), DataError)]
)
def test_a_failure_on_the_way_leaves_the_earlier_data_set(tmp_path, monkeypatch, step, error, seen):
    earlier = make_dataset(tmp_path / "out", seed=1)
    before = content(tmp_path / "out")

    def fail(*_):
        raise error

    def records(on_bad):
        yield from make_records(per_class=1)
        if step == "reading":
            fail()

    if step == "fsync":
        monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(seen) as caught:
        prepare(Source("synthetic", "test", OFFICIAL_SPLIT_NAMES, records), tmp_path / "out")
    assert seen is KeyboardInterrupt or "No space left on device" in str(caught.value)
    assert content(tmp_path / "out") == before
    assert open_dataset(tmp_path / "out").info == earlier.info
    assert [entry.name for entry in tmp_path.iterdir() if not entry.name.endswith(".lock")] == ["out"]


def test_an_open_data_set_outlives_its_replacement(tmp_path):
    earlier = make_dataset(tmp_path / "out", per_class=4, seed=1)
    expected = np.stack([record.pixels for record in make_records(per_class=4, seed=1)])
    black = [Record(f"{split}/0", 0, split, np.zeros((48, 48), np.uint8)) for split in OFFICIAL_SPLIT_NAMES]
    later = prepare(source_of(black), tmp_path / "out")
    assert np.array_equal(earlier.images, expected)
    assert later.images.shape == (3, 48, 48)
