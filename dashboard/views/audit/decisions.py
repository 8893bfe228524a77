"""Deciding on images: the selector under a picture, and the page's view of all decisions."""

from __future__ import annotations

import shlex
from collections.abc import Mapping

import pandas as pd
import streamlit as st

import state
from fercore.charts.style import count
from fercore.data.audit.proposals import proposals
from fercore.data.decisions import Decision
from fercore.emotions import EMOTIONS
from views.audit.picture import WIDTH, show_picture
from widgets.downloads import download_table
from wording.markdown import code

NOTHING = "undecided"
HOW = (
    "Drop many images at once here, or decide under single pictures in the other views; → happy gives an image the "
    "label happy. The command that trains with what you decided then stands here."
)


def choices() -> dict[str, Decision | None]:
    """What can be decided on an image, in words: any class of the data set may be its label."""
    dataset = state.dataset()
    classes = dataset.classes if dataset else EMOTIONS
    plain = {NOTHING: None, "keep": Decision("keep"), "drop": Decision("drop")}
    return plain | {f"→ {name}": Decision("relabel", name) for name in classes}


def draw_decidable(id_: str, row: int, caption: str) -> None:
    """One picture of the data set, and what to do with it."""
    with st.container(width=WIDTH, gap="xxsmall"):
        show_picture(row, caption, id_)
        key = f"decision_{id_}"
        st.session_state[key] = words_of(state.decisions().get(id_))
        st.selectbox(
            f"Decision on {id_}",
            list(choices()),
            key=key,
            label_visibility="collapsed",
            on_change=_keep,
            args=(id_, key),
        )


def words_of(decision: Decision | None) -> str:
    """How a decision is called: "→ happy"."""
    return next((words for words, known in choices().items() if known == decision), NOTHING)


def draw_decisions(table: pd.DataFrame, names: Mapping[str, str]) -> None:
    """All decisions, what the audit proposes, and how to train with them."""
    decisions = state.decisions()
    say_how_to_train(decisions)
    st.markdown("**Drop many at once**")
    with st.container(horizontal=True, gap="small"):
        for reason, ids in proposals(table).items():
            own = [id_ for id_ in ids if id_ not in decisions]
            label = f"Drop {count(len(own))} {reason}" if own else f"All {count(len(ids))} {reason} are decided"
            st.button(label, key=f"propose_{reason}", disabled=not own, on_click=_decide, args=(own, "drop"))
    st.caption(
        "Only images that are not decided yet, and only those that models learn from: "
        f"{names['val']} and {names['test']} stay as others have them."
    )
    if not decisions:
        return
    rows = [{"id": id_, "decision": own.kind, "label": own.label} for id_, own in decisions.items()]
    shown = pd.DataFrame(rows)
    st.dataframe(shown, column_config={"id": "Image", "decision": "Decision", "label": "New label"}, hide_index=True)
    with st.container(horizontal=True):
        download_table("Download the decisions", shown, "decisions.csv")
        with st.popover("Take all back", icon=":material/undo:"):
            st.markdown(f"This forgets {count(len(decisions))} decisions. The images themselves are never changed.")
            st.button("Forget them", key="forget", type="primary", on_click=_decide, args=(list(decisions), NOTHING))


def say_how_to_train(decisions: Mapping[str, Decision]) -> None:
    kinds = pd.Series([own.kind for own in decisions.values()], dtype=object).value_counts()
    numbers = ", ".join(f"{count(int(kinds.get(kind, 0)))} {word}" for kind, word in _KINDS.items())
    st.markdown(f"So far: {numbers}. Kept in {code(state.decisions_file())}; the data set itself is never changed.")
    file = shlex.quote(str(state.decisions_file()))
    if {"drop", "relabel"} & set(kinds.index):
        st.markdown("Train without the dropped images, and with the new labels:")
        script = f"scripts/train.py --recipe report-cnn --exclude {file} --relabel {file}"
        st.code(state.command(script), language="bash", wrap_lines=True)
    else:
        st.caption(HOW)


_KINDS = {"keep": "to keep", "drop": "to drop", "relabel": "to relabel"}


def _keep(id_: str, key: str) -> None:
    _decide([id_], st.session_state[key])


def _decide(ids: list[str], words: str) -> None:
    with state.errors_shown():
        state.decide(ids, choices()[words])
