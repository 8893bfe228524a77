"""Table, search and links of the slices page."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st

import state
from fercore.charts.slices import attribute_names, confirmed_words, slice_chart, table_rows
from fercore.charts.style import RunStyle
from fercore.charts.training import run_legend
from fercore.evaluation.attributes import Attribute
from fercore.evaluation.slices import FEWEST, Searched
from fercore.runs import Predictions
from views.slices.measured import search_in
from widgets import chart_clicks
from widgets.downloads import download_table
from widgets.image_slices import SLICE
from widgets.links import link
from wording.markdown import code, escape

WIDTH = 800  # pixels of the charts, where the page has them
METHOD = (
    "Each slice is compared with the attribute's other images. Accuracies have Wilson's 95 % intervals, differences "
    "Newcombe's (1998); p is of Fisher's exact test, corrected for all slices shown (Holm). “Others, same classes” is "
    "the others' accuracy with this slice's mix of classes: where it is low too, the slice is weak because its classes "
    f"are difficult. * fewer than {FEWEST} images: pale, not tested. Macro F1: bootstrap over images; by chance: below "
    "this the calibration error stays in 95 % of samples for a model that is right as often as it says."
)


def as_markdown(table: pd.DataFrame) -> pd.DataFrame:
    """The table with names that may stand in a sentence; those of a visitor's file may hold anything."""
    return table.assign(**{name: table[name].map(escape) for name in ("attribute", "slice")})


def draw_charts(
    tables: dict[str, pd.DataFrame],
    looks: dict[str, RunStyle],
    wholes: dict[str, float],
    names: dict[tuple[str, str], str],
) -> None:
    """The accuracy of each slice, a chart for each attribute, of one run or two; a click asks for a slice's images."""
    with st.container(width=WIDTH, gap="xsmall"):
        if len(tables) > 1:
            state.chart(run_legend, looks, list(tables), state.dark(), alt="Runs and their looks")
        for name in attribute_names(tables):
            key = f"slices_{name}"
            settings = {"alt": f"Accuracy of each slice by {name} with its 95 % interval"}
            if any(attribute == name for attribute, _ in names):
                settings |= {"key": key, "on_select": partial(chart_clicks.ask, chart_clicks.slice_of, key, names)}
            state.chart(slice_chart, tables, looks, wholes, name, state.dark(), **settings)
        if names:
            st.caption("Click on a point to see the images of its slice.")


def draw_table(tables: dict[str, pd.DataFrame], name: str) -> None:
    """The figures of one run or two, and a download."""
    runs = len(tables) > 1
    parts = [rows.assign(Run=run) if runs else rows for run, table in tables.items() for rows in [table_rows(table)]]
    rows = pd.concat(parts, ignore_index=True)
    st.dataframe(rows[["Run", *rows.columns.drop("Run")]] if runs else rows, hide_index=True)
    st.caption(METHOD)
    full = pd.concat([table.assign(run=run) for run, table in tables.items()], ignore_index=True)
    download_table("Download the figures", full, f"slices_{name}.csv")


def draw_measures(attributes: list[Attribute]) -> None:
    """What each attribute measures."""
    words = [f"**{escape(one.name)}**: {escape(one.about)}" for one in attributes if one.about]
    if words:
        st.caption("; ".join(words) + ".")


def draw_search(run_name: str, found: Predictions, attributes: list[Attribute]) -> None:
    """A search for the worst slices, made when it is asked for."""
    st.subheader("Search for the worst slices")
    st.markdown(
        "Among many slices one is always the lowest. So single attributes and pairs are searched on one half of the "
        "images, and the three most noticeable slices tested on the other half."
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        seed = st.number_input(
            "Seed of the halves", 0, 9999, 0, width=160, key=state.number_key("seed"), bind="query-params"
        )
        asked = st.toggle("Search", key="search", bind="query-params")
    if not asked:
        return
    searched = search_in(found, attributes, seed)
    first, second = as_markdown(searched.first), as_markdown(searched.second)
    st.markdown(f"{code(run_name)}: {confirmed_words(Searched(searched.tried, first, second))}")
    halves = [("found", searched.first), ("tested", searched.second)]
    rows = pd.concat([table_rows(table).assign(Half=half) for half, table in halves], ignore_index=True)
    st.dataframe(rows[["Half", *rows.columns.drop("Half")]], hide_index=True)


def draw_links(names: list[str]) -> None:
    """The way to the images of a slice without a mouse."""
    if not names:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox("See the errors on", names, width=300)
        link("errors", "Open", ":material/image_search:", {SLICE: chosen})
