"""Heat maps over a face: colours, transparency, and the value that is drawn at full strength."""

import numpy as np
import pytest

from fercore.charts.grids import HEAT
from fercore.charts.heatmaps import SIGNED, colour_bar, full_colour, over_face
from fercore.charts.style import luminance, rgb

GRAY = np.full((48, 48), 100, np.uint8)


def constant(value):
    return np.full((48, 48), value, np.float32)


def shown(heat, **settings):
    """The one colour of a constant heat map over a gray face."""
    picture = over_face(GRAY, heat, **settings)
    assert (picture.shape, picture.dtype) == ((480, 480, 3), np.uint8)
    assert (picture == picture[0, 0]).all()
    return picture[0, 0].tolist()


def mixed(colour, opacity):
    return [round((1 - opacity) * 100 + opacity * 255 * part) for part in rgb(colour)]


def test_full_strength_hides_the_face_as_much_as_the_opacity_says():
    assert shown(constant(3), full=3, signed=False, opacity=1) == mixed(HEAT["range"][-1], 1)
    assert shown(constant(3), full=3, signed=False, opacity=0.5) == mixed(HEAT["range"][-1], 0.5)
    assert shown(constant(3), full=3, signed=False, opacity=0) == [100, 100, 100]


def test_half_strength_is_half_as_opaque():
    assert shown(constant(1.5), full=3, signed=False, opacity=0.8) == mixed(HEAT["range"][2], 0.4)


@pytest.mark.parametrize("signed", [False, True])
def test_the_face_is_seen_where_the_map_is_zero(signed):
    assert shown(constant(0), full=3, signed=signed, opacity=1) == [100, 100, 100]
    assert shown(constant(0), full=0, signed=signed, opacity=1) == [100, 100, 100]  # an empty map


def test_signs_are_blue_and_orange_and_stronger_values_stay_full():
    pro, contra = (shown(constant(value), full=2, signed=True, opacity=1) for value in (2, -2))
    assert pro == mixed(SIGNED["range"][-1], 1)
    assert contra == mixed(SIGNED["range"][0], 1)
    assert shown(constant(9), full=2, signed=True, opacity=1) == pro
    for weak in (0.6, 1.2, 2):
        red, _, blue = shown(constant(weak), full=2, signed=True, opacity=0.7)
        assert blue > red
        red, _, blue = shown(constant(-weak), full=2, signed=True, opacity=0.7)
        assert red > blue


def test_stronger_colours_are_lighter_on_both_sides():
    for colours in (HEAT["range"], SIGNED["range"][2:], SIGNED["range"][1::-1]):
        lightness = [luminance(rgb(colour)) for colour in colours]
        assert lightness == sorted(lightness)


def test_single_outlying_pixels_do_not_pale_all_others():
    heat = constant(0)
    heat[:, :4] = -1
    heat[0, 0] = 50
    assert full_colour(heat) == pytest.approx(1)


def test_maps_on_one_scale_share_their_full_colour():
    assert full_colour(constant(1), constant(-4)) == 4
    assert full_colour(constant(0), constant(0)) == 0


def test_a_map_with_few_pixels_is_still_seen():
    heat = constant(0)
    heat[3, 3] = -7
    assert full_colour(heat) == 7


def test_the_bar_runs_from_nothing_to_full_over_middle_gray():
    bar = colour_bar(False, opacity=1, width=101, height=3)
    assert (bar.shape, bar.dtype) == ((3, 101, 3), np.uint8)
    assert bar[0, 0].tolist() == [128, 128, 128]
    assert bar[2, -1].tolist() == mixed(HEAT["range"][-1], 1)
    signed = colour_bar(True, opacity=1, width=101)
    assert signed[0, 50].tolist() == [128, 128, 128]
    assert signed[0, 0].tolist() == mixed(SIGNED["range"][0], 1)
    assert signed[0, -1].tolist() == mixed(SIGNED["range"][-1], 1)
