"""Faces keep their number while place and motion tell that they are the same."""

import numpy as np
import pytest

from fercore.inference.tracks import Tracker, generalised_overlap, overlap


def square(x: float, y: float = 100, side: float = 40) -> tuple[float, float, float, float]:
    return (x - side / 2, y - side / 2, x + side / 2, y + side / 2)


def follow(paths: list[list[float | None]], step: float = 0.2, gap: float = 2.0) -> list[list[int | None]]:
    """Track numbers of people who walk along a line: where each is at each look, None where nobody sees him."""
    tracker, found = Tracker(gap), [[] for _ in paths]
    for look, places in enumerate(zip(*paths, strict=True)):
        seen = [person for person, place in enumerate(places) if place is not None]
        seen.sort(key=lambda person: places[person])  # as a detector gives them: from left to right
        numbers = dict(zip(seen, tracker.update(look * step, [square(places[p]) for p in seen]), strict=True))
        for person, row in enumerate(found):
            row.append(numbers.get(person))
    return found


def test_overlap_is_exact():
    assert overlap((0, 0, 2, 2), (1, 0, 3, 2)) == pytest.approx(2 / 6)
    assert overlap((0, 0, 2, 2), (2, 0, 3, 2)) == 0.0
    assert overlap((0, 0, 2, 2), (0, 0, 2, 2)) == 1.0
    one = np.array([0.0, 0, 1, 1])
    assert generalised_overlap(one, one) == 1.0
    assert generalised_overlap(one, np.array([1.5, 0, 2.5, 1])) == pytest.approx(-0.2)
    assert generalised_overlap(one, np.array([0.5, 0, 1.5, 1])) == pytest.approx(1 / 3)


def test_three_people_cross():
    looks = range(21)
    right = [100.0 + 20 * look for look in looks]
    left = [500.0 - 20 * look for look in looks]
    # Where two stand in one place the detector sees one of them: the one who walks.
    hidden = [None if min(abs(r - 300), abs(le - 300)) < 25 else 300.0 for r, le in zip(right, left, strict=True)]
    left = [None if abs(r - le) < 25 else le for r, le in zip(right, left, strict=True)]
    found = follow([right, left, hidden])
    for person in found:
        assert len({number for number in person if number}) == 1
    assert len({person[0] for person in found}) == 3


def test_who_returns_soon_is_the_same_and_later_a_new_one():
    path = [100.0] * 5 + [None] * 8 + [104.0] * 5  # 1.8 s between two looks at him
    assert set(follow([path])[0]) == {1, None}
    assert follow([path], gap=1.0)[0] == [1] * 5 + [None] * 8 + [2] * 5


def test_someone_else_in_another_place_is_new_at_once():
    assert follow([[100.0, 102, 104, None, None], [None, None, None, 400.0, 402]]) == [
        [1, 1, 1, None, None],
        [None, None, None, 2, 2],
    ]


def test_a_face_of_another_size_is_another_face():
    tracker = Tracker()
    assert tracker.update(0, [square(100, side=40)]) == [1]
    assert tracker.update(0.2, [square(100, side=120)]) == [2]
    assert tracker.update(0.4, [square(100, side=110)]) == [2]


def test_a_cut_ends_all_tracks():
    tracker = Tracker()
    dark, light = (np.full((60, 80, 3), value, np.uint8) for value in (30, 220))
    assert tracker.update(0.0, [square(100)], dark) == [1]
    assert tracker.update(0.5, [square(101)], dark + 10) == [1]
    assert tracker.update(1.0, [square(102)], light) == [2]
    assert tracker.update(1.5, [square(103)], light) == [2]
    assert tracker.cuts == [1.0]


def test_noise_of_a_dark_picture_is_no_cut():
    tracker, random = Tracker(), np.random.default_rng(0)
    blocks = random.integers(-8, 9, (5, 4, 4, 3)).repeat(24, axis=1).repeat(32, axis=2)  # colours of the coding
    numbers = [tracker.update(look / 5, [square(100)], (24 + blocks[look]).astype(np.uint8)) for look in range(5)]
    assert numbers == [[1]] * 5
    assert tracker.cuts == []


def test_a_change_of_colour_alone_is_a_cut():
    tracker, red, blue = Tracker(), np.zeros((96, 128, 3), np.uint8), np.zeros((96, 128, 3), np.uint8)
    red[..., 0], blue[..., 2] = 200, 200
    assert [tracker.update(time, [square(100)], picture) for time, picture in ((0.0, red), (0.2, blue))] == [[1], [2]]


def test_numbers_do_not_depend_on_the_order_of_boxes_and_are_never_reused():
    tracker = Tracker()
    assert tracker.update(0, [square(100), square(300)]) == [1, 2]
    assert tracker.update(0.2, [square(302), square(101)]) == [2, 1]
    assert tracker.update(5, [square(100)]) == [3]
    assert tracker.update(5.2, []) == []


def test_looks_come_in_order():
    tracker = Tracker()
    tracker.update(1.0, [])
    with pytest.raises(ValueError, match="in order"):
        tracker.update(0.5, [])
