"""Faces on a plane as a model sees them, drawn. Tables come from `fercore.explain.alike`."""

from __future__ import annotations

import base64
import io

import altair as alt
import numpy as np
import pandas as pd
from PIL import Image

from fercore.charts.live import ROWS
from fercore.charts.style import (
    RIGHT,
    RUN_COLORS,
    RUN_SHAPES,
    WRONG,
    count,
    emotion_scale,
    in_order,
    ink,
    percent,
    percent_axis,
    sequential,
    with_range,
)
from fercore.emotions import EMOTIONS, colors
from fercore.explain.projection import NEIGHBOURS

BOX = "box"  # name of the selection that dragging makes, with ranges of x and y
COLOURS = {
    "true": "True class",
    "pred": "Predicted class",
    "right": "Right or wrong",
    "probability": "Confidence",
    "own": "Neighbours alike",
    "split": "Split",
}
_WORDS = {True: "right", False: "wrong"}
_SIDE = 96  # pixels of a picture at the pointer


def thumbnails(images: np.ndarray) -> list[str]:
    """Faces uint8 (N, H, W) or (N, H, W, 3) as data URIs of about 0.8 kB each, to be shown at the pointer."""
    return [_thumbnail(image) for image in images]


def scatter_rows(points: pd.DataFrame) -> pd.DataFrame:
    """Rows of `scatter` from those of `alike.point_table`; a column image, from `thumbnails`, may have joined them."""
    return points.assign(
        right=points["right"].map(_WORDS),
        confidence=[percent(x, 0) for x in points["probability"]],
        alike=["" if pd.isna(own) else f"{own} of {NEIGHBOURS}" for own in points["own"]],
        own=points["own"].astype("float64"),
    )


def scatter(
    colour: str,
    splits: tuple[str, ...],
    pictured: bool = False,
    dark: bool = False,
    classes: tuple[str, ...] = EMOTIONS,
) -> alt.Chart:
    """One mark for each image; dragging selects a box, and a click on the legend dims the others.

    Parameters
    ----------
    colour
        A key of `COLOURS`. Images of Training have no "own".
    splits
        The names of the splits that the rows are of.
    pictured
        Whether the rows have a column image, which is shown at the pointer.
    dark
        Whether the page's ground is dark.
    classes
        Names of the classes, by default those of FER2013.

    Returns
    -------
    alt.Chart
        For rows named `live.ROWS`, from `scatter_rows`.
    """
    names = {"id": "Image", "true": "True", "pred": "Predicted", "confidence": "Confidence", "split": "Split"}
    names |= {"alike": "Neighbours alike"} | ({"image": "image"} if pictured else {})  # Vega shows "image" as a picture
    plane = alt.Scale(domain=[-1.04, 1.04], nice=False)
    box = alt.selection_interval(name=BOX, mark=alt.BrushConfig(fill=ink(dark), fillOpacity=0.08, stroke=ink(dark)))
    chart = (
        alt.Chart(alt.NamedData(ROWS))
        .mark_point(filled=True, size=34, strokeWidth=0)
        .encode(
            x=alt.X("x:Q", axis=None, scale=plane),
            y=alt.Y("y:Q", axis=None, scale=plane),
            tooltip=[alt.Tooltip(f"{field}:N", title=title) for field, title in names.items()],
        )
        .add_params(box)
    )
    return _coloured(chart, colour, splits, classes, dark).properties(height=600)


def class_agreement(table: pd.DataFrame, dark: bool = False) -> alt.LayerChart:
    """How many neighbours of each emotion's images show it, with intervals and a tick at what chance would give.

    `table` from `alike.class_table`.
    """
    data = table.assign(
        words=[with_range(row) for row in table[["value", "low", "high"]].to_dict("records")],
        of_chance=[percent(x) for x in table["chance"]],
        others=[f"{name} ({percent(x, 0)})" for name, x in zip(table["other"], table["other_share"], strict=True)],
        images=[count(n) for n in table["images"]],
    )
    tooltips = {"emotion": "Emotion", "words": "Neighbours alike", "of_chance": "By chance", "others": "Most others"}
    classes = in_order(table["emotion"])
    base = alt.Chart(data).encode(
        y=alt.Y("emotion:N", title=None, sort=classes),
        tooltip=[alt.Tooltip(f"{field}:N", title=title) for field, title in {**tooltips, "images": "Images"}.items()],
    )
    x = alt.X("value:Q", axis=percent_axis("Neighbours with this emotion", values=[0, 0.5, 1]))
    bars = base.mark_bar().encode(
        x=x.scale(domain=[0, 1]), color=alt.Color("emotion:N", scale=emotion_scale(classes), legend=None)
    )
    whiskers = base.mark_rule(color=ink(dark), strokeWidth=1.5).encode(x="low:Q", x2="high:Q")
    chance = base.mark_tick(color=ink(dark), thickness=2, size=16).encode(x="chance:Q")
    return (bars + whiskers + chance).properties(height=max(270, 38 * len(classes)), title="Neighbours alike")


def _coloured(
    chart: alt.Chart, colour: str, splits: tuple[str, ...], classes: tuple[str, ...], dark: bool
) -> alt.Chart:
    if colour in ("probability", "own"):
        return chart.encode(color=_shade(colour, dark), opacity=alt.value(0.9))
    domain, range_, shapes = _groups(colour, splits, classes)
    legend = alt.Legend(orient="top", title=None, symbolSize=90, symbolOpacity=1, columns=4, labelLimit=300)
    group = alt.selection_point(name="group", fields=[colour], bind="legend")
    return chart.encode(
        color=alt.Color(f"{colour}:N", scale=alt.Scale(domain=domain, range=range_), legend=legend),
        shape=alt.Shape(f"{colour}:N", scale=alt.Scale(domain=domain, range=shapes), legend=legend),
        opacity=alt.condition(group, alt.value(0.85), alt.value(0.05)),
    ).add_params(group)


def _shade(colour: str, dark: bool) -> alt.Color:
    """Colours of a quantity; not from the page's ground on, where a point could not be seen."""
    top, form = (1, ".0%") if colour == "probability" else (NEIGHBOURS, "d")
    shades = list(sequential(top, dark)["range"])[1:]
    scale = alt.Scale(domain=np.linspace(0, top, len(shades)).tolist(), range=shades)
    legend = alt.Legend(orient="top", title=COLOURS[colour], format=form, gradientLength=240, tickCount=5)
    return alt.Color(f"{colour}:Q", scale=scale, legend=legend)


def _groups(colour: str, splits: tuple[str, ...], classes: tuple[str, ...]) -> tuple[list[str], list[str], list[str]]:
    """The values of a nominal column, with their colours and shapes."""
    if colour == "right":
        return list(_WORDS.values()), [RIGHT, WRONG], ["circle", "cross"]
    if colour == "split":
        return list(splits), list(RUN_COLORS[: len(splits)]), list(RUN_SHAPES[: len(splits)])
    found = colors(classes)
    return list(found), list(found.values()), list(RUN_SHAPES)


def _thumbnail(image: np.ndarray) -> str:
    file = io.BytesIO()
    picture = Image.fromarray(image).resize((_SIDE, _SIDE), Image.Resampling.BICUBIC)
    picture.save(file, "webp", quality=20, method=2)
    return f"data:image/webp;base64,{base64.b64encode(file.getvalue()).decode()}"
