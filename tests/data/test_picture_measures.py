"""Brightness, contrast and sharpness: exact on tiny pictures, made once, and the same as those that are shipped."""

import os

import numpy as np
import pytest

from fercore.data import picture_measures
from fercore.data.picture_measures import FILE, MEASURES, dataset_measures, measure, measures_of, shipped_ids
from tests.factories.data import make_dataset


def test_a_flat_picture_has_neither_contrast_nor_edges():
    found = measure(np.full((1, 5, 5), 80, np.uint8))
    assert {name: values.tolist() for name, values in found.items()} == {
        "brightness": [80.0],
        "contrast": [0.0],
        "sharpness": [0.0],
    }


def test_one_bright_pixel():
    picture = np.zeros((1, 4, 4), np.uint8)
    picture[0, 1, 1] = 16
    found = measure(picture)
    assert found["brightness"].tolist() == [1.0]
    assert found["contrast"].tolist() == pytest.approx([np.sqrt(15)])  # the mean square is 16, that of the mean 1
    # the Laplacian of the inner four pixels is -64, 16, 16 and 0: mean -8, mean square 1152
    assert found["sharpness"].tolist() == [1152 - 64]


def test_colours_are_weighted_to_gray():
    picture = np.zeros((1, 3, 3, 3), np.uint8)
    picture[..., 1] = 100
    assert measure(picture)["brightness"] == pytest.approx([58.7])


def test_many_pictures_are_measured_in_parts(monkeypatch):
    pictures = np.random.default_rng(0).integers(0, 256, (7, 6, 6)).astype(np.uint8)
    whole = measure(pictures)
    monkeypatch.setattr(picture_measures, "_AT_ONCE", 3)
    parts = measure(pictures)
    assert all((whole[name] == parts[name]).all() for name in MEASURES)


def test_they_are_made_once_for_a_data_set(tmp_path, monkeypatch):
    dataset = make_dataset(tmp_path / "data", per_class=2)
    first = dataset_measures(dataset)
    assert (first["brightness"] == measure(dataset.images)["brightness"]).all()
    monkeypatch.setattr(picture_measures, "measure", lambda images: pytest.fail("measured again"))
    again = dataset_measures(dataset)
    assert all((first[name] == again[name]).all() for name in MEASURES)


@pytest.mark.parametrize("damage", ["other images", "no archive", "half an archive", "a pipe", "a device"])
def test_a_file_of_other_images_or_a_damaged_one_is_made_again(tmp_path, damage):
    dataset = make_dataset(tmp_path / "data", per_class=2)
    expected, file = dataset_measures(dataset), dataset.path / FILE
    if damage == "other images":
        np.savez(file, images=np.array("others"), **{name: values + 1 for name, values in expected.items()})
    elif damage == "a pipe":
        file.unlink()
        os.mkfifo(file)
    elif damage == "a device":
        file.unlink()
        file.symlink_to("/dev/zero")
    else:
        file.write_bytes(b"nothing" if damage == "no archive" else file.read_bytes()[:200])
    found = dataset_measures(dataset)
    assert all((found[name] == expected[name]).all() for name in MEASURES)
    assert all((dataset_measures(dataset)[name] == expected[name]).all() for name in MEASURES)


def test_by_ids_in_any_order(tmp_path):
    dataset = make_dataset(tmp_path / "data", per_class=2)
    found = measures_of(dataset.ids[::-1], dataset)
    assert (found["contrast"] == dataset_measures(dataset)["contrast"][::-1]).all()
    assert measures_of(["unheard of"], dataset) is None


def test_shipped_ones_are_of_both_test_splits():
    ids = shipped_ids()
    assert len(ids) == 7178
    found = measures_of(ids[:3])
    assert [values.dtype for values in found.values()] == [np.float32] * 3
    assert measures_of(["train/angry/Training_3908"]) is None


@pytest.mark.data
def test_shipped_ones_are_those_of_the_archive(fer2013_dataset):
    ids = shipped_ids()
    rows = np.flatnonzero(fer2013_dataset.splits != "train")
    assert (fer2013_dataset.ids[rows] == ids).all()
    made, shipped = measure(fer2013_dataset.images[rows]), measures_of(ids)
    assert all(np.allclose(made[name], shipped[name], rtol=1e-6) for name in MEASURES)
