"""What can be done with a run that is here: a note, another name, the archive, the trash folder, and the way back."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

import state
from fercore.run_archive import ARCHIVE, TRASH, PutAway, list_put_away, put_away, take_back
from fercore.run_care import LONGEST_NOTE, note_of, rename_run, write_note
from fercore.runs import Run, RunError
from wording.markdown import code, escape, message

WORDS = {ARCHIVE: "archived", TRASH: "deleted"}


def draw(run: Run) -> None:
    """The note for everyone; the rest where visitors may change what is on this machine."""
    note = note_of(run)
    if not state.may_start_jobs():
        if note:
            st.caption(f"Note: {escape(note)}")
        st.caption(state.why_no_jobs())
        return
    with st.expander(f"Note, rename, archive or delete {run.name}", icon=":material/edit_note:"):
        _draw_note(run, note)
        with st.container(horizontal=True, vertical_alignment="bottom"):
            name = st.text_input("New name", run.name, key=f"rename_{run.name}", max_chars=100, width=300)
            if st.button("Rename", key=f"rename_button_{run.name}", disabled=name == run.name):
                _act(lambda: _renamed(run, name))
        sure = st.checkbox(f"Yes, take {run.name} out of the lists", key=f"sure_{run.name}")
        with st.container(horizontal=True):
            if st.button("Archive", key=f"archive_{run.name}", icon=":material/archive:", disabled=not sure):
                _act(lambda: _put_away(run, ARCHIVE))
            if st.button("Delete", key=f"delete_{run.name}", icon=":material/delete:", disabled=not sure):
                _act(lambda: _put_away(run, TRASH))
        st.caption(
            f"An archived run goes to {code(run.path.parent / ARCHIVE)}, a deleted one to "
            f"{code(run.path.parent / TRASH)}. Both are listed at the end of this page and can be taken back; to free "
            "the disk, delete their folders there."
        )


def draw_put_away() -> None:
    """What was archived and deleted, each with a button that takes it back; nothing where there is none."""
    found = list_put_away(state.runs_root())
    if not found or not state.may_start_jobs():
        return
    with st.expander(f"Archive and trash: {len(found)}", icon=":material/inventory_2:"):
        chosen = st.selectbox("Run", found, format_func=_label, key="put_away")
        if st.button("Take it back", key="take_back", icon=":material/unarchive:"):
            _act(lambda: state.select(runs=[take_back(chosen).name]))


def _label(one: PutAway) -> str:
    return f"{one.name}, {WORDS[one.folder]} on {one.time:%Y-%m-%d at %H:%M} UTC"


def _draw_note(run: Run, note: str) -> None:
    text = st.text_area("Note", note, max_chars=LONGEST_NOTE, key=f"note_{run.name}", height=80)
    if st.button("Keep the note", key=f"note_button_{run.name}", disabled=text.strip() == note):
        _act(lambda: write_note(run, text))


def _renamed(run: Run, name: str) -> None:
    _check_no_job(run)
    state.select(runs=[rename_run(run, name).name])


def _put_away(run: Run, folder: str) -> None:
    _check_no_job(run)
    put_away(run, folder)
    st.toast(f"{run.name} was {WORDS[folder]}. It can be taken back at the end of this page.")


def _check_no_job(run: Run) -> None:
    """A job that computes something for a run writes into its folder, although nobody trains it."""
    for job in state.jobs().running():
        if run.name in (job.info["writes"], *job.info["arguments"]):
            raise RunError(f"{job.title!r} is {job.state} and needs the run under this name; wait for it, or stop it")


def _act(change: Callable[[], object]) -> None:
    """Carry out a change and draw the page anew, or say why it cannot be."""
    try:
        change()
    except (RunError, OSError) as error:
        st.error(message(error), icon=":material/error:")
    else:
        st.rerun()
