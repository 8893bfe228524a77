import math

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torchvision.transforms.v2 import functional as TF

from fercore.data.transforms import TRAINING_MEAN, TRAINING_STD, AugmentConfig, Preprocess, augment, mix, turn_hue
from fercore.fields import ConfigError


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def faces(n=4, side=48):
    return torch.randint(0, 256, (n, side, side), dtype=torch.uint8, generator=generator(1))


def test_preprocess_scales_and_normalises():
    image = torch.tensor([[[0, 51], [204, 255]]], dtype=torch.uint8).repeat_interleave(4, 1).repeat_interleave(4, 2)
    output = Preprocess(size=8, channels=3, mean=0.5, std=0.25)(image)
    assert output.shape == (1, 3, 8, 8)
    expected = torch.tensor([[-2.0, -1.2], [1.2, 2.0]])
    for channel in range(3):
        torch.testing.assert_close(output[0, channel, ::4, ::4], expected)


def test_preprocess_resizes_with_antialiasing():
    stripes = torch.zeros(1, 48, 48, dtype=torch.uint8)
    stripes[:, :, ::4] = 255
    output = Preprocess(size=12, mean=0, std=1)(stripes)
    # Without antialiasing only the two black columns in the middle of each four would be looked at.
    torch.testing.assert_close(output[0, 0, :, 2:-2], torch.full((12, 8), 0.25), atol=0.05, rtol=0)


@pytest.mark.parametrize("values", [{"size": 4}, {"channels": 2}, {"std": 0.0}, {"mean": float("nan")}])
def test_preprocess_from_a_strange_run_is_checked(values):
    with pytest.raises(ValueError, match="expected size 8 to 1024, 1 or 3 channels and std above 0"):
        Preprocess(**values)


def test_nothing_switched_on_changes_nothing():
    images = faces()
    torch.testing.assert_close(augment(images, AugmentConfig(), generator()), images.float() / 255, rtol=0, atol=0)


def test_the_generator_is_the_only_randomness():
    config = AugmentConfig(0.5, 10, 0.1, 0.1, 0.3, 0.3, 0, 0, 0.5)
    first, again = (augment(faces(), config, generator(3)) for _ in range(2))
    assert torch.equal(first, again)
    assert not torch.equal(first, augment(faces(), config, generator(4)))


def test_flip_mirrors_the_given_share():
    images = faces(1000, 8)
    flipped = augment(images, AugmentConfig(horizontal_flip=1.0), generator())
    assert torch.equal(flipped, images.flip(-1).float() / 255)
    half = augment(images, AugmentConfig(horizontal_flip=0.5), generator())
    mirrored = (half == flipped).all(dim=(1, 2)).float().mean()
    assert 0.45 < mirrored < 0.55


def test_rotation_is_torchvisions_with_each_images_own_angle():
    y, x = torch.meshgrid(torch.linspace(0, 3, 48), torch.linspace(0, 5, 48), indexing="ij")
    smooth = (0.5 + 0.25 * x.sin() + 0.25 * y.cos()).repeat(3, 1, 1)
    rotated = augment(smooth, AugmentConfig(rotation=20), generator(5))
    angles = (torch.rand(3, generator=generator(5)) * 2 - 1) * 20
    for image, result, angle in zip(smooth, rotated, angles, strict=True):
        expected = TF.rotate(image[None], angle.item(), interpolation=TF.InterpolationMode.BILINEAR)[0]
        # The corners differ: ours are mirrored in, torchvision's are black.
        torch.testing.assert_close(result[12:36, 12:36], expected[12:36, 12:36], atol=5e-3, rtol=0)


def test_shift_moves_at_most_the_given_share():
    dot = torch.zeros(200, 40, 40)
    dot[:, 20, 20] = 1
    moved = augment(dot, AugmentConfig(shift=0.1), generator())
    mass = moved / moved.sum(dim=(1, 2), keepdim=True)
    rows = (mass.sum(2) * torch.arange(40)).sum(1)
    columns = (mass.sum(1) * torch.arange(40)).sum(1)
    for position in (rows, columns):
        assert position.min() >= 20 - 4.01
        assert position.max() <= 20 + 4.01
        assert position.max() - position.min() > 7


def test_scale_zooms_a_square_by_the_drawn_factor():
    square = torch.zeros(1, 48, 48)
    square[:, 18:30, 18:30] = 1
    zoomed = augment(square, AugmentConfig(scale=0.5), generator(2))
    torch.rand(1, generator=(g := generator(2)))  # the angle is drawn first
    factor = 0.5 + torch.rand(1, generator=g).item()
    assert zoomed.sum().item() == pytest.approx(144 * factor**2, rel=0.05)


