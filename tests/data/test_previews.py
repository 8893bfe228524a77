"""Augmented faces for the eye."""

from dataclasses import fields

import numpy as np

from fercore.data.previews import PREVIEWS, flags, preview
from fercore.data.transforms import AugmentConfig

FACE = np.random.default_rng(0).integers(0, 256, (48, 48), dtype=np.uint8)


def test_flip_shows_the_face_or_its_mirror_image_and_nothing_else():
    seen = preview(FACE, AugmentConfig(horizontal_flip=0.5), 12, seed=0)
    mirrored = [np.array_equal(face, FACE[:, ::-1]) for face in seen]
    assert [np.array_equal(face, FACE) for face in seen] == [not mirror for mirror in mirrored]
    assert 0 < sum(mirrored) < 12


def test_the_seed_decides_and_no_augmentation_changes_nothing():
    config = PREVIEWS["all together"]
    assert np.array_equal(preview(FACE, config, 3, seed=1), preview(FACE, config, 3, seed=1))
    assert not np.array_equal(preview(FACE, config, 3, seed=1), preview(FACE, config, 3, seed=2))
    assert (preview(FACE, AugmentConfig(), 2, seed=0) == FACE).all()


def test_every_augmentation_that_changes_a_gray_picture_is_shown():
    shown = {name for config in PREVIEWS.values() for name in vars(config) if getattr(config, name)}
    assert shown == {field.name for field in fields(AugmentConfig)} - {"saturation", "hue", "mixup", "cutmix"}


def test_flags():
    assert flags(AugmentConfig(rotation=10, horizontal_flip=0.5)) == "--horizontal-flip 0.5 --rotation 10"
