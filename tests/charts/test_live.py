"""Charts that stand while their rows change."""

import numpy as np
import pytest

from fercore.charts.live import ROWS, answer_bars, answer_rows, minute_bars
from fercore.emotions import COLORS, EMOTIONS


def test_rows_of_two_models_one_of_which_gave_no_answer():
    happy = np.eye(7)[EMOTIONS.index("happy")] * 0.714
    rows = answer_rows(("CNN", "ViT"), np.stack([happy, np.full(7, np.nan)]))
    assert rows["model"].tolist() == ["CNN"] * 7
    assert rows["emotion"].tolist() == list(EMOTIONS)
    assert rows["probability"].tolist() == [0, 0, 0, 0.714, 0, 0, 0]
    assert rows["label"].tolist()[3] == "71.4 %"


@pytest.mark.parametrize("chart", [answer_bars(("CNN", "ViT"), ("#2E9FD0", "#CC3311")), minute_bars()])
def test_a_chart_holds_no_rows_of_its_own(chart):
    found = chart.to_dict()
    assert {part["data"]["name"] for part in found.get("layer", [found]) if "data" in part} | {
        found.get("data", {"name": ROWS})["name"]
    } == {ROWS}
    assert not found.get("datasets")


def test_bars_keep_their_places_and_colours_while_rows_are_missing():
    bars = answer_bars(("CNN", "ViT"), ("#2E9FD0", "#CC3311")).to_dict()["layer"][0]["encoding"]
    assert bars["y"]["scale"]["domain"] == list(EMOTIONS)
    assert bars["yOffset"]["scale"]["domain"] == ["CNN", "ViT"]
    assert bars["color"]["scale"] == {"domain": ["CNN", "ViT"], "range": ["#2E9FD0", "#CC3311"]}
    assert bars["x"]["scale"]["domain"][1] > 1  # a bar of 100 % and its figure fit


def test_a_minute_of_stacked_seconds():
    chart = minute_bars().to_dict()
    encoding = chart["encoding"]
    assert encoding["x"]["scale"]["domain"] == [-60, 0]
    assert encoding["y"]["stack"] == "zero"
    assert encoding["color"]["scale"]["range"] == [COLORS[emotion] for emotion in EMOTIONS]
    # The second that lasts, ago = 1, ends at 0, now.
    assert {part["as"]: part["calculate"] for part in chart["transform"][:2]} == {
        "start": "-datum.ago",
        "end": "1 - datum.ago",
    }


def test_colours_are_named_once_for_charts_below_each_other():
    assert minute_bars(legend=False).to_dict()["encoding"]["color"]["legend"] is None
    assert minute_bars().to_dict()["encoding"]["color"]["legend"]["orient"] == "top"
