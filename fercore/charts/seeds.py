"""Points of several seeds, drawn: mean and range. Tables come from `fercore.evaluation.seeds`."""

from __future__ import annotations

from collections.abc import Mapping

import altair as alt
import pandas as pd

from fercore.charts.style import RunStyle, ink, percent, percent_axis, run_color, run_shape, set_dash

_ROW, _FRAME, _HEIGHT = 36, 120, 280  # pixels
_AXES = {"accuracy": "Accuracy", "loss": "Cross-entropy (nats)"}


def range_words(mean: float, low: float, high: float) -> str:
    """Mean and range of fractions, in per cent: "62.9 % (62.1 to 63.5)"; without a range where there is none."""
    if pd.isna(mean):
        return ""
    return percent(mean) if low == high else f"{percent(mean)} ({100 * low:.1f} to {100 * high:.1f})"


def seeds_chart(
    points: pd.DataFrame,
    table: pd.DataFrame,
    words: Mapping[str, str],
    styles: Mapping[str, RunStyle],
    split_name: str,
    dark: bool = False,
) -> alt.LayerChart:
    """Accuracy of each point: its mean, the range over its seeds, and a small mark for each.

    Parameters
    ----------
    points
        From `seeds.over_seeds`, points with a score only.
    table
        From `studies.point_table`.
    words
        Point -> what stands beside it.
    styles
        Point -> look.
    split_name
        What to call the images.
    dark
        Whether the page's ground is dark.
    """
    data = points.assign(
        told=[range_words(*row) for row in points[["val_mean", "val_low", "val_high"]].itertuples(index=False)],
        words=[words.get(point, "") for point in points["point"]],
    )
    low, high = float(data["val_low"].min()), float(data["val_high"].max())
    spread = max(high - low, 0.01)
    room = alt.Scale(domain=[low - 0.1 * spread, high + 0.6 * spread], nice=False)  # for the words
    order = list(data["point"])
    y = alt.Y("point:N", sort=order, title=None, axis=alt.Axis(labelLimit=160, labelFlush=False))
    color, tooltip = run_color(styles, order, "point").legend(None), [alt.Tooltip("point:N", title="Point")]
    base = alt.Chart(data).encode(y=y, color=color, tooltip=[*tooltip, alt.Tooltip("told:N", title="Mean (range)")])
    axis = percent_axis(f"Accuracy on {split_name}", tickCount=5)
    rules = base.mark_rule(strokeWidth=2).encode(x=alt.X("val_low:Q", axis=axis, scale=room), x2="val_high:Q")
    shape = run_shape(styles, order, "point").legend(None)
    means = base.mark_point(filled=True, size=90, opacity=1).encode(x=alt.X("val_mean:Q", scale=room), shape=shape)
    each = table.dropna(subset="val_accuracy")[["point", "seed", "val_accuracy"]]
    told = [f"{percent(x)} (seed {seed})" for seed, x in zip(each["seed"], each["val_accuracy"], strict=True)]
    each = each.assign(told=told)
    seeds = (
        alt.Chart(each)
        .mark_tick(thickness=2, size=14)
        .encode(
            x=alt.X("val_accuracy:Q", scale=room),
            y=y,
            color=color,
            tooltip=[*tooltip, alt.Tooltip("told:N", title="Seed")],
        )
    )
    beside = (
        alt.Chart(data)
        .mark_text(align="left", dx=8, fontSize=12, color=ink(dark))
        .encode(x=alt.X("val_high:Q", scale=room), y=y, text="words:N")
    )
    return alt.layer(rules, seeds, means, beside).properties(height=_FRAME + _ROW * len(data), title="Accuracy")


def seeds_curves(ranges: pd.DataFrame, styles: Mapping[str, RunStyle], quantity: str = "accuracy") -> alt.LayerChart:
    """Accuracy or loss by epoch: the mean over seeds as a line in a band of their range; train is dashed.

    Parameters
    ----------
    ranges
        From `seeds.curve_ranges`.
    styles
        Point -> look.
    quantity
        "accuracy" or "loss".
    """
    shown = ranges[ranges["quantity"] == quantity]
    told = percent if quantity == "accuracy" else "{:.3f} nats".format
    data = shown.assign(
        words=[
            f"{told(mean)} ({told(low)} to {told(high)})"
            for mean, low, high in shown[["mean", "low", "high"]].to_numpy()
        ]
    )
    axis = percent_axis(_AXES[quantity]) if quantity == "accuracy" else alt.Axis(title=_AXES[quantity])
    base = alt.Chart(data).encode(
        x=alt.X(
            "epoch:Q", title="Epoch", axis=alt.Axis(format="d", tickMinStep=1), scale=alt.Scale(nice=False, zero=False)
        ),
        color=run_color(styles, list(dict.fromkeys(data["point"])), "point").legend(None),
        tooltip=[
            alt.Tooltip("point:N", title="Point"),
            alt.Tooltip("epoch:Q", title="Epoch"),
            alt.Tooltip("set:N", title="Images"),
            alt.Tooltip("words:N", title="Mean (range over seeds)"),
        ],
    )
    scale = alt.Scale(zero=False)
    bands = base.mark_area(opacity=0.2).encode(y=alt.Y("low:Q", axis=axis, scale=scale), y2="high:Q", detail="set:N")
    lines = base.mark_line(strokeWidth=2).encode(
        y=alt.Y("mean:Q", axis=axis, scale=scale), strokeDash=set_dash().legend(None)
    )
    return alt.layer(bands, lines).properties(height=_HEIGHT, title=quantity.capitalize())
