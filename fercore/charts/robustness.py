"""What disturbances come to, in words and drawn. Tables come from `fercore.evaluation.robustness`."""

from __future__ import annotations

from collections.abc import Mapping

import altair as alt
import numpy as np
import pandas as pd

from fercore.charts.style import (
    RunStyle,
    count,
    ink,
    ink_on,
    percent,
    percent_axis,
    points,
    range_words,
    run_color,
    run_shape,
    sequential,
    with_range,
)
from fercore.charts.weak_points import figure
from fercore.evaluation.confidence import RIGHT
from fercore.evaluation.disturbances import KINDS, TINY
from fercore.evaluation.robustness import (
    BASELINE,
    Robustness,
    corruption_error,
    kind_table,
    mean_flips,
    right_of,
    strength_table,
)

FIGURES = {
    "accuracy": "Accuracy",
    "confidence": "Mean confidence",
    "calibration_error": "Calibration error",
    "flips": "Answers changed",
    "sure": "Sure answers",
    "sure_right": "Sure answers that are right",
}
KIND_COLUMNS = ("Disturbance", "Accuracy", "Loss, points", "Not monotone at strength")
_ENOUGH = 50  # sure answers of which a share is told
_SMALL = 165  # pixels of a small chart from its title to its axis


def summary(found: Robustness, run: str, baseline: Robustness | None, split_name: str = "") -> list[str]:
    """All that a run's counts come to, a sentence each; of what was not measured, none.

    `split_name` is what to call the split, by default what its data set does.
    """
    worst = worst_words(found, run, split_name or found.about["split_name"])
    sentences = [worst, corruption_words(found, baseline), flips_words(found), sure_words(found)]
    return [words for words in (*sentences, calibration_words(found), order_words(found)) if words]


def worst_words(found: Robustness, run: str, split_name: str) -> str:
    """The clean accuracy, and the two kinds that cost most of it."""
    table = kind_table(found).to_dict("records")
    clean = 1 - found.wrong_clean.mean()
    first, second = (f"{row['kind']} ({with_range(figure(row, 'accuracy'))})" for row in table[:2])
    of = "" if found.n == found.about["split_size"] else f" drawn from {count(found.about['split_size'])}"
    return (
        f"{run} has an accuracy of {percent(clean)} on {count(found.n)} images of {split_name}{of}. It "
        f"falls most, on average over the strengths, under {first} and {second}."
    )


def corruption_words(found: Robustness, baseline: Robustness | None) -> str:
    """The mean corruption error; empty for the baseline, and without its counts on the same images."""
    if baseline is None or found.about == baseline.about or (error := corruption_error(found, baseline)) is None:
        return ""
    relative = corruption_error(found, baseline, relative=True)
    beyond = f"; counting only what disturbances add to its errors, {with_range(relative)}" if relative else ""
    return f"Its mean corruption error is {with_range(error)} of that of {BASELINE}{beyond}."


def flips_words(found: Robustness) -> str:
    """How many answers a tiny change turns."""
    flips = mean_flips(found)
    return (
        f"Changes too small to see turn {percent(flips['value'])} of its answers into others ({range_words(flips)} by "
        "kind)."
    )


def sure_words(found: Robustness) -> str:
    """Whether what the threshold promises holds."""
    if found.about["threshold"] is None:
        return ""
    table = strength_table(found)
    table = table[table["kind"].isin(list(KINDS)) & (table["strength"] > 0) & (table["sure"] * table["n"] >= _ENOUGH)]
    below = table[table["sure_right_high"] < RIGHT]
    words = f"Its threshold was chosen so that {percent(RIGHT, 0)} of sure answers are right"
    if below.empty:
        return f"{words}, which holds, within noise, under every disturbance."
    worst = below.loc[below["sure_right"].idxmin()].to_dict()
    return (
        f"{words}; under {len(below)} of {len(table)} disturbances fewer are, by more than noise, fewest under "
        f"{worst['kind']} at strength {worst['strength']}: {with_range(figure(worst, 'sure_right'))} of "
        f"{count(round(worst['sure'] * worst['n']))}."
    )


