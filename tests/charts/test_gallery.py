"""Frames that tell right from wrong by colour and by pattern."""

import numpy as np

from fercore.charts.gallery import framed

BLUE, VERMILION = [0x00, 0x72, 0xB2], [0xD5, 0x5E, 0x00]


def test_frames_surround_the_enlarged_image():
    image = np.array([[[10, 20], [30, 40]]], dtype=np.uint8)
    (found,) = framed(image, np.array([True]))
    assert (found.shape, found.dtype) == ((2 * 2 + 8, 2 * 2 + 8, 3), np.uint8)
    assert found[4:8, 4:8, 0].tolist() == [[10, 10, 20, 20], [10, 10, 20, 20], [30, 30, 40, 40], [30, 30, 40, 40]]


def test_right_is_solid_blue_and_wrong_is_dashed_vermilion():
    right, wrong = framed(np.zeros((2, 48, 48), dtype=np.uint8), np.array([True, False]))
    assert np.unique(right[0], axis=0).tolist() == [BLUE]
    assert wrong[0, :8].tolist() == [VERMILION] * 8
    assert wrong[0, 8:16].tolist() == [[255, 255, 255]] * 8


def test_no_images_give_no_frames():
    assert framed(np.zeros((0, 48, 48), dtype=np.uint8), np.zeros(0, dtype=bool)).shape == (0, 104, 104, 3)
