"""Explain: which places of a face make a model say what it says, and why this and not that?"""

import numpy as np
import streamlit as st

import state
from fercore.runs import Run
from widgets.downloads import download_table
from widgets.face_source import choose_faces
from widgets.one_of import one_of
from widgets.page_title import page_title
from wording.markdown import escape

page_title("Explain", "Why does the model say so?")
with st.spinner("Loading the methods ..."):
    from fercore.explain.attention import block_names
    from fercore.explain.methods import METHODS, method_layers, unsuited
    from views.explain import attention, model_cards, sanity_check
    from widgets import heat_maps  # brings torch and captum: seconds, once
    from widgets.heat_maps import LABEL, LAST, NOTHING, PREDICTED, RUNNER_UP, Question

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


def choose_face(run: Run) -> tuple[np.ndarray, str, str | None]:
    """One face, uint8 (S, S) or (S, S, 3), its name and its true class; stops the page while there is none."""
    faces = choose_faces(run)
    if not len(faces.images):
        st.stop()
    # Ids and files may show one emotion twice, and then only their names tell faces apart.
    emotions = [emotion for emotion in faces.emotions if emotion]
    names = emotions if len(set(emotions)) == len(faces.names) else list(dict.fromkeys(faces.names))
    chosen = names[0]
    if len(names) > 1:
        chosen = one_of("Face", names, default=names[0], format_func=escape, key="face", bind="query-params")
    number = names.index(chosen)
    return faces.images[number], faces.names[number], faces.emotions[number]


def choose_question(runs: list[Run]) -> tuple[Question, float]:
    """The face, the method, classes and layer, and the heat maps' opacity, 0 to 1."""
    image, name, label = choose_face(runs[0])
    classes = list(dict.fromkeys(emotion for run in runs for emotion in run.classes))
    bound = {"bind": "query-params", "width": 168}
    target, against, layer = PREDICTED, NOTHING, LAST
    names = list(METHODS)
    suits = [not any(state.computed(unsuited, run, name) for run in runs) for name in names]
    first = suits.index(True) if any(suits) else 0
    with st.container(horizontal=True, vertical_alignment="bottom"):
        method = st.selectbox(
            "Method", names, index=first, format_func=lambda key: METHODS[key].name, key="method", **bound
        )
        if METHODS[method].by_class:
            known = [LABEL] if label else []
            target = st.selectbox("Why", [PREDICTED, *known, *classes], key="target", **bound)
            against = st.selectbox("and not", [NOTHING, RUNNER_UP, *known, *classes], key="against", **bound)
        if layers := dict.fromkeys(one for run in runs for one in state.computed(method_layers, run, method)):
            layer = st.selectbox("Layer", [LAST, *layers], key="cam_layer", **bound)
        opacity = st.slider("Opacity", 0, 100, 70, 5, format="%d %%", key="opacity", **bound)
    return Question(image, name, label, method, None if layer == LAST else layer, target, against), opacity / 100


runs = choose_runs()
asked, opacity = choose_question(runs)
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
