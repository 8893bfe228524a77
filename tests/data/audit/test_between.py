"""Copies between two data sets, of any size and in colour, and what is kept of them."""

import numpy as np
import pytest

from fercore.data.audit.between import copies_in_training, has_copy
from fercore.data.audit.small import small
from tests.factories.data import make_dataset


@pytest.fixture(scope="module")
def faces():
    """40 pictures with coarse structure, which shifts and hashes can follow."""
    coarse = np.random.default_rng(0).integers(30, 220, (40, 8, 8)).astype(np.uint8)
    return np.kron(coarse, np.ones((6, 6), dtype=np.uint8))


def test_exact_near_and_mirrored_copies_are_found_and_nothing_else(faces):
    training, strange = faces[:30], faces[30:]
    near = np.clip(training[1].astype(int) + 9, 0, 255).astype(np.uint8)  # brighter
    asked = np.stack([training[0], near, training[2][:, ::-1], strange[0], strange[1]])
    assert has_copy(asked, training).tolist() == [True, True, True, False, False]


def test_pictures_of_another_size_and_in_colour_are_compared_in_gray_at_48_pixels(faces):
    large = np.kron(faces[:2], np.ones((2, 2), dtype=np.uint8))
    colour = np.repeat(large[..., None], 3, axis=-1)
    assert small(colour).tolist() == faces[:2].tolist()
    assert has_copy(colour, faces[1:]).tolist() == [False, True]


def test_what_was_found_is_kept_for_these_two_data_sets(tmp_path):
    home = make_dataset(tmp_path / "home", per_class=2, seed=1)
    other = make_dataset(tmp_path / "other", per_class=2, seed=2)
    found = copies_in_training(other, "test", home)
    (file,) = (other.path / "audit").iterdir()
    before = file.read_bytes()
    assert copies_in_training(other, "test", home).tolist() == found.tolist()
    assert file.read_bytes() == before
    again = make_dataset(tmp_path / "again", per_class=2, seed=3)
    copies_in_training(other, "test", again)
    assert len(list((other.path / "audit").iterdir())) == 2
    assert copies_in_training(home, "train", home).all()
