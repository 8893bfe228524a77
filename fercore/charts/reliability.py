"""Confidence against how often it is right, or how many people say the same, drawn.

Tables come from `fercore.evaluation.reliability`.
"""

from __future__ import annotations

import altair as alt
import pandas as pd

from fercore.charts.style import RIGHT, count, ink, percent, percent_axis, with_range

ENDS = [0, 0.2, 0.4, 0.6, 0.8, 1]  # where an axis of fractions is labelled
FRACTIONS = alt.Scale(domain=[0, 1])
_EXTENT = 40  # pixels of the labels of a vertical axis, so that charts below each other share their horizontal one


def reliability_diagram(
    table: pd.DataFrame, dark: bool = False, title: str = "Reliability", share: str = "Right"
) -> alt.LayerChart:
    """How often answers are right, by their confidence, with 95 % intervals; on the dashed line as often as they say.

    Parameters
    ----------
    table
        From `reliability.reliability_table`.
    dark
        Whether the page's ground is dark.
    title
        What stands above it.
    share
        What the vertical axis shows the share of.
    """
    data = table.assign(
        words=[with_range(row) for row in table[["value", "low", "high"]].to_dict("records")],
        says=[percent(x) for x in table["confidence"]],
        number=[count(n) for n in table["images"]],
    )
    x = alt.X("confidence:Q", axis=percent_axis("Confidence", values=ENDS), scale=FRACTIONS)
    base = alt.Chart(data).encode(
        x=x,
        tooltip=[
            alt.Tooltip("says:N", title="Says"),
            alt.Tooltip("words:N", title=share),
            alt.Tooltip("number:N", title="Images"),
        ],
    )
    line = pd.DataFrame({"confidence": [0.0, 1.0], "value": [0.0, 1.0]})
    ideal = alt.Chart(line).mark_line(strokeDash=[5, 4], strokeWidth=1.5, color=ink(dark)).encode(x=x, y="value:Q")
    # Vega drops every second label of an axis as low as this one, unless told that they have room.
    axis = percent_axis(share, values=ENDS, minExtent=_EXTENT, labelOverlap=False)
    rules = base.mark_rule(strokeWidth=2, color=RIGHT).encode(y=alt.Y("low:Q", axis=axis, scale=FRACTIONS), y2="high:Q")
    marks = base.mark_point(filled=True, opacity=1, color=RIGHT).encode(
        y="value:Q", size=alt.Size("images:Q", scale=alt.Scale(range=[30, 260]), legend=None)
    )
    return alt.layer(ideal, rules, marks).properties(height=360, title=title)


def confidence_histogram(table: pd.DataFrame, dark: bool = False) -> alt.LayerChart:
    """How many images each bin of confidence holds, with its number; `table` from `reliability.reliability_table`."""
    data = table.assign(
        span=[f"{percent(low, 0)} to {percent(high, 0)}" for low, high in zip(table["from"], table["to"], strict=True)],
        number=[count(n) for n in table["images"]],
        ground=0,
    )
    room = alt.Scale(domainMax=1.25 * float(data["images"].max()), nice=False)  # for the number above the fullest bin
    axis = alt.Axis(title="Images", labels=False, ticks=False, grid=False, domain=False, minExtent=_EXTENT)
    base = alt.Chart(data).encode(
        y=alt.Y("images:Q", axis=axis, scale=room),
        tooltip=[alt.Tooltip("span:N", title="Confidence"), alt.Tooltip("number:N", title="Images")],
    )
    axis = percent_axis("Confidence", values=ENDS)
    bars = base.mark_bar(color=RIGHT).encode(x=alt.X("from:Q", axis=axis, scale=FRACTIONS), x2="to:Q", y2="ground:Q")
    middle = base.transform_calculate(middle="(datum.from + datum.to) / 2").mark_text(
        dy=-7, fontSize=10, color=ink(dark)
    )
    numbers = middle.encode(x=alt.X("middle:Q", scale=FRACTIONS), text="number:N")
    return (bars + numbers).properties(height=160, title="Images of each confidence")
