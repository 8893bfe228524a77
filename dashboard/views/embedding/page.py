"""Embedding: which faces does a model take for alike, and which lie among images of other labels?"""

import streamlit as st

import state
from fercore.charts.style import percent, with_range
from fercore.explain.alike import agreement
from fercore.explain.projection import NEIGHBOURS, Embedding
from fercore.runs import Run
from views.embedding import scatter
from widgets.page_title import page_title
from wording.contamination import contamination_badge, warn_of_contamination
from wording.markdown import code, escape

WIDE = 540  # pixels of the picture; the figures stand beside it, or below it on a narrow screen
NARROW = 330
READ = """
- Each point is an image. Its place comes from the features that the model's last layer decides by, not from its label:
  the model was never told that two images lie together.
- Colour by true class and by predicted class in turn: where the colours differ, the model is wrong. Points of a class
  inside another one's cluster are hard, unusual or wrongly labelled images.
- Colour by split to see what was learned by heart: images of training then lie in tight clusters, others between them.
- No picture in two dimensions shows all of it. The figures beside it are counted in the features themselves.
"""


def answer(run: Run, images: str, found: Embedding) -> str:
    """One sentence: how alike the neighbours of an image are."""
    together = agreement(found)
    return (
        f"Of the {NEIGHBOURS} images that {code(run.name)} finds most like an image of {images}, "
        f"{with_range(together.own)} show the same emotion; by chance it would be {percent(together.chance)}."
    )


page_title("Embedding", "Which faces look alike to the model?")
runs = state.require_runs()
able = [run for run in runs if scatter.can_be_shown(run)]
if not able:
    scatter.say_none(runs)
    st.stop()
run, split, clean = state.choose_run_and_split(able, scatter.splits_of)
found, images = state.embedding(run, split) or scatter.computed(run, split), escape(state.split_name(run, split))
if clean:
    found, images = scatter.without_copies(run, split, found)
state.draw_answer(answer(run, images, found), contamination_badge(run, split))
warn_of_contamination(run, split)
points, colour, method = scatter.choose_points(run, split, found)
with st.container(horizontal=True, gap="medium"):  # beside each other where they fit
    with st.container(width=WIDE):
        chosen = scatter.draw_picture(run, split, points, colour, method)
        scatter.describe(found, method)
    with st.container(width=NARROW):
        scatter.draw_classes(run, found)
scatter.draw_images(run, points, chosen)
with st.expander("How to read the picture", icon=":material/info:"):
    st.markdown(READ)
