"""Models to choose from, drawn: accuracy against what it costs, and the front of those that nothing beats."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product

import altair as alt
import numpy as np
import pandas as pd

from fercore.charts.style import RunStyle, count, ink, percent_axis, run_color, run_shape, with_range

COSTS = {
    "milliseconds": ("Time", "ms for one face, one thread (logarithmic)"),
    "parameters": ("Parameters", "Parameters (logarithmic)"),
    "bytes": ("File size", "MB of the weights' file (logarithmic)"),
}
_GREY = "#8C8C8C"
_HEIGHT = 460


def choice_chart(
    table: pd.DataFrame,
    front: pd.Series,
    peers: pd.DataFrame,
    cost: str,
    split: str,
    split_name: str,
    styles: Mapping[str, RunStyle],
    dark: bool = False,
) -> alt.LayerChart:
    """Accuracy with its 95 % interval against a cost, and a line through the front.

    Parameters
    ----------
    table, front
        From `facts.model_table` and `facts.front`, of rows that may be ranked.
    peers
        From `facts.peer_table`.
    cost
        A key of `COSTS`.
    split, split_name
        "val" or "test", and what it is called.
    styles
        Looks of the runs.
    dark
        Whether the page's ground is dark.
    """
    name = table["run"] if cost == "parameters" else table["run"] + ", " + table["engine"]
    ours = _points(table.assign(label=name, front=front), cost, split)
    if cost == "parameters":  # which all engines of a run share
        ours = ours.sort_values("value", ascending=False, kind="stable").drop_duplicates("run")
    theirs = _points(peers.assign(label=peers["name"], run=peers["name"], front=False), cost, split)
    scale = alt.Scale(type="log", nice=False, padding=30)
    axis = alt.Axis(format="~s" if cost == "parameters" else "~g")
    place = {
        "x": alt.X("cost:Q", title=COSTS[cost][1], scale=scale, axis=axis),
        "y": alt.Y("value:Q", axis=percent_axis(f"Right on {split_name}"), scale=alt.Scale(zero=False, padding=20)),
    }
    costs = pd.concat([ours["cost"], theirs["cost"]])
    middle = (costs.min() * costs.max()) ** 0.5  # of a logarithmic axis
    names = list(dict.fromkeys(ours["run"]))
    looks = {"color": run_color(styles, names).legend(None), "shape": run_shape(styles, names).legend(None)}
    line = alt.Chart(ours[ours["front"]]).mark_line(
        interpolate="step-after", strokeDash=[5, 4], strokeWidth=1.5, color=ink(dark), opacity=0.7
    )
    layers = [
        *_marks(theirs, place, cost, {"color": alt.value(_GREY)}, filled=False),
        line.encode(**place, order=alt.Order("cost:Q")),
        *_marks(ours, place, cost, looks, filled=True),
        *_names(theirs, place, _GREY, middle),
        *_names(_named(ours), place, ink(dark), middle),
    ]
    return alt.layer(*layers).properties(height=_HEIGHT)


def cost_words(value: float, cost: str) -> str:
    """A cost as people read it: "0.43 ms", "5,012,345", "10.1 MB"; empty where it is missing."""
    if pd.isna(value):
        return ""
    if cost == "milliseconds":
        return f"{value:.2f} ms" if value < 10 else f"{value:.0f} ms"
    return count(int(value)) if cost == "parameters" else f"{value / 1e6:.1f} MB"


def _points(table: pd.DataFrame, cost: str, split: str) -> pd.DataFrame:
    """Rows with both figures: run, label, front, cost (in the axis's unit), value, low, high, and words."""
    known = table.dropna(subset=[cost, f"{split}_accuracy"])
    columns = {f"{split}_{part}": name for part, name in {"accuracy": "value", "low": "low", "high": "high"}.items()}
    figures = known[list(columns)].rename(columns=columns)
    return known[["run", "label", "front"]].assign(
        **figures,
        cost=known[cost].astype(float) / (1e6 if cost == "bytes" else 1),
        cost_words=[cost_words(value, cost) for value in known[cost]],
        words=[with_range(row) for row in figures.to_dict("records")],
    )


def _marks(data: pd.DataFrame, place: Mapping, cost: str, looks: Mapping, *, filled: bool) -> list[alt.Chart]:
    """Points with their intervals."""
    tooltip = [
        alt.Tooltip("label:N", title="Model"),
        alt.Tooltip("words:N", title="Accuracy, 95 %"),
        alt.Tooltip("cost_words:N", title=COSTS[cost][0]),
    ]
    base = alt.Chart(data).encode(x=place["x"], tooltip=tooltip)
    interval = {"y": alt.Y("low:Q"), "y2": "high:Q", "color": looks["color"]}
    points = base.mark_point(filled=filled, size=100, strokeWidth=2, opacity=1).encode(y=place["y"], **looks)
    return [base.mark_rule(strokeWidth=1.5, opacity=0.6).encode(**interval), points]


def _named(data: pd.DataFrame) -> pd.DataFrame:
    """What has its name beside it: the front, and of every other run its cheapest engine."""
    cheapest = data.sort_values("cost").drop_duplicates("run").index
    others = ~data["run"].isin(data.loc[data["front"], "run"]) & data.index.isin(cheapest)
    return data[data["front"] | others].sort_values("cost")


def _names(data: pd.DataFrame, place: Mapping, color: str, middle: float) -> list[alt.Chart]:
    """Names right of cheap points and left of dear ones, which may lie at the chart's edge.

    Those of the front stand above; of others the more accurate of two neighbours, and the less accurate below, so that
    they do not cover each other.
    """
    above, cheap = data["front"] | _beats_neighbour(data), data["cost"] <= middle
    places = [(above, -9), (~above, 16)], [(cheap, "left", 10), (~cheap, "right", -10)]
    return [
        alt.Chart(data[rows & side])
        .mark_text(align=align, dx=dx, dy=dy, fontSize=12, color=color)
        .encode(**place, text="label:N")
        for (rows, dy), (side, align, dx) in product(*places)
    ]


def _beats_neighbour(data: pd.DataFrame) -> np.ndarray:
    """Which points lie no lower than the one nearest to them along the logarithmic axis of costs; a single one does."""
    costs, values = np.log(data["cost"].to_numpy(float)), data["value"].to_numpy(float)
    apart = np.abs(costs[:, None] - costs[None]) + np.diag(np.full(len(costs), np.inf))
    return values >= values[apart.argmin(axis=1)] if len(values) > 1 else np.ones(len(values), bool)
