"""The bars of one face's probabilities."""

import numpy as np

from fercore.charts.probabilities import probability_bars
from fercore.emotions import COLORS, EMOTIONS
from tests.charts import layer, rows


def test_each_emotion_has_its_bar_colour_and_figure():
    probabilities = np.array([0.02, 0.01, 0.714, 0.05, 0.14, 0.016, 0.05], np.float32)
    chart = probability_bars(probabilities)
    bars = layer(chart, "bar")
    assert [row["emotion"] for row in rows(bars)] == list(EMOTIONS)
    assert bars["encoding"]["y"]["sort"] == list(EMOTIONS)
    assert rows(bars)[2]["label"] == "71.4 %"
    assert bars["encoding"]["color"]["scale"]["range"] == [COLORS[emotion] for emotion in EMOTIONS]
    assert layer(chart, "text")["encoding"]["text"]["field"] == "label"
    # A bar of 100 % and its figure fit.
    assert bars["encoding"]["x"]["scale"]["domain"][1] > 1
