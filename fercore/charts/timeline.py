"""Who shows what, when: spans of a video as ribbons, and one person's probabilities as lines."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import numpy as np
import pandas as pd

from fercore.charts.style import emotion_scale, percent_axis
from fercore.emotions import EMOTIONS
from fercore.inference.timeline import UNSURE

MOMENT = "moment"  # what the selection of a clicked span is called; it holds its start
DOUBT = "rgba(140, 140, 140, 0.25)"  # pale on white and on dark: neutral is gray already
_RIBBON, _AXES = 28, 175  # pixels: of a ribbon, and of axis and legend


def ribbons(spans: pd.DataFrame, classes: Sequence[str] = EMOTIONS) -> alt.Chart:
    """A ribbon for each person and model: the leading emotion over time, pale where the model is not sure.

    Parameters
    ----------
    spans
        As `fercore.inference.timeline.spans`, with the column `row` that names each ribbon, in their order.
    classes
        Names of the classes, in order.

    Returns
    -------
    alt.Chart
        With the selection `MOMENT` of the start of a clicked span.
    """
    colors = emotion_scale(classes)
    scale = alt.Scale(domain=[*colors["domain"], UNSURE], range=[*colors["range"], DOUBT])
    names = list(dict.fromkeys(spans["row"]))
    # Three columns of small words: beside the player a window of 800 pixels leaves no room for more.
    legend = alt.Legend(orient="top", title=None, columns=3, labelFontSize=12, columnPadding=8)
    return (
        alt.Chart(spans)
        .mark_bar(height={"band": 0.8}, cursor="pointer")
        .encode(
            x=alt.X("start:Q", title="Seconds", axis=alt.Axis(grid=False), scale=alt.Scale(zero=False, nice=False)),
            x2="end:Q",
            y=alt.Y("row:N", title=None, sort=names, axis=alt.Axis(labelLimit=200, labelOverlap=False)),
            color=alt.Color("answer:N", scale=scale, legend=legend),
            tooltip=[
                alt.Tooltip("row:N", title="Person"),
                alt.Tooltip("answer:N", title="Answer"),
                alt.Tooltip("probability:Q", title="Leading probability, mean", format=".1%"),
                alt.Tooltip("start:Q", title="From second", format=".2f"),
                alt.Tooltip("end:Q", title="To second", format=".2f"),
                alt.Tooltip("looks:Q", title="Looks"),
            ],
        )
        .add_params(alt.selection_point(MOMENT, fields=["start"]))
        .properties(height=_RIBBON * max(len(names), 1) + _AXES)
    )


def lines(looks: pd.DataFrame, classes: Sequence[str] = EMOTIONS) -> alt.Chart:
    """One model's probabilities for one person over time; a line ends where the person is out of sight.

    Parameters
    ----------
    looks
        Rows of `fercore.inference.timeline.answers` of one track.
    classes
        Names of the classes, in order.
    """
    seen = looks["time"] <= looks["end"].shift() + 1e-3
    count, values = len(classes), looks[list(classes)].to_numpy(float)
    rows = pd.DataFrame(
        {
            "time": np.repeat(looks["time"].to_numpy(float), count),
            "part": np.repeat((~seen).cumsum().to_numpy(), count),
            "emotion": np.tile(np.array(classes, dtype=object), len(looks)),
            "probability": values.ravel(),
        }
    )
    return (
        alt.Chart(rows)
        .mark_line(point=alt.OverlayMarkDef(size=14))
        .encode(
            x=alt.X("time:Q", title="Seconds", scale=alt.Scale(zero=False, nice=False)),
            y=alt.Y("probability:Q", scale=alt.Scale(domain=[0, 1]), axis=percent_axis(None, tickCount=4)),
            color=alt.Color("emotion:N", scale=emotion_scale(classes), legend=None),
            detail="part:N",
            tooltip=[
                alt.Tooltip("time:Q", title="Second", format=".2f"),
                alt.Tooltip("emotion:N", title="Emotion"),
                alt.Tooltip("probability:Q", title="Probability", format=".1%"),
            ],
        )
        .properties(height=170)
    )
