"""Slices: on which kinds of images is a model worse than on the others, by more than noise?"""

import numpy as np
import streamlit as st

import state
from fercore.runs import Predictions
from widgets import chart_clicks
from widgets.links import draw_comparison_link
from widgets.page_title import page_title
from wording import clean_score
from wording.contamination import contamination_badge, warn_of_contamination
from wording.markdown import code, escape


def accuracy(found: Predictions) -> float:
    """Accuracy on all images."""
    return float(np.mean(found.predicted == found.label))


page_title("Slices", "On which kinds of images is the model less accurate?")
chart_clicks.follow()
evaluation = state.choose_evaluation()
run, split, tta, score = evaluation
headline = st.container()
with st.spinner("Measuring the pictures ..."):
    from fercore.charts.slices import slice_words
    from views.slices import asked, drawn, measured  # brings scikit-learn: seconds, once

    chosen = asked.choose(evaluation)
found = state.checked_predictions(*evaluation)
tables = {run.name: measured.table_of(found, chosen.shown)}
wholes = {run.name: accuracy(found)}
if chosen.other:
    others = state.checked_predictions(chosen.other, split, tta, score)
    if np.array_equal(others.id, found.id):
        tables[chosen.other.name] = measured.table_of(others, chosen.shown)
        wholes[chosen.other.name] = accuracy(others)
    else:
        st.warning(f"{code(chosen.other.name)} has answers for other images than {code(run.name)}, so it is left out.")
with headline:
    images = escape(clean_score.split_names([run], score, [split])[split]), len(found.id)
    answer = slice_words(drawn.as_markdown(tables[run.name]), code(run.name), *images)
    state.draw_answer(answer, contamination_badge(run, split))
    warn_of_contamination(run, split)
    if score == state.Score.PEOPLE:
        st.caption(clean_score.people_note(len(found.id), len(state.predictions(run, split, tta).id)))
shown = [one for one in (run, chosen.other) if one and one.name in tables]
drawn.draw_charts(tables, state.run_looks(shown), wholes, chosen.names)
drawn.draw_measures(chosen.single)
draw_comparison_link(shown)
drawn.draw_links(list(chosen.names.values()))
drawn.draw_table(tables, evaluation.stem)
drawn.draw_search(run.name, found, chosen.single)
