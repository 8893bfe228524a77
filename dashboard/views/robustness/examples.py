"""Pictures of each disturbance, on average faces, of which none is anybody's."""

from __future__ import annotations

import numpy as np
import streamlit as st

import state
from fercore.evaluation.disturbances import KINDS, STRENGTHS, disturb
from fercore.runs import Run, RunError
from wording.markdown import escape

WIDTH = 76  # pixels of a picture on the screen
ROW = 540  # of all strengths beside each other


def choose_kind() -> str:
    """Draw the chooser of a kind of disturbance."""
    return st.selectbox("Disturbance", list(KINDS), key="kind", bind="query-params", width=240)


def draw_examples(run: Run | None, kind: str) -> None:
    """A kind by strength, on two average faces of a run, or of the first that has some."""
    run = run or next((one for one in state.require_runs() if _faces(one) is not None), None)
    faces = None if run is None else _faces(run)
    if faces is None:
        st.caption("No run here holds average faces to show disturbances on.")
        return
    names = [run.classes[place] for place in (3, 5) if place < len(faces)] or [run.classes[0]]
    for name in names:
        with st.container(horizontal=True, gap="small"):
            for strength in range(min(STRENGTHS, len(KINDS[kind].levels)) + 1):
                picture = disturb(_wide(faces[run.classes.index(name)])[None], [name], kind, strength)[0]
                words = "as it is" if strength == 0 else f"strength {strength}"
                st.image(picture, words, width=WIDTH, alt=f"{name}, {kind}, {words}")
    levels = ", ".join(f"{level:g}" for level in KINDS[kind].levels)
    st.caption(f"{escape(kind)}: {levels} ({escape(KINDS[kind].unit)}). Average faces with their contrast spread.")


def _wide(face: np.ndarray) -> np.ndarray:
    """A face whose gray levels span what those of a photograph do."""
    low, high = np.percentile(face, (1, 99))
    return np.clip((face - low) / max(high - low, 1) * 190 + 30, 0, 255).astype(np.uint8)


def _faces(run: Run) -> np.ndarray | None:
    try:
        return state.average_faces(run)
    except RunError:
        return None
