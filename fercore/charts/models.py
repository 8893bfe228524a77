"""Models to choose from, drawn: accuracy against what it costs, and the front of those that nothing beats."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

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
_MOST_NAMES = 20  # runs whose names stand in the picture beside those of the front: more would cover each other
_HEIGHT, _MARGIN = 460, 30  # pixels: of the chart with its axes, and beside the cheapest and the dearest
_PLOT = 465, 380  # pixels within the axes on a page of 800
_STEP = 0.02  # of the axis of accuracies
_FONT, _CHARACTER = 12, 6.3  # pixels of a name: its height, and the width of a letter
_AROUND = 12  # pixels on each side of a point that are its own
# Of a name beside its point: align, dx, dy. The first that covers nothing is taken.
_PLACES = [(align, dx, dy) for dy in (-9, 16, -24, 31) for align, dx in (("left", 10), ("right", -10))]


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
    points = pd.concat([ours.assign(ours=True), theirs.assign(ours=False)], ignore_index=True)
    scale = alt.Scale(type="log", nice=False, padding=_MARGIN)
    axis = alt.Axis(format="~s" if cost == "parameters" else "~g")
    accuracies = alt.Scale(domain=_ends(points), nice=False, zero=False)
    place = {
        "x": alt.X("cost:Q", title=COSTS[cost][1], scale=scale, axis=axis),
        "y": alt.Y("value:Q", axis=percent_axis(f"Accuracy on {split_name}"), scale=accuracies),
    }
    named = points.loc[points["label"].isin([*_named(ours)["label"], *theirs["label"]])]
    names = list(dict.fromkeys(ours["run"]))
    looks = {"color": run_color(styles, names).legend(None), "shape": run_shape(styles, names).legend(None)}
    line = alt.Chart(ours[ours["front"]]).mark_line(
        interpolate="step-after", strokeDash=[5, 4], strokeWidth=1.5, color=ink(dark), opacity=0.7
    )
    layers = [
        *_marks(theirs, place, cost, {"color": alt.value(_GREY)}, filled=False),
        line.encode(**place, order=alt.Order("cost:Q")),
        *_marks(ours, place, cost, looks, filled=True),
        *_names(named, points, place, dark),
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
    """What has its name beside it: the front, and of the most accurate other runs the cheapest engine."""
    best = data.sort_values("value", ascending=False, kind="stable").drop_duplicates("run").head(_MOST_NAMES)["run"]
    cheapest = data[data["run"].isin(best)].sort_values("cost").drop_duplicates("run").index
    others = ~data["run"].isin(data.loc[data["front"], "run"]) & data.index.isin(cheapest)
    return data[data["front"] | others].sort_values("cost")


def _ends(points: pd.DataFrame) -> list[float]:
    """Where the axis of accuracies begins and ends."""
    low, high = points["low"].min() / _STEP, points["high"].max() / _STEP
    return [float(np.floor(low) * _STEP), float(np.ceil(high) * _STEP)] if len(points) else [0.0, 1.0]


def _names(named: pd.DataFrame, points: pd.DataFrame, place: Mapping, dark: bool) -> list[alt.Chart]:
    """Each name beside its point; those of other people's models are grey."""
    corners, theirs = _corners(named, points), ~named["run"].isin(points.loc[points["ours"], "run"])
    return [
        alt.Chart(named.loc[rows])
        .mark_text(align=align, dx=dx, dy=dy, fontSize=_FONT, color=color)
        .encode(**place, text="label:N")
        for (align, dx, dy), who in corners.groupby(corners).groups.items()
        for color, rows in ((ink(dark), who[~theirs[who]]), (_GREY, who[theirs[who]]))
        if len(rows)
    ]


def _corners(named: pd.DataFrame, points: pd.DataFrame) -> pd.Series:
    """Where each name stands beside its point: (align, dx, dy), in pixels.

    The most accurate choose first, each the place where its name covers least of names, points and the front, as they
    lie on a narrow page: on a wide one they are further apart.
    """
    (cheap, dear), (worst, best) = np.log(points["cost"].agg(["min", "max"])), _ends(points)
    wide, high = _PLOT

    def pixels(row: pd.Series) -> np.ndarray:
        share = (np.log(row["cost"]) - cheap) / (dear - cheap) if dear > cheap else 0.5
        return np.array([_MARGIN + share * (wide - 2 * _MARGIN), (best - row["value"]) / (best - worst) * high])

    def box(row: pd.Series, corner: tuple[str, int, int]) -> np.ndarray:
        align, dx, dy = corner
        width, (x, y) = _CHARACTER * len(row["label"]), pixels(row)
        left = x + dx - (width if align == "right" else 0)
        return np.array([left, y + dy - _FONT / 2, left + width, y + dy + _FONT / 2])

    def covered(asked: np.ndarray, taken: np.ndarray) -> float:
        outside = max(0, -asked[0]) + max(0, asked[2] - wide)
        shared = np.minimum(asked[2:], taken[:, 2:]) - np.maximum(asked[:2], taken[:, :2])
        return float(outside * _FONT + shared.clip(0).prod(axis=1).sum())

    # Wide enough that a name does not seem to be that of the next point.
    around = {index: np.concatenate([pixels(row) - _AROUND, pixels(row) + _AROUND]) for index, row in points.iterrows()}
    steps = [pixels(row) for _, row in points[points["front"]].sort_values("cost").iterrows()]
    line = [np.array([*one - 1, other[0], one[1] + 1]) for one, other in pairwise(steps)]
    found, names = {}, []
    for index, row in named.sort_values("value", ascending=False, kind="stable").iterrows():
        taken = np.array([*names, *line, *(around[other] for other in around if other != index), np.zeros(4)])
        found[index] = min(_PLACES, key=lambda place: covered(box(row, place), taken))
        names.append(box(row, found[index]))
    return pd.Series(found, dtype=object)
