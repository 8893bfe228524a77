"""Whether a heat map depends on what the model learned: the same map with random weights (Adebayo et al. 2018)."""

from __future__ import annotations

import streamlit as st

import state
from fercore.explain.methods import METHODS
from fercore.explain.sanity import levels, randomised_map, similarity
from views.explain.map_sheet import draw_sheet
from widgets.heat_maps import Explained, Question
from wording.markdown import code

TRAINED = "trained"


def draw_check(found: list[Explained], asked: Question, opacity: float) -> None:
    """The maps of the same models with random weights, from the output down, once they are asked for."""
    able = [one for one in found if one.maps]
    if not able:
        return
    st.subheader("Does the map depend on what the model learned?")
    if not st.toggle("Randomise the weights layer by layer, from the output down", key="check", bind="query-params"):
        return
    for one in able:
        draw_cascade(one, asked, opacity)
    st.caption(
        "Below each map the layer down to which weights are random, and Spearman's rank correlation of its pixels with "
        "those of the trained model's map: 1 is the same, 0 unrelated. A map that stays the same shows the picture's "
        "edges rather than what was learned. Each map has a scale of its own."
    )


def draw_cascade(one: Explained, asked: Question, opacity: float) -> None:
    """A model's map, and its maps while its weights turn random."""
    target, trained, run = one.classes[0], one.maps[0], one.run
    names, bar = state.computed(levels, run), st.empty()
    maps, labels = [trained], [TRAINED]
    for number, level in enumerate(names):
        bar.progress(number / len(names), f"{code(run.name)}: random down to {level}")
        heat = state.computed(randomised_map, run, asked.image, asked.method, target, asked.layer, level)
        maps.append(heat)
        labels.append(f"{level}: {similarity(trained, heat):z.2f}")
    bar.empty()
    method = METHODS[asked.method]
    st.markdown(f"{code(run.name)}, {method.name}{f' for {run.classes[target]}' if method.by_class else ''}")
    draw_sheet(asked.image, maps, labels, method.signed, opacity, f"check_{run.name}.png")
