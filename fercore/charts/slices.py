"""Accuracy of slices with its intervals, and what the slices come to in words."""

from __future__ import annotations

from collections.abc import Mapping

import altair as alt
import pandas as pd

from fercore.charts.style import RunStyle, count, ink, p_value, percent, percent_axis, run_color, run_shape, with_range
from fercore.evaluation.slices import FEWEST, Searched, worst_slice

COMPARED = ["Attribute", "Slice", "Images", "Accuracy", "Others", "Difference, points", "p (Holm)"]
GROUP = "group"  # name of the selection that a clicked point makes, with the fields attribute and slice
_LETTER, _MOST_NAMES = 6, 150  # pixels of a letter, and of the names beside a chart


def slice_words(table: pd.DataFrame, run: str, split_name: str, images: int) -> str:
    """The least accurate slice that is so by more than noise, in a sentence or two.

    `table` is from `fercore.evaluation.slices.slice_table`, `images` how many the run has answered for.
    """
    on = f"on {split_name} (n = {count(images)})"
    worst = worst_slice(table)
    if worst is None:
        return f"{run} has no slice {on} that is less accurate than the other images by more than noise."
    own = with_range(figure(worst, "accuracy"))
    words = (
        f"{run} is least accurate {on} where {worst['attribute']} is {worst['slice']}: {own} of {count(worst['n'])} "
        f"images, {percent(worst['rest'])} of the others."
    )
    if pd.isna(worst["same_classes"]):
        return words
    return f"{words} With this slice's mix of classes, the others' accuracy would be {percent(worst['same_classes'])}."


def confirmed_words(found: Searched) -> str:
    """What a search came to, and that it searched."""
    if not len(found.first):
        return f"Of {count(found.tried)} slices large enough to search, none is less accurate than the other images."
    searched = (
        f"{count(found.tried)} slices of single attributes and pairs were searched on one half of the images, and the "
        f"{len(found.first)} most noticeable tested on the other half"
    )
    confirmed = found.confirmed
    if confirmed.empty:
        return f"{searched}: none is less accurate there by more than noise."
    rows = [
        f"{row['attribute']} {row['slice']} ({with_range(figure(row, 'accuracy'))} of {count(row['n'])} images, "
        f"{percent(row['rest'])} of the others)"
        for row in confirmed.to_dict("records")
    ]
    return f"{searched}. Less accurate there too: {'; '.join(rows)}."


def figure(row: Mapping, name: str) -> dict[str, float]:
    """A figure of a row with its interval: value, low and high."""
    return {"value": row[name], "low": row[f"{name}_low"], "high": row[f"{name}_high"]}


def table_rows(table: pd.DataFrame) -> pd.DataFrame:
    """The figures of `slice_table`, as people read them, in `COMPARED` and further columns.

    An asterisk marks slices too small to test.
    """
    rows = table.to_dict("records")
    return pd.DataFrame(
        {
            "Attribute": table["attribute"],
            "Slice": table["slice"],
            "Images": [count(row["n"]) + ("*" if row["small"] else "") for row in rows],
            "Accuracy": [with_range(figure(row, "accuracy")) for row in rows],
            "Others": [_percent(row["rest"]) for row in rows],
            "Difference, points": [_difference(row) for row in rows],
            "p (Holm)": [p_value(row["p_holm"]) for row in rows],
            "Others, same classes": [_percent(row["same_classes"]) for row in rows],
            "Macro F1": [with_range(figure(row, "macro_f1")) for row in rows],
            "Calibration error": [percent(row["calibration_error"]) for row in rows],
            "By chance": [f"up to {percent(row['calibration_by_chance'])}" for row in rows],
            "Confidence": [with_range(figure(row, "confidence")) for row in rows],
        },
        dtype=object,
    )


def attribute_names(tables: Mapping[str, pd.DataFrame]) -> list[str]:
    """The attributes of all tables, in their order: each has a chart of its own."""
    return list(dict.fromkeys(name for table in tables.values() for name in table["attribute"]))


