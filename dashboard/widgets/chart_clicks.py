"""Which images a click on a chart asks for, here and on the evaluation page."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st

import state
from fercore.charts.evaluation import CELL, CLASS
from fercore.charts.slices import GROUP
from fercore.emotions import KNOWN
from widgets.image_slices import ANY_SLICE, SLICE
from widgets.links import go

# Keys of the choosers of the errors page, which are their names in its address; what they say for every class, and for
# right and wrong answers, of one run and of two.
TRUE, PRED, OUTCOME, PAIR = "true", "pred", "outcome", "pair"
ANY, ALL = "any class", "all"
_ASKED = "asked_images"
# What a bar of a class is about: precision is a share of the images taken for it, recall and F1 of those that are it.
_ABOUT = {"precision": PRED, "recall": TRUE, "f1": TRUE}


def cell(chart: str) -> dict[str, str]:
    """Choices that the clicked cell or pair of a chart asks for; all of them after a click beside one."""
    chosen = (st.session_state[chart].selection.get(CELL) or [{}])[0]
    return _all_but({TRUE: chosen.get(TRUE), PRED: chosen.get(PRED)})


def bar(chart: str, figure: str) -> dict[str, str]:
    """Choices that the clicked bar of a class asks for."""
    chosen = (st.session_state[chart].selection.get(CLASS) or [{}])[0]
    return _all_but({_ABOUT[figure]: chosen.get("emotion")})


def slice_of(chart: str, names: Mapping[tuple[str, str], str]) -> dict[str, str]:
    """Choices that the clicked point of a slice asks for; all images where it is none that has a name."""
    chosen = (st.session_state[chart].selection.get(GROUP) or [{}])[0]
    return {SLICE: names.get((chosen.get("attribute"), chosen.get("slice")), ANY_SLICE), OUTCOME: ALL, PAIR: ALL}


def chart_key() -> str:
    """Key of the matrix of the errors page."""
    return f"errors_chart_{st.session_state.get('errors_charts', 0)}"


def renew() -> None:
    """Let the next matrix be a new one, without the outline of a cell that is no longer what is chosen."""
    st.session_state["errors_charts"] = st.session_state.get("errors_charts", 0) + 1


def choose(asked: Callable[..., dict[str, str]], *about: str) -> None:
    """Let a click choose on the errors page itself."""
    st.session_state.update(asked(*about))


def ask(asked: Callable[..., dict[str, str]], *about: str) -> None:
    """Let a click on another page ask for the errors page; `follow` goes there."""
    st.session_state[_ASKED] = asked(*about)


def follow() -> None:
    """Go to the errors page where a click asked for it, which a callback itself cannot."""
    if asked := st.session_state.pop(_ASKED, None):
        go("errors", asked)


def _all_but(found: dict[str, object]) -> dict[str, str]:
    # The front end sent this: only names that the choosers know may enter them.
    classes = {*KNOWN, *(name for run in state.runs() for name in run.classes)}
    known = {key: value if isinstance(value, str) and value in classes else ANY for key, value in found.items()}
    return {TRUE: ANY, PRED: ANY, OUTCOME: ALL, PAIR: ALL, **known}
