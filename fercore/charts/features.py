"""What channels respond to, drawn. Arrays come from `explain.features`, tables from `explain.selectivity`."""

from __future__ import annotations

import base64
from collections.abc import Sequence

import altair as alt
import numpy as np
import pandas as pd

from fercore.charts.grids import GROUND, Layout, colored, gray, grid, overlay
from fercore.charts.style import count, diverging, emotion_scale, in_order, ink, percent, percent_axis, sequential
from fercore.emotions import EMOTIONS

CHANNEL = "channel"  # name of the selection that a click on a grid makes, and of its field
COLUMNS = 8  # of a grid with one tile a channel


def filter_tiles(kernels: np.ndarray, dark: bool = False) -> np.ndarray:
    """Kernels (C, h, w) as tiles uint8 (C, h, w, 3), all on one scale so that weak filters look weak.

    Blue weights are positive and orange ones negative. What has no sign, as norms, goes from the page's ground for the
    smallest value to blue for the largest: the places of a norm differ little.
    """
    limit = float(np.abs(kernels).max(initial=0))
    if (kernels < 0).any():
        return colored(kernels, diverging(limit, dark))
    low = float(kernels.min(initial=limit))
    return colored(kernels - low, sequential(limit - low, dark))


def map_tiles(maps: np.ndarray, dark: bool = False) -> np.ndarray:
    """Activations (N, C, h, w) as tiles uint8 (N, C, h, w, 3), each channel on the scale of its own largest value.

    That scale is the same for all N images: a channel's tiles compare with each other, not with those of another.
    Negative values, which only layers without ReLU have, are orange.
    """
    limits = np.abs(maps).max(axis=(0, 2, 3), keepdims=True)
    shares = np.divide(maps, limits, out=np.zeros_like(maps), where=limits > 0)
    return colored(shares, diverging(1.0, dark) if (maps < 0).any() else sequential(1.0, dark))