def test_rotation_zoom_and_shift_look_where_their_matrix_says():
    # On a plane, whose bilinear samples are exact, each output pixel shows where in the source it looked.
    side, config = 48, AugmentConfig(rotation=30, shift=0.1, scale=0.4)
    centres = (torch.arange(side) + 0.5) / side * 2 - 1  # from -1 to 1, as grid_sample counts
    y, x = torch.meshgrid(centres, centres, indexing="ij")
    plane = 0.5 + 0.1 * x + 0.2 * y
    moved = augment(plane.repeat(4, 1, 1), config, generator(3))
    g = generator(3)
    angle, zoom, right, down = (torch.rand(4, generator=g) * 2 - 1 for _ in range(4))
    angle, zoom, right, down = angle * math.radians(30), 1 + 0.4 * zoom, 0.2 * right, 0.2 * down
    for image, a, z, r, d in zip(moved, angle, zoom, right, down, strict=True):
        source_x = (a.cos() * x - a.sin() * y) / z + r
        source_y = (a.sin() * x + a.cos() * y) / z + d
        inside = (source_x.abs() < 0.95) & (source_y.abs() < 0.95)
        assert inside.float().mean() > 0.3
        expected = 0.5 + 0.1 * source_x + 0.2 * source_y
        torch.testing.assert_close(image[inside], expected[inside], atol=1e-4, rtol=0)


def test_borders_are_mirrored_so_that_a_white_image_stays_white():
    white = torch.ones(50, 24, 24)
    moved = augment(white, AugmentConfig(rotation=90, shift=0.5, scale=0.5), generator())
    torch.testing.assert_close(moved, white, atol=1e-5, rtol=0)


def test_erased_is_each_pixel_whose_centre_lies_in_the_drawn_rectangle():
    images, side, n = faces(40, 24), 24, 40
    erased = augment(images, AugmentConfig(erasing=0.5), generator(8))
    g = generator(8)
    draw, area, ratio, down, along = (torch.rand(n, generator=g).tolist() for _ in range(5))
    for number, (image, result) in enumerate(zip(images.float() / 255, erased, strict=True)):
        expected = image.clone()
        if draw[number] < 0.5:
            pixels = (0.02 + 0.31 * area[number]) * side * side  # 2 to 33 % of the area
            tall_to_wide = 0.3 * 11 ** ratio[number]  # 0.3 to 3.3
            tall, wide = (min(max((pixels * q) ** 0.5, 1), side) for q in (tall_to_wide, 1 / tall_to_wide))
            top, left = down[number] * (side - tall), along[number] * (side - wide)
            for row in range(side):
                for column in range(side):
                    if top <= row + 0.5 < top + tall and left <= column + 0.5 < left + wide:
                        expected[row, column] = image.mean()
        torch.testing.assert_close(result, expected, atol=1e-6, rtol=0)


def test_brightness_and_contrast_follow_torchvision():
    images = faces(2)
    factors = torch.rand(2, generator=generator(7)) * 0.6 + 0.7
    bright = augment(images, AugmentConfig(brightness=0.3), generator(7))
    contrasted = augment(images, AugmentConfig(contrast=0.3), generator(7))
    for i, factor in enumerate(factors.tolist()):
        image = images[i].float()[None] / 255
        torch.testing.assert_close(bright[i], TF.adjust_brightness(image, factor)[0])
        torch.testing.assert_close(contrasted[i], TF.adjust_contrast(image, factor)[0])


def test_saturation_and_hue_leave_gray_images_as_they_are():
    images = faces()
    output = augment(images, AugmentConfig(saturation=0.8, hue=0.4), generator())
    torch.testing.assert_close(output, images.float() / 255, rtol=0, atol=0)


def test_each_image_of_colour_turns_its_hue_as_torchvision_does():
    images = torch.rand(8, 3, 5, 6, generator=generator(3))
    turns = torch.linspace(-0.5, 0.5, 8)
    expected = torch.stack([TF.adjust_hue(image, turn) for image, turn in zip(images, turns.tolist(), strict=True)])
    assert torch.equal(turn_hue(images, turns), expected)


