"""What a model that may stay silent gains, drawn. Tables come from `fercore.evaluation.selective`."""

from __future__ import annotations

import altair as alt
import pandas as pd

from fercore.charts.reliability import ENDS, FRACTIONS
from fercore.charts.style import RIGHT, WRONG, count, ink, percent, percent_axis, with_range
from fercore.evaluation.selective import Answered


def coverage_chart(curve: pd.DataFrame, chosen: Answered, dark: bool = False) -> alt.LayerChart:
    """How many answers are right, by how many faces are answered; a point where a threshold was chosen.

    Parameters
    ----------
    curve
        From `selective.risk_coverage`.
    chosen
        What the chosen threshold comes to, from `selective.answered`.
    dark
        Whether the page's ground is dark.
    """
    data = curve.assign(
        words=[with_range(row) for row in curve[["value", "low", "high"]].to_dict("records")],
        faces=[f"{percent(row.coverage)} (n = {count(row.answers)})" for row in curve.itertuples()],
        limit=[percent(x) for x in curve["threshold"]],
    )
    base = alt.Chart(data).encode(
        x=alt.X("coverage:Q", axis=percent_axis("Faces answered", values=ENDS), scale=FRACTIONS),
        tooltip=[
            alt.Tooltip("limit:N", title="Confidence of at least"),
            alt.Tooltip("faces:N", title="Answers"),
            alt.Tooltip("words:N", title="Right, 95 %"),
        ],
    )
    # Few answers leave wide intervals, which would press the rest of the curve flat.
    scale = alt.Scale(domainMin=max(0.0, float(curve["value"].min()) - 0.1), domainMax=1, clamp=True, nice=False)
    axis = percent_axis("Answers that are right", tickCount=6)
    band = base.mark_area(color=RIGHT, opacity=0.2).encode(y=alt.Y("low:Q", axis=axis, scale=scale), y2="high:Q")
    line = base.mark_line(color=RIGHT, strokeWidth=2).encode(y=alt.Y("value:Q", scale=scale))
    return alt.layer(band, line, *_mark(chosen, scale, dark)).properties(height=320, title="Fewer answers, more right")


def _mark(chosen: Answered, scale: alt.Scale, dark: bool) -> tuple[alt.Chart, ...]:
    """The chosen threshold; nothing where it leaves no answer."""
    if not chosen.answers:
        return ()
    point = pd.DataFrame([{**chosen.right, "coverage": chosen.given["value"], "words": with_range(chosen.right)}])
    base = alt.Chart(point).encode(
        x=alt.X("coverage:Q", scale=FRACTIONS), tooltip=[alt.Tooltip("words:N", title="Right at this threshold, 95 %")]
    )
    rule = base.mark_rule(color=ink(dark), strokeDash=[5, 4]).encode()
    mark = base.mark_point(filled=True, size=110, color=WRONG, opacity=1, shape="diamond").encode(
        y=alt.Y("value:Q", scale=scale)
    )
    return rule, mark
