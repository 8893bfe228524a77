"""Charts of answers that keep coming: made once without data, and given new rows while they stand.

Each names its rows, which a page hands over beside it, again and again: the chart keeps its place, nothing flickers.
"""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import numpy as np
import pandas as pd

from fercore.charts.style import emotion_scale, ink, percent, percent_axis
from fercore.emotions import EMOTIONS

ROWS = "rows"  # what each chart calls its data set
MINUTE = 60  # seconds


def answer_rows(names: Sequence[str], probabilities: np.ndarray) -> pd.DataFrame:
    """Rows of `answer_bars`.

    Parameters
    ----------
    names
        Of the models.
    probabilities
        float (models, 7); a model whose row is NaN has no rows.

    Returns
    -------
    pandas.DataFrame
        Columns model, emotion, probability and label ("71.4 %").
    """
    rows = [
        (name, emotion, float(value), percent(float(value)))
        for name, own in zip(names, probabilities, strict=True)
        for emotion, value in zip(EMOTIONS, own, strict=True)
        if not np.isnan(value)
    ]
    return pd.DataFrame(rows, columns=["model", "emotion", "probability", "label"])


def answer_bars(names: tuple[str, ...], colors: tuple[str, ...], dark: bool = False) -> alt.LayerChart:
    """Probabilities of several models for one face, their bars beside each other for each emotion.

    Parameters
    ----------
    names, colors
        Of the models, in the order in which their bars lie; colours "#RRGGBB".
    dark
        Whether the page's ground is dark.

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
        y=alt.Y("emotion:N", title=None, sort=list(EMOTIONS), axis=alt.Axis(labelOverlap=False), scale=_all(EMOTIONS)),
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
    return (bars + labels).properties(height=50 + 110 * len(names) + 30 * (len(names) == 1))


def minute_bars(legend: bool = True) -> alt.Chart:
    """What one model said in each second of the last minute: its probabilities stacked, now at the right.

    Parameters
    ----------
    legend
        Whether the emotions' colours are named; once is enough for charts below each other.

    Returns
    -------
    alt.Chart
        For rows of ago (whole seconds, 1 to 60), emotion and probability; a second without rows stays empty.
    """
    axis = alt.Axis(
        title=None, values=[-MINUTE, -45, -30, -15, 0], labelExpr="datum.value ? '−' + -datum.value + ' s' : 'now'"
    )
    return (
        alt.Chart(alt.NamedData(ROWS))
        .mark_bar(binSpacing=0)
        .transform_calculate(start="-datum.ago", end="1 - datum.ago", rank=f"indexof({list(EMOTIONS)}, datum.emotion)")
        .encode(
            x=alt.X("start:Q", bin="binned", scale=alt.Scale(domain=[-MINUTE, 0], nice=False), axis=axis),
            x2="end:Q",
            y=alt.Y(
                "probability:Q", stack="zero", scale=alt.Scale(domain=[0, 1]), axis=percent_axis(None, tickCount=2)
            ),
            color=alt.Color(
                "emotion:N",
                scale=emotion_scale(),
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
