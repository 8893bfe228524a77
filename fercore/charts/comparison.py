"""Several models side by side, drawn. Tables come from `fercore.evaluation.comparison` and `.tables`."""

from __future__ import annotations

from collections.abc import Mapping

import altair as alt
import pandas as pd

from fercore.charts.evaluation import labelled_cells
from fercore.charts.style import (
    RIGHT,
    WRONG,
    RunStyle,
    count,
    figure_words,
    in_order,
    ink,
    ink_on,
    percent,
    percent_axis,
    points,
    range_words,
    run_color,
    run_shape,
    sequential,
    with_range,
)

PAIR = "pair"  # name of the selection that a clicked cell makes, with the fields first and second
OVERLAP = {
    "both_right": ("both right", RIGHT),
    "only_first": ("only the first right", "#8FC7EA"),
    "only_second": ("only the second right", "#F0E442"),
    "wrong_alike": ("both wrong, alike", "#8A3B00"),
    "wrong_differently": ("both wrong, differently", WRONG),
}
FIGURES = {"f1": "F1", "precision": "Precision", "recall": "Recall"}
_ROW = 36  # pixels of a run
_FRAME = 110  # pixels of title and axis, which Streamlit counts into a chart's height


def accuracy_chart(table: pd.DataFrame, styles: Mapping[str, RunStyle], split_name: str) -> alt.LayerChart:
    """Accuracy of each run with its 95 % interval, best first; `table` from `comparison.compare`."""
    data = _intervals(table, ("accuracy", "low", "high"), with_range)
    axis = percent_axis(f"Accuracy on {split_name}", tickCount=5)
    return _interval_rows(data, styles, axis, "Accuracy, 95 %").properties(title="Accuracy", height=_height(data))


def difference_chart(table: pd.DataFrame, styles: Mapping[str, RunStyle], dark: bool = False) -> alt.LayerChart:
    """How far each run lies below the best, image by image, with its 95 % interval and a line at no difference.

    Parameters
    ----------
    table
        From `comparison.compare`, two runs at least.
    styles
        Looks of the runs.
    dark
        Whether the page's ground is dark.
    """
    below = ("difference", "difference_low", "difference_high")
    data = _intervals(
        table[1:], below, lambda figure: f"{points(figure['value'])} ({range_words(figure)}) below {table['run'][0]}"
    )
    axis = alt.Axis(title="Points below the best", labelExpr="format(datum.value * 100, '.3~g')", tickCount=5)
    marks = _interval_rows(data, styles, axis, "Difference, 95 %")
    zero = alt.Chart(pd.DataFrame({"x": [0.0]})).mark_rule(strokeDash=[4, 4], color=ink(dark)).encode(x="x:Q")
    return alt.layer(zero, marks).properties(title=f"Below {table['run'][0]}", height=_height(data))


def class_chart(tables: Mapping[str, pd.DataFrame], figure: str, styles: Mapping[str, RunStyle]) -> alt.LayerChart:
    """Precision, recall or F1 of each emotion by several models side by side, with 95 % intervals.

    Parameters
    ----------
    tables
        Name -> `tables.classification_table` or `published.published_table`.
    figure
        "precision", "recall" or "f1".
    styles
        Name -> look, for every name of the tables.
    """
    parts = []
    for name, table in tables.items():
        shown = table[: list(table["class"]).index("accuracy")].rename(columns={"class": "emotion"})
        parts.append(_intervals(shown, (figure, f"{figure}_low", f"{figure}_high"), _class_words).assign(name=name))
    data, names = pd.concat(parts, ignore_index=True), list(tables)
    classes = in_order(data["emotion"])
    base = alt.Chart(data).encode(
        y=alt.Y("emotion:N", sort=classes, title=None),
        yOffset=alt.YOffset("name:N", sort=names, scale=alt.Scale(paddingOuter=0.4)),
        color=run_color(styles, names, "name").legend(None),
        tooltip=[
            alt.Tooltip("emotion:N", title="Emotion"),
            alt.Tooltip("name:N", title="From"),
            alt.Tooltip("words:N", title=f"{FIGURES[figure]}, 95 %"),
        ],
    )
    scale, axis = alt.Scale(domain=[0, 1]), percent_axis("", values=[0, 0.25, 0.5, 0.75, 1])
    rules = base.mark_rule(strokeWidth=2).encode(x=alt.X("low:Q", axis=axis, scale=scale), x2="high:Q")
    shape = run_shape(styles, names, "name").legend(None)
    marks = base.mark_point(filled=True, size=70, opacity=1).encode(x=alt.X("value:Q", scale=scale), shape=shape)
    height = 50 + len(classes) * max(40, 12 + 14 * len(names))
    return (rules + marks).properties(height=height, title=FIGURES[figure])


