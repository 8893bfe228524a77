"""Runs against data sets, drawn. Tables come from `fercore.evaluation.other_data`."""

from __future__ import annotations

import altair as alt
import pandas as pd

from fercore.charts.evaluation import labelled_cells
from fercore.charts.style import count, figure_words, in_order, ink_on, percent, points, sequential

CELL = "measured"  # name of the selection that a clicked cell makes, with the fields run and data


def matrix_chart(table: pd.DataFrame, dark: bool = False) -> alt.LayerChart:
    """Heat map of a score: a row for each run, a column for each data set; a click on a cell selects the two."""
    scale = sequential(1.0, dark)
    data = table[["run", "data", "split_name", "value"]].assign(
        label=[percent(value, 0) for value in table["value"]],
        ink=ink_on(table["value"].to_numpy(float), scale),
        words=[figure_words(*row) for row in table[["value", "low", "high"]].itertuples(index=False)],
        images=[count(n) for n in table["n"]],
        known=[f"{shared} of {classes}" for shared, classes in zip(table["shared"], table["classes"], strict=True)],
        fallen=["" if pd.isna(value) else points(-value) for value in table["drop"]],
    )
    tooltips = {"run": "Run", "data": "Data", "split_name": "Images of", "words": "Score", "images": "Images asked"}
    tooltips |= {"known": "Classes shared", "fallen": "From home"}
    runs, sets = in_order(table["run"]), in_order(table["data"])
    axis = alt.Axis(labelAngle=0, labelLimit=200, labelPadding=6, labelOverlap=False)
    base = alt.Chart(data).encode(
        x=alt.X("data:N", title=None, sort=sets, axis=axis),
        y=alt.Y("run:N", title=None, sort=runs, axis=axis),
        tooltip=[alt.Tooltip(f"{field}:N", title=title) for field, title in tooltips.items()],
    )
    cell = alt.selection_point(name=CELL, fields=["run", "data"])
    return labelled_cells(base, "value", scale, cell, dark).properties(height=80 + 46 * len(runs))
