"""What can be done with a run that is here: a note, another name, the trash folder."""

from __future__ import annotations

import streamlit as st

import state
from fercore.run_care import LONGEST_NOTE, TRASH, note_of, rename_run, trash_run, write_note
from fercore.runs import Run, RunError
from wording.markdown import code, escape, message


def draw(run: Run) -> None:
    """The note for everyone; the rest where visitors may change what is on this machine."""
    note = note_of(run)
    if not state.may_start_jobs():
        if note:
            st.caption(f"Note: {escape(note)}")
        return
    with st.expander(f"Note, rename or delete {run.name}", icon=":material/edit_note:"):
        _draw_note(run, note)
        with st.container(horizontal=True, vertical_alignment="bottom"):
            name = st.text_input("New name", run.name, key=f"rename_{run.name}", max_chars=100, width=300)
            if st.button("Rename", key=f"rename_button_{run.name}", disabled=name == run.name):
                _act(lambda: _renamed(run, name))
        sure = st.checkbox(f"Yes, delete {run.name}", key=f"sure_{run.name}")
        if st.button("Delete", key=f"delete_{run.name}", icon=":material/delete:", disabled=not sure):
            _act(lambda: _deleted(run))
        st.caption(f"A deleted run goes to {code(run.path.parent / TRASH)}, from where it can be moved back.")


def _draw_note(run: Run, note: str) -> None:
    text = st.text_area("Note", note, max_chars=LONGEST_NOTE, key=f"note_{run.name}", height=80)
    if st.button("Keep the note", key=f"note_button_{run.name}", disabled=text.strip() == note):
        _act(lambda: write_note(run, text))


def _renamed(run: Run, name: str) -> None:
    state.select(runs=[rename_run(run, name).name])


def _deleted(run: Run) -> None:
    trash_run(run)
    st.toast(f"{run.name} lies in {TRASH} now.")


def _act(change) -> None:
    """Carry out a change and draw the page anew, or say why it cannot be."""
    try:
        change()
    except (RunError, OSError) as error:
        st.error(message(error), icon=":material/error:")
    else:
        st.rerun()
