"""What is said beside a figure on images that its model has learned from, or may have."""

from __future__ import annotations

import streamlit as st

import state
from fercore.evaluation.contamination import UNKNOWN, contamination
from fercore.runs import Run
from wording.markdown import escape

CONTAMINATION_LEGEND = (
    "⚠ contaminated: the model learned from the images of this figure. ⚠ perhaps contaminated: what it learned from is "
    "not known. Such a figure shows what a model remembers, not what it can do, and is in no ranking."
)


def contamination_badge(run: Run, split: str) -> str:
    """Markdown of the badge beside a run's figure on a split; nothing beside a clean one."""
    found = contamination(run, split)
    return f" :orange-badge[:material/warning: training data {escape(found)}]" if found else ""


def with_contamination(figure: str, found: str | None) -> str:
    """A figure in a table, marked where it is not comparable: "90.9 % (90.5 to 91.3) ⚠ contaminated".

    `CONTAMINATION_LEGEND` says what that is.
    """
    return f"{figure} ⚠ {'perhaps ' if found == UNKNOWN else ''}contaminated" if figure and found else figure


def warn_of_contamination(run: Run, split: str) -> None:
    """Say what a run's figures on a split are worth, where it has seen its images or may have."""
    found, name = contamination(run, split), escape(state.split_name(run, split))
    if found is None:
        return
    trained_on = run.info.get("trained_on")
    note = trained_on.get("note") if isinstance(trained_on, dict) else None
    if found == UNKNOWN:
        words = (
            f"What this model learned from is not known. It may have seen the images of {name}, and then these figures "
            "say what it remembers, not what it can do; they are left out of rankings."
        )
    else:
        words = (
            f"The run learned from {name}, so these figures say what it remembers, not what it can do; they are left "
            "out of rankings."
        )
    st.warning(f"{words} {escape(note[:500])}" if isinstance(note, str) else words, icon=":material/warning:")
