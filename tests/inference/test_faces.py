import numpy as np
import pytest
from PIL import Image

from fercore.data.decode import decode_face
from fercore.inference.faces import FRAMINGS, NOTHING, Face, Framing, crop_face, face_square, in_reading_order, turned
from fercore.inference.looking import find_faces
from tests.factories.data import png

RAMP = np.arange(200)  # gray is the position, so that a crop says where it was taken
ABOVE = FRAMINGS["mtcnn"].above


def across(height=150, width=200):
    return np.broadcast_to(RAMP[None, :width, None], (height, width, 3)).astype(np.uint8)


def down(height=200, width=150):
    return np.broadcast_to(RAMP[:height, None, None], (height, width, 3)).astype(np.uint8)


def found(*box, turn=0, found_by="mtcnn"):
    return Face(box, 0.9, found_by, turn)


def test_faces_are_read_row_by_row():
    def face(left, top):
        return Face((left, top, left + 100, top + 100), 0.9)

    # A row whose heads are not level, and one below it, whose first face begins before the middle of the last above.
    upper, lower = [face(0, 40), face(200, 0), face(400, 49)], [face(0, 151), face(300, 140)]
    assert in_reading_order([upper[2], lower[1], upper[0], lower[0], upper[1]]) == upper + lower


def test_a_gray_crop_comes_back_unchanged():
    pixels = np.random.default_rng(0).integers(0, 256, (48, 48), dtype=np.uint8)
    picture = pixels[..., None].repeat(3, axis=2)
    assert np.array_equal(crop_face(picture, Face((0, 0, 48, 48))), pixels)
    assert np.array_equal(crop_face(picture, Face((0, 0, 48, 48), 0.9, "yunet", whole=True)), pixels)


def test_a_picture_used_whole_is_cropped_as_the_data_set_is():
    picture = np.random.default_rng(0).integers(0, 256, (90, 161, 3), dtype=np.uint8)
    (whole,) = find_faces(picture, None)
    assert np.array_equal(crop_face(picture, whole), decode_face(png(picture)))


def test_the_crop_is_a_square_around_the_face():
    face = found(80, 50, 100, 98)  # 20 wide, 48 high: from 90 - 24 to 90 + 24, each pixel as it is
    assert crop_face(across(), face)[10] == pytest.approx(np.arange(66, 114), abs=1)
    top = 50 - ABOVE * 48
    assert crop_face(down(), face)[:, 10] == pytest.approx(np.arange(48) + top, abs=1)


def test_the_margin_and_the_offset_are_those_of_the_detector(monkeypatch):
    monkeypatch.setitem(FRAMINGS, "mine", Framing(0.5, 0.25))
    face = found(80, 50, 100, 98, found_by="mine")  # 48 on each side of 90, and of 74 - 12
    assert face_square((150, 200), face) == pytest.approx((42, 14, 138, 110))
    assert face_square((150, 200), found(80, 50, 100, 98, found_by="yunet")) == pytest.approx((66, 49.28, 114, 97.28))


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_face_that_lies_is_cropped_upright(turn):
    upright = (down(120, 160) + across(120, 160) // 2).astype(np.uint8)
    expected = crop_face(upright, found(30, 20, 70, 80))
    lying = np.ascontiguousarray(np.rot90(upright, turn // 90))  # turned clockwise by `turn` it is upright
    box, _ = turned((30, 20, 70, 80), (120, 160), -turn)
    assert abs(crop_face(lying, found(*box, turn=turn)).astype(int) - expected).max() <= 1


@pytest.mark.parametrize("tilt", [-30, 12, 45])
def test_a_head_that_leans_is_cropped_straight(tilt):
    xs, ys = np.meshgrid(np.arange(200) - 99.5, np.arange(200) - 99.5)
    angle = np.radians(tilt)
    gray = np.rint(128 + 0.6 * (ys * np.cos(angle) - xs * np.sin(angle))).astype(np.uint8)
    picture = np.repeat(gray[..., None], 3, axis=2)
    face = Face((70, 70, 130, 130), 0.9, "mtcnn", tilt=tilt)  # rows of one gray lean as the head does
    crop = crop_face(picture, face).astype(int)
    assert np.ptp(crop, axis=1).max() <= 2
    middle = 128 + 0.6 * 60 * ((np.arange(48) + 0.5) / 48 - 0.5 - ABOVE)
    assert crop[:, 24] == pytest.approx(middle, abs=2)


def test_a_head_that_leans_at_the_edge_is_filled_up_from_within():
    crop = crop_face(np.full((60, 80, 3), 90, np.uint8), Face((0, 0, 60, 60), 0.9, "mtcnn", tilt=30))
    assert np.array_equal(crop, np.full((48, 48), 90))


@pytest.mark.parametrize(
    ("turn", "tilt", "rotation"), [(0, 0, 0), (90, 0, 90), (270, 0, -90), (180, 0, 180), (0, 20, -20), (90, -20, 110)]
)
def test_a_rotation_is_what_sets_a_face_upright(turn, tilt, rotation):
    assert Face((0, 0, 9, 9), 0.9, "mtcnn", turn, tilt).rotation == rotation


def test_a_box_turns_with_its_picture():
    box, shape = (10, 20, 40, 30), (100, 200)  # 100 high, 200 wide
    assert turned(box, shape, 90) == ((70, 10, 80, 40), (200, 100))
    assert turned(box, shape, 180) == ((160, 70, 190, 80), (100, 200))
    assert turned(box, shape, 270) == turned(box, shape, -90) == ((20, 160, 30, 190), (200, 100))


def test_only_a_face_that_was_looked_for_in_vain_is_doubtful():
    box = (0, 0, 48, 48)
    faces = [Face(box), Face(box, found_by=NOTHING), Face(box, 0.9, "yunet"), Face(box, 0.9, "yunet", whole=True)]
    assert [face.doubtful for face in faces] == [False, True, False, False]
    assert [face.is_crop for face in faces] == [True, True, False, True]


def test_a_square_beyond_the_edge_is_moved_into_the_picture():
    assert crop_face(across(), found(0, 50, 20, 98))[10] == pytest.approx(np.arange(48), abs=1)
    assert crop_face(down(), found(50, 180, 98, 200))[:, 10] == pytest.approx(np.arange(152, 200), abs=1)


def test_a_square_larger_than_the_picture_is_made_smaller():
    crop = crop_face(across(96, 200), found(20, 0, 140, 96))  # 96 of 120 pixels: from 32 to 128
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
