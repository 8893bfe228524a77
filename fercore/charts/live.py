"""Charts of answers that keep coming: made once without data, and given new rows while they stand.

Each names its rows, which a page hands over beside it, again and again: the chart keeps its place, nothing flickers.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

import altair as alt
import numpy as np
import pandas as pd

from fercore.charts.style import emotion_scale, ink, percent, percent_axis
from fercore.emotions import EMOTIONS

ROWS = "rows"  # what each chart calls its data set
MINUTE = 60  # seconds


def answer_rows(names: Sequence[str], probabilities: np.ndarray, classes: Sequence[str] = EMOTIONS) -> pd.DataFrame:
    """Rows of `answer_bars`.

    Parameters
    ----------
    names
        Of the models.
    probabilities
        float (models, C); where one is NaN there is no row, as for a class that a model does not know.
    classes
        Names of the C classes, by default those of FER2013.

    Returns
    -------
    pandas.DataFrame
        Columns model, emotion, probability and label ("71.4 %").
    """
    rows = [
        (name, emotion, float(value), percent(float(value)))
        for name, own in zip(names, probabilities, strict=True)
        for emotion, value in zip(classes, own, strict=True)
        if not np.isnan(value)
    ]
    return pd.DataFrame(rows, columns=["model", "emotion", "probability", "label"])


def answer_bars(
    names: tuple[str, ...], colors: tuple[str, ...], dark: bool = False, classes: tuple[str, ...] = EMOTIONS
) -> alt.LayerChart:
    """Probabilities of several models for one face, their bars beside each other for each emotion.

    Parameters
    ----------
    names, colors
        Of the models, in the order in which their bars lie; colours "#RRGGBB".
    dark
        Whether the page's ground is dark.
    classes
        Names of the classes, by default those of FER2013.

    Returns
    -------
    alt.LayerChart
        For rows of model, emotion, probability and label, as `answer_rows` makes them.
    """
    color = alt.Color(
        "model:N",
        title=None,
        scale=alt.Scale(domain=list(names), range=list(colors)),
        legend=alt.Legend(orient="top", offset=6),
    )
    base = alt.Chart(alt.NamedData(ROWS)).encode(
        y=alt.Y("emotion:N", title=None, sort=list(classes), axis=alt.Axis(labelOverlap=False), scale=_all(classes)),
        yOffset=alt.YOffset("model:N", sort=list(names), scale=_all(names)),
        # Each bar has its figure, and the longest needs room for it.
        x=alt.X("probability:Q", axis=None, scale=alt.Scale(domain=[0, 1.25], nice=False)),
        tooltip=[
            alt.Tooltip("model:N", title="Model"),
            alt.Tooltip("emotion:N", title="Emotion"),
            alt.Tooltip("label:N", title="Probability"),
        ],
    )
    bars = base.mark_bar().encode(color=color)
    labels = base.mark_text(align="left", dx=5, fontSize=11, color=ink(dark)).encode(text="label:N")
    grown = len(classes) / len(EMOTIONS)
    return (bars + labels).properties(height=round((50 + 110 * len(names) + 30 * (len(names) == 1)) * max(1, grown)))


def minute_bars(legend: bool = True, classes: tuple[str, ...] = EMOTIONS) -> alt.Chart:
    """What one model said in each second of the last minute: its probabilities stacked, now at the right.

    Parameters
    ----------
    legend
        Whether the emotions' colours are named; once is enough for charts below each other.
    classes
        Names of the classes, by default those of FER2013.

    Returns
    -------
    alt.Chart
        For rows of ago (whole seconds, 1 to 60), emotion and probability; a second without rows stays empty.
    """
    axis = alt.Axis(
        title=None, values=[-MINUTE, -45, -30, -15, 0], labelExpr="datum.value ? '−' + -datum.value + ' s' : 'now'"
    )
    rank = f"indexof({json.dumps(classes)}, datum.emotion)"
    return (
        alt.Chart(alt.NamedData(ROWS))
        .mark_bar(binSpacing=0)
        .transform_calculate(start="-datum.ago", end="1 - datum.ago", rank=rank)
        .encode(
            x=alt.X("start:Q", bin="binned", scale=alt.Scale(domain=[-MINUTE, 0], nice=False), axis=axis),
            x2="end:Q",
            y=alt.Y(
                "probability:Q", stack="zero", scale=alt.Scale(domain=[0, 1]), axis=percent_axis(None, tickCount=2)
            ),
            color=alt.Color(
                "emotion:N",
                scale=emotion_scale(classes),
                legend=alt.Legend(orient="top", title=None, offset=6, columns=4) if legend else None,
            ),
            order=alt.Order("rank:Q"),
            tooltip=[
                alt.Tooltip("ago:Q", title="Seconds ago"),
                alt.Tooltip("emotion:N", title="Emotion"),
                alt.Tooltip("probability:Q", title="Probability", format=".1%"),
            ],
        )
        .properties(height=130 + 55 * legend)
    )


def _all(values: Sequence[str]) -> alt.Scale:
    """A scale that keeps its places while rows of some values are missing."""
    return alt.Scale(domain=list(values))
