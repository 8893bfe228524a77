"""Where a heat map is strongest."""

import numpy as np
import pytest

from fercore.explain.places import Place, strongest_place


@pytest.mark.parametrize(
    ("row", "column", "words"),
    [(0, 0, "the upper left"), (20, 40, "the middle right"), (24, 24, "the centre"), (47, 16, "the lower centre")],
)
def test_the_ninth_that_holds_everything(row, column, words):
    heat = np.zeros((48, 48), np.float32)
    heat[row, column] = 2
    assert strongest_place(heat) == Place(words, 1.0)


def test_the_share_is_of_what_is_positive():
    heat = np.zeros((48, 48))
    heat[0, 0], heat[0, 47], heat[47, 0] = 3, 1, -8
    assert strongest_place(heat) == Place("the upper left", 0.75)


def test_an_even_map_holds_a_ninth_anywhere():
    assert strongest_place(np.ones((48, 48))).share == pytest.approx(1 / 9)


def test_sides_that_are_not_divisible_by_three():
    heat = np.zeros((64, 10))
    heat[20, 2], heat[21, 3], heat[63, 9] = 1, 2, 1  # thirds begin at rows 0, 21, 43 and at columns 0, 3, 7
    assert strongest_place(heat) == Place("the centre", 0.5)


@pytest.mark.parametrize("value", [0, -1])
def test_no_place_where_nothing_is_positive(value):
    assert strongest_place(np.full((48, 48), value)) is None
