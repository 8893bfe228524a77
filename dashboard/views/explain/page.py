"""Explain: which places of a face make a model say what it says, and why this and not that?"""

import streamlit as st

import state
from fercore.runs import Run
from widgets.downloads import download_table
from widgets.page_title import page_title

page_title("Explain", "Why does the model say so?")
with st.spinner("Loading the methods ..."):
    from fercore.explain.attention import block_names
    from views.explain import attention, model_cards, question, sanity_check
    from widgets import heat_maps  # brings torch and captum: seconds, once

OWN = (
    "Probabilities are the model's own. Predict and Webcam scale them, so that of answers given with 70 % about 70 % "
    "are right, and their figures differ a little."
)
LIMITS = """
- A map says what this model's answer rests on. It does not say that the answer is right, nor that a person would look
  there.
- Methods disagree with each other, and none of them is the explanation. Believe what several of them show.
- A convincing map proves little: edges look meaningful even in maps of networks with random weights. The check above
  tells whether a map depends on what was learned (Adebayo et al. 2018, https://arxiv.org/abs/1810.03292).
- Coarse maps are a few cells, smoothly enlarged: do not read them pixel by pixel. A face with a gray patch is a picture
  that the model was never trained on.
- Places are those of the picture. Nobody looked for eyes or a mouth, so where they are is for you to see.
"""


def choose_runs() -> list[Run]:
    """The runs to explain; leaves out those whose model cannot be loaded, and stops the page where none is left."""
    able = state.with_weights(state.require_runs())
    if not able:
        st.info("No run here holds weights (model.safetensors), so there is no model to explain. Train one:")
        st.code(state.command(state.HOW_TO_TRAIN), language="bash", wrap_lines=True)
        st.stop()
    chosen = state.choose_runs(among=able)
    loaded = state.readable(lambda run: state.computed(block_names, run, spinner="Loading the model ..."), chosen)
    if not loaded:
        st.stop()
    return [run for run in chosen if run.name in loaded]


runs = choose_runs()
asked, opacity = question.choose_question(runs)
headline = st.container()
found = [heat_maps.explain(run, asked) for run in runs]
with headline:
    model_cards.draw_headline(found, asked)
model_cards.draw(found, asked, opacity)
heat_maps.describe(asked.method, opacity)
st.caption(OWN)
with st.container(horizontal=True):
    download_table("Download the probabilities", model_cards.probability_table(found), "probabilities.csv")
    if any(one.maps for one in found):
        download_table("Download the heat maps", model_cards.map_table(found, asked), "heat_maps.csv")
attention.draw_heads(runs, asked.image, opacity)
sanity_check.draw_check(found, asked, opacity)
with st.expander("What heat maps cannot tell", icon=":material/info:"):
    st.markdown(LIMITS)
