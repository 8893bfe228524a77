"""Answers that were saved, of a video or of the webcam, opened in the timeline again."""

from __future__ import annotations

import re
from pathlib import Path

import streamlit as st

import state
from fercore.inference.saved import Saved, UnreadableAnswers, read_saved
from views.predict.clip_answers import ClipAnswers
from views.predict.clip_timeline import draw_files, draw_shares, draw_timeline, headline
from wording.markdown import code, message

MOST_MB = 25
WEBCAM = (
    "The webcam's numbers are those of the largest face at each moment, whosever it is: all of it is drawn as Person 1."
)


def show_saved() -> None:
    """Open a table of answers, and draw its timeline, shares and files."""
    most_mb = state.upload_limit(MOST_MB)
    label = f"Answers for a video or of the webcam, as they were saved (CSV), at most {most_mb} MB"
    upload = st.file_uploader(label, "csv", max_upload_size=most_mb, key="saved_answers")
    if upload:
        state.keep_answers(upload.name, upload.getvalue())
    kept = state.kept_answers()
    if kept is None:
        st.info("Open a table that Predict, Webcam or scripts/predict.py --tracks wrote: no picture is needed.")
        return
    name, data = kept
    if not upload:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(f"Open is {code(name)}.", width="content")
            st.button("Close it", key="forget_answers", icon=":material/close:", on_click=state.keep_answers)
    try:
        draw(name, read_saved(data))
    except UnreadableAnswers as error:
        st.error(f"{code(name)} cannot be opened: {message(error)}.", icon=":material/error:")


def draw(name: str, saved: Saved) -> None:
    """The answers as those for a video of this page."""
    # They stand in text and in charts, which know no markdown.
    labels = {run: re.sub(r"[^A-Za-z0-9 .-]", "", run)[:40] or "Answer" for run in saved.tables}
    told = ClipAnswers(name, saved.tables, labels, saved.step, saved.looks)
    state.draw_answer(headline(told))
    draw_timeline(told)
    if saved.webcam:
        st.caption(WEBCAM)
    draw_shares(told)
    for number, run in enumerate(told.runs, 1):
        with st.container(horizontal=True):
            draw_files(told, run, Path(name).stem + f"-{number}" * (len(told.runs) > 1))
