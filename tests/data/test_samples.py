"""Random faces, and faces side by side."""

import numpy as np

from fercore.data.samples import face_sheet, sample_rows
from fercore.emotions import EMOTIONS
from tests.factories.data import make_dataset


def test_sample_rows_are_different_images_of_the_class_and_the_seed_decides(tmp_path):
    dataset = make_dataset(tmp_path / "data", per_class=6)
    rows = sample_rows(dataset, "val", "sad", 4, seed=1)
    assert len(set(rows.tolist())) == 4
    assert set(dataset.labels[rows]) == {EMOTIONS.index("sad")}
    assert set(dataset.splits[rows]) == {"val"}
    assert rows.tolist() == sample_rows(dataset, "val", "sad", 4, seed=1).tolist()
    assert rows.tolist() != sample_rows(dataset, "val", "sad", 4, seed=2).tolist()
    assert len(sample_rows(dataset, "val", "sad", 99, seed=1)) == 6


def test_face_sheet():
    faces = np.array([[[1]], [[2]], [[3]]], dtype=np.uint8)
    sheet = face_sheet(faces, columns=2, gap=1)
    assert sheet.shape == (3, 3, 4)
    assert sheet[:, :, 0].tolist() == [[1, 0, 2], [0, 0, 0], [3, 0, 0]]
    assert sheet[:, :, 3].tolist() == [[255, 0, 255], [0, 0, 0], [255, 0, 0]]
    assert (sheet[:, :, 1] == sheet[:, :, 0]).all()
