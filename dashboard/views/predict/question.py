"""Whom the Predict page asks about faces, and how."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import streamlit as st

import state
from fercore.evaluation.confidence import UNKNOWN_CONFIDENCE
from fercore.runs import Run
from views.predict.cards import Models, choose_method
from widgets.model_pair import choose_pair, choose_runtimes, labels
from wording.markdown import escape


class Asking(NamedTuple):
    """What was chosen.

    Attributes
    ----------
    runs
        One or two, whose faces have a known shape.
    shapes
        Run name -> shape of the faces it is asked about.
    runtimes
        Run name -> "torch" or "onnx".
    tta
        "none" or "flip".
    detect
        Whether faces are looked for; otherwise the middle of each picture is one.
    method
        Of the heat maps, None for none.
    """

    runs: list[Run]
    shapes: dict[str, tuple[int, ...]]
    runtimes: dict[str, str]
    tta: str
    detect: bool
    method: str | None

    def models(self, chosen: list[Run], answered: Collection[str]) -> Models:
        """The models among those chosen that answered."""
        asked = [run for run in chosen if run.name in answered]
        names = (run.name for run in asked)
        return Models(asked, dict(zip(names, labels(asked), strict=True)), self.shapes, self.method)


def choose() -> Asking:
    """Draw the choosers; stops the page where no model can be asked."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        runs = choose_pair()
        with st.container(width="content", gap="xsmall"):
            detect = _switch("Find faces", "find_faces", "Off: the middle of each picture is a face", True)
            flip = _switch("Average with the mirror image", "flip", "A little more accurate, half as fast")
            heat = _switch("Heat maps", "heat", "Which places of each face an answer rests on")
            runtimes = choose_runtimes(runs)
        method = choose_method() if heat else None
    shapes = state.readable(state.face_shape, runs)
    if not shapes:
        st.stop()
    runs = [run for run in runs if run.name in shapes]
    return Asking(runs, shapes, runtimes, "flip" if flip else "none", detect, method)


def _switch(label: str, key: str, help: str, value: bool = False) -> bool:
    """A switch whose position is in the URL."""
    return st.toggle(label, value, key=key, help=help, bind="query-params")


def describe_sure(models: Models, tta: str) -> None:
    """What being sure means, for each model."""
    for run in models.runs:
        confidence = state.confidence(run, tta)
        words = confidence.words() if confidence else UNKNOWN_CONFIDENCE
        st.caption(f"**{models.labels[run.name]}.** {escape(words)}")
