"""Errors: which images does a model get wrong, how sure is it of them, and does another model get them right?"""

from functools import partial

import pandas as pd
import streamlit as st

import state
from fercore.charts.evaluation import confusion_matrix
from fercore.charts.style import count, percent, with_range
from fercore.evaluation.errors import cells, most_confused
from fercore.evaluation.intervals import wilson
from views.errors import image_filters, image_list
from widgets import chart_clicks
from widgets.page_title import page_title
from wording.contamination import contamination_badge, warn_of_contamination
from wording.markdown import code, escape

SURE = 0.9
MATRIX, BESIDE = 372, 500  # pixels: the matrix and the images are beside each other on a page of 1280
EMPTY = "The predictions of this run hold no image."


def answer(evaluation: state.Evaluation, table: pd.DataFrame) -> str:
    """A sentence or two: how many images it gets wrong, the most frequent confusion, and how many with confidence."""
    run, split, tta, clean = evaluation
    images = f"{count(len(table))} images of {escape(state.split_name(run, split))}"
    if clean and (copies := int(state.copies(run, split, tta).sum())):
        images += f" without the {count(copies)} that have a copy in training"
    wrong, confused = table[~table["right"]], most_confused(table, run.classes)
    if confused is None:
        return f"{code(run.name)} classifies all {images} correctly."
    true, pred, times = confused
    often = "once" if times == 1 else f"{count(times)} times"
    sure = int((wrong["probability"] >= SURE).sum())
    return (
        f"{code(run.name)} is wrong on {count(len(wrong))} of {images}, {with_range(wilson(len(wrong), len(table)))}, "
        f"most often taking {true} for {pred} ({often}). It is at least {percent(SURE, 0)} sure of {count(sure)} of "
        "its wrong answers."
    )


page_title("Errors", "Which images does the model get wrong?")
evaluation = state.choose_evaluation()
run, split, *_ = evaluation
headline = st.container()
found = image_filters.choose(evaluation)
with headline:
    if len(found.table):
        state.draw_answer(answer(evaluation, found.table), contamination_badge(run, split))
    else:
        st.markdown(EMPTY)
    warn_of_contamination(run, split)
with st.container(horizontal=True, gap="small"):
    with st.container(width=MATRIX):
        key = chart_clicks.chart_key()
        settings = {
            "on_select": partial(chart_clicks.choose, chart_clicks.cell, key),
            "key": key,
            "alt": "Confusion matrix",
        }
        state.chart(confusion_matrix, cells(found.table, found.wanted, run.classes), "count", state.dark(), **settings)
        st.caption(
            "Images that match all choices but those of classes and answers. Click on a cell to see its images, and "
            "beside the cells to see all again."
        )
    with st.container(width=BESIDE):
        image_list.draw(found, evaluation.stem)
