"""What each attention head of a Vision Transformer looks at."""

from __future__ import annotations

import numpy as np
import streamlit as st

import state
from fercore.explain.attention import block_heads, block_names
from fercore.runs import Run
from views.explain.map_sheet import draw_sheet
from widgets.heat_maps import draw_colours
from wording.markdown import code


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
