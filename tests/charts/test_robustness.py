"""What counts of disturbed pictures say, and what their charts hold."""

import pandas as pd
import pytest

from fercore.charts.robustness import FIGURES, heat_chart, kind_rows, level_words, strength_chart, summary
from fercore.charts.style import run_styles
from fercore.evaluation.disturbances import KINDS
from fercore.evaluation.robustness import strength_table
from tests.factories.robustness import made_counts


def rows_of(chart):
    return pd.concat([pd.DataFrame(rows) for rows in chart.to_dict()["datasets"].values()])


def test_sentences():
    sizes = {"n": 200, "split_size": 200}
    own = made_counts(lambda kind, strength: {"noise": 9, "hand": 8}.get(kind, 4) * strength + 10, **sizes)
    said = summary(own, "mine", made_counts(lambda kind, strength: 10 + 8 * strength, weights_sha256="other", **sizes))
    assert said[0].startswith("mine has an accuracy of 95.0 % on 200 images of PrivateTest. It falls most, ")
    assert "under noise (81.5 % (" in said[0]
    assert "and hand (83.0 % (" in said[0]
    assert said[1].startswith("Its mean corruption error is ")
    assert said[2] == "Changes too small to see turn 2.0 % of its answers into others (2.0 to 2.0 by kind)."
    assert said[-1] == "Under no kind is accuracy higher at a strength than at the one before."


def test_without_a_baseline_or_a_threshold_nothing_is_said_of_them():
    found = made_counts(threshold=None)
    for baseline in (None, found):
        said = " ".join(summary(found, "mine", baseline))
        assert "corruption" not in said
        assert "threshold" not in said


def test_a_threshold_that_does_not_hold_is_told_with_its_worst_case():
    said = summary(made_counts(lambda kind, strength: 80 if (kind, strength) == ("blur", 4) else 10), "mine", None)
    assert (
        "under 1 of 86 disturbances fewer are, by more than noise, fewest under blur at strength 4: 20.0 %" in said[2]
    )
    held = summary(made_counts(lambda kind, strength: 10), "mine", None)
    assert held[2].endswith("which holds, within noise, under every disturbance.")


def test_how_many_kinds_are_not_monotone_is_told_in_short():
    wrong = {"equalised": lambda strength: 20 - 2 * strength, "noise": lambda strength: 30 - 5 * (strength == 4)}
    said = summary(made_counts(lambda kind, strength: wrong.get(kind, lambda _: 20)(strength)), "mine", None)
    assert said[-1] == (
        "Under 2 of 18 kinds accuracy is higher at some strength than at the one before, by 5.0 points at most (noise)."
    )
    assert len(summary(made_counts(lambda kind, strength: 40 - 6 * strength), "mine", None)[-1]) < 130


def test_rows_as_people_read_them():
    rows = kind_rows(made_counts(lambda kind, strength: 30 if kind == "mask" and strength else 10))
    assert rows.iloc[0, :2].tolist()[0] == "mask"
    assert rows.iloc[0, 1].startswith("70.0 % (")
    assert rows.iloc[0, 2].startswith("20.0 (")


@pytest.mark.parametrize("name", FIGURES)
def test_lines_and_cells_hold_every_kind_and_strength(name):
    table = strength_table(made_counts())
    charts = [strength_chart({"a": table, "b": table}, run_styles("ab"), name, kind) for kind in KINDS]
    lines = pd.concat([rows_of(chart) for chart in charts])
    assert len(lines) == 2 * (17 * 6 + 2)
    assert set(lines["kind"]) == set(KINDS)
    scales = [chart.to_dict()["layer"][1]["encoding"]["y"]["scale"]["domain"] for chart in charts]
    assert all(scale == scales[0] for scale in scales)
    cells = rows_of(heat_chart(table, name))
    assert len(cells) == 17 * 6 + 2


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
