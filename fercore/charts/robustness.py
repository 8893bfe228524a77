"""What disturbances come to, drawn. Tables come from `fercore.evaluation.robustness`."""

from __future__ import annotations

from collections.abc import Mapping

import altair as alt
import numpy as np
import pandas as pd

from fercore.charts.robustness_words import ENOUGH, loss_words
from fercore.charts.slices import whole_lines
from fercore.charts.style import (
    RunStyle,
    count,
    ink,
    ink_on,
    percent,
    percent_axis,
    run_color,
    run_shape,
    sequential,
    with_range,
)
from fercore.charts.weak_points import figure
from fercore.evaluation.disturbances import KINDS, TINY

FIGURES = {
    "accuracy": "Accuracy",
    "confidence": "Mean confidence",
    "calibration_error": "Calibration error",
    "flips": "Answers changed",
    "sure": "Sure answers",
    "sure_right": "Sure answers that are right",
}


def kind_chart(
    tables: Mapping[str, pd.DataFrame], styles: Mapping[str, RunStyle], clean: Mapping[str, float]
) -> alt.LayerChart:
    """A point with its 95 % interval for each kind and run: the mean accuracy over the strengths, lowest first.

    Parameters
    ----------
    tables
        Run name -> table of `kind_table`; the first run's order is the chart's.
    styles
        Run name -> its look.
    clean
        Run name -> accuracy on the pictures as they are, a dashed line.
    """
    runs, order = list(tables), list(next(iter(tables.values()))["kind"])
    data = pd.concat([_kinds(table).assign(run=run) for run, table in tables.items()], ignore_index=True)
    ends = [float(data["low"].min()), float(max(data["high"].max(), *clean.values()))]
    scale = alt.Scale(domain=[max(0.0, ends[0] - 0.02), min(1.0, ends[1] + 0.02)], nice=False)
    base = alt.Chart(data).encode(
        y=alt.Y("kind:N", sort=order, title=None, axis=alt.Axis(labelLimit=150)),
        yOffset=alt.YOffset("run:N", sort=runs) if len(runs) > 1 else alt.Undefined,
        color=run_color(styles, runs).legend(None),
        tooltip=[
            alt.Tooltip("run:N", title="Run"),
            alt.Tooltip("kind:N", title="Disturbance"),
            alt.Tooltip("words:N", title="Mean accuracy, 95 %"),
            alt.Tooltip("loss:N", title="Loss, points"),
        ],
    )
    axis = percent_axis("Mean accuracy over the strengths", tickCount=6)
    rules = base.mark_rule(strokeWidth=2).encode(x=alt.X("low:Q", axis=axis, scale=scale), x2="high:Q")
    shape = run_shape(styles, runs).legend(None)
    marks = base.mark_point(filled=True, size=70, opacity=1).encode(x=alt.X("value:Q", scale=scale), shape=shape)
    whole = whole_lines(clean, "pictures as they are", run_color(styles, runs).legend(None), scale)
    return alt.layer(whole, rules, marks).properties(height=60 + len(order) * (22 if len(runs) == 1 else 28))


def strength_chart(
    tables: Mapping[str, pd.DataFrame], styles: Mapping[str, RunStyle], name: str, kind: str, dark: bool = False
) -> alt.LayerChart:
    """A figure of one kind by strength: a line with its 95 % intervals for each run.

    The charts of all kinds have one scale, so that they compare.

    Parameters
    ----------
    tables
        Run name -> table of `strength_table`.
    styles
        Run name -> its look.
    name
        A key of `FIGURES`.
    kind
        One of `KINDS`.
    dark
        For a dark page.
    """
    runs = list(tables)
    data = pd.concat([_drawn(table, name).assign(run=run) for run, table in tables.items()], ignore_index=True)
    base = alt.Chart(data[data["kind"] == kind]).encode(
        x=alt.X("strength:O", title="Strength", axis=alt.Axis(labelAngle=0)),
        color=run_color(styles, runs).legend(None),
        tooltip=[alt.Tooltip("run:N", title="Run"), *_tooltips(name)],
    )
    y = alt.Y("value:Q", title=None, axis=percent_axis(None, tickCount=5), scale=_common_scale(data))
    lines = base.mark_line(strokeWidth=2).encode(y=y)
    bars = base.mark_rule(strokeWidth=1.5).encode(y="low:Q", y2="high:Q")
    shape = run_shape(styles, runs).legend(None)
    marks = base.mark_point(filled=True, size=50, opacity=1).encode(y="value:Q", shape=shape)
    title = alt.TitleParams(f"{FIGURES[name]} under {kind}", fontSize=13, color=ink(dark))
    return alt.layer(bars, lines, marks).properties(height=320, title=title)


