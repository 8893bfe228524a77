"""--train-share: which images it takes, and which shares a small data set allows."""

import re
from dataclasses import replace

import numpy as np
import pytest

from fercore.fields import ConfigError
from fercore.training.config import TrainingConfig
from fercore.training.shares import train_rows
from tests.factories.data import make_dataset


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    """84 training images, 12 of each class."""
    return make_dataset(tmp_path_factory.mktemp("data") / "d", per_class=12)


def rows(dataset, share):
    return train_rows(dataset, TrainingConfig(train_share=share))


def test_a_share_has_all_classes_alike(dataset):
    assert np.bincount(dataset.labels[rows(dataset, 0.5)]).tolist() == [6] * 7
    assert len(rows(dataset, 1.0)) == 84


@pytest.mark.parametrize(("share", "taken"), [(0.0001, 0), (0.05, 4), (0.083, 6), (0.99, 83)])
def test_a_share_that_leaves_a_class_out_names_the_shares_that_work(dataset, share, taken):
    says = (
        f"--train-share: received {share:g}, which takes {taken} of 84 training images; expected 0.0834 to 0.9166, so "
    )
    with pytest.raises(ConfigError, match=re.escape(says)):
        rows(dataset, share)


@pytest.mark.parametrize("share", [0.0834, 0.9166])
def test_the_named_shares_work(dataset, share):
    assert set(dataset.labels[rows(dataset, share)].tolist()) == set(range(7))


def only(dataset, *counts):
    """The data set with so many training images of the first classes, and none of the others."""
    splits = dataset.splits.copy()
    for code in range(7):
        own = np.flatnonzero((dataset.splits == "train") & (dataset.labels == code))
        splits[own[counts[code] if code < len(counts) else 0 :]] = ""
    return replace(dataset, splits=splits)


def test_the_smallest_share_is_one_that_works_where_it_is_a_round_number(dataset):
    for images in range(2, 13):
        few = only(dataset, images, images)
        with pytest.raises(ConfigError) as raised:
            rows(few, 0.0001)
        smallest = float(re.search("expected ([0-9.]+)", str(raised.value))[1])
        assert set(few.labels[rows(few, smallest)].tolist()) == {0, 1}, images


def test_a_class_with_a_single_image_allows_no_share(dataset):
    with pytest.raises(ConfigError, match="a single image of disgust, which cannot be on both sides; expected 1, or"):
        rows(only(dataset, 9, 1, 9), 0.5)
    assert len(rows(only(dataset, 9, 1, 9), 1.0)) == 19


def test_classes_without_images_do_not_count(dataset):
    assert np.bincount(dataset.labels[rows(only(dataset, 4, 4), 0.25)]).tolist() == [1, 1]