def single_layout(channels: int) -> Layout:
    """One tile for each of some channels, with its number below."""
    return Layout(-(-channels // COLUMNS), COLUMNS, gap=8, below=15)


def single_grid(tiles: Sequence[np.ndarray], labels: Sequence[str], dark: bool = False) -> np.ndarray:
    """A picture with one tile for each channel, in `single_layout`."""
    return grid(tiles, single_layout(len(tiles)), dark, labels=labels)


def face_layout(labels: Sequence[str], faces: int, with_filters: bool) -> Layout:
    """A row for each labelled channel under a row of faces: its filter where it has one, then a tile for each face."""
    left = 12 + 6 * max(map(len, labels))
    return Layout(len(labels) + 1, faces + with_filters, gap=4, left=left, top=18)


def face_grid(
    faces: np.ndarray,
    maps: np.ndarray,
    kernels: np.ndarray | None,
    labels: Sequence[str],
    names: Sequence[str],
    dark: bool = False,
) -> np.ndarray:
    """A picture of how channels respond to faces, in `face_layout`.

    Parameters
    ----------
    faces
        uint8 (N, H, W), the first row.
    maps, kernels
        Tiles uint8 (N, C, h, w, 3) and (C, h, w, 3), from `map_tiles` and `filter_tiles`; the kernels may be absent.
    labels, names
        Of the C channels and the N faces.
    dark
        Whether the page's ground is dark.
    """
    layout = face_layout(labels, len(faces), kernels is not None)
    empty = colored(np.zeros((1, 1)), alt.Scale(domain=[0, 1], range=[GROUND["dark" if dark else "light"]] * 2))
    tiles = [*([empty] if kernels is not None else []), *gray(faces)]
    for channel in range(maps.shape[1]):
        tiles += [*([kernels[channel]] if kernels is not None else []), *maps[:, channel]]
    columns = [*(["filter"] if kernels is not None else []), *names]
    return grid(tiles, layout, dark, columns=columns, rows=["", *labels])


def clickable(png: bytes, layout: Layout, cells: pd.DataFrame, dark: bool = False) -> alt.LayerChart:
    """A grid in which a click selects a channel.

    Parameters
    ----------
    png
        The picture.
    layout
        Where its tiles lie.
    cells
        From `single_cells` or `row_cells`.
    dark
        Whether the page's ground is dark.
    """
    url = f"data:image/png;base64,{base64.b64encode(png).decode()}"
    # In a narrow window the chart is narrower: the picture and the boxes over it shrink alike. A frame of a pixel or
    # two must not shrink it, which would blur it.
    shown = f"(width > {layout.width - 4} ? {layout.width} : width)"
    width, height = alt.expr(shown), alt.expr(f"{shown} * {layout.height / layout.width}")
    picture = (
        alt.Chart(pd.DataFrame({"url": [url]}))
        .mark_image(width=width, height=height, align="left", baseline="top", aspect=False)
        .encode(x=alt.value(0), y=alt.value(0), url="url:N")
    )
    chosen = alt.selection_point(name=CHANNEL, fields=[CHANNEL], on="click", toggle=False)
    tooltip = [alt.Tooltip("label:N", title="Channel")]
    if "selectivity" in cells:
        tooltip += [alt.Tooltip("emotion:N", title="Prefers"), alt.Tooltip("selectivity:N", title="Selectivity")]
    boxes = (
        alt.Chart(cells)
        .mark_rect(fillOpacity=0, cursor="pointer", cornerRadius=3, stroke=ink(dark))
        .encode(
            x=alt.X("x:Q", axis=None, scale=alt.Scale(domain=[0, layout.width], range=[0, width], nice=False)),
            x2="x2:Q",
            y=alt.Y("y:Q", axis=None, scale=alt.Scale(domain=[0, layout.height], range=[0, height], nice=False)),
            y2="y2:Q",
            strokeWidth=alt.condition("datum.shown", alt.value(2.5), alt.value(0)),
            tooltip=tooltip,
        )
        .add_params(chosen)
    )
    # Without a padding of its own Streamlit takes 20 pixels for one, and the boxes would shrink under the picture.
    size = {
        "width": layout.width,
        "height": layout.height,
        "padding": dict.fromkeys(("left", "top", "right", "bottom"), 0),
    }
    return (picture + boxes).properties(**size).configure_view(stroke=None)


def single_cells(channels: Sequence[int], layout: Layout) -> pd.DataFrame:
    """Boxes around the tiles of `single_layout`: channel, x, y, x2, y2."""
    corners = np.array([layout.corner(number) for number in range(len(channels))]).reshape(-1, 2) - 2
    side = layout.tile + 4
    x, y = corners[:, 0], corners[:, 1]
    return pd.DataFrame({CHANNEL: channels, "x": x, "y": y, "x2": x + side, "y2": y + side + layout.below - 1})


def row_cells(channels: Sequence[int], layout: Layout) -> pd.DataFrame:
    """Boxes around the rows of `face_layout`: channel, x, y, x2, y2."""
    y = np.array([layout.corner((number + 1) * layout.columns)[1] for number in range(len(channels))]) - 2
    return pd.DataFrame({CHANNEL: channels, "x": 2, "y": y, "x2": layout.width - 1, "y2": y + layout.tile + 4})


def fired_grid(faces: np.ndarray, maps: np.ndarray, names: Sequence[str], dark: bool = False) -> np.ndarray:
    """Where on faces one channel fires: its positive activation as heat over each face, on one scale for all.

    Parameters
    ----------
    faces
        uint8 (N, H, W), N at least 1.
    maps
        (N, h, w), the channel's activations.
    names, dark
        Of the N faces; whether the page's ground is dark.
    """
    layout = _face_sheet_layout(len(faces))
    heat = maps.clip(0) / max(float(maps.max(initial=0)), np.finfo(np.float32).tiny)
    tiles = [overlay(face, own, side=2 * layout.tile) for face, own in zip(faces, heat, strict=True)]
    return grid(tiles, layout, dark, labels=names)


def face_sheet(faces: np.ndarray, labels: Sequence[str], dark: bool = False) -> np.ndarray:
    """Faces uint8 (N, H, W), four in a row, with a label under each; N at least 1."""
    return grid(gray(faces), _face_sheet_layout(len(faces)), dark, labels=labels)


def _face_sheet_layout(faces: int) -> Layout:
    return Layout(-(-faces // 4), min(faces, 4), tile=104, gap=6, below=15)


def kernel_grid(weights: np.ndarray, inputs: Sequence[int], dark: bool = False) -> np.ndarray:
    """Kernels (n, h, w) of one filter with the number of each one's input; a single one is large and has no number."""
    if len(weights) == 1:
        return grid(filter_tiles(weights, dark), Layout(1, 1, tile=104), dark)
    return single_grid(filter_tiles(weights, dark), [str(n) for n in inputs], dark)


def strength_bars(strengths: Sequence[float], classes: Sequence[str] = EMOTIONS) -> alt.Chart:
    """Mean strength of one channel on each class, by default those of FER2013; NaN draws no bar."""
    data = pd.DataFrame({"emotion": list(classes), "strength": strengths}).dropna()
    return (
        alt.Chart(data)
        .mark_bar()
        .encode(
            y=alt.Y("emotion:N", title=None, sort=list(classes)),
            x=alt.X("strength:Q", title="Mean strength", axis=alt.Axis(tickCount=4), scale=alt.Scale(domainMin=0)),
            color=alt.Color("emotion:N", scale=emotion_scale(classes), legend=None),
            tooltip=[
                alt.Tooltip("emotion:N", title="Emotion"),
                alt.Tooltip("strength:Q", title="Mean strength", format=".3~g"),
            ],
        )
        .properties(height=250)
    )


def layer_selectivity(table: pd.DataFrame, dark: bool = False) -> alt.LayerChart:
    """Median selectivity of each layer's channels, with the quartiles as a bar; `table` from `layer_table`."""
    data = table.dropna(subset="median").assign(
        words=[f"{row.median:.2f} ({row.low:.2f} to {row.high:.2f})" for row in table.dropna().itertuples()],
        number=[count(n) for n in table.dropna()["channels"]],
        rarely=[count(n) for n in table.dropna()["rare"]],
    )
    tooltip = [
        alt.Tooltip("layer:N", title="Layer"),
        alt.Tooltip("words:N", title="Selectivity, median (quartiles)"),
        alt.Tooltip("number:N", title="Channels"),
        alt.Tooltip("rarely:N", title="Left out: fire too rarely"),
    ]
    base = alt.Chart(data).encode(y=_layers(table), tooltip=tooltip)
    x = alt.X("low:Q", title="Selectivity index", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(tickCount=5))
    ranges = base.mark_bar(height=7, opacity=0.45, cornerRadius=3, color=ink(dark)).encode(x=x, x2="high:Q")
    medians = base.mark_point(filled=True, size=80, opacity=1, color=ink(dark)).encode(x="median:Q")
    return (ranges + medians).properties(height=_height(table), title="How selective its channels are")


def layer_preferences(table: pd.DataFrame) -> alt.Chart:
    """Share of each layer's channels that prefer each emotion, as stacked bars; `table` from `preference_table`."""
    classes = in_order(table["emotion"])
    data = table.assign(
        rank=[classes.index(emotion) for emotion in table["emotion"]],
        words=[f"{count(n)} ({percent(x, 0)})" for n, x in zip(table["channels"], table["share"], strict=True)],
    )
    return (
        alt.Chart(data)
        .mark_bar()
        .encode(
            y=_layers(table),
            x=alt.X("share:Q", axis=percent_axis("Channels", tickCount=5), scale=alt.Scale(domain=[0, 1])),
            color=alt.Color(
                "emotion:N", scale=emotion_scale(classes), legend=alt.Legend(title=None, orient="bottom", columns=4)
            ),
            order="rank:Q",
            tooltip=[
                alt.Tooltip("layer:N", title="Layer"),
                alt.Tooltip("emotion:N", title="Prefer"),
                alt.Tooltip("words:N", title="Channels"),
            ],
        )
        .properties(height=_height(table) + 90, title="Which emotion they prefer")
    )


def _layers(table: pd.DataFrame) -> alt.Y:
    return alt.Y("layer:N", title=None, sort=list(dict.fromkeys(table["layer"])), axis=alt.Axis(labelLimit=140))


def _height(table: pd.DataFrame) -> int:
    return 25 * table["layer"].nunique() + 90  # of which 90 are for title and axis
