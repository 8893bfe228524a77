"""The benchmark FER+: labels of most people, its votes, what is left out and why; the whole of it from the archive."""

import hashlib

import numpy as np
import pytest

from fercore.data.dataset import DataError
from fercore.data.fer2013 import OFFICIAL_SPLIT_NAMES
from fercore.data.ferplus import EXPRESSIONS
from fercore.data.ferplus_labels import people_source, prepare_people
from fercore.data.prepare import prepare
from fercore.data.records import Record, Source
from fercore.emotions import EMOTIONS
from tests.factories.data import make_records

IDS = (  # labelled angry, fear, fear and happy
    "train/angry/Training_1426440",  # four of nine say neutral: no majority
    "train/fear/Training_49732659",  # six say neutral, all others are alone
    "test/angry/PrivateTest_26784100",  # nobody voted
    "row_7",  # no image of FER2013's
)


def source_of(ids):
    pixels = [record.pixels for record in make_records(per_class=1)]
    labels = [EMOTIONS.index(id_.split("/")[1]) if "/" in id_ else 3 for id_ in ids]
    splits = ["test" if "Private" in id_ else "train" for id_ in ids]
    records = [Record(*parts) for parts in zip(ids, labels, splits, pixels, strict=False)]
    return Source("images in a zip", "archive.zip", OFFICIAL_SPLIT_NAMES, lambda on_bad: iter(records))


def test_labels_are_what_most_people_say(tmp_path):
    found = prepare_people(source_of(IDS), tmp_path / "ferplus")
    assert found.name == "ferplus"
    assert found.classes == EXPRESSIONS
    assert found.ids.tolist() == ["train/fear/Training_49732659"]
    assert found.classes[found.labels[0]] == "neutral"
    assert dict(zip(found.classes, found.votes[0].tolist(), strict=True)) == {
        **dict.fromkeys(EXPRESSIONS, 0.0),
        "neutral": 6.0,
    }
    assert found.extras["fer2013"].tolist() == ["fear"]
    assert found.info["notes"] == [
        "Labels are what most people say (FER+): 1 of 4 images; left out are 2 on which nobody voted, 1 without a "
        "majority, 0 that most people could not tell, 0 in which most people see no face."
    ]
    assert "Microsoft" in found.info["licence"]
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == ["ferplus"]


def test_other_images_are_refused(tmp_path):
    with pytest.raises(DataError, match=r"archive\.zip: the votes of FER\+ are on images of FER2013"):
        prepare_people(source_of(["row_1", "row_2"]), tmp_path / "ferplus")
    assert not (tmp_path / "ferplus").exists()


@pytest.mark.data
def test_the_benchmark_has_the_authors_counts(fer2013_dataset, tmp_path):
    found = prepare(people_source(fer2013_dataset), tmp_path / "ferplus")
    assert found.info["split_sizes"] == {"train": 25_059, "val": 3_199, "test": 3_153}
    assert found.counts()["test"] == dict(zip(EXPRESSIONS, [273, 18, 83, 893, 384, 396, 1090, 16], strict=True))
    assert found.info["fingerprint"] == "fb70c3de43da784b6ddde8351f487a719080b17dbe5ef8d7b3358dbbd84286e0"
    assert (found.votes.argmax(axis=1) == found.labels).all()
    note = (
        "31,411 of 35,887 images; left out are 175 on which nobody voted, 4,200 without a majority, 99 that most "
        "people could not tell, 2 in which most people see no face."
    )
    assert found.info["notes"][-1].endswith(note)
    pixels = {hashlib.sha256(image.tobytes()).digest() for image in fer2013_dataset.images}
    assert all(hashlib.sha256(np.ascontiguousarray(image).tobytes()).digest() in pixels for image in found.images)
