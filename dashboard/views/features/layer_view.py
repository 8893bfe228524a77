"""What the page looks at: the choosers of layer, faces and order, and the arrays that follow from them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st

import state
from fercore.explain.features import activations, filters, kernels, strengths
from fercore.explain.layers import Layer, layers
from fercore.explain.selectivity import channel_table, order_channels
from fercore.explain.summary import FeatureSummary
from fercore.models.registry import LoadedModel
from fercore.runs import Run, RunError
from widgets.face_source import Faces, choose_faces
from widgets.one_of import one_of

ALL = "all"
# The strongest first: the most selective of an early layer may fire on none of the faces shown, and leave a blank page.
ORDERS = {"strength": "Strength", "selectivity": "Selectivity", "number": "Number"}
ORDERS_ON_FACES = {key: label for key, label in ORDERS.items() if key != "selectivity"}
SHOWN = {"activations": "Activations", "filters": "Filters"}
BESIDE = 450  # pixels of what is beside something else, or below it on a narrow screen


@dataclass(frozen=True)
class View:
    """What is looked at.

    Attributes
    ----------
    run, layer, faces
        A layer of a model with weights, and at least one face.
    shown
        One of `SHOWN`.
    maps
        float32 (N, C, h, w), the layer's activations on the N faces.
    is_first
        Whether no layer comes before it.
    summary, table
        The run's channels over a whole split, and this layer's as `channel_table` has them; None where the run has no
        such summary.
    order
        int64 (C,), channel numbers in the order that was asked for.
    """

    run: Run
    layer: Layer
    faces: Faces
    shown: str
    maps: np.ndarray
    is_first: bool
    summary: FeatureSummary | None
    table: pd.DataFrame | None
    order: np.ndarray

    @property
    def names(self) -> list[str]:
        """What each face is called, in at most 8 letters."""
        found = [emotion or name for emotion, name in zip(self.faces.emotions, self.faces.names, strict=True)]
        words = ["".join(filter(str.isprintable, name)) for name in found]  # file names may hold line breaks
        return [word if len(word) <= 8 else f"{word[:7]}…" for word in words]

    def label(self, channel: int) -> str:
        """What a channel is called in a grid: its number, or its class where the layer is the output."""
        return self.run.classes[channel] if self.layer.name == "output" else str(channel)

    def title(self, channel: int) -> str:
        """What a channel is called in a text: "channel 12"."""
        return f"{'class' if self.layer.name == 'output' else 'channel'} {self.label(channel)}"

    def file(self, what: str, kind: str = "png") -> str:
        """Name of a file to save something in."""
        return f"{self.run.name}_{self.layer.name.replace(' ', '_')}_{what}.{kind}"


def choose_view(run: Run, summary: FeatureSummary | None) -> View | None:
    """Draw all choosers; None while there is no face."""
    found = {layer.name: layer for layer in state.computed(layers_of, run)}
    with st.container(horizontal=True, gap="medium"):
        options = {"bind": "query-params", "on_change": restart}
        layer = found[st.selectbox("Layer", list(found), key="layer", width=180, **options)]
        emotion = st.selectbox("Emotion", [ALL, *run.classes], key="emotion", width=140, **options)
        order = _choose_one("Channels by", "order", ORDERS if summary else ORDERS_ON_FACES)
        shown = _choose_one("Show", "show", SHOWN) if layer.filters else "activations"
    emotions = run.classes if emotion == ALL else (emotion,)
    faces = choose_faces(run, emotions)
    if not len(faces.images):
        return None
    maps = state.computed(activations, run, faces.images, (layer.name,))[layer.name]
    table = _table_of(run, summary, layer.name, maps.shape[1])
    ranks = _ranked(table, maps, order, None if emotion == ALL else emotion)
    return View(run, layer, faces, shown, maps, layer.name == next(iter(found)), summary, table, ranks)


def choose_channel(total: int, default: int) -> int:
    """Draw the chooser of the channel to enlarge, 0 to `total` - 1; a click on the grid types into it."""
    _forget_beyond("channel", total - 1)
    chosen = st.number_input(
        "Channel to enlarge",
        0,
        total - 1,
        None,
        key=state.number_key("channel"),
        bind="query-params",
        placeholder=f"{default}, or click on one",
        width=210,
        on_change=forget_click,
    )
    return default if chosen is None else chosen


def choose_filters(view: View) -> np.ndarray | None:
    """Draw the chooser of what of each filter to show; float32 (C, h, w), None where the layer has no filters.

    Of a first layer that is what it does to a gray face, of others the kernels for one input or for all of them.
    """
    if not view.layer.filters:
        return None
    if view.is_first:
        return state.computed(filters, view.run, view.layer.name, "sum")
    most = state.computed(inputs_of, view.run, view.layer.filters) - 1
    _forget_beyond("input", most)
    chosen = st.number_input(
        "Filters for input",
        0,
        most,
        None,
        key=state.number_key("input"),
        bind="query-params",
        placeholder="all: L2 norm",
        width=210,
        help="A filter has one kernel for each channel of the layer before. Type a channel to see the kernels for it, "
        "with their signs; without one the L2 norm over all says how much each place weighs.",
    )
    return state.computed(filters, view.run, view.layer.name, "norm" if chosen is None else chosen)


def restart() -> None:
    """Another layer or order has another first page and first channel."""
    st.session_state["page"], st.session_state["channel"] = 1, None
    forget_click()


def forget_click() -> None:
    """Make the grid anew: a chart reports no second click on the tile that was clicked last."""
    st.session_state["grid_number"] = st.session_state.get("grid_number", 0) + 1


def layers_of(loaded: LoadedModel) -> list[Layer]:
    """The layers of a model."""
    return layers(loaded.module)


def inputs_of(loaded: LoadedModel, convolution: str) -> int:
    """Input channels of a convolution's filters."""
    return kernels(loaded.module, convolution).shape[1]


def _choose_one(label: str, key: str, options: dict[str, str]) -> str:
    settings = {"default": next(iter(options)), "bind": "query-params", "on_change": restart}
    return one_of(label, list(options), format_func=options.get, key=key, **settings)


def _forget_beyond(key: str, most: int) -> None:
    """Forget a number that this layer has not."""
    if (st.session_state.get(key) or 0) > most:
        st.session_state[key] = None


def _table_of(run: Run, summary: FeatureSummary | None, layer: str, channels: int) -> pd.DataFrame | None:
    if summary is None or layer not in summary.layers:
        return None
    table = channel_table(summary.layers[layer], run.classes)
    if len(table) != channels:
        raise RunError(
            f"the stored features have {len(table)} channels in {layer}, the model has {channels}, so they are not of "
            "these weights; run scripts/features.py again"
        )
    return table


def _ranked(table: pd.DataFrame | None, maps: np.ndarray, order: str, emotion: str | None) -> np.ndarray:
    """Channels in order; without a summary by their strength on the faces shown."""
    if table is not None:
        return order_channels(table, order, emotion)
    if order == "number":
        return np.arange(maps.shape[1])
    return np.argsort(-strengths(maps).mean(axis=0), kind="stable")