class Asked(TorchDispatchMode):
    """Counts the numbers that Python asks of tensors: on a GPU each would wait for all that was begun."""

    number = 0

    def __torch_dispatch__(self, function, types, arguments=(), settings=None):
        self.number += function is torch.ops.aten._local_scalar_dense.default
        return function(*arguments, **(settings or {}))


def test_nothing_is_asked_of_the_device_while_a_batch_is_changed():
    everything = AugmentConfig(0.5, 10, 0.1, 0.1, 0.2, 0.2, 0.2, 0.1, 0.5)
    with Asked() as asked:
        augment(torch.rand(4, 3, 8, 8), everything, generator())
        assert asked.number == 0
        torch.ones(1).item()
        assert asked.number == 1


def test_preprocessing_may_have_a_mean_for_each_channel():
    preprocess = Preprocess(size=8, channels=3, mean=[0.1, 0.2, 0.3], std=(1.0, 2.0, 4.0))
    gray = preprocess(torch.full((1, 8, 8), 0.5))
    assert gray[0, :, 0, 0].tolist() == pytest.approx([0.4, 0.15, 0.05])
    assert Preprocess(**preprocess.to_dict()) == preprocess
    with pytest.raises(ValueError, match="one number, or one a channel"):
        Preprocess(channels=3, mean=(0.1, 0.2))


def test_erasing_fills_one_rectangle_with_the_mean():
    images = faces(300)
    erased = augment(images, AugmentConfig(erasing=1.0), generator())
    pixels = images.float() / 255
    for image, result in zip(pixels, erased, strict=True):
        changed = result != image
        assert 0.005 < changed.float().mean() < 0.35
        rows, columns = changed.any(1).nonzero(), changed.any(0).nonzero()
        box = result[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
        torch.testing.assert_close(box, image.mean().expand_as(box), rtol=0, atol=1e-6)
    none = augment(images, AugmentConfig(erasing=0.5), generator())
    assert 100 < (none == pixels).all(dim=(1, 2)).sum() < 200


def test_mixup_blends_each_image_with_the_one_before_it_and_their_labels_alike():
    torch.manual_seed(0)
    images = torch.stack([torch.zeros(8, 8), torch.ones(8, 8)])
    mixed, targets = mix(images, torch.tensor([2, 5]), AugmentConfig(mixup=1.0))
    share = mixed[1, 0, 0].item()  # of the white image in itself
    assert 0 < share < 1
    torch.testing.assert_close(mixed, torch.tensor([1 - share, share])[:, None, None].expand(2, 8, 8))
    expected = torch.zeros(2, 7)
    expected[0, 2] = expected[1, 5] = share
    expected[0, 5] = expected[1, 2] = 1 - share
    torch.testing.assert_close(targets, expected)


def test_cutmix_gives_labels_the_share_of_pixels():
    torch.manual_seed(1)
    images = torch.stack([torch.zeros(8, 8), torch.ones(8, 8)])
    mixed, targets = mix(images, torch.tensor([0, 1]), AugmentConfig(cutmix=1.0))
    assert set(mixed.unique().tolist()) == {0.0, 1.0}
    torch.testing.assert_close(targets[1, 1], mixed[1].mean())
    torch.testing.assert_close(targets.sum(dim=1), torch.ones(2))


def test_of_two_ways_of_mixing_each_batch_draws_one():
    torch.manual_seed(0)
    images, labels = torch.stack([torch.zeros(8, 8), torch.ones(8, 8)]), torch.tensor([0, 1])
    blended = 0
    for _ in range(100):
        mixed, _ = mix(images, labels, AugmentConfig(mixup=1.0, cutmix=1.0))
        blended += not set(mixed.unique().tolist()) <= {0.0, 1.0}
    assert 30 < blended < 70


def test_without_mixing_images_and_labels_stay():
    images, labels = faces().float() / 255, torch.arange(4)
    mixed, targets = mix(images, labels, AugmentConfig(rotation=10))
    assert mixed is images
    assert targets is labels


def test_a_flip_share_above_one_is_refused():
    with pytest.raises(ConfigError, match=r"--horizontal-flip: received 1\.5"):
        AugmentConfig(horizontal_flip=1.5)


@pytest.mark.data
def test_normalisation_is_that_of_the_training_images(fer2013_dataset):
    images = fer2013_dataset.images[fer2013_dataset.indices("train")] / np.float64(255)
    assert images.mean() == pytest.approx(TRAINING_MEAN, abs=5e-5)
    assert images.std() == pytest.approx(TRAINING_STD, abs=5e-5)
