"""Compare: which of several models is better, is that more than noise, and which one to choose?"""

import streamlit as st

import state

st.title("Which model is better, and by more than noise?")
runs = state.choose_runs(2)
measurement = state.choose_measurement(runs)
with st.spinner("Loading the methods ..."):
    from comparison import agreement, ahead, choice, measured, reported  # brings scikit-learn: seconds, once

if measurement is None:
    measured.say_not_measured(runs)
elif found := measured.load(runs, measurement):
    state.draw_answer(ahead.reading(found))
    if others := ahead.others_words(found.ranked):
        st.markdown(others)
    measured.say_flagged(found)
    if note := ahead.optimistic(runs, measurement.split):
        st.info(note, icon=":material/info:")
    ahead.draw_accuracy(found)
    ahead.draw_classes(found)
    agreement.draw(found)
    choice.draw(found)
reported.draw()
