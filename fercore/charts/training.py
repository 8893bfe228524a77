"""How runs learned, drawn: curves, overfitting gap, learning rate. Tables come from `fercore.evaluation.learning`."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import pandas as pd

from fercore.charts.style import RunStyle, percent, percent_axis, points, run_color, run_shape, set_dash

HEIGHT = 320  # pixels
_AXES = {"accuracy": "Accuracy", "loss": "Cross-entropy (nats)"}
_MANY = 40  # more epochs than this, and points are drawn only where the pointer is


def curves(table: pd.DataFrame, styles: dict[str, RunStyle], quantity: str = "accuracy") -> alt.LayerChart:
    """Accuracy or loss by epoch: validation solid, train dashed, the best epoch ringed.

    Parameters
    ----------
    table
        From `learning.curve_table`.
    styles
        From `style.run_styles` of all runs.
    quantity
        "accuracy" or "loss".
    """
    shown = table[table["quantity"] == quantity]
    words = percent if quantity == "accuracy" else "{:.3f} nats".format
    axis = percent_axis(_AXES[quantity]) if quantity == "accuracy" else alt.Axis(title=_AXES[quantity])
    tooltips = [alt.Tooltip("set:N", title="Images"), alt.Tooltip("words:N", title=quantity.capitalize())]
    return _by_epoch(shown.assign(words=[words(x) for x in shown["value"]]), styles, axis, tooltips, set_dash())


def gap(table: pd.DataFrame, styles: dict[str, RunStyle]) -> alt.LayerChart:
    """Train minus validation accuracy by epoch, with a line at zero; `table` from `learning.epoch_table`."""
    shown = table.assign(value=table["gap"], words=[points(x) for x in table["gap"]])
    axis = alt.Axis(title="Gap (percentage points)", labelExpr="format(datum.value * 100, '.3~g')")
    zero = alt.Chart(pd.DataFrame({"value": [0.0]})).mark_rule(color="#8C8C8C").encode(y="value:Q")
    return _by_epoch(shown, styles, axis, [alt.Tooltip("words:N", title="Gap")], under=[zero])


def learning_rate(table: pd.DataFrame, styles: dict[str, RunStyle]) -> alt.LayerChart:
    """Learning rate of each epoch's last step; `table` from `learning.epoch_table`."""
    shown = table.assign(value=table["learning_rate"], words=[f"{x:.3g}" for x in table["learning_rate"]])
    axis = alt.Axis(title="Learning rate", format="~g")
    return _by_epoch(shown, styles, axis, [alt.Tooltip("words:N", title="Learning rate")])


def _by_epoch(
    table: pd.DataFrame,
    styles: dict[str, RunStyle],
    axis: alt.Axis,
    tooltips: list[alt.Tooltip],
    dash: alt.StrokeDash | None = None,
    under: Sequence[alt.Chart] = (),
) -> alt.LayerChart:
    """Lines of "value" by epoch, points for run shapes and tooltips, rings at best epochs."""
    runs = list(dict.fromkeys(table["run"]))
    base = alt.Chart(table).encode(
        x=alt.X("epoch:Q", title="Epoch", axis=alt.Axis(format="d", tickMinStep=1), scale=alt.Scale(nice=False)),
        y=alt.Y("value:Q", axis=axis, scale=alt.Scale(zero=False)),
        color=run_color(styles, runs),
        tooltip=[alt.Tooltip("run:N", title="Run"), alt.Tooltip("epoch:Q", title="Epoch"), *tooltips],
    )
    many = table["epoch"].max() > _MANY if len(table) else False
    lines = base.mark_line(strokeWidth=2)
    # Lines alone would show nothing for a single epoch, and carry no shapes; invisible points still answer the pointer.
    marks = base.mark_point(filled=True, size=60, opacity=0 if many else 1)
    rings = base.mark_point(size=260, strokeWidth=2.5, fill=None, shape="circle").transform_filter("datum.best")
    lines = lines.encode(strokeDash=dash) if dash else lines
    marks = marks.encode(shape=run_shape(styles, runs))
    return alt.layer(*under, lines, marks, rings).properties(height=HEIGHT)
