import itertools

import numpy as np
import pytest

from fercore.emotions import (
    ALIASES,
    COLORS,
    EMOTIONS,
    KNOWN,
    OTHER_COLORS,
    UnknownEmotion,
    canonical,
    class_columns,
    classes_problem,
    color,
    colors,
    emotion_index,
)


def test_order_is_that_of_fer2013s_codes():
    assert EMOTIONS == ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
    assert [emotion_index(name) for name in EMOTIONS] == [0, 1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("name", "code"),
    [("Anger", 0), ("disgusted", 1), ("FEARFUL", 2), (" Happiness\n", 3), ("joy", 3), ("sadness", 4), ("surprised", 5)],
)
def test_other_names_map_to_the_same_classes(name, code):
    assert emotion_index(name) == code


@pytest.mark.parametrize("name", ["contempt", "", "0", "happ", "happy sad", None])
def test_an_unknown_name_is_refused_with_what_is_known(name):
    with pytest.raises(UnknownEmotion, match=r"expected one of angry, disgust, fear, happy, sad, surprise, neutral"):
        emotion_index(name)


def test_other_names_map_to_the_classes_in_question():
    assert emotion_index("Contemptuous", KNOWN) == 7
    assert emotion_index("joy", ("happy", "bored")) == 0
    with pytest.raises(UnknownEmotion, match=r"expected one of happy, bored \(or happiness, joy, joyful\)"):
        emotion_index("sad", ("happy", "bored"))


def test_aliases_lead_to_known_classes_and_shadow_none():
    assert set(ALIASES.values()) <= set(KNOWN)
    assert not set(ALIASES) & set(KNOWN)
    assert [canonical(name) for name in (" Happiness\n", "CONTEMPT", "Bored")] == ["happy", "contempt", "bored"]


@pytest.mark.parametrize(
    ("classes", "problem"),
    [
        ("angry", "received str, expected a list of 2 to 1,000 names"),
        (["angry"], "received 1 entries, expected"),
        ([str(i) for i in range(1001)], "received 1,001 entries, expected"),
        (["angry", 3], "received 3, expected printable names"),
        (["angry", ""], "received '', expected printable names of 1 to 60 characters"),
        (["angry", "a" * 61], "expected printable names"),
        (["angry", "a\nb"], "expected printable names"),
        (["angry", "\ud800"], "expected printable names"),
        (["angry", " sad"], "received ' sad', expected names without blanks around them"),
        (["angry", "sad", "angry"], "received 'angry' twice"),
    ],
)
def test_what_is_no_list_of_classes_is_told(classes, problem):
    assert problem in classes_problem(classes)


@pytest.mark.parametrize("classes", [list(EMOTIONS), ["ärgerlich", "a" * 60], [str(i) for i in range(1000)]])
def test_lists_of_classes(classes):
    assert classes_problem(classes) is None


def test_every_known_class_has_its_own_colour():
    assert tuple(COLORS) == KNOWN == (*EMOTIONS, "contempt")
    assert [color(name) for name in KNOWN] == list(COLORS.values())
    assert len({*COLORS.values(), *OTHER_COLORS}) == 8 + 14


def test_an_unknown_class_has_a_colour_that_is_nobody_elses():
    names = [*KNOWN, *(f"class {number}" for number in range(992))]
    found = colors(names)
    assert list(found) == names
    assert len(set(found.values())) == 1000
    assert {found[name] for name in names[8:22]} == set(OTHER_COLORS)
    assert all(len(value) == 7 and int(value[1:], 16) >= 0 for value in found.values())


def test_the_colour_of_an_unknown_class_is_stable():
    assert color("bored") == colors(("happy", "bored", "sad"))["bored"]
    assert (color("bored"), color("pain")) == ("#785484", "#B43C0C")  # through releases and processes


def test_colours_of_classes_are_told_apart_by_every_eye():
    labs = {name: seen(name) for name in (COLORS["contempt"], *OTHER_COLORS)}
    known = [seen(COLORS[name]) for name in EMOTIONS]
    for first, second in itertools.combinations(labs.values(), 2):
        assert np.linalg.norm(first - second, axis=1).min() > 0.058
    for lab, other in itertools.product(labs.values(), known):
        assert np.linalg.norm(lab - other, axis=1).min() > 0.058


# Machado, Oliveira and Fernandes 2009, severity 1.0: normal vision, protanopia, deuteranopia, tritanopia.
_EYES = np.array(
    [
        [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
    ]
)
_LMS = np.array(
    [[0.41222147, 0.53633254, 0.05144599], [0.21190350, 0.68069955, 0.10739696], [0.08830246, 0.28171884, 0.62997870]]
)
_LAB = np.array(
    [
        [0.21045426, 0.79361779, -0.00407205],
        [1.97799850, -2.42859221, 0.45059371],
        [0.02590404, 0.78277177, -0.80867577],
    ]
)


def seen(value):
    """A colour in Oklab (Ottosson 2020) as each of the four eyes sees it, (4, 3)."""
    srgb = np.array([int(value[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    return np.cbrt(np.clip(_EYES @ linear, 0, 1) @ _LMS.T) @ _LAB.T


def test_no_class_takes_the_column_of_something_else():
    assert class_columns(EMOTIONS, ["time"]) == EMOTIONS
    assert class_columns(["time", "happy", "sure"], ["sure", "time", "file"]) == (
        "time (class)",
        "happy",
        "sure (class)",
    )
    # Nor that of another class, whatever it is called.
    odd = ["a (class)", "a", "b", "b (class)", "b (class 2)"]
    assert class_columns(odd, ["a", "b"]) == ("a (class)", "a (class 2)", "b (class 3)", "b (class)", "b (class 2)")
