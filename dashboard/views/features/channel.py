"""One channel, enlarged: what it prefers, its filter, where on the face it fires, and the images that drive it most."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

import state
from fercore.charts import features as charts
from fercore.charts.grids import DENSITY
from fercore.explain.features import strongest_kernels
from fercore.explain.inputs import over_seen_part
from fercore.explain.summary import TOP
from views.features.layer_view import View
from widgets.downloads import download_picture
from wording.markdown import escape

KERNELS = 8  # of a filter, at once


def draw_channel(view: View, channel: int, split: str | None) -> None:
    """Everything about one channel; what needs a summary of a split is left out where there is none."""
    st.subheader(f"{view.title(channel).capitalize()} of {view.layer.name}")
    if view.table is not None:
        row = view.table.iloc[channel]
        st.markdown(preference(row, escape(state.split_name(view.run, split))))
        if pd.notna(row["emotion"]):
            bars = tuple(row[f"strength_{emotion}"] for emotion in view.run.classes)
            state.chart(
                charts.strength_bars, bars, view.run.classes, alt=f"Mean strength of channel {channel} on each emotion"
            )
    _draw_firing(view, channel)
    if view.layer.filters:
        _draw_kernels(view, channel)
    if view.table is not None:
        _draw_drivers(view, channel)


def preference(row: pd.Series, split: str) -> str:
    """What a channel prefers: "It prefers **happy**: its selectivity index is 0.42 on PublicTest." """
    if pd.isna(row["emotion"]):
        return f"It fires on fewer than {TOP} images of {split}, too few to say what it prefers."
    return f"It prefers **{row['emotion']}**: its selectivity index is {row['selectivity']:.2f} on {split}."


def _draw_firing(view: View, channel: int) -> None:
    title, maps = "**Where it fires**", view.maps[:, channel]  # (N, h, w)
    if maps.shape[1:] == (1, 1):
        st.markdown("**How much it fires**")
        st.dataframe(pd.DataFrame({"Face": view.names, "Activation": maps[:, 0, 0]}), hide_index=True, width="content")
        st.caption("A channel of this layer sees the whole face, so it fires at no place.")
    elif (maps > 0).any():
        heat = state.computed(over_seen_part, view.run, maps.clip(0), view.faces.images.shape[1])
        picture = charts.fired_grid(view.faces.images, heat, view.names, state.dark())
        _draw(title, picture, f"Heat where channel {channel} fires on each face", view.file(f"channel_{channel}"))
    else:
        st.markdown(f"{title}: nowhere on these faces.")


def _draw_kernels(view: View, channel: int) -> None:
    inputs, weights = state.computed(strongest_kernels, view.run, view.layer.name, channel, KERNELS)
    words = "**Its filter**" if len(inputs) == 1 else "**Its filter**: the heaviest kernels and their inputs"
    picture = charts.kernel_grid(weights, inputs, state.dark())
    _draw(words, picture, f"Kernels of channel {channel}", view.file(f"channel_{channel}_filter"))
    st.caption("Blue is positive, orange negative, on a scale of its own.")


def _draw_drivers(view: View, channel: int) -> None:
    """The images of the split that drive a channel most: pictures where they are at hand, else ids."""
    summary, own = view.summary, view.summary.layers[view.layer.name]
    top = own.top[channel][own.top[channel] >= 0]
    if not len(top):
        return
    title = "**The images that drive it most**"
    ids, emotions = summary.ids[top], [view.run.classes[label] for label in summary.labels[top]]
    rows = state.image_rows(ids) if state.dataset_matches(view.run) else np.full(len(top), -1)
    if (rows >= 0).all():
        picture = charts.face_sheet(state.dataset().images[rows], emotions, state.dark())
        _draw(title, picture, f"Images that drive channel {channel} most", view.file(f"channel_{channel}_images"))
        return
    st.markdown(title)
    strength = own.top_strengths[channel][: len(top)]
    table = pd.DataFrame({"Image": ids, "Emotion": emotions, "Strength": strength})
    st.dataframe(table, hide_index=True, column_config={"Strength": st.column_config.NumberColumn(format="%.3g")})
    if state.dataset() is None:
        state.missing_dataset("To show them, the page")
    else:
        st.caption("The data set here is not the one that this run saw, so its pictures are not shown.")


def _draw(title: str, picture: np.ndarray, alt: str, file: str) -> None:
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        st.markdown(title, width="content")
        download_picture("Download", picture, file)
    st.image(picture, width=picture.shape[1] // DENSITY, alt=alt)
