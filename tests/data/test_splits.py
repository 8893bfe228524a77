import numpy as np
import pytest

from fercore.data.dataset import DataError
from fercore.data.splits import cut_split


def test_the_cut_is_stratified_seeded_and_leaves_test_alone():
    labels = np.array([0] * 40 + [3] * 20 + [0] * 10)
    splits = np.array(["train"] * 60 + ["test"] * 10)
    cut = cut_split(labels, splits, seed=1)
    assert np.bincount(labels[cut == "val"]).tolist() == [4, 0, 0, 2]
    assert (cut[60:] == "test").all()
    assert np.array_equal(cut, cut_split(labels, splits, seed=1))
    assert not np.array_equal(cut, cut_split(labels, splits, seed=2))


def test_too_few_images_to_cut_from_are_refused():
    labels, train = np.arange(14) % 7, np.array(["train"] * 14)
    with pytest.raises(DataError, match=r"from its 14 training images \(a tenth of them is 2, of 7 classes\); add"):
        cut_split(labels, train, seed=0)
    alone = np.array([0] * 29 + [1])
    with pytest.raises(DataError, match=r"\(a tenth of them is 3, of 2 classes, and one of them has a single image\)"):
        cut_split(alone, np.array(["train"] * 30), seed=0)


@pytest.mark.parametrize("to", ["val", "test"])
def test_a_person_never_crosses_splits(to):
    generator = np.random.default_rng(0)
    subjects = np.repeat([f"S{number:03}" for number in range(60)], 5)
    labels = generator.integers(0, 7, len(subjects))
    order = generator.permutation(len(subjects))
    subjects, labels = subjects[order], labels[order]
    cut = cut_split(labels, np.full(len(subjects), "train"), seed=4, to=to, groups=subjects)
    assert set(cut) == {"train", to}
    assert set(subjects[cut == to]).isdisjoint(subjects[cut == "train"])
    assert len(set(subjects[cut == to])) == 6
    assert set(labels[cut == to]) == set(range(7))
    again = cut_split(labels, np.full(len(subjects), "train"), seed=4, to=to, groups=subjects)
    assert np.array_equal(cut, again)


def test_images_of_nobody_known_are_cut_one_by_one():
    subjects, labels = np.array([""] * 100), np.arange(100) % 2
    cut = cut_split(labels, np.full(100, "train"), seed=0, groups=subjects)
    assert np.bincount(labels[cut == "val"]).tolist() == [5, 5]


def test_too_few_people_are_refused_with_a_way_on():
    subjects, labels = np.array(["a", "b"] * 30), np.zeros(60, dtype=int)
    with pytest.raises(DataError, match=r"they show 2 people, expected at least 10.*--as test"):
        cut_split(labels, np.full(60, "train"), seed=0, groups=subjects)
