"""Calibration: is a model right as often as it says, and what if it answers only where it is sure?"""

import streamlit as st

import seen
import state
from words import escape

st.title("Can I trust its confidence?")
evaluation = state.choose_evaluation()
with st.spinner("Loading the methods ..."):
    from confidence import drawing, views  # brings scikit-learn and scipy: seconds, once
    from fercore.evaluation.confidence import UNKNOWN_CONFIDENCE

run, split, tta, _ = evaluation
chosen = state.confidence(run, tta)
labels, found = views.views(evaluation, chosen)
answer = views.answer(evaluation, state.metrics(*evaluation), found[0].calibration)
state.draw_answer(answer, seen.badge(run, split))
seen.warn(run, split)
st.markdown(views.reading(found, state.split_name(run, "val")))
if chosen is None:
    st.info(UNKNOWN_CONFIDENCE, icon=":material/info:")
elif split == "val":
    name = escape(state.split_name(run, "val"))
    st.info(f"The temperature was fitted on these images of {name}, so it looks a little too good here.")
drawing.draw_reliability(labels, found, evaluation.stem)
drawing.draw_silence(run, labels, found[-1], chosen, evaluation.stem)
