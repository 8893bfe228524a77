"""Errors: which images does a model get wrong, how sure is it of them, and does another model get them right?"""

from functools import partial

import pandas as pd
import streamlit as st

import seen
import state
from errors import clicks, filters, listing
from fercore.charts.evaluation import confusion_matrix
from fercore.charts.style import count, percent
from fercore.evaluation.errors import cells, most_confused
from fercore.runs import Run, stem
from words import code, escape

SURE = 0.9
MATRIX, BESIDE = 405, 500  # pixels: the matrix and the images are beside each other, or below each other
EMPTY = "The predictions of this run hold no image."


def answer(run: Run, split: str, table: pd.DataFrame) -> str:
    """A sentence or two: how many images it gets wrong, the most frequent confusion, and how many with confidence."""
    wrong, name = table[~table["right"]], escape(state.split_name(run, split))
    confused = most_confused(table)
    if confused is None:
        return f"{code(run.name)} gets all {count(len(table))} images of {name} right."
    true, pred, images = confused
    sure = int((wrong["probability"] >= SURE).sum())
    times = "once" if images == 1 else f"{count(images)} times"
    return (
        f"{code(run.name)} gets {count(len(wrong))} of {count(len(table))} images of {name} wrong, most often {true} "
        f"taken for {pred} ({times}). It is at least {percent(SURE, 0)} sure of {count(sure)} of its wrong answers."
    )


st.title("Which images does it get wrong?")
evaluation = state.choose_evaluation(score=False)
run, split, tta, _ = evaluation
headline = st.container()
found = filters.choose(evaluation)
with headline:
    st.markdown(f"#### {answer(run, split, found.table)}{seen.badge(run, split)}" if len(found.table) else EMPTY)
    seen.warn(run, split)
with st.container(horizontal=True, gap="medium"):  # beside each other where they fit
    with st.container(width=MATRIX):
        key = clicks.chart_key()
        settings = {"on_select": partial(clicks.choose, clicks.cell, key), "key": key, "alt": "Confusion matrix"}
        state.chart(confusion_matrix, cells(found.table, found.wanted), "count", state.dark(), **settings)
        st.caption(
            "Images that match all choices but those of classes and answers. Click on a cell to see its images, and "
            "beside the cells to see all again."
        )
    with st.container(width=BESIDE):
        listing.draw(found, f"{run.name}_{stem(split, tta)}")
