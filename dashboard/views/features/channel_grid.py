"""The grid of a layer's channels: one picture a page, in which a click chooses a channel."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

import state
from fercore.charts import features as charts
from fercore.charts.grids import Layout, png
from fercore.charts.style import count
from views.features.layer_view import View, choose_channel, choose_filters
from widgets.downloads import download_picture

ROWS, TILES = 12, 64  # channels at once: in rows under several faces, and as single tiles
SIGNED = "blue is positive, orange negative"


def draw_grid(view: View) -> int:
    """Draw a page of the grid, and the choosers of page and channel; the channel that was clicked or typed."""
    rows = view.shown == "activations" and len(view.faces.images) > 1
    at_once, total = ROWS if rows else TILES, len(view.order)
    pages = -(-total // at_once)
    page = st.pagination(pages, max_visible_pages=5, key="page", bind="query-params") if pages > 1 else 1
    first = (page - 1) * at_once
    own = view.order[first : first + at_once]
    with st.container(horizontal=True, gap="small"):
        channel = choose_channel(total, int(own[0]))
        filters = choose_filters(view)
    picture, layout, cells = _rows(view, filters, own) if rows else _tiles(view, filters, own)
    cells = cells.assign(
        label=[view.label(n) for n in own], shown=[bool(n == channel) for n in own], **_tooltips(view.table, own)
    )
    key = f"channel_grid_{st.session_state.get('grid_number', 0)}"
    settings = {"on_select": partial(pick, key), "key": key, "alt": f"Channels of {view.layer.name}"}
    state.chart(charts.clickable, png(picture), layout, cells, state.dark(), width=layout.width, **settings)
    st.caption(f"{count(first + 1)} to {count(first + len(own))} of {count(total)} channels. {legend(view, filters)}")
    download_picture("Download the grid", picture, view.file(view.shown))
    return channel


def pick(key: str) -> None:
    """Let the tile clicked in the chart of a key choose the channel; a click beside the tiles changes nothing."""
    chosen = st.session_state[key].selection.get(charts.CHANNEL)
    # The front end sent this.
    if chosen and isinstance(number := chosen[0].get(charts.CHANNEL), int) and number >= 0:
        st.session_state["channel"] = number


def legend(view: View, filters: np.ndarray | None) -> str:
    """What the colours of the grid mean."""
    deep = "brighter" if state.dark() else "bluer"
    weights = ""
    if filters is not None:
        meaning = SIGNED if (filters < 0).any() else f"the {deep}, the more a place weighs"
        weights = f"Filters: {meaning}, on one scale for the layer."
    if view.shown == "filters":
        return weights
    several = len(view.faces.images) > 1
    colours = SIGNED if (view.maps < 0).any() else f"the {deep}, the stronger"
    own = f"each channel on the scale of its own largest value{' over these faces' if several else ''}"
    return f"Activations, read {view.layer.read}: {colours}, {own}. {weights if several else ''}"


def _rows(view: View, filters: np.ndarray | None, own: np.ndarray) -> tuple[np.ndarray, Layout, pd.DataFrame]:
    dark, labels = state.dark(), [view.label(n) for n in own]
    tiles = None if filters is None else charts.filter_tiles(filters, dark)[own]
    maps = charts.map_tiles(view.maps[:, own], dark)
    layout = charts.face_layout(labels, len(view.faces.images), tiles is not None)
    picture = charts.face_grid(view.faces.images, maps, tiles, labels, view.names, dark)
    return picture, layout, charts.row_cells(own, layout)


def _tiles(view: View, filters: np.ndarray | None, own: np.ndarray) -> tuple[np.ndarray, Layout, pd.DataFrame]:
    dark, labels = state.dark(), [view.label(n) for n in own]
    if view.shown == "filters":
        tiles = charts.filter_tiles(filters, dark)[own]
    else:
        tiles = charts.map_tiles(view.maps[:1, own], dark)[0]
    layout = charts.single_layout(len(own))
    return charts.single_grid(tiles, labels, dark), layout, charts.single_cells(own, layout)


def _tooltips(table: pd.DataFrame | None, own: np.ndarray) -> dict[str, list[str]]:
    if table is None:
        return {}
    rows = table.iloc[own]
    return {
        "emotion": rows["emotion"].fillna("unknown: fires too rarely").tolist(),
        "selectivity": [f"{index:.2f}" for index in rows["selectivity"]],
    }
