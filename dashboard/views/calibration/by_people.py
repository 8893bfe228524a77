"""Does 70 % sure mean that seven of ten people say so?"""

from __future__ import annotations

import numpy as np
import streamlit as st

import state
from fercore.charts.reliability import reliability_diagram
from fercore.charts.style import count, percent, with_range
from fercore.data.ferplus import votes_on
from fercore.evaluation.confidence import Confidence
from fercore.evaluation.reliability import people_reliability
from views.calibration.reliability import WIDTH
from views.calibration.temperature import views
from wording.markdown import code

SHARE = "People who say the same"
HOW = (
    "For each image, the share of its ten votes (FER+) for the model's answer; a point is their mean over the images "
    "of a bin of confidence, with a bootstrap interval over images. On the dashed line as many people say so as the "
    "model is sure."
)


def draw_people(evaluation: state.Evaluation, chosen: Confidence | None) -> None:
    """A sentence and a diagram for every view; nothing where people voted on none of the images.

    Images on which people do not agree count here whatever the score.
    """
    if evaluation.score == state.Score.PEOPLE:
        evaluation = evaluation._replace(score=state.Score.PUBLISHED)
    run = evaluation.run
    counts = votes_on(state.checked_predictions(*evaluation).id)
    if counts is None:
        return
    _, found = views(evaluation, chosen)
    st.subheader("Does 70 % sure mean that seven of ten people say so?")
    st.markdown(sentence(run.name, counts, found[0].probabilities, run.classes))
    with st.container(horizontal=True, gap="medium"):
        for view in found:
            table = state.worked_out(people_reliability, counts, view.probabilities, run.classes)
            with st.container(width=WIDTH, gap=None):
                state.chart(reliability_diagram, table, state.dark(), view.name, SHARE, alt=f"{SHARE}, {view.name}")
    st.caption(HOW)


def sentence(run_name: str, counts: np.ndarray, probabilities: np.ndarray, classes: tuple[str, ...]) -> str:
    """How sure the model is on average, and how many people say the same."""
    (whole,) = state.worked_out(people_reliability, counts, probabilities, classes, 1).to_dict("records")
    return (
        f"{code(run_name)} is {percent(whole['confidence'])} sure on average, and **{with_range(whole)}** of the "
        f"people say the same (n = {count(whole['images'])} images with votes, those on which people are divided among "
        "them)."
    )