def heat_chart(table: pd.DataFrame, name: str, dark: bool = False) -> alt.LayerChart:
    """A cell for each kind and strength of one run, coloured by a figure; lowest accuracy first.

    `table` is from `strength_table`, `name` a key of `FIGURES`.
    """
    data = _drawn(table, name)
    data = data[data["kind"].isin(list(KINDS))]
    order = table[table["strength"] > 0].groupby("kind")["accuracy"].mean().sort_values().index.tolist()
    scale = sequential(1.0 if name != "calibration_error" else float(max(data["value"].max(), 0.01)), dark)
    data = data.dropna(subset=["value"])
    data = data.assign(
        label=[percent(value, 0) for value in data["value"]], ink=ink_on(data["value"].to_numpy(float), scale)
    )
    base = alt.Chart(data).encode(
        x=alt.X("strength:O", title="Strength", axis=alt.Axis(labelAngle=0, orient="top")),
        y=alt.Y("kind:N", title=None, sort=order),
        tooltip=_tooltips(name),
    )
    cells = base.mark_rect(cornerRadius=2).encode(color=alt.Color("value:Q", scale=scale, legend=None))
    black = alt.condition("datum.ink == '#000000'", alt.value("#000000"), alt.value("#FFFFFF"))
    labels = base.mark_text(fontSize=12).encode(text="label:N", color=black)
    return (cells + labels).properties(height=alt.Step(24), width=420)


def level_words(kind: str, strength: int) -> str:
    """What a strength of a kind comes to: "3: 20 (standard deviation in gray levels of 255)"."""
    if strength == 0:
        return "0: as it is"
    found = {**KINDS, **TINY}[kind]
    return f"{strength}: {found.levels[strength - 1]:.3g} ({found.unit})"


def _tooltips(name: str) -> list[alt.Tooltip]:
    titles = {"kind": "Disturbance", "told": "Strength", "words": FIGURES[name], "images": "Of"}
    return [alt.Tooltip(f"{field}:N", title=title) for field, title in titles.items()]


def _common_scale(data: pd.DataFrame) -> alt.Scale:
    """The scale of all kinds; from 0 to 1 where no share is told, as few answers are sure."""
    low, high = data["low"].min(), data["high"].max()
    low, high = (0.0, 1.0) if pd.isna(low) else (float(low), float(high))
    return alt.Scale(domain=[low, max(high, low + 0.01)])


def _kinds(table: pd.DataFrame) -> pd.DataFrame:
    """What a chart needs of `kind_table`: mean accuracy with its interval, and loss, in words too."""
    rows = table.to_dict("records")
    return pd.DataFrame(
        {
            "kind": table["kind"],
            "value": table["accuracy"],
            "low": table["accuracy_low"],
            "high": table["accuracy_high"],
            "words": [with_range(figure(row, "accuracy")) for row in rows],
            "loss": [loss_words(row) for row in rows],
        }
    )


def _drawn(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """What a chart needs of one figure of `strength_table`: its value and interval, and both in words."""
    table = table[table["kind"].isin(list(KINDS))]
    rows = table.to_dict("records")
    ends = [(f"{name}_{end}" if f"{name}_{end}" in table else name) for end in ("low", "high")]
    of = [round(row["sure"] * row["n"]) if name == "sure_right" else row["n"] for row in rows]
    value = table[name].to_numpy(float)
    told = np.array(of) >= (ENOUGH if name == "sure_right" else 1)  # a share of a few sure answers says nothing
    ranged = name != "calibration_error"
    words = [with_range(figure(row, name)) if ranged else _error_words(row) for row in rows]
    return pd.DataFrame(
        {
            "kind": table["kind"],
            "strength": table["strength"],
            "value": np.where(told, value, np.nan),
            "low": np.where(told, table[ends[0]], np.nan),
            "high": np.where(told, table[ends[1]], np.nan),
            "words": words,
            "told": [level_words(row["kind"], row["strength"]) for row in rows],
            "images": [f"{count(n)} {'sure answers' if name == 'sure_right' else 'images'}" for n in of],
        }
    )


def _error_words(row: Mapping) -> str:
    return f"{percent(row['calibration_error'])} (by chance up to {percent(row['calibration_by_chance'])})"
