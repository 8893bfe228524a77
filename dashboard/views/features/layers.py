"""All channels of a model: how selective each layer is, and which channels of one layer lead for each emotion."""

from __future__ import annotations

import pandas as pd
import streamlit as st

import state
from fercore.charts import features as charts
from fercore.charts.style import count
from fercore.explain.selectivity import leaders
from fercore.explain.summary import TOP, FeatureSummary
from fercore.runs import Run
from views.features.layer_view import BESIDE, View
from widgets.downloads import download_table
from wording.contamination import contamination_badge
from wording.markdown import escape

METHOD = (
    "A channel's strength is the mean of its positive activation over the face. Its selectivity index compares the "
    "highest mean strength on an emotion, m, with the mean of the others, r: (m − r) / (m + r), from 0 for a "
    "channel that answers all alike to 1 for one that answers a single emotion (Morcos et al. 2018). Points are "
    "medians, bars quartiles."
)


def draw_layers(run: Run, split: str, summary: FeatureSummary, table: pd.DataFrame, preferences: pd.DataFrame) -> None:
    """How selective the channels of each layer are, and which emotion they prefer, over the images of a split."""
    st.subheader("Layer by layer")
    with st.container(horizontal=True, gap="small"):  # beside each other where they fit
        state.chart(charts.layer_selectivity, table, state.dark(), width=BESIDE, alt="How selective each layer is")
        state.chart(charts.layer_preferences, preferences, width=BESIDE, alt="Which emotion each layer prefers")
    rare = [
        f"{count(row.rare)} of {count(row.channels)} in {row.layer}" for row in table[table["rare"] > 0].itertuples()
    ]
    left_out = (
        f" Left out are channels that fire on fewer than {TOP} images: {escape('; '.join(rare))}." if rare else ""
    )
    name = f"{escape(state.split_name(run, split))}{contamination_badge(run, split)}"
    images = f"{count(int(summary.counts.sum()))} images of {name}"
    st.caption(f"Over the {images}. {METHOD}{left_out}")


def draw_leaders(view: View) -> None:
    """The most selective and the strongest channels of the layer that is looked at, for each emotion."""
    st.subheader(f"The channels of {view.layer.name} for each emotion")
    table = leaders(view.table, classes=view.run.classes)
    table["words"] = [f"{view.label(row.channel)} ({_value(row.value, row.by)})" for row in table.itertuples()]
    shown = table.groupby(["emotion", "by"], sort=False)["words"].agg(", ".join).unstack()
    columns = {"selectivity": "Most selective channels (index)", "strength": "Strongest channels (mean strength)"}
    st.dataframe(shown.rename_axis("Emotion").rename(columns=columns))
    download_table("Download all channels of this layer", view.table, view.file("channels", "csv"))


def _value(value: float, by: str) -> str:
    """An index to two decimals, a strength to three digits: "−0.01", "1.20"."""
    return f"{value:{'z.2f' if by == 'selectivity' else '#.3g'}}".rstrip(".").replace("-", "−")