def calibration_words(found: Robustness) -> str:
    """How far confidence and accuracy come apart."""
    clean, rest = found.counts.iloc[0], found.counts[found.counts["kind"].isin(list(KINDS))]
    worst = rest.loc[rest["calibration_error"].idxmax()]
    return (
        f"Its calibration error is {percent(clean['calibration_error'])} on clean pictures and at most "
        f"{percent(worst['calibration_error'])}, under {worst['kind']} at strength {worst['strength']}."
    )


def order_words(found: Robustness) -> str:
    """Under how many kinds more strength once costs nothing, and under which most; `kind_rows` has them all."""
    most = {kind: int(np.diff(right_of(found, kind)).max()) for kind in KINDS}
    rising = sorted((kind for kind in KINDS if most[kind] > 0), key=most.get, reverse=True)
    if not rising:
        return "Under no kind is accuracy higher at a strength than at the one before."
    first = rising[0]
    return (
        f"Under {len(rising)} of {len(KINDS)} kinds accuracy is higher at some strength than at the one before, by "
        f"{points(most[first] / found.n)} at most ({first})."
    )


def kind_rows(found: Robustness) -> pd.DataFrame:
    """`kind_table` as people read it, in `KIND_COLUMNS`."""
    rows = kind_table(found).to_dict("records")
    cells = [
        [
            row["kind"],
            with_range(figure(row, "accuracy")),
            f"{points(row['drop']).removesuffix(' points')} ({range_words(figure(row, 'drop'))})",
            ", ".join(map(str, row["rises"])),
        ]
        for row in rows
    ]
    return pd.DataFrame(cells, columns=list(KIND_COLUMNS), dtype=object)


def strength_chart(
    tables: Mapping[str, pd.DataFrame], styles: Mapping[str, RunStyle], name: str, kind: str, dark: bool = False
) -> alt.LayerChart:
    """A small chart of one kind: a figure by strength, a line with its 95 % interval for each run.

    The charts of all kinds have one scale. They are charts of their own, so that as many stand beside each other as the
    page has room for.

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
    low, high = data["low"].min(), data["high"].max()
    low, high = (0.0, 1.0) if pd.isna(low) else (float(low), float(high))  # no share is told where few are sure
    scale, axis = alt.Scale(domain=[low, max(high, low + 0.01)]), percent_axis(None, tickCount=4)
    base = alt.Chart(data[data["kind"] == kind]).encode(
        x=alt.X("strength:O", title=None, axis=alt.Axis(labelAngle=0)),
        color=run_color(styles, runs).legend(None),
        tooltip=[
            alt.Tooltip("run:N", title="Run"),
            alt.Tooltip("kind:N", title="Disturbance"),
            alt.Tooltip("told:N", title="Strength"),
            alt.Tooltip("words:N", title=FIGURES[name]),
            alt.Tooltip("images:N", title="Of"),
        ],
    )
    lines = base.mark_line(strokeWidth=2).encode(y=alt.Y("value:Q", title=None, axis=axis, scale=scale))
    bars = base.mark_rule(strokeWidth=1.5).encode(y="low:Q", y2="high:Q")
    shape = run_shape(styles, runs).legend(None)
    marks = base.mark_point(filled=True, size=35, opacity=1).encode(y="value:Q", shape=shape)
    title = alt.TitleParams(kind, fontSize=12, color=ink(dark))
    return alt.layer(bars, lines, marks).properties(height=_SMALL, title=title)


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
        tooltip=[
            alt.Tooltip("kind:N", title="Disturbance"),
            alt.Tooltip("told:N", title="Strength"),
            alt.Tooltip("words:N", title=FIGURES[name]),
            alt.Tooltip("images:N", title="Of"),
        ],
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


def _drawn(table: pd.DataFrame, name: str) -> pd.DataFrame:
    """What a chart needs of one figure of `strength_table`: its value and interval, and both in words."""
    table = table[table["kind"].isin(list(KINDS))]
    rows = table.to_dict("records")
    ends = [(f"{name}_{end}" if f"{name}_{end}" in table else name) for end in ("low", "high")]
    of = [round(row["sure"] * row["n"]) if name == "sure_right" else row["n"] for row in rows]
    value = table[name].to_numpy(float)
    told = np.array(of) >= (_ENOUGH if name == "sure_right" else 1)  # a share of a few sure answers says nothing
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
