"""What a run has not been measured on yet, and the button that measures it."""

from __future__ import annotations

import streamlit as st

import state
from fercore.evaluation.elsewhere import Elsewhere
from fercore.runs import TTAS, Run
from widgets.job_status import offer
from wording.markdown import escape

WAYS = {"none": "as they are", "flip": "averaged with their mirror images"}
EFFECT = "It writes predictions and metrics into the run's folder."


def draw(run: Run) -> None:
    """Nothing where all is measured, or nothing can be: no weights, or other data here than the run's own."""
    if isinstance(run, Elsewhere) or not run.has_weights or not state.dataset_matches(run):
        return
    known = set(run.evaluations())
    missing = [(split, tta) for split in ("test", "val") for tta in TTAS if (split, tta) not in known]
    if not missing:
        return
    with st.expander("Not measured yet", icon=":material/playlist_add:"):
        split, tta = st.selectbox(
            "Images", missing, format_func=lambda one: _words(run, *one), key="missing", width=420
        )
        flags = {"split": split, "tta": tta}
        offer("evaluate", "Evaluate it", subject=run.name, flags=flags, writes=run.name, effect=EFFECT)


def _words(run: Run, split: str, tta: str) -> str:
    return f"{escape(state.split_name(run, split))}, {WAYS[tta]}"
