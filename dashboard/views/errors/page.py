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
from wording import clean_score
from wording.contamination import contamination_badge, warn_of_contamination
from wording.markdown import code, escape

SURE = 0.9
MATRIX, BESIDE = 372, 500  # pixels: the matrix and the images are beside each other on a page of 1280
EMPTY = "The predictions of this run hold no image."


def answer(evaluation: state.Evaluation, table: pd.DataFrame, classes: tuple[str, ...]) -> str:
    """A sentence or two: how many images it gets wrong, the most frequent confusion, and how many with confidence."""
    run, split, tta, score = evaluation
    images = f"{count(len(table))} images of {escape(state.split_name(run, split))}"
    if score == state.Score.CLEAN and (copies := int(state.copies(run, split, tta).sum())):
        images += f" without the {count(copies)} that have a copy in training"
    people = score == state.Score.PEOPLE
    wrong, confused = table[~table["right"]], most_confused(table, classes)
    if confused is None:
        said = f"answers as most people do on all {images}" if people else f"classifies all {images} correctly"
        return f"{code(run.name)} {said}."
    true, pred, times = confused
    often = "once" if times == 1 else f"{count(times)} times"
    sure = int((wrong["probability"] >= SURE).sum())
    sure = count(sure) if sure else "none"
    is_wrong = "does not answer as most people do" if people else "is wrong"
    share = with_range(wilson(len(wrong), len(table)))
    return (
        f"{code(run.name)} {is_wrong} on {count(len(wrong))} of {images}, {share}, most often taking {true} for {pred} "
        f"({often}). It is at least {percent(SURE, 0)} sure of {sure} of {'these' if people else 'its wrong'} "
        "answers."
    )


page_title("Errors", "Which images does the model get wrong?")
evaluation = state.choose_evaluation()
run, split, _, score = evaluation
headline = st.container()
found = image_filters.choose(evaluation)
with headline:
    if len(found.table):
        state.draw_answer(answer(evaluation, found.table, found.classes), contamination_badge(run, split))
    else:
        st.markdown(EMPTY)
    warn_of_contamination(run, split)
    if score == state.Score.PEOPLE:
        whole = len(state.predictions(*evaluation[:3]).id)
        st.caption(clean_score.people_note(len(found.answers.id), whole))
with st.container(horizontal=True, gap="small"):
    with st.container(width=MATRIX):
        key = chart_clicks.chart_key()
        settings = {
            "on_select": partial(chart_clicks.choose, chart_clicks.cell, key),
            "key": key,
            "alt": "Confusion matrix",
        }
        state.chart(
            confusion_matrix, cells(found.table, found.wanted, found.classes), "count", state.dark(), **settings
        )
        st.caption(
            "Images that match all choices but those of classes and answers. Click on a cell to see its images, and "
            "beside the cells to see all again."
        )
    with st.container(width=BESIDE):
        image_list.draw(found, evaluation.stem)
