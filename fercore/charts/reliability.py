"""Confidence against how often it is right, drawn. Tables come from `fercore.evaluation.reliability`."""

from __future__ import annotations

import altair as alt
import pandas as pd

from fercore.charts.style import RIGHT, count, ink, percent, percent_axis, with_range


def reliability_diagram(table: pd.DataFrame, dark: bool = False) -> alt.LayerChart:
    """How often answers are right, by their confidence, with 95 % intervals; on the dashed line as often as they say.

    Parameters
    ----------
    table
        From `reliability.reliability_table`.
    dark
        Whether the page's ground is dark.
    """
    data = table.assign(
        words=[with_range(row) for row in table[["value", "low", "high"]].to_dict("records")],
        says=[percent(x) for x in table["confidence"]],
        number=[count(n) for n in table["images"]],
    )
    scale = alt.Scale(domain=[0, 1])
    ends = [0, 0.2, 0.4, 0.6, 0.8, 1]
    x = alt.X("confidence:Q", axis=percent_axis("Confidence", values=ends), scale=scale)
    base = alt.Chart(data).encode(
        x=x,
        tooltip=[
            alt.Tooltip("says:N", title="Says"),
            alt.Tooltip("words:N", title="Is right"),
            alt.Tooltip("number:N", title="Images"),
        ],
    )
    line = pd.DataFrame({"confidence": [0.0, 1.0], "value": [0.0, 1.0]})
    ideal = alt.Chart(line).mark_line(strokeDash=[5, 4], strokeWidth=1.5, color=ink(dark)).encode(x=x, y="value:Q")
    rules = base.mark_rule(strokeWidth=2, color=RIGHT).encode(
        y=alt.Y("low:Q", axis=percent_axis("Right", values=ends), scale=scale), y2="high:Q"
    )
    marks = base.mark_point(filled=True, opacity=1, color=RIGHT).encode(
        y="value:Q", size=alt.Size("images:Q", scale=alt.Scale(range=[30, 260]), legend=None)
    )
    return alt.layer(ideal, rules, marks).properties(height=320, title="Reliability")
