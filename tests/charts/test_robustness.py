"""What charts of disturbed pictures hold."""

import pandas as pd
import pytest

from fercore.charts.robustness import FIGURES, heat_chart, kind_chart, level_words, strength_chart
from fercore.charts.style import run_styles
from fercore.evaluation.disturbances import KINDS
from fercore.evaluation.robustness import kind_table, strength_table
from tests.factories.robustness import made_counts

OTHERS = [name for name in FIGURES if name != "accuracy"]


def rows_of(chart):
    return pd.concat([pd.DataFrame(rows) for rows in chart.to_dict()["datasets"].values()])


@pytest.mark.slow
def test_mean_accuracy_of_each_kind_lowest_first():
    counts = made_counts(lambda kind, strength: {"noise": 9, "hand": 8}.get(kind, 4) * strength + 10)
    chart = kind_chart(
        {"a": kind_table(counts), "b": kind_table(made_counts())}, run_styles("ab"), {"a": 0.9, "b": 0.8}
    )
    whole, points = chart.to_dict()["layer"][0], chart.to_dict()["layer"][2]
    assert points["encoding"]["y"]["sort"][:2] == ["noise", "hand"]
    rows = rows_of(chart)
    noise = rows[(rows["kind"] == "noise") & (rows["run"] == "a")].iloc[0]
    assert noise["value"] == pytest.approx(0.63)
    assert noise["words"].startswith("63.0 % (")
    assert noise["loss"].startswith("27.0 (")
    assert len(rows[rows["kind"].notna()]) == 2 * len(KINDS)
    lines = chart.to_dict()["datasets"][whole["data"]["name"]]
    assert [(line["run"], line["accuracy"]) for line in lines] == [("a", 0.9), ("b", 0.8)]


@pytest.mark.parametrize("name", ["accuracy", *(pytest.param(name, marks=pytest.mark.slow) for name in OTHERS)])
def test_lines_and_cells_hold_every_kind_and_strength(name):
    table = strength_table(made_counts())
    charts = [strength_chart({"a": table, "b": table}, run_styles("ab"), name, kind).to_dict() for kind in KINDS]
    lines = pd.concat([pd.DataFrame(rows) for chart in charts for rows in chart["datasets"].values()])
    assert len(lines) == 2 * (17 * 6 + 2)
    assert set(lines["kind"]) == set(KINDS)
    scales = [chart["layer"][1]["encoding"]["y"]["scale"]["domain"] for chart in charts]
    assert all(scale == scales[0] for scale in scales)
    cells = rows_of(heat_chart(table, name))
    assert len(cells) == 17 * 6 + 2


@pytest.mark.slow
def test_cells_are_labelled_and_ordered_by_accuracy():
    table = strength_table(made_counts(lambda kind, strength: 10 + (9 if kind == "noise" else 4) * strength))
    chart = heat_chart(table, "accuracy")
    cells = rows_of(chart)
    assert cells[cells["kind"] == "noise"]["label"].tolist() == ["90 %", "81 %", "72 %", "63 %", "54 %", "45 %"]
    assert chart.to_dict()["layer"][0]["encoding"]["y"]["sort"][0] == "noise"


def test_a_share_of_few_sure_answers_is_not_drawn():
    table = strength_table(made_counts(confidence=lambda kind, strength: 0.75 if strength < 4 else 0.4))
    cells = rows_of(heat_chart(table, "sure_right"))
    assert cells[cells["kind"] == "noise"]["strength"].tolist() == [0, 1, 2, 3]


@pytest.mark.rest_slow
@pytest.mark.parametrize("name", FIGURES)
def test_charts_of_few_images_and_of_no_sure_answer_hold_numbers(name):
    """Fewer than 50 images are drawn like more, but for shares of their sure answers; no scale has an end without."""
    table = strength_table(made_counts(n=40, split_size=40))
    scale = strength_chart({"a": table}, run_styles("a"), name, "noise").to_dict()["layer"][1]["encoding"]["y"]["scale"]
    assert all(0 <= end <= 1 for end in scale["domain"])
    assert len(rows_of(heat_chart(table, name))) == (0 if name == "sure_right" else 17 * 6 + 2)
    assert "NaN" not in heat_chart(table, name).to_json()


def test_levels_in_words():
    assert level_words("noise", 3) == "3: 20 (standard deviation in gray levels of 255)"
    assert level_words("mask", 0) == "0: as it is"
