"""Pictures of many tiles: every tile at its place, in its colours."""

import io

import altair as alt
import numpy as np
import pytest
from PIL import Image

from fercore.charts.grids import GROUND, Layout, colored, gray, grid, overlay, png
from fercore.charts.style import diverging

BLACK_TO_WHITE = alt.Scale(domain=[0, 10], range=["#000000", "#FFFFFF"])


def test_colours_are_interpolated_and_end_at_the_ends():
    found = colored(np.array([[-5, 0], [5, 99]]), BLACK_TO_WHITE)
    assert (found.dtype, found.tolist()) == (np.uint8, [[[0] * 3, [0] * 3], [[128] * 3, [255] * 3]])
    middle, most = colored(np.array([0.0, 2.0]), diverging(2.0))
    assert (middle.tolist(), most.tolist()) == ([0xF5] * 3, [0x0B, 0x3F, 0x7A])


def test_the_corners_of_a_layout():
    layout = Layout(2, 3, tile=10, gap=4, left=20, top=5, below=6)
    assert (layout.width, layout.height) == (20 + 3 * 14, 5 + 2 * 20)
    assert [layout.corner(number) for number in (0, 2, 3)] == [(22, 7), (50, 7), (22, 27)]


@pytest.mark.parametrize("dark", [False, True])
def test_tiles_are_enlarged_pixel_by_pixel_on_the_page_s_ground(dark):
    tile = np.array([[[255, 0, 0], [0, 255, 0]]], np.uint8)  # one row, two columns
    found = grid([tile, tile[:, ::-1]], Layout(1, 3, tile=4, gap=2), dark)
    ground = [int(GROUND["dark" if dark else "light"][i : i + 2], 16) for i in (1, 3, 5)]
    assert found.shape == (12, 36, 3)
    assert (found[2:10, 2:6] == [255, 0, 0]).all()
    assert (found[2:10, 6:10] == [0, 255, 0]).all()
    assert (found[2:10, 14:18] == [0, 255, 0]).all()
    outside = np.ones((12, 36), bool)
    outside[2:10, 2:10] = outside[2:10, 14:22] = False
    assert (found[outside] == ground).all()


def test_labels_are_written_below_above_and_before_tiles():
    tiles = [np.zeros((1, 1, 3), np.uint8)] * 4
    layout = Layout(2, 2, tile=20, gap=4, left=30, top=20, below=14)
    plain = grid(tiles, layout)

    def inked(**texts):
        """Rows and columns of the tiles' surroundings, in screen pixels, that a text touched."""
        changed = np.argwhere((grid(tiles, layout, **texts) != plain).any(axis=2)) // 2
        return changed.min(axis=0), changed.max(axis=0)

    (top, left), (bottom, right) = inked(labels=["", "", "", "7"])
    x, y = layout.corner(3)
    assert y + 20 <= top <= bottom < y + 34
    assert x <= left <= right <= x + 20
    (top, left), (bottom, right) = inked(columns=["", "b"])
    x, y = layout.corner(1)
    assert 0 <= top <= bottom < y
    assert x <= left <= right <= x + 20
    (top, left), (bottom, right) = inked(rows=["", "c"])
    x, y = layout.corner(2)
    assert y <= top <= bottom < y + 20
    assert 0 <= left <= right < x


def test_heat_hides_the_face_as_far_as_it_is_hot():
    face = np.full((4, 4), 100, np.uint8)
    assert (overlay(face, np.zeros((2, 2)), side=8) == 100).all()
    white = alt.Scale(domain=[0, 1], range=["#000000", "#FFFFFF"])
    assert (overlay(face, np.ones((2, 2)), side=8, opacity=0.4, scale=white) == 162).all()  # 0.6 * 100 + 0.4 * 255
    assert overlay(face, np.full((2, 2), 9.0), side=8, opacity=1.0).tolist() == [[[0xFC, 0xFD, 0xBF]] * 8] * 8


def test_gray_faces_have_three_equal_channels():
    assert gray(np.array([[[1, 2]]], np.uint8)).tolist() == [[[[1, 1, 1], [2, 2, 2]]]]


def test_a_png_holds_the_same_pixels():
    picture = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(png(picture)))), picture)
