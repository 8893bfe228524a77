"""What slices come to in words, in a table and in a chart."""

import numpy as np
import pytest

from fercore.charts.slices import attribute_names, confirmed_words, slice_chart, slice_words, table_rows
from fercore.charts.style import run_styles
from fercore.evaluation.attributes import named
from fercore.evaluation.slices import Searched, slice_table, slices_of
from fercore.runs import Predictions
from tests.factories.answers import answers, labels


def table(right):
    """Of slices a and b, 100 images each, and c, 10."""
    found = Predictions(np.arange(len(right)).astype(str), labels(right), answers([0.8] * len(right)))
    group = named("light", ["a"] * 100 + ["b"] * 100 + ["c"] * 10)
    return slice_table(found, slices_of([group]), resamples=5)


@pytest.fixture(scope="module")
def weak():
    return table("1" * 90 + "0" * 10 + "1" * 50 + "0" * 50 + "1" * 10)


def test_the_weakest_slice_in_words(weak):
    assert slice_words(weak.assign(same_classes=np.nan), "best", "PrivateTest", 210) == (
        "best is least accurate on PrivateTest (n = 210) where light is b: 50.0 % (40.4 to 59.6) of 100 images, "
        "90.9 % of the others."
    )


def test_the_classes_of_a_slice_are_named_as_a_reason(weak):
    mixed = weak.assign(same_classes=0.7)
    assert slice_words(mixed, "best", "PrivateTest", 210).endswith(
        "With this slice's mix of classes, the others' accuracy would be 70.0 %."
    )


def test_no_slice_is_weak_by_noise_alone():
    assert slice_words(table("10" * 105), "best", "PrivateTest", 210) == (
        "best has no slice on PrivateTest (n = 210) that is less accurate than the other images by more than noise."
    )


def test_a_search_says_that_it_searched(weak):
    row = weak[weak["slice"] == "b"]
    found = "12 slices of single attributes and pairs were searched on one half of the images, and the 1 most "
    assert confirmed_words(Searched(12, row, row)) == (
        f"{found}noticeable tested on the other half. Less accurate there too: light b (50.0 % (40.4 to 59.6) of 100 "
        "images, 90.9 % of the others)."
    )
    unconfirmed = confirmed_words(Searched(12, row, row.assign(p_holm=0.2)))
    assert unconfirmed.endswith("on the other half: none is less accurate there by more than noise.")
    nothing = confirmed_words(Searched(12, row.iloc[:0], row.iloc[:0]))
    assert nothing == "Of 12 slices large enough to search, none is less accurate than the other images."


def test_the_table_marks_what_is_too_small(weak):
    rows = table_rows(weak).set_index("Slice")
    assert rows["Images"].to_dict() == {"a": "100", "b": "100", "c": "10*"}
    assert rows["p (Holm)"].to_dict() == {"a": "< 0.001", "b": "< 0.001", "c": ""}
    assert rows.loc["b", "Difference, points"].startswith("−40.9 (−51.")
    assert rows.loc["c", "Others"] == "70.0 %"


def test_a_panel_for_each_attribute_and_a_look_for_each_run(weak):
    tables = {"x": weak, "y": weak}
    assert attribute_names(tables) == ["light"]
    chart = slice_chart(tables, run_styles(["x", "y"]), {"x": 0.7, "y": 0.7}, "light").to_dict()
    assert chart["title"]["text"] == "light"
    whole, rules, points = chart["layer"]
    assert rules["encoding"]["x2"]["field"] == "accuracy_high"
    assert points["encoding"]["shape"]["scale"]["domain"] == ["x", "y"]
    assert points["encoding"]["opacity"]["condition"] == {"test": "datum.small", "value": 0.35}
    assert chart["title"]["frame"] == "group"  # so that the titles of all charts are below each other
    assert "width" not in chart  # as wide as the page
    assert whole["mark"]["strokeDash"] == [4, 4]
    drawn = [row for data in chart["datasets"].values() for row in data if row.get("slice") == "c"]
    assert [row["images"] for row in drawn] == ["10 (fewer than 50: not tested)"] * 2
