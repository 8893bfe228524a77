"""The choosers of the errors page, all of them in its address, and the images that they leave."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
import streamlit as st

import state
from fercore.data.ferplus import votes_on
from fercore.evaluation.elsewhere import Elsewhere, elsewhere
from fercore.evaluation.errors import (
    AGREED,
    BOTH_RIGHT,
    BOTH_WRONG,
    CONFIDENCE,
    DIVIDED,
    FIRST_WRONG,
    RIGHT,
    SECOND_WRONG,
    WRONG,
    Wanted,
    image_table,
    ordered,
)
from fercore.evaluation.judged import over_classes
from fercore.evaluation.sides import BOTH, LABEL, MODEL, NEITHER, NO_FACE
from fercore.evaluation.sides import DIVIDED as DIVIDED_SIDE
from fercore.runs import Predictions, Run
from widgets import image_slices
from widgets.chart_clicks import ALL, ANY, OUTCOME, PAIR, PRED, TRUE, renew
from widgets.one_of import one_of

NOBODY = "no other run"
# What the address says -> what is asked for. Streamlit puts what an option is called into the address, so no option may
# be called by what changes, such as a number of images.
SINGLE_OUTCOMES = {"wrong": WRONG, "right": RIGHT, ALL: None}
PAIR_OUTCOMES = {
    "both wrong": BOTH_WRONG,
    "only first wrong": FIRST_WRONG,
    "only second wrong": SECOND_WRONG,
    "both right": BOTH_RIGHT,
    ALL: None,
}
COPIES = {"any": None, "have a copy": True, "have none": False}
PEOPLE = {
    "any": None,
    "with the model": MODEL,
    "with the label": LABEL,
    "with both": BOTH,
    "with neither": NEITHER,
    "divided": DIVIDED_SIDE,
    "no face or unknown": NO_FACE,
}
NO_VOTES = "People's votes (FER+) are known for images of FER2013 alone, and these are others."
WHAT_PEOPLE_SAY = "By the answer that most of ten people gave (FER+); divided: two answers have as many votes."
SORTED = {"most confident first": CONFIDENCE, "people agree most": AGREED, "people agree least": DIVIDED}
PERCENT, GRAY = 100, 255  # where the ranges end


class Images(NamedTuple):
    """All images of an evaluation, and those that are asked for.

    Attributes
    ----------
    table
        From `fercore.evaluation.errors.image_table`.
    wanted
        What is chosen.
    runs
        The run, and the other one where two are beside each other.
    pictured
        Whether their pictures are here.
    classes
        Names of the classes of the answers.
    answers, votes
        The run's predictions (N), and what people say of these images, counts (N, 10); None where nobody voted.
    sorted
        How the images are sorted, in words.
    slice
        The slice that is asked for, with its edges; "" for all images, None where there is no such slice.
    """

    table: pd.DataFrame
    wanted: Wanted
    runs: tuple[Run, ...]
    pictured: bool
    classes: tuple[str, ...]
    answers: Predictions
    votes: np.ndarray | None
    sorted: str
    slice: str | None


def choose(evaluation: state.Evaluation) -> Images:
    """Draw all choosers; the images of an evaluation and what is asked of them."""
    run, split, tta, score = evaluation
    ids, classes = state.predictions(*evaluation).id, state.score_classes(run, score)
    pictured, votes, problem = state.dataset_matches(run), votes_on(ids), state.no_clean_score(run, split, tta)
    clean, people = score == state.Score.CLEAN, score == state.Score.PEOPLE
    with st.container(horizontal=True):
        true, pred = _choose_class("True class", TRUE, classes), _choose_class("Predicted class", PRED, classes)
        other = _choose_other(evaluation)
        outcome = _choose_outcome(other is not None)
        span = _choose_range("Confidence", "confidence", PERCENT, "%d %%")
        confidence = span and tuple(end / PERCENT for end in span)
        copies = None if clean else _choose_copies(problem)
        side, order = _choose_side(votes is not None), _choose_order(votes is not None)
        needed = None if pictured else "Brightness takes the pictures, which are not here."
        brightness = _choose_range("Brightness", "brightness", GRAY, "%d", needed)
        slice_asked = image_slices.choose_slice()
    if other:
        classes = tuple(dict.fromkeys((*classes, *state.score_classes(other, score))))
    answers = _answers(run, evaluation, classes)
    inside, slice_words = image_slices.inside(evaluation, slice_asked)
    table = image_table(
        answers,
        _answers(other, evaluation, classes) if other else None,
        copies=None if problem or clean else _counted(evaluation, state.copies(run, split, tta)),
        brightness=_brightness(ids, run) if pictured else None,
        inside=inside,
        votes=votes,
        labels=_labels(evaluation) if people else None,
        classes=classes,
    )
    wanted = Wanted(true, pred, outcome, confidence, brightness, copies, side, None if inside is None else True)
    runs = (run, other) if other else (run,)
    return Images(ordered(table, SORTED[order]), wanted, runs, pictured, classes, answers, votes, order, slice_words)


def _answers(run: Run, evaluation: state.Evaluation, classes: tuple[str, ...]) -> Predictions:
    """What a run answered, with the labels that the score asks for, over the classes of all runs that are shown."""
    _, split, tta, score = evaluation
    return over_classes(state.predictions(run, split, tta, score), state.score_classes(run, score), classes)


def _counted(evaluation: state.Evaluation, values: np.ndarray | None) -> np.ndarray | None:
    """Of values for all images of a split (N,), those of the images that the score counts."""
    whole, counted = state.predictions(*evaluation[:3]), state.predictions(*evaluation)
    return None if values is None else values[np.isin(whole.id, counted.id)]


def _labels(evaluation: state.Evaluation) -> np.ndarray:
    """Names of the labels that the data set itself gives to the images that the score counts."""
    labels = np.array(evaluation.run.classes, dtype=object)[state.predictions(*evaluation[:3]).label]
    return _counted(evaluation, labels)


def _choose_class(label: str, key: str, classes: tuple[str, ...]) -> str | None:
    chosen = st.selectbox(label, [ANY, *classes], key=key, bind="query-params", width=150, on_change=renew)
    return None if chosen == ANY else chosen


def _choose_other(evaluation: state.Evaluation) -> Run | None:
    run, split, tta, score = evaluation
    beside = {one.name: _on_same_data(one, run) for one in state.runs() if one.name != run.name}
    able = {name: one for name, one in beside.items() if one is not None and (split, tta) in one.evaluations()}
    if score == state.Score.PEOPLE:  # judged by the same answers, whatever labels each learned from
        others = {name: one for name, one in able.items() if state.no_people_score(one, split, tta) is None}
    else:
        others = {name: one for name, one in able.items() if one.classes == run.classes}
    chosen = st.selectbox("Compared with", [NOBODY, *others], key="other", bind="query-params", width=230)
    return others.get(chosen)


def _on_same_data(other: Run, run: Run) -> Run | None:
    """Another run on the data set of these results; None where it was not evaluated on it."""
    if not isinstance(run, Elsewhere):
        return other
    wanted = run.info["dataset"]["fingerprint"]
    found = (one for one in (other, *elsewhere(other)[0]) if one.info["dataset"].get("fingerprint") == wanted)
    return next(found, None)


def _choose_range(label: str, key: str, end: int, form: str, problem: str | None = None) -> tuple[float, float] | None:
    """The range that is asked for; None for all of it, and where there is a problem."""
    settings = {"format": form, "help": problem, "disabled": problem is not None, "bind": "query-params", "width": 170}
    chosen = st.slider(label, 0, end, (0, end), key=state.number_key(key), **settings)
    return None if problem or chosen == (0, end) else chosen


def _choose_copies(problem: str | None) -> bool | None:
    """Whether images with a copy in training are asked for, or those without; None for both."""
    settings = {"help": problem or state.WHAT_IS_CLEAN, "disabled": problem is not None, "width": 150}
    chosen = st.selectbox("Copy in training", list(COPIES), key="copies", bind="query-params", **settings)
    return None if problem else COPIES[chosen]


def _choose_side(voted: bool) -> str | None:
    """Whom people side with on the images that are asked for; None for all."""
    settings = {"help": WHAT_PEOPLE_SAY if voted else NO_VOTES, "disabled": not voted, "width": 170}
    chosen = st.selectbox("People side", list(PEOPLE), key="people", bind="query-params", **settings)
    return PEOPLE[chosen] if voted else None


def _choose_order(voted: bool) -> str:
    """How the images are sorted, one of `SORTED`."""
    options = list(SORTED)[: None if voted else 1]
    return st.selectbox("Sorted", options, key="sorted", bind="query-params", width=190)


def _choose_outcome(beside: bool) -> str | None:
    """Right or wrong answers, of one run or of two beside each other; None for all."""
    key, options = (PAIR, PAIR_OUTCOMES) if beside else (OUTCOME, SINGLE_OUTCOMES)
    settings = {"default": next(iter(options)), "key": key, "bind": "query-params"}
    return options[one_of("Answers", list(options), **settings)]


def _brightness(ids: np.ndarray, run: Run) -> np.ndarray:
    """Mean gray level of each image, floats (N,); missing where the data set does not have it."""
    rows = state.image_rows(ids, run)
    found = np.full(len(rows), np.nan)
    found[rows >= 0] = state.dataset(run).images[rows[rows >= 0]].reshape(int((rows >= 0).sum()), -1).mean(axis=1)
    return found
