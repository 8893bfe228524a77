"""Compare: which of several models is better, is that more than noise, and which one to choose?"""

import streamlit as st

import state
from widgets.page_title import page_title

page_title("Compare", "Which model is better, and by more than noise?")
runs = state.choose_runs(2)
measurement = state.choose_measurement(runs)
with st.spinner("Loading the methods ..."):
    from views.compare import (  # brings scikit-learn: seconds, once
        agreement,
        differences,
        published_vit,
        same_images,
        trade_offs,
    )

if measurement is None:
    same_images.say_not_measured(runs)
elif found := same_images.load(runs, measurement):
    state.draw_answer(differences.reading(found))
    if others := differences.others_words(found.ranked):
        st.markdown(others)
    same_images.say_by_whom(found)
    same_images.say_flagged(found)
    if note := differences.optimistic(runs, measurement.split):
        st.info(note, icon=":material/info:")
    differences.draw_accuracy(found)
    differences.draw_classes(found)
    agreement.draw(found)
    trade_offs.draw(found)
published_vit.draw()
