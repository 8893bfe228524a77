"""Faces between two searches: where they move, they are followed; where that fails, they are looked for."""

import numpy as np
import pytest
from PIL import Image, ImageFilter

from fercore.inference.faces import Face
from fercore.inference.following import Follower, follow
from fercore.inference.tracks import overlap

SIDE = 60


@pytest.fixture(scope="module")
def texture():
    """Something with as much to hold on to as a face: noise, blurred."""
    noise = np.random.default_rng(3).integers(0, 256, (SIDE * 2, SIDE * 2), dtype=np.uint8)
    blurred = Image.fromarray(noise).filter(ImageFilter.GaussianBlur(4))
    values = np.asarray(blurred, float)
    return Image.fromarray(np.clip(128 + 4 * (values - values.mean()), 0, 255).astype(np.uint8))


def scene(texture, *places, ground=90):
    """A picture 320x240 with squares (left, top, side) of the texture; even places show it, odd ones mirrored."""
    picture = Image.new("RGB", (320, 240), (ground, ground, ground))
    for number, place in enumerate(places):
        if place:
            left, top, side = place
            own = texture.resize((side, side)).transpose(Image.Transpose.FLIP_LEFT_RIGHT if number % 2 else 0)
            picture.paste(
                own.convert("RGB") if number % 2 else texture.resize((side, side)).convert("RGB"), (left, top)
            )
    return np.asarray(picture)


def box(left, top, side=SIDE):
    return float(left), float(top), float(left + side), float(top + side)


class Told:
    """A detector that is told what is where, and counts how often it is asked."""

    upright = 0.0

    def __init__(self):
        self.places, self.asked = [], 0

    def __call__(self, picture):
        self.asked += 1
        return [Face(box(*place), 0.9, "yunet") for place in self.places if place]


def seen(follower, detector, texture, *places, **settings):
    detector.places = places
    return follower(scene(texture, *places, **settings))


def test_a_box_moves_and_grows_with_what_it_shows(texture):
    before, after = (scene(texture, place)[..., 0].copy() for place in ((100, 80, 60), (109, 76, 66)))
    (moved,) = follow(before, after, [np.array(box(100, 80))])
    assert moved == pytest.approx(box(109, 76, 66), abs=1.0)
    assert follow(before, after, []) == []


def test_what_is_gone_is_lost(texture):
    before, after = scene(texture, (100, 80, 60))[..., 0].copy(), scene(texture)[..., 0].copy()
    assert follow(before, after, [np.array(box(100, 80))]) == [None]


def test_faces_are_looked_for_in_every_third_picture_and_followed_between(texture):
    detector = Told()
    follower = Follower(detector, 3)
    for number in range(9):
        places = (40 + 5 * number, 60, SIDE), (220 - 4 * number, 140, SIDE)
        faces = seen(follower, detector, texture, *places)
        assert [face.followed for face in faces] == [number % 3 > 0] * 2
        for face, place in zip(faces, places, strict=True):
            assert overlap(face.box, box(*place)) > 0.95
            assert (face.found_by, face.score) == ("yunet", 0.9)
    assert (follower.looks, detector.asked) == (3, 3)


def test_every_picture_is_looked_at_unless_told_otherwise(texture):
    detector = Told()
    follower = Follower(detector)
    for number in range(3):
        faces = seen(follower, detector, texture, (40 + number, 60, SIDE))
        assert not faces[0].followed
    assert detector.asked == 3


@pytest.mark.parametrize(
    "after",
    [
        {"places": [None]},  # gone
        {"places": [(140, 160, SIDE)]},  # too far away for flow
        {"places": [(100, 80, SIDE)], "ground": 250},  # a cut
    ],
)
def test_where_following_fails_faces_are_looked_for_at_once(texture, after):
    detector = Told()
    follower = Follower(detector, 10)
    for _ in range(2):
        seen(follower, detector, texture, (100, 80, SIDE))
    assert follower.looks == 1
    places = after["places"]
    faces = seen(follower, detector, texture, *places, ground=after.get("ground", 90))
    assert [face.box for face in faces] == [box(*place) for place in places if place]
    assert follower.looks == 2
    seen(follower, detector, texture, *places, ground=after.get("ground", 90))  # and following begins anew
    assert follower.looks == 2


def test_who_may_be_taken_for_another_is_looked_for(texture):
    detector = Told()
    follower = Follower(detector, 10)
    for left in (62, 52, 38):
        seen(follower, detector, texture, (30, 60, SIDE), (left + 38, 60, SIDE))
    assert follower.looks == 2  # the third picture shows them overlapping


def test_who_comes_is_found_at_the_next_search(texture):
    detector = Told()
    follower = Follower(detector, 3)
    counts = [len(seen(follower, detector, texture, *[(100, 80, SIDE)] * (number > 0))) for number in range(5)]
    assert counts == [0, 0, 0, 1, 1]


def test_a_crop_and_a_picture_of_another_size_are_never_followed(texture):
    follower = Follower(lambda picture: [], 5)
    small = scene(texture, (100, 80, SIDE))[80:140, 100:160]
    for _ in range(3):
        (face,) = follower(small)
        assert not face.followed
    assert follower.looks == 3
    detector = Told()
    follower = Follower(detector, 5)
    seen(follower, detector, texture, (100, 80, SIDE))
    follower(scene(texture, (100, 80, SIDE))[:200])
    assert follower.looks == 2


@pytest.mark.parametrize("every", [0, 31])
def test_how_often_is_checked(every):
    with pytest.raises(ValueError, match=f"received a look at every {every}. picture, expected every 1. to 30."):
        Follower(None, every)
