"""Calibration: is a model as accurate as it is confident, and what if it answers only where it is sure?"""

import streamlit as st

import state
from widgets.page_title import page_title
from wording import clean_score
from wording.contamination import contamination_badge, warn_of_contamination
from wording.markdown import escape

page_title("Calibration", "Can the model's confidence be trusted?")
evaluation = state.choose_evaluation()
with st.spinner("Loading the methods ..."):
    from fercore.evaluation.confidence import UNKNOWN_CONFIDENCE
    from views.calibration import by_people, reliability, temperature  # brings scikit-learn and scipy: seconds, once

run, split, tta, score = evaluation
report = state.metrics(*evaluation)
chosen = state.confidence(run, tta)
labels, found = temperature.views(evaluation, chosen)
answer = temperature.answer(evaluation, report, found[0].calibration)
state.draw_answer(answer, contamination_badge(run, split))
warn_of_contamination(run, split)
if score == state.Score.PEOPLE:
    st.caption(f"{clean_score.people_note(report['n'], report['judged']['of'])} {temperature.BY_LABELS}")
st.markdown(temperature.reading(found, state.split_name(run, "val")))
if chosen is None:
    st.info(UNKNOWN_CONFIDENCE, icon=":material/info:")
elif split == "val":
    name = escape(state.split_name(run, "val"))
    st.info(f"The temperature was fitted on these images of {name}, so it looks a little too good here.")
reliability.draw_reliability(labels, found, evaluation.stem)
by_people.draw_people(evaluation, chosen)
reliability.draw_silence(run, labels, found[-1], chosen, evaluation.stem)