def agreement_chart(pairs: pd.DataFrame, dark: bool = False) -> alt.LayerChart:
    """Heat map of how often each two runs say the same; a click on a cell selects the two.

    `pairs` from `comparison.agreement`, with the names that are to be read in its columns first and second.
    """
    scale, names = sequential(1.0, dark), list(dict.fromkeys(pairs["first"]))
    data = pairs.assign(
        label=[percent(x, 0) for x in pairs["same"]],
        ink=ink_on(pairs["same"].to_numpy(float), scale),
        words=[percent(x) for x in pairs["same"]],
        **{kind: [count(n) for n in pairs[kind]] for kind in OVERLAP},
    )
    axis = alt.Axis(labelLimit=180, labelPadding=6)
    tooltips = [("first", "First"), ("second", "Second"), ("words", "Say the same")]
    tooltips += [(kind, label.capitalize()) for kind, (label, _) in OVERLAP.items()]
    base = alt.Chart(data).encode(
        x=alt.X("second:N", title=None, sort=names, axis=axis, scale=alt.Scale(domain=names)),
        y=alt.Y("first:N", title=None, sort=names, axis=axis, scale=alt.Scale(domain=names)),
        tooltip=[alt.Tooltip(f"{field}:N", title=title) for field, title in tooltips],
    )
    pair = alt.selection_point(name=PAIR, fields=["first", "second"])
    cells = labelled_cells(base, "same", scale, pair, dark)
    return cells.properties(height=200 + 40 * len(names), title="Say the same")


def overlap_chart(pairs: pd.DataFrame) -> alt.Chart:
    """On how many images one run and another are both right, only one of them, or neither: a bar for each other run.

    `pairs` from `comparison.agreement`: the rows whose first run is the one, without itself.
    """
    data = pairs.melt(["first", "second", "n"], list(OVERLAP), "kind", "images")
    data = data.assign(
        order=data["kind"].map(list(OVERLAP).index),
        kind=data["kind"].map({kind: label for kind, (label, _) in OVERLAP.items()}),
        words=[f"{count(n)} ({percent(n / of)})" for n, of in zip(data["images"], data["n"], strict=True)],
    )
    labels, colors = zip(*OVERLAP.values(), strict=True)
    legend = alt.Legend(orient="top", columns=2, labelLimit=220, title=None)
    room = alt.Scale(domainMax=int(pairs["n"].max()), nice=False)
    tooltips = [("first", "First"), ("second", "Second"), ("kind", "Answers"), ("words", "Images")]
    bars = alt.Chart(data).mark_bar()
    return bars.encode(
        y=alt.Y("second:N", sort=list(pairs["second"]), title=None, axis=alt.Axis(labelLimit=180)),
        x=alt.X("images:Q", title="Images", scale=room, axis=alt.Axis(tickCount=5)),
        color=alt.Color("kind:N", scale=alt.Scale(domain=labels, range=colors), legend=legend),
        order=alt.Order("order:Q"),
        tooltip=[alt.Tooltip(f"{field}:N", title=title) for field, title in tooltips],
    ).properties(
        height=_FRAME + 130 + _ROW * len(pairs), title=f"{pairs['first'].iloc[0]} (first) and another (second)"
    )


def _class_words(figure: Mapping[str, float]) -> str:
    return figure_words(**figure) or "no images"


def _intervals(table: pd.DataFrame, columns: tuple[str, str, str], words) -> pd.DataFrame:
    """Figures under the names value, low and high, in words, and the rest of the table that charts name them by."""
    figures = table[list(columns)].set_axis(["value", "low", "high"], axis=1)
    named = table[[column for column in ("run", "emotion") if column in table]]
    return named.assign(**figures, words=[words(row) for row in figures.to_dict("records")])


def _interval_rows(data: pd.DataFrame, styles: Mapping[str, RunStyle], axis: alt.Axis, what: str) -> alt.LayerChart:
    """A mark with its whisker for each run, in the order of the table."""
    names, scale = list(data["run"]), alt.Scale(zero=False, padding=12)
    base = alt.Chart(data).encode(
        y=alt.Y("run:N", sort=names, title=None, axis=alt.Axis(labelLimit=260)),
        color=run_color(styles, names).legend(None),
        tooltip=[alt.Tooltip("run:N", title="Run"), alt.Tooltip("words:N", title=what)],
    )
    rules = base.mark_rule(strokeWidth=2).encode(x=alt.X("low:Q", axis=axis, scale=scale), x2="high:Q")
    shape = run_shape(styles, names).legend(None)
    marks = base.mark_point(filled=True, size=90, opacity=1).encode(x=alt.X("value:Q", scale=scale), shape=shape)
    return rules + marks


def _height(data: pd.DataFrame) -> int:
    return _FRAME + _ROW * len(data)
