"""Below the heat maps of the Explain page: what attention heads look at, and whether a map depends on the weights."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

import state
from downloads import download_picture
from explanation import Explained, Question, draw_colours
from fercore.charts.grids import Layout, grid
from fercore.charts.heatmaps import full_colour, over_face
from fercore.emotions import EMOTIONS
from fercore.explain.attention import block_heads, block_names
from fercore.explain.methods import METHODS
from fercore.explain.sanity import levels, randomised_map, similarity
from fercore.runs import Run
from words import code

TILE, COLUMNS = 150, 6  # pixels of a picture on the screen, and pictures beside each other
TRAINED = "trained"


def draw_heads(runs: list[Run], image: np.ndarray, opacity: float) -> None:
    """For each ViT what the heads of one block look at; nothing where there is no ViT."""
    blocks = [(run, names) for run in runs if (names := state.computed(block_names, run))]
    if not blocks:
        return
    st.subheader("What each attention head looks at")
    longest = max((names for _, names in blocks), key=len)
    block = longest[0]
    if len(longest) > 1:
        block = st.select_slider("Block", longest, longest[-1], key="head_block", bind="query-params", width=400)
    for run, names in blocks:
        if block not in names:
            st.markdown(f"{code(run.name)} has only {len(names)} blocks.")
            continue
        maps = state.computed(block_heads, run, image, block)
        labels = [f"head {number}" for number in range(1, len(maps) + 1)]
        st.markdown(f"{code(run.name)}, {block}")
        draw_sheet(image, maps, labels, False, opacity, f"heads_{run.name}.png")
    draw_colours(False, opacity)
    st.caption(
        "The weight with which the token that classifies reads each patch, each head on a scale of its own. It says "
        "where a head looks, not what it makes of it."
    )


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
    st.markdown(f"{code(run.name)}, {method.name}{f' for {EMOTIONS[target]}' if method.by_class else ''}")
    draw_sheet(asked.image, maps, labels, method.signed, opacity, f"check_{run.name}.png")


def draw_sheet(
    image: np.ndarray, maps: Sequence[np.ndarray], labels: Sequence[str], signed: bool, opacity: float, name: str
) -> None:
    """Maps over the face as one picture, each on a scale of its own, with a button that saves it."""
    tiles = [over_face(image, heat, full_colour(heat), signed, opacity, 2 * TILE) for heat in maps]
    columns = min(COLUMNS, len(tiles))
    layout = Layout(-(-len(tiles) // columns), columns, tile=TILE, below=18)
    picture = grid(tiles, layout, state.dark(), labels=labels)
    st.image(picture, width=layout.width, alt=", ".join(labels))
    download_picture("Download the picture", picture, name)
