from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from fercore.data.decode import decode_gray
from fercore.inference.faces import ABOVE, Face, crop_face, find_faces, in_reading_order
from tests.factories.data import png

RAMP = np.arange(200)  # gray is the position, so that a crop says where it was taken


def across(height=150, width=200):
    return np.broadcast_to(RAMP[None, :width, None], (height, width, 3)).astype(np.uint8)


def down(height=200, width=150):
    return np.broadcast_to(RAMP[:height, None, None], (height, width, 3)).astype(np.uint8)


def contains(face, x, y):
    left, top, right, bottom = face.box
    return left < x < right and top < y < bottom


def refuse(picture):
    raise AssertionError("asked the detector")


def nothing(picture):
    return []


def test_the_face_of_a_portrait_is_found(portrait, detector):
    (face,) = find_faces(portrait, detector)
    assert contains(face, 206, 103)
    assert contains(face, 249, 105)
    assert face.box[3] - face.box[1] == pytest.approx(111, abs=10)
    assert 0.99 < face.score <= 1


def test_twenty_faces_are_found_each_at_its_place(portrait, detector):
    tile = portrait[20:220, 130:330]
    found = find_faces(np.tile(tile, (4, 5, 1)), detector)
    eyes = [(206 - 130 + 200 * column, 103 - 20 + 200 * row) for row in range(4) for column in range(5)]
    assert all(contains(face, *eye) for face, eye in zip(found, eyes, strict=True))  # in reading order


def test_a_photo_of_12_megapixels_gives_boxes_in_its_own_pixels(portrait, detector):
    photo = np.zeros((3000, 4000, 3), np.uint8)
    photo[500:2548, 1000:3048] = portrait.repeat(4, axis=0).repeat(4, axis=1)
    (face,) = find_faces(photo, detector)
    assert contains(face, 1000 + 4 * 206, 500 + 4 * 103)
    assert face.box[3] - face.box[1] == pytest.approx(4 * 111, rel=0.12)


def test_faces_are_read_row_by_row():
    def face(left, top):
        return Face((left, top, left + 100, top + 100), 0.9)

    # A row whose heads are not level, and one below it, whose first face begins before the middle of the last above.
    upper, lower = [face(0, 40), face(200, 0), face(400, 49)], [face(0, 151), face(300, 140)]
    assert in_reading_order([upper[2], lower[1], upper[0], lower[0], upper[1]]) == upper + lower


@pytest.mark.parametrize("shape", [(300, 400), (1, 500), (500, 1), (1080, 33)])
def test_no_face_where_there_is_none(detector, shape):
    noise = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    assert find_faces(noise, detector) == []


def test_threads_may_share_a_detector(portrait, detector):
    pictures = [portrait, portrait[:256, 100:400], np.zeros((90, 300, 3), np.uint8)] * 4
    alone = [find_faces(picture, detector) for picture in pictures]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda picture: find_faces(picture, detector), pictures)) == alone


def test_a_face_at_the_edge_lies_within_the_picture(portrait, detector):
    (face,) = find_faces(portrait[:, :245], detector)  # cut through the face
    assert face.box[2] <= 245
    assert crop_face(portrait[:, :245], face).shape == (48, 48)


@pytest.mark.parametrize("shape", [(48, 48), (1, 1), (64, 52)])
def test_small_squares_are_crops_and_never_searched(shape):
    picture = np.zeros((*shape, 3), np.uint8)
    assert find_faces(picture, refuse) == [Face((0, 0, shape[1], shape[0]), None)]


@pytest.mark.parametrize(("shape", "crop"), [((128, 103), True), ((129, 129), False), ((64, 51), False)])
def test_middling_squares_without_a_face_are_crops(shape, crop):
    picture = np.zeros((*shape, 3), np.uint8)
    assert find_faces(picture, nothing) == ([Face((0, 0, shape[1], shape[0]), None)] if crop else [])


def test_a_face_found_in_a_middling_square_is_taken():
    face = Face((10, 10, 40, 50), 0.9)
    assert find_faces(np.zeros((100, 100, 3), np.uint8), lambda picture: [face]) == [face]


def test_without_a_detector_every_picture_is_a_face():
    assert find_faces(np.zeros((1000, 3000, 3), np.uint8), None) == [Face((0, 0, 3000, 1000), None)]


@pytest.mark.parametrize(
    "picture", [np.zeros((48, 48), np.uint8), np.zeros((48, 48, 3)), np.zeros((0, 48, 3), np.uint8)]
)
def test_other_arrays_are_refused(picture):
    with pytest.raises(ValueError, match="expected an RGB picture uint8"):
        find_faces(picture, None)


def test_a_gray_crop_comes_back_unchanged():
    pixels = np.random.default_rng(0).integers(0, 256, (48, 48), dtype=np.uint8)
    picture = pixels[..., None].repeat(3, axis=2)
    (whole,) = find_faces(picture, refuse)
    assert np.array_equal(crop_face(picture, whole), pixels)


def test_a_picture_used_whole_is_cropped_as_the_data_set_is():
    picture = np.random.default_rng(0).integers(0, 256, (90, 161, 3), dtype=np.uint8)
    (whole,) = find_faces(picture, None)
    assert np.array_equal(crop_face(picture, whole), decode_gray(png(picture)))


def test_the_crop_is_a_square_around_the_face():
    face = Face((80, 50, 100, 98), 0.9)  # 20 wide, 48 high: from 90 - 24 to 90 + 24, each pixel as it is
    assert crop_face(across(), face)[10] == pytest.approx(np.arange(66, 114), abs=1)
    top = 50 - ABOVE * 48
    assert crop_face(down(), face)[:, 10] == pytest.approx(np.arange(48) + top, abs=1)


def test_a_margin_is_added_on_both_sides():
    crop = crop_face(across(), Face((80, 50, 100, 98), 0.9), margin=0.5)  # from 90 - 48 to 90 + 48
    assert crop[10] == pytest.approx(42.5 + 2 * np.arange(48), abs=1)


def test_a_square_beyond_the_edge_is_moved_into_the_picture():
    assert crop_face(across(), Face((0, 50, 20, 98), 0.9))[10] == pytest.approx(np.arange(48), abs=1)
    assert crop_face(down(), Face((50, 180, 98, 200), 0.9))[:, 10] == pytest.approx(np.arange(152, 200), abs=1)


def test_a_square_larger_than_the_picture_is_made_smaller():
    crop = crop_face(across(96, 200), Face((50, 0, 110, 96), 0.9), margin=0.2)  # 96 of 134 pixels: from 32 to 128
    assert crop[10] == pytest.approx(32.5 + 2 * np.arange(48), abs=1)


def test_colour_becomes_luma_and_shrinking_is_antialiased():
    stripes = np.zeros((192, 192, 3), np.uint8)
    stripes[:, ::2] = (255, 0, 0)  # luma 76: nearest neighbours would give all 0 or all 76
    crop = crop_face(stripes, Face((0, 0, 192, 192), None)).astype(int)
    assert abs(crop[4:-4, 4:-4] - 38).max() <= 1


def test_a_large_face_is_cropped_as_if_it_were_alone():
    picture = np.asarray(Image.effect_noise((900, 700), 80).convert("RGB"))
    near = picture[100:600, 200:700]
    crop = crop_face(picture, Face((200, 100, 700, 600), None))
    assert abs(crop.astype(int) - crop_face(near, Face((0, 0, 500, 500), None)))[2:-2, 2:-2].max() <= 1
