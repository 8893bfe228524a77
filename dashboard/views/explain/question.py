"""What is asked: of which face, by which method, why one class and not another."""

import numpy as np
import streamlit as st

import state
from fercore.explain.methods import METHODS, method_layers, unsuited
from fercore.runs import Run
from widgets.face_source import choose_faces
from widgets.heat_maps import LABEL, LAST, NOTHING, PREDICTED, RUNNER_UP, Question
from widgets.one_of import one_of
from wording.markdown import escape


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
        opacity = st.slider("Opacity", 0, 100, 70, 5, format="%d %%", key=state.number_key("opacity"), **bound)
    return Question(image, name, label, method, None if layer == LAST else layer, target, against), opacity / 100
