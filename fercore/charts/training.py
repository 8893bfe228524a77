"""How runs learned, drawn: curves, overfitting gap, learning rate. Tables come from `fercore.evaluation.learning`.

Each chart brings its legend unless told otherwise: a page with several charts of the same runs draws `run_legend` once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import altair as alt
import pandas as pd

from fercore.charts.style import RunStyle, ink, percent, percent_axis, points, run_color, run_shape, set_dash

HEIGHT = 280  # pixels
_AXES = {"accuracy": "Accuracy", "loss": "Cross-entropy (nats)"}
_MARKS = 12  # points drawn along a line at most, best epoch aside; all epochs answer the pointer
_EPOCHS = alt.Scale(nice=False, zero=False)
_LETTER, _ROW = 7.5, 22  # pixels: a letter of a name, a line of names


def curves(
    table: pd.DataFrame,
    styles: dict[str, RunStyle],
    quantity: str = "accuracy",
    legend: bool = True,
    intervals: Mapping[str, Mapping[str, float]] | None = None,
) -> alt.LayerChart:
    """Accuracy or loss by epoch: validation solid, train dashed, the best epoch ringed.

    Parameters
    ----------
    table
        From `learning.curve_table`.
    styles
        From `style.run_styles` of all runs.
    quantity
        "accuracy" or "loss".
    legend
        Whether the chart names runs and sets itself.
    intervals
        Run name -> low and high of its best epoch in validation, drawn as a whisker; runs may be missing.
    """
    shown = table[table["quantity"] == quantity]
    words = percent if quantity == "accuracy" else "{:.3f} nats".format
    axis = percent_axis(_AXES[quantity]) if quantity == "accuracy" else alt.Axis(title=_AXES[quantity])
    tooltips = [alt.Tooltip("set:N", title="Images"), alt.Tooltip("words:N", title=quantity.capitalize())]
    data = shown.assign(words=[words(x) for x in shown["value"]])
    dash = set_dash() if legend else set_dash().legend(None)
    whiskers = _whiskers(shown, styles, intervals) if intervals else []
    lines = _by_epoch(data, styles, axis, tooltips, legend, dash=dash, under=whiskers)
    return lines.properties(title=quantity.capitalize())


def _whiskers(
    shown: pd.DataFrame, styles: dict[str, RunStyle], intervals: Mapping[str, Mapping[str, float]]
) -> list[alt.Chart]:
    """An interval at the best epoch of each run that has one."""
    best = shown[shown["best"] & (shown["set"] == "validation") & shown["run"].isin(list(intervals))]
    ends = {end: [intervals[run][end] for run in best["run"]] for end in ("low", "high")}
    color = run_color(styles, list(dict.fromkeys(shown["run"]))).legend(None)
    rules = alt.Chart(best.assign(**ends)).mark_rule(strokeWidth=2, opacity=0.7)
    x, y = alt.X("epoch:Q", scale=_EPOCHS), alt.Y("low:Q", scale=alt.Scale(zero=False))
    return [rules.encode(x=x, y=y, y2="high:Q", color=color)]


def gap(table: pd.DataFrame, styles: dict[str, RunStyle], legend: bool = True) -> alt.LayerChart:
    """Train minus validation accuracy by epoch, with a line at zero; `table` from `learning.epoch_table`."""
    shown = table.assign(value=table["gap"], words=[points(x) for x in table["gap"]])
    axis = alt.Axis(title="Gap (percentage points)", labelExpr="format(datum.value * 100, '.3~g')")
    zero = alt.Chart(pd.DataFrame({"value": [0.0]})).mark_rule(color="#8C8C8C").encode(y="value:Q")
    tooltips = [alt.Tooltip("words:N", title="Gap")]
    return _by_epoch(shown, styles, axis, tooltips, legend, under=[zero]).properties(title="Overfitting gap")


def learning_rate(table: pd.DataFrame, styles: dict[str, RunStyle], legend: bool = True) -> alt.LayerChart:
    """Learning rate of each epoch's last step; `table` from `learning.epoch_table`."""
    shown = table.assign(value=table["learning_rate"], words=[f"{x:.3g}" for x in table["learning_rate"]])
    axis = alt.Axis(title="Learning rate", format="~g")
    tooltips = [alt.Tooltip("words:N", title="Learning rate")]
    return _by_epoch(shown, styles, axis, tooltips, legend).properties(title="Learning rate")


def run_legend(styles: dict[str, RunStyle], shown: Sequence[str], dark: bool = False) -> alt.LayerChart:
    """Colour, shape and name of each run shown, as many beside each other as fit."""
    each = 40 + _LETTER * max(map(len, shown))
    base = (
        alt.Chart(pd.DataFrame({"run": shown, "number": range(len(shown))}))
        .transform_calculate(columns=f"max(1, floor(width / {each}))")  # of the page's width, which only it knows
        .transform_calculate(
            line="floor(datum.number / datum.columns)", left=f"8 + {each} * (datum.number % datum.columns)"
        )
        .encode(x=alt.X("left:Q", scale=None, axis=None), y=alt.Y("line:O", axis=None))
    )
    color, shape = run_color(styles, shown).legend(None), run_shape(styles, shown).legend(None)
    marks = base.mark_point(filled=True, size=90, opacity=1).encode(color=color, shape=shape)
    names = base.mark_text(align="left", dx=14, fontSize=13, color=ink(dark)).encode(text="run:N")
    return (marks + names).properties(height=alt.Step(_ROW))


def _by_epoch(
    table: pd.DataFrame,
    styles: dict[str, RunStyle],
    axis: alt.Axis,
    tooltips: list[alt.Tooltip],
    legend: bool,
    dash: alt.StrokeDash | None = None,
    under: Sequence[alt.Chart] = (),
) -> alt.LayerChart:
    """Lines of "value" by epoch, points for run shapes and tooltips, rings at best epochs."""
    runs = list(dict.fromkeys(table["run"]))
    every = max(1, -(-table["epoch"].nunique() // _MARKS))
    color, shape = run_color(styles, runs), run_shape(styles, runs)
    if not legend:
        color, shape = color.legend(None), shape.legend(None)
    base = alt.Chart(table.assign(marked=table["best"] | (table["epoch"] % every == 0))).encode(
        x=alt.X("epoch:Q", title="Epoch", axis=alt.Axis(format="d", tickMinStep=1), scale=_EPOCHS),
        y=alt.Y("value:Q", axis=axis, scale=alt.Scale(zero=False)),
        color=color,
        tooltip=[alt.Tooltip("run:N", title="Run"), alt.Tooltip("epoch:Q", title="Epoch"), *tooltips],
    )
    lines = base.mark_line(strokeWidth=2)
    lines = lines.encode(strokeDash=dash) if dash else lines
    marks = base.mark_point(filled=True, size=70).encode(
        shape=shape, opacity=alt.condition("datum.marked", alt.value(1), alt.value(0))
    )
    rings = base.mark_point(size=300, strokeWidth=2, fill=None, shape="circle").transform_filter("datum.best")
    return alt.layer(*under, lines, marks, rings).properties(height=HEIGHT)