def slice_chart(
    tables: Mapping[str, pd.DataFrame],
    styles: Mapping[str, RunStyle],
    wholes: Mapping[str, float],
    name: str,
    dark: bool = False,
) -> alt.LayerChart:
    """A point with its 95 % interval for each slice of one attribute and each run.

    The charts of all attributes have one scale, and leave the same place for names: they stand below each other, as
    wide as the page, which charts of several panels cannot be.

    Parameters
    ----------
    tables
        Run name -> table of `slice_table`. Slices too small to test are pale.
    styles
        Run name -> its look.
    wholes
        Run name -> accuracy on all images, a dashed line.
    name
        The attribute. Accuracies stand below the last of `attribute_names`.
    dark
        For a dark page.
    """
    data = pd.concat([_drawn(table, run) for run, table in tables.items()], ignore_index=True)
    low, high = float(data["accuracy_low"].min()), float(data["accuracy_high"].max())
    scale = alt.Scale(domain=[max(0.0, low - 0.02), min(1.0, high + 0.02)], nice=False)
    place = min(_MOST_NAMES, 10 + _LETTER * max(map(len, data["slice"])))
    last = name == attribute_names(tables)[-1]
    runs, color = list(tables), run_color(styles, list(tables)).legend(None)
    base = _rows(data[data["attribute"] == name], runs, place).encode(color=color)
    axis = percent_axis("Accuracy" if last else None, tickCount=6, labels=last, ticks=last)
    rules = base.mark_rule(strokeWidth=2).encode(x=alt.X("accuracy_low:Q", axis=axis, scale=scale), x2="accuracy_high")
    shape = run_shape(styles, runs).legend(None)
    points = base.mark_point(filled=True, size=90).encode(x=alt.X("accuracy:Q", scale=scale), shape=shape)
    points = points.add_params(alt.selection_point(name=GROUP, fields=["attribute", "slice"]))
    whole = whole_lines({run: wholes[run] for run in runs}, "all images", color, scale)
    title = alt.TitleParams(name, anchor="start", frame="group", fontSize=13, color=ink(dark))
    height = alt.Step(26 if len(runs) == 1 else 15)
    return alt.layer(whole, rules, points).properties(height=height, title=title)


def whole_lines(wholes: Mapping[str, float], of: str, color: alt.Color, scale: alt.Scale) -> alt.Chart:
    """A dashed line for each run at its accuracy on the whole `of` something, behind the intervals of its parts."""
    data = pd.DataFrame({"run": list(wholes), "accuracy": list(wholes.values()), "of": of})
    lines = alt.Chart(data).mark_rule(strokeDash=[4, 4], strokeWidth=1)
    return lines.encode(
        x=alt.X("accuracy:Q", scale=scale),
        color=color,
        tooltip=[
            alt.Tooltip("run:N", title="Run"),
            alt.Tooltip("of:N", title="Of"),
            alt.Tooltip("accuracy:Q", title="Accuracy", format=".1%"),
        ],
    )


def _rows(data: pd.DataFrame, runs: list[str], place: int) -> alt.Chart:
    """A row for each slice, with `place` pixels for its name; what is drawn into it tells the slice's figures."""
    names = alt.Axis(labelLimit=place, minExtent=place, maxExtent=place)
    titles = {
        "run": "Run",
        "attribute": "Attribute",
        "slice": "Slice",
        "images": "Images",
        "words": "Accuracy, 95 %",
        "others": "Accuracy on the others",
        "p": "p (Holm)",
    }
    return alt.Chart(data).encode(
        y=alt.Y("slice:N", sort=list(dict.fromkeys(data["slice"])), title=None, axis=names),
        yOffset=alt.YOffset("run:N", sort=runs) if len(runs) > 1 else alt.Undefined,
        opacity=alt.condition(alt.datum.small, alt.value(0.35), alt.value(1)),
        tooltip=[alt.Tooltip(f"{field}:N", title=title) for field, title in titles.items()],
    )


def _drawn(table: pd.DataFrame, run: str) -> pd.DataFrame:
    rows = table.to_dict("records")
    columns = ["attribute", "slice", "small", "accuracy", "accuracy_low", "accuracy_high"]
    return table[columns].assign(
        run=run,
        words=[with_range(figure(row, "accuracy")) for row in rows],
        images=[count(row["n"]) + (f" (fewer than {FEWEST}: not tested)" if row["small"] else "") for row in rows],
        others=[_percent(row["rest"]) for row in rows],
        p=[p_value(row["p_holm"]) for row in rows],
    )


def _percent(share: float) -> str:
    return "" if pd.isna(share) else percent(share)


def _difference(row: Mapping) -> str:
    if pd.isna(row["difference"]):
        return ""
    value, low, high = (100 * row[f"difference{end}"] for end in ("", "_low", "_high"))
    return f"{value:+z.1f} ({low:+z.1f} to {high:+z.1f})".replace("-", "−")
