"""Where a model is right and wrong, drawn. Tables come from `fercore.evaluation.tables`."""

from __future__ import annotations

import math
from collections.abc import Sequence

import altair as alt
import pandas as pd

from fercore.charts.style import (
    count,
    emotion_scale,
    figure_words,
    in_order,
    ink,
    ink_on,
    percent,
    percent_axis,
    sequential,
)
from fercore.emotions import EMOTIONS

SHOWN = {"by_true": "By true class", "by_pred": "By predicted class", "count": "Counts"}
CELL = "cell"  # name of the selection that a clicked cell or pair makes, with the fields true and pred
CLASS = "class"  # name of the selection that a clicked bar of a class makes, with the field emotion
_FIGURES = {"precision": "Precision", "recall": "Recall", "f1": "F1"}


def confusion_matrix(table: pd.DataFrame, shown: str = "by_true", dark: bool = False) -> alt.LayerChart:
    """Heat map of the confusion matrix; a click on a cell selects its true and predicted class.

    Parameters
    ----------
    table
        From `tables.confusion_table`.
    shown
        What colours and labels the cells: "count", "by_true" (rows sum to 1) or "by_pred" (columns sum to 1).
    dark
        Whether the page's ground is dark.
    """
    # Shares share one scale, 0 to 1, on every run and split; counts reach to the fullest cell. A class without images
    # has no shares: its cells stay empty.
    scale = sequential(float(table["count"].max()) if shown == "count" else 1.0, dark)
    data = table.assign(
        label=[count(x) if shown == "count" else _share(x, 0) for x in table[shown]],
        ink=ink_on(table[shown].fillna(0).to_numpy(float), scale),
        images=[count(x) for x in table["count"]],
        of_true=[_share(x) for x in table["by_true"]],
        of_pred=[_share(x) for x in table["by_pred"]],
    )
    cell = alt.selection_point(name=CELL, fields=["true", "pred"])
    # No class goes unnamed: on a narrow page Vega would drop every second name, although they do not touch.
    axis = alt.Axis(labelAngle=0, labelPadding=6, labelLimit=120, labelFlush=False, labelOverlap=False)
    classes = in_order(table["true"])
    base = alt.Chart(data).encode(
        x=alt.X("pred:N", title="Predicted", sort=classes, axis=axis),
        y=alt.Y("true:N", title="True", sort=classes, axis=axis),
        tooltip=[
            alt.Tooltip("true:N", title="True"),
            alt.Tooltip("pred:N", title="Predicted"),
            alt.Tooltip("images:N", title="Images"),
            alt.Tooltip("of_true:N", title="Of the true class"),
            alt.Tooltip("of_pred:N", title="Of the predicted class"),
        ],
    )
    return labelled_cells(base, shown, scale, cell, dark).properties(
        height=max(440, 60 * len(classes)), title="Confusion matrix"
    )


def _share(fraction: float, digits: int = 1) -> str:
    return "" if math.isnan(fraction) else percent(fraction, digits)


def labelled_cells(
    base: alt.Chart, shown: str, scale: alt.Scale, selection: alt.Parameter, dark: bool = False
) -> alt.LayerChart:
    """Cells of a heat map with their labels; the selected one has an outline.

    Parameters
    ----------
    base
        With x, y and tooltip; its data have the columns label, ink (from `ink_on`) and `shown`.
    shown, scale
        The column that colours the cells, and how.
    selection
        What a click selects.
    dark
        Whether the page's ground is dark.
    """
    chosen = alt.condition(selection, alt.value(3), alt.value(0), empty=False)
    cells = base.mark_rect(stroke=ink(dark), cursor="pointer", cornerRadius=2).encode(
        color=alt.Color(f"{shown}:Q", scale=scale, legend=None), strokeWidth=chosen
    )
    # Streamlit's front end fails on a null scale, with which the ink could be used as it is.
    black = alt.condition("datum.ink == '#000000'", alt.value("#000000"), alt.value("#FFFFFF"))
    labels = base.mark_text(fontSize=13).encode(text="label:N", color=black)
    return cells.add_params(selection) + labels


def class_bars(table: pd.DataFrame, figure: str = "f1", dark: bool = False) -> alt.LayerChart:
    """Precision, recall or F1 of each emotion with its interval; a click on a bar selects its emotion.

    `table` from `tables.class_table`. A class without images has its name and no bar.
    """
    shown, classes = table[table["figure"] == figure], in_order(table["emotion"])
    data = shown.assign(
        words=[figure_words(*row) or "no images" for row in shown[["value", "low", "high"]].itertuples(index=False)],
        images=[count(n) for n in shown["support"]],
    )
    base = alt.Chart(data).encode(
        y=alt.Y("emotion:N", title=None, sort=classes),
        tooltip=[
            alt.Tooltip("emotion:N", title="Emotion"),
            alt.Tooltip("words:N", title=_FIGURES[figure]),
            alt.Tooltip("images:N", title="Images of this class"),
        ],
    )
    x = alt.X("value:Q", axis=percent_axis("", values=[0, 0.5, 1]), scale=alt.Scale(domain=[0, 1]))
    color = alt.Color("emotion:N", scale=emotion_scale(classes), legend=None)
    bars = base.mark_bar(cursor="pointer").encode(x=x, color=color)
    bars = bars.add_params(alt.selection_point(name=CLASS, fields=["emotion"]))
    whiskers = base.mark_rule(color=ink(dark), strokeWidth=1.5).encode(x="low:Q", x2="high:Q")
    return (bars + whiskers).properties(height=max(250, 30 * len(classes) + 40), title=_FIGURES[figure])


def pair_bars(pairs: pd.DataFrame, dark: bool = False, classes: Sequence[str] = EMOTIONS) -> alt.LayerChart:
    """The most confused pairs, "fear → sad", longest first; a click on a bar selects its true and predicted class.

    `pairs` from `tables.confused_pairs`, at least one; `classes` are all there are, by default those of FER2013.
    """
    data = pairs.assign(
        pair=pairs["true"] + " → " + pairs["pred"],
        label=[f"{count(n)} ({percent(x, 0)})" for n, x in zip(pairs["count"], pairs["by_true"], strict=True)],
        of_true=[percent(x) for x in pairs["by_true"]],
    )
    room = alt.Scale(domainMax=1.35 * float(data["count"].max()), nice=False)  # for the longest bar's label
    base = alt.Chart(data).encode(
        y=alt.Y("pair:N", title=None, sort=None, axis=alt.Axis(labelLimit=200)),
        x=alt.X("count:Q", title="Images", axis=alt.Axis(tickMinStep=1), scale=room),
        tooltip=[
            alt.Tooltip("true:N", title="True"),
            alt.Tooltip("pred:N", title="Predicted"),
            alt.Tooltip("count:Q", title="Images"),
            alt.Tooltip("of_true:N", title="Of the true class"),
        ],
    )
    bars = base.mark_bar(cursor="pointer").encode(color=alt.Color("true:N", scale=emotion_scale(classes), legend=None))
    bars = bars.add_params(alt.selection_point(name=CELL, fields=["true", "pred"]))
    labels = base.mark_text(align="left", dx=5, color=ink(dark)).encode(text="label:N")
    return (bars + labels).properties(height=100 + 30 * len(data), title="Most confused")
