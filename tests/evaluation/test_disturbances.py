"""Each kind of disturbance: the clean picture at strength 0, repeats, and what it makes of known pictures."""

import cv2
import numpy as np
import pytest

from fercore.evaluation.disturbances import KINDS, STRENGTHS, TINY, digest, disturb

ALL = {**KINDS, **TINY}
SHAPES = [(48, 48), (48, 48, 3), (17, 23), (64, 64, 3)]


def pictures(shape=(48, 48), n=3, seed=0):
    """Smooth random pictures: neither flat nor noise."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(40, 216, (n, 7, 7, *shape[2:]), dtype=np.uint8)
    return np.stack([cv2.resize(one, shape[1::-1], interpolation=cv2.INTER_LINEAR) for one in coarse])


def distance(one, other):
    return np.abs(one.astype(float) - other).mean()


@pytest.mark.parametrize("kind", ALL)
def test_strength_0_is_the_picture_bit_for_bit(kind):
    images = pictures()
    assert disturb(images, ["a", "b", "c"], kind, 0) is images


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("kind", ALL)
def test_any_size_and_colour_keeps_its_form(kind, shape):
    images = pictures(shape)
    before = images.copy()
    for strength in (1, len(ALL[kind].levels)):
        found = disturb(images, ["a", "b", "c"], kind, strength)
        assert found.shape == images.shape
        assert found.dtype == np.uint8
        assert (images == before).all()
    assert kind in TINY or (found != images).any()


@pytest.mark.parametrize("kind", ALL)
def test_a_picture_s_disturbance_depends_on_its_id_alone(kind):
    images, ids = pictures(n=5), list("abcde")
    found = disturb(images, ids, kind, 1)
    order = [3, 1, 4, 0, 2]
    assert (disturb(images[order], [ids[i] for i in order], kind, 1) == found[order]).all()
    assert (disturb(images[2:3], ["c"], kind, 1) == found[2:3]).all()
    assert (disturb(images, ids, kind, 1) == found).all()


@pytest.mark.parametrize("kind", ["noise", "motion blur", "gamma", "rotation", "shifted", "mask", "hand"])
def test_what_is_random_differs_between_ids(kind):
    images = np.repeat(pictures(n=1), 20, axis=0)
    found = disturb(images, [str(i) for i in range(20)], kind, 5)
    assert len({picture.tobytes() for picture in found}) > 1


@pytest.mark.parametrize("kind", [name for name, kind in KINDS.items() if len(kind.levels) > 1])
def test_stronger_is_further_from_the_picture(kind):
    images = pictures(n=8)
    ids = [str(i) for i in range(8)]
    far = [distance(disturb(images, ids, kind, strength), images) for strength in range(STRENGTHS + 1)]
    assert far[0] == 0
    assert far[-1] == max(far)
    assert far[1] == min(far[1:])


def test_there_are_five_strengths_of_each_but_mirrored():
    assert {name: len(kind.levels) for name, kind in KINDS.items() if len(kind.levels) != STRENGTHS} == {"mirrored": 1}
    assert len(KINDS) == 18


def test_figures_by_hand():
    image = np.full((1, 48, 48), 100, np.uint8)
    image[0, :, :24] = 50
    assert np.unique(disturb(image, ["a"], "darker", 2)).tolist() == [30, 60]
    assert np.unique(disturb(image, ["a"], "brighter", 2)).tolist() == [65, 130]
    assert np.unique(disturb(image, ["a"], "low contrast", 3)).tolist() == [65, 85]  # 75 ± 0.4 * 25
    assert (disturb(image, ["a"], "mirrored", 1) == image[:, :, ::-1]).all()
    assert np.unique(disturb(image, ["a"], "equalised", 5)).tolist() == [0, 255]
    assert np.unique(disturb(image, ["a"], "equalised", 2)).tolist() == [30, 162]  # 0.6 of it and 0.4 of [0, 255]
    bright = {tuple(np.unique(disturb(image, [str(i)], "gamma", 4))) for i in range(20)}
    assert bright == {(5, 27), (129, 173)}  # 255 * (50 / 255) ** 2.4, ** (1 / 2.4)


def test_noise_has_its_standard_deviation():
    grey = np.full((4, 96, 96), 128, np.uint8)
    found = disturb(grey, list("abcd"), "noise", 3)
    assert found.std() == pytest.approx(20, rel=0.03)
    assert found.mean() == pytest.approx(128, abs=0.5)


def test_a_crop_too_tight_enlarges_and_one_too_loose_shrinks_about_the_middle():
    image = np.zeros((1, 60, 60), np.uint8)
    image[0, 20:40, 20:40] = 255  # 20 pixels wide
    wide = [(disturb(image, ["a"], kind, 5)[0, 30] > 127).sum() for kind in ("too tight", "too loose")]
    assert wide == [34, 12]  # 20 / (1 - 0.4) = 33.3 and 20 / 1.6 = 12.5, of pixels whose middle is inside


def test_a_mask_covers_the_mouth_and_glasses_the_eyes():
    grey = np.full((1, 100, 100), 128, np.uint8)
    mask, glasses = (disturb(grey, ["a"], kind, 5)[0] != 128 for kind in ("mask", "glasses"))
    mouth, eyes = (80, 50), [(36, 32), (36, 68)]
    assert mask[mouth]
    assert not any(mask[eye] for eye in eyes)
    assert all(glasses[eye] for eye in eyes)
    assert not glasses[mouth]


def test_what_cannot_be_is_refused():
    images = pictures()
    with pytest.raises(ValueError, match="received 'fog', expected one of noise"):
        disturb(images, "abc", "fog", 1)
    with pytest.raises(ValueError, match="received 6, expected 0 to 5"):
        disturb(images, "abc", "noise", 6)
    with pytest.raises(ValueError, match="expected uint8 images"):
        disturb(images.astype(float), "abc", "noise", 1)
    with pytest.raises(ValueError, match="2 ids of 3 images"):
        disturb(images, "ab", "noise", 1)
    assert disturb(images[:0], [], "noise", 1).shape == (0, 48, 48)


def test_the_digest_names_kinds_and_levels(monkeypatch):
    before = digest()
    monkeypatch.setattr("fercore.evaluation.disturbances.VERSION", 2)
    assert digest() != before
