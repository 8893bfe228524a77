"""Groups of copies by hand: three images of one picture, two near pictures, one alone."""

import numpy as np
import pandas as pd
import pytest

from fercore.data.audit.groups import copy_groups, partner_splits, picture_numbers

PICTURES = np.array([0, 1, 0, 2, 3, 0, 4])
SPLITS = np.array(["test", "train", "train", "val", "train", "train", "test"])
# Pictures 1 and 3 are near, and so are 3 and 2, as they are and mirrored.
PAIRS = pd.DataFrame({"first": [1, 2, 2], "second": [3, 3, 3], "mirrored": [False, False, True], "similarity": 0.95})


def test_the_same_pixels_have_the_same_number():
    images = np.zeros((4, 48, 48), np.uint8)
    images[1, 47, 47] = 1
    images[3] = images[1]
    numbers, first = picture_numbers(images)
    assert numbers.tolist() == [0, 1, 0, 1]
    assert first.tolist() == [0, 1]


def test_exact_groups():
    assert copy_groups(PICTURES).tolist() == [1, 0, 1, 0, 0, 1, 0]


def test_near_groups_are_chains():
    assert copy_groups(PICTURES, PAIRS).tolist() == [1, 2, 1, 2, 2, 1, 0]


def test_without_images_alone_every_group_counts():
    assert copy_groups(np.array([0, 1, 1, 0])).tolist() == [1, 2, 2, 1]


def test_where_the_exact_copies_of_an_image_lie():
    # Columns are train, val, test. Of picture 0 the test image has two training partners, they have each other and it.
    assert partner_splits(PICTURES, SPLITS).astype(int).tolist() == [
        [1, 0, 0],
        [0, 0, 0],
        [1, 0, 1],
        [0, 0, 0],
        [0, 0, 0],
        [1, 0, 1],
        [0, 0, 0],
    ]


def test_near_copies_of_near_copies_are_no_partners():
    found = partner_splits(PICTURES, SPLITS, PAIRS).astype(int)
    assert found[1].tolist() == [1, 0, 0]  # picture 1 is near 3, and only through it near 2, which is in val
    assert found[4].tolist() == [1, 1, 0]
    assert found[3].tolist() == [1, 0, 0]
    assert found[0].tolist() == [1, 0, 0]


@pytest.mark.parametrize("pairs", [None, PAIRS.iloc[:0]])
def test_a_data_set_without_images(pairs):
    none = np.empty(0, np.int64)
    assert copy_groups(none).tolist() == []
    assert partner_splits(none, np.empty(0, str), pairs).shape == (0, 3)
