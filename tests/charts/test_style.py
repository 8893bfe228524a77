"""Colours that can be told apart and read; numbers as people read them."""

import itertools

import numpy as np
import pytest

from fercore.charts import style
from fercore.emotions import EMOTIONS

WHITE, DARK_GROUND = "#FFFFFF", "#12171D"  # page grounds of dashboard/.streamlit/config.toml


def contrast(first, second):
    """WCAG contrast ratio of two colours, 1 to 21."""
    low, high = sorted(style.luminance(style.rgb(color)) for color in (first, second))
    return (high + 0.05) / (low + 0.05)


def test_contrast_formula_on_known_colours():
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.005)  # WCAG's textbook example of just too light


@pytest.mark.parametrize("color", [*style.RUN_COLORS, style.RIGHT, style.WRONG])
@pytest.mark.parametrize("ground", [WHITE, DARK_GROUND])
def test_colours_stand_out_in_light_and_dark(color, ground):
    assert contrast(color, ground) >= 3


def test_a_run_looks_the_same_whatever_the_order_of_names():
    assert style.run_styles(["b", "a", "c"]) == style.run_styles(["c", "b", "a", "b"])
    assert style.run_styles(["b", "a"])["a"] == style.RunStyle("#2E9FD0", "circle")


def test_parts_of_studies_take_no_colour_from_the_others():
    styles = style.run_styles(["a-point", "b", "c"], parts=["a-point"])
    assert list(styles) == ["b", "c", "a-point"]
    assert styles["c"] == style.RunStyle(style.RUN_COLORS[1], style.RUN_SHAPES[1])


def test_runs_beside_each_other_have_colours_of_their_own_as_far_as_there_are_any():
    styles = style.run_styles("abcdefg")  # of which the first and the seventh have one colour
    beside = style.told_apart(styles, "agb")
    assert [look.color for look in beside.values()] == [style.RUN_COLORS[number] for number in (0, 1, 2)]
    assert [look.shape for look in beside.values()] == [styles[name].shape for name in "agb"]
    assert style.told_apart(styles, "gfedcba")["a"] == styles["a"]


def test_forty_two_runs_all_look_different():
    styles = style.run_styles(f"run-{i:02d}" for i in range(42))
    assert len(set(styles.values())) == 42


def test_emotion_scale_keeps_the_order_of_the_classes():
    scale = style.emotion_scale().to_dict()
    assert scale["domain"] == list(EMOTIONS)
    assert (scale["range"][0], scale["range"][4]) == ("#D55E00", "#0072B2")


def test_runs_shown_keep_their_colour_and_shape():
    styles = style.run_styles(["a", "b", "c"])
    color, shape = (channel(styles, ["c", "a"]).to_dict() for channel in (style.run_color, style.run_shape))
    assert color["scale"] == {"domain": ["c", "a"], "range": [style.RUN_COLORS[2], style.RUN_COLORS[0]]}
    assert shape["scale"] == {"domain": ["c", "a"], "range": ["triangle-up", "circle"]}
    assert style.run_color(styles, ["a"]).to_dict()["legend"] is None


def test_train_and_validation_differ_by_dash():
    assert style.set_dash().to_dict()["scale"] == {"domain": ["validation", "train"], "range": [[1, 0], [5, 4]]}


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("make", [style.sequential, style.diverging])
def test_text_is_legible_on_every_colour_of_the_scales(make, dark):
    scale = make(2.0, dark)
    stops, domain = np.array([style.rgb(color) for color in scale["range"]]), scale["domain"]
    values = np.linspace(domain[0], domain[-1], 201)
    inks = style.ink_on(values, scale)
    for value, ink in zip(values, inks, strict=True):
        cell = [np.interp(value, domain, stops[:, channel]) for channel in range(3)]
        low, high = sorted((style.luminance(cell), style.luminance(style.rgb(ink))))
        assert (high + 0.05) / (low + 0.05) >= 4.5


@pytest.mark.parametrize("dark", [False, True])
def test_scales_start_at_the_ground_and_rise_away_from_it(dark):
    scale = style.sequential(400, dark)
    assert scale["domain"] == [0, 100, 200, 300, 400]
    steps = [contrast(color, DARK_GROUND if dark else WHITE) for color in scale["range"]]
    assert steps[0] < 1.25
    assert all(later > earlier for earlier, later in itertools.pairwise(steps))


def test_diverging_scale_is_centred_on_zero():
    assert style.diverging(0.5)["domain"] == [-0.5, -0.25, 0, 0.25, 0.5]
    assert style.diverging(0.0)["domain"][2] == 0


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (style.percent(0.71284), "71.3 %"),
        (style.percent(1, digits=0), "100 %"),
        (style.with_range({"value": 0.713, "low": 0.698, "high": 0.728}), "71.3 % (69.8 to 72.8)"),
        (style.range_words({"low": -0.012, "high": -0.0004}), "−1.2 to 0.0"),
        (style.figure_words(0.713, 0.698, 0.728), "71.3 % (69.8 to 72.8)"),
        (style.figure_words(0.713, np.nan, None), "71.3 %"),
        (style.figure_words(np.nan, np.nan, np.nan), ""),
        (style.points(0.0523), "5.2 points"),
        (style.p_value(0.0336), "0.034"),
        (style.p_value(0.00099), "< 0.001"),
        (style.p_value(0.04999), "< 0.050"),  # less than 0.05, which "0.050" would hide
        (style.p_value(0.0501), "0.050"),
        (style.p_value(np.nan), ""),
        (style.count(28709), "28,709"),
        (style.duration(0.84), "0.8 s"),
        (style.duration(9.97), "10 s"),
        (style.duration(59.6), "1 min 0 s"),
        (style.duration(104), "1 min 44 s"),
        (style.duration(7384), "2 h 3 min"),
    ],
)
def test_numbers_as_people_read_them(found, expected):
    assert found == expected
