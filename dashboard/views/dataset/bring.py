"""Bring a data set: upload an archive or a table, name a path on this machine, or let Kaggle send it."""

from __future__ import annotations

from typing import Any

import streamlit as st

import state
from fercore.jobs import ALIVE, MOST_UPLOAD, JobError
from widgets.job_status import duration_words, follow, start, tell_end
from wording.markdown import code, message

UPLOAD, PATH, KAGGLE = "Upload", "A path on this machine", "From Kaggle"
TYPES = ["zip", "csv", "gz", "tar", "tgz", "parquet"]


def draw(expanded: bool) -> None:
    """The form and the progress of what it started."""
    if not state.may_start_jobs():
        if state.dataset() is not None:  # where there is none, the page says so itself
            st.caption(state.why_no_jobs())
        return
    present = next((job for job in state.jobs().list() if job.info["script"].endswith("prepare_data.py")), None)
    now = present.state if present else "finished"
    if now in ALIVE:
        follow(present.id)
        return
    failed = now != "finished"
    with st.expander("Bring a data set", expanded=expanded or failed, icon=":material/upload:"):
        if failed:
            tell_end(present, now)
        how = st.segmented_control("From", (UPLOAD, PATH, KAGGLE), default=UPLOAD, required=True, key="bring_from")
        flags: dict[str, Any] = {"out": str(state.data_root())}
        if st.checkbox("Leave out rows and images that cannot be read, and list them", key="bring_skip_bad"):
            flags["skip-bad"] = True
        if state.dataset() is not None:
            st.warning(f"It replaces the data set in {code(state.data_root())}.", icon=":material/warning:")
        {UPLOAD: _upload, PATH: _path, KAGGLE: _kaggle}[how](flags)
        st.caption(f"It writes {code(state.data_root())}. {duration_words('prepare_data')}")


def _upload(flags: dict[str, Any]) -> None:
    st.caption(
        "The archive from Kaggle, fer2013.csv, icml_face_data.csv, or a zip of images in folders by class. It goes to "
        "this machine only, and is deleted once it is prepared."
    )
    file = st.file_uploader("Archive or table", TYPES, max_upload_size=MOST_UPLOAD >> 20, key="bring_file")
    if st.button("Prepare it", key="bring_upload", type="primary", icon=":material/play_arrow:", disabled=file is None):
        try:
            state.jobs().submit_upload(file.name, file.getvalue(), "prepare_data", flags, writes=state.data_root().name)
            st.rerun()
        except JobError as error:
            st.error(message(error), icon=":material/error:")


def _path(flags: dict[str, Any]) -> None:
    allowed = ", ".join(code(root) for root in state.jobs().roots.readable)
    path = st.text_input(
        "File or folder", key="bring_path", help=f"Below {allowed}.", placeholder="/path/to/archive.zip"
    )
    if st.button("Prepare it", key="bring_named", type="primary", icon=":material/play_arrow:", disabled=not path):
        start("prepare_data", subject=path, flags=flags, writes=state.data_root().name)


def _kaggle(flags: dict[str, Any]) -> None:
    st.caption("Downloads msambare/fer2013, 60 MB; needs the network, and nothing else: the data set is public.")
    if st.button("Download and prepare it", key="bring_kaggle", type="primary", icon=":material/download:"):
        start("prepare_data", flags=flags | {"kaggle": True}, writes=state.data_root().name)
    with st.expander("In a terminal", icon=":material/terminal:"):
        source = "--kaggle --skip-bad" if "skip-bad" in flags else "--kaggle"
        st.code(state.prepare_command(source), language="bash", wrap_lines=True)
