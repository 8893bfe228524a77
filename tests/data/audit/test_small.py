import numpy as np

from fercore.data.audit.files import read_audit, write_audit
from fercore.data.audit.findings import audit
from fercore.data.audit.small import small
from fercore.data.dataset import open_dataset
from fercore.data.prepare import prepare
from fercore.data.records import Record, Source
from tests.factories.planted import clouds


def test_gray_pictures_of_48_pixels_stay_as_they_are():
    images = clouds(3)
    assert small(images) is images
    assert np.array_equal(small(images, np.array([2, 0])), images[[2, 0]])


def test_colour_becomes_luma_and_sides_shrink_by_the_mean():
    images = np.zeros((2, 96, 96, 3), dtype=np.uint8)
    images[1, :, :, 0] = 100
    images[1, ::2] = 0  # every second row is black
    made = small(images)
    assert (made.shape, made.dtype) == ((2, 48, 48), np.uint8)
    assert set(np.unique(made[0])) == {0}
    assert set(np.unique(made[1])) == {15}  # half of 30, the luma of 100 red
    assert np.array_equal(small(images, np.array([1])), made[1:])


def test_copies_are_found_in_colour_at_another_size_and_in_other_classes(tmp_path):
    pictures = np.repeat(clouds(5, side=64)[..., None], 3, axis=3)
    records = [
        Record("a", 0, "train", pictures[0]),
        Record("b", 1, "train", pictures[1]),
        Record("exact", 1, "test", pictures[0]),
        Record("mirrored", 0, "val", pictures[1][:, ::-1]),
        Record("c", 2, "test", pictures[2]),
        Record("blank", 2, "train", np.full((64, 64, 3), 7, np.uint8)),
    ]
    names = {split: split for split in ("train", "val", "test")}
    classes = ("happy", "contempt", "bored")
    source = Source("synthetic", "test", names, lambda _: iter(records), classes=classes, size=64, channels=3)
    dataset = prepare(source, tmp_path / "out")
    found = audit(open_dataset(dataset.path))
    assert found.copies.ids["exact"] == {"val": [], "test": ["exact"]}
    assert found.copies.ids["near"] == {"val": ["mirrored"], "test": []}
    assert (found.copies.counts["exact_conflicts"], found.copies.counts["blank"]) == (1, 1)
    assert set(found.table["label"]) == set(classes)
    write_audit(found, tmp_path / "audit")
    again = read_audit(tmp_path / "audit").table
    assert again[["finding", "id", "label"]].equals(found.table[["finding", "id", "label"]])
