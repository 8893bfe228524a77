"""The real FER2013, in the form most people hold it."""

import collections
import zipfile

import numpy as np
import pytest

from fercore.data.dataset import SPLITS
from fercore.data.decode import decode_face
from fercore.data.fer2013 import SIZE
from fercore.data.fer2013_ids import block_means, digests, known, recognise
from fercore.data.ferplus import csv_rows, shipped_votes
from fercore.data.prepare import fingerprint, prepare
from fercore.data.records import Record
from fercore.data.sources import open_source
from fercore.emotions import EMOTIONS
from tests.factories.data import write_csv, write_folder, write_zip

pytestmark = pytest.mark.data

COUNTS = {  # angry, disgust, fear, happy, sad, surprise, neutral
    "train": [3995, 436, 4097, 7215, 4830, 3171, 4965],
    "val": [467, 56, 496, 895, 653, 415, 607],
    "test": [491, 55, 528, 879, 594, 416, 626],
}


def test_the_archive_holds_every_image_and_its_pixels_are_read_as_ever(fer2013_archive):
    table = known()
    with zipfile.ZipFile(fer2013_archive) as archive:
        names = {name.removesuffix(".jpg") for name in archive.namelist() if name.endswith(".jpg")}
        places = range(0, len(table.ids), 180)
        images = np.stack([decode_face(archive.read(f"{table.ids[place]}.jpg"), SIZE) for place in places])
    assert names == set(table.ids.tolist())
    splits = [SPLITS[code] for code in table.split[places]]
    assert np.array_equal(digests(images, table.label[places], splits), table.digest[places])


def test_every_image_is_there_in_its_official_split(fer2013_dataset):
    assert fer2013_dataset.counts() == {split: dict(zip(EMOTIONS, COUNTS[split], strict=True)) for split in COUNTS}
    assert fer2013_dataset.info["split_sizes"] == {"train": 28_709, "val": 3_589, "test": 3_589}
    assert fer2013_dataset.info["split_names"] == {"train": "Training", "val": "PublicTest", "test": "PrivateTest"}
    assert fer2013_dataset.info["bad"] == []


def test_file_names_that_two_classes_share_are_all_kept(fer2013_dataset):
    assert len(set(fer2013_dataset.ids)) == 35_887
    names = collections.Counter(id_.split("/")[-1] for id_ in fer2013_dataset.ids)
    twice = {name for name, times in names.items() if times > 1}
    assert twice == {"Training_52789098", "Training_8475486"}
    assert sum(name in id_ for id_ in fer2013_dataset.ids for name in twice) == 4


def test_the_pixels_are_the_original_ones(fer2013_dataset):
    train = fer2013_dataset.images[fer2013_dataset.indices("train")]
    assert round(float(train.mean()) / 255, 4) == 0.5077
    assert round(float(train.std(dtype="float64")) / 255, 4) == 0.2551


def test_csv_folder_and_zip_of_the_same_images_have_one_fingerprint(fer2013_dataset, fer2013_archive, tmp_path):
    rows = range(0, len(fer2013_dataset.ids), 12)
    ids, labels, splits = (
        column[rows].tolist() for column in (fer2013_dataset.ids, fer2013_dataset.labels, fer2013_dataset.splits)
    )
    records = map(Record, ids, labels, splits, fer2013_dataset.images[rows])
    with zipfile.ZipFile(fer2013_archive) as archive:
        files = {f"{id_}.jpg": archive.read(f"{id_}.jpg") for id_ in ids}
    paths = [
        write_csv(tmp_path / "fer2013.csv", list(records)),
        write_folder(tmp_path / "folder", files),
        write_zip(tmp_path / "archive.zip", files),
    ]
    found = []
    for path in paths:
        with open_source(path) as source:
            found.append(prepare(source, tmp_path / "out").info["fingerprint"])
    assert found == [fingerprint(fer2013_dataset.images[rows], labels, splits)] * 3


def test_the_shipped_votes_are_on_these_images_and_groups_are_of_identical_pictures(fer2013_dataset):
    votes = shipped_votes()
    place = {row: number for number, row in enumerate(csv_rows(fer2013_dataset.ids).tolist())}
    rows = [place[row] for row in votes.rows.tolist()]
    assert (fer2013_dataset.splits[rows] == votes.splits).all()
    first = {}
    groups = []
    for split, row, own in zip(votes.splits.tolist(), rows, votes.rows.tolist(), strict=True):
        groups.append(first.setdefault((split, fer2013_dataset.images[row].tobytes()), own))
    assert votes.groups.tolist() == groups


def test_the_table_of_ids_is_that_of_the_archive(fer2013_dataset):
    table, codes = known(), [SPLITS.index(split) for split in fer2013_dataset.splits.tolist()]
    assert table.ids.tolist() == fer2013_dataset.ids.tolist()
    assert table.label.tolist() == fer2013_dataset.labels.tolist()
    assert table.split.tolist() == codes
    digested = digests(fer2013_dataset.images, fer2013_dataset.labels, fer2013_dataset.splits)
    assert np.array_equal(table.digest, digested)
    assert len(set(digested.tolist())) == 34_653  # as many as there are different images of one class and split
    assert np.array_equal(table.block_means, block_means(fer2013_dataset.images[table.csv_row < 0]))
    rows = np.sort(table.csv_row[table.csv_row >= 0])
    assert len(rows) == len(set(rows.tolist())) == 35_712
    bounds = np.searchsorted(
        [28_709, 32_298, 35_887], table.csv_row, side="right"
    )  # the splits follow each other there
    assert np.array_equal(bounds[table.csv_row >= 0], table.split[table.csv_row >= 0])


def test_original_pixels_are_known_by_their_rows(fer2013_dataset):
    table, generator = known(), np.random.default_rng(0)
    unknown, free = np.flatnonzero(table.csv_row < 0), np.setdiff1d(np.arange(35_887), table.csv_row)
    image_of = np.empty(35_887, dtype=int)
    image_of[table.csv_row[table.csv_row >= 0]] = np.flatnonzero(table.csv_row >= 0)
    of_split = table.split[unknown]
    for split in range(3):  # each unknown row holds some unknown image of its split, which one is not known
        inside = np.searchsorted([28_709, 32_298], free, side="right") == split
        image_of[free[inside]] = generator.permutation(unknown[of_split == split])
    noise = generator.integers(-3, 4, (35_887, 48, 48), dtype=np.int16)  # root mean square 2; the archive's is 1.75
    pixels = (fer2013_dataset.images[image_of] + noise).clip(0, 255).astype(np.uint8)
    labels, splits = fer2013_dataset.labels[image_of], fer2013_dataset.splits[image_of]
    found = recognise(pixels, labels, splits, np.array([f"row_{row + 1}" for row in range(35_887)]))
    other = np.flatnonzero(found != table.ids[image_of])
    there = dict(zip(table.ids.tolist(), fer2013_dataset.images, strict=True))
    assert all(np.array_equal(there[str(found[row])], fer2013_dataset.images[image_of[row]]) for row in other)
    assert set(other.tolist()) <= set(free.tolist())  # blank ones, which nothing tells apart
