"""What the models say of the largest face: a sentence, bars, times, the last minute; for the video and for a photo."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from datetime import datetime

import numpy as np
import streamlit as st

import state
from fercore.charts.live import answer_bars, answer_rows, minute_bars
from fercore.charts.style import percent
from views.webcam.answer_log import by_second
from views.webcam.session import Now, Session
from views.webcam.worker import Model, Reading, all_classes
from widgets.downloads import download
from widgets.face_source import SOURCES
from widgets.links import link
from widgets.saved_answers import open_saved
from wording.markdown import NO_BREAK, code, escape, message

FILE = "webcam.csv"
CLICK = 5.0  # seconds for which a face that is gone from the video can still be kept
NO_FACE = "No face is found. Come closer, turn to the light, or switch Find faces off."
FIGURES = """
- **ms of a model:** its time for all faces of the newest frame
- **video:** frames a second that reach this server
- **answers:** frames a second that all models have answered for; the others are shown, but not looked at
- **delay:** age of a frame when its answers are there, a median of two seconds
- **agreement:** share of the last minute's answers in which both models name the same emotion
"""


def draw_live(session: Session, waiting: str) -> None:
    """What the models say of the newest frame, or, before there is one, what is waited for."""
    now = session.now()
    if now.shown is None:
        st.info(waiting, icon=":material/videocam:")
    else:
        draw_answers(now.shown.models, now.shown.reading, now.shown.smooth)
        draw_rates(now)
    if now.problem:
        st.error(f"The video goes on, but is not looked at: {said(now.problem)}", icon=":material/error:")


def draw_answers(models: Sequence[Model], reading: Reading | None, probabilities: np.ndarray | None) -> None:
    """The sentence, the bars of the largest face, and what went wrong in a model."""
    classes = all_classes(models)
    own = probabilities[:, 0] if reading and reading.faces else np.full((len(models), len(classes)), np.nan)
    state.draw_answer(headline(models, own, len(reading.faces) if reading else 0, classes))
    labels, colors = tuple(model.label for model in models), tuple(model.color for model in models)
    rows, alt = answer_rows(labels, own, classes), "Probabilities of each model"
    state.live_chart(rows, answer_bars, labels, colors, state.dark(), classes, alt=alt)
    for model, problem in zip(models, reading.problems if reading else (), strict=False):
        if problem:
            st.error(f"{code(model.name)} does not answer: {said(problem)}", icon=":material/error:")


def headline(models: Sequence[Model], probabilities: np.ndarray, faces: int, classes: Sequence[str]) -> str:
    """What the models say of the largest face, and whether they agree.

    Parameters
    ----------
    models
        One or two.
    probabilities
        float (models, classes) for the largest face, NaN of a model that failed and of what a model does not know.
    faces
        How many there are.
    classes
        Names of the classes.
    """
    if not faces:
        return NO_FACE
    answers = [
        (model.label, escape(classes[int(np.nanargmax(own))]), percent(float(np.nanmax(own)), 0))
        for model, own in zip(models, probabilities, strict=True)
        if not np.isnan(own).all()
    ]
    if not answers:
        return "No model answers."
    of = "" if faces == 1 else f" Of {faces} faces this is the largest."
    if len(answers) == 1:
        label, emotion, share = answers[0]
        return f"{label} says **{emotion}**, {share}.{of}"
    (one, first, share), (other, second, other_share) = answers
    if first == second:
        return f"Both say **{first}**: {one} {share}, {other} {other_share}.{of}"
    return f"They disagree: {one} says **{first}**, {share}, {other} **{second}**, {other_share}.{of}"


def draw_rates(now: Now) -> None:
    """How fast it goes, and how often the models agree."""
    times = zip(now.shown.models, now.shown.reading.seconds, strict=True)
    figures = {model.label: milliseconds(seconds) for model, seconds in times}
    figures |= {"video": f"{now.frame_rate:.0f} /s", "answers": f"{now.answer_rate:.0f} /s"}
    figures["delay"] = milliseconds(now.delay)
    if not math.isnan(now.agreement):
        figures["agreement"] = percent(now.agreement, 0)
    # No line ends within a figure.
    words = [f"{name} **{figure}**".replace(" ", NO_BREAK) for name, figure in figures.items()]
    st.markdown(" · ".join(words), help=FIGURES)


def draw_minute(session: Session, models: Sequence[Model]) -> None:
    """The last minute of each model, and what can be done with what was seen."""
    now = session.now()
    if not session.record:
        return
    for number, model in enumerate(models):
        st.markdown(f"**{model.label}** in the last minute")
        rows = by_second(now.last_minute, model.name, now.at)
        rows = rows[rows["emotion"].isin(model.classes)]  # the run may have been trained anew
        named = number == 0 or model.classes != models[0].classes
        state.live_chart(rows, minute_bars, named, model.classes, alt=f"The last minute of {model.name}")
    with st.container(horizontal=True, vertical_alignment="center"):
        draw_keep(now.shown.reading if now.shown else None, models, CLICK)
        table = session.table
        download("Download the results", lambda: table().to_csv(index=False), FILE, "text/csv")
        if st.button("Open as a timeline", icon=":material/timeline:", key="open_answers"):
            open_saved(FILE, table().to_csv(index=False).encode())
    st.caption("The file holds numbers only; no picture is stored anywhere. Predict opens it again in its timeline.")


def draw_keep(reading: Reading | None, models: Sequence[Model], after: float = 0.0) -> None:
    """A button that keeps the largest face for the Explain page, and the way there, with the models that are asked.

    A click takes its time to come, and Streamlit drops it where the button is disabled by then: so a face can be kept
    for some seconds after it is gone.
    """
    if crops := [own[0] for own in reading.crops.values()] if reading else []:
        st.session_state["last_face"] = time.monotonic(), max(crops, key=np.size)
    elif not reading:  # the video has ended, and its pictures are forgotten
        st.session_state.pop("last_face", None)
    seen, face = st.session_state.get("last_face", (-math.inf, None))
    gone = not crops and time.monotonic() - seen > after
    if st.button("Keep this moment", icon=":material/bookmark_add:", disabled=gone, key="keep"):
        state.keep_face(face, f"webcam {datetime.now():%H:%M:%S.%f}"[:-3])  # to a millisecond
    if kept := len(state.kept_faces()):
        words = "Explain the kept face" if kept == 1 else f"Explain the {kept} kept faces"
        asked = {"faces": SOURCES["kept"], "runs": [model.name for model in models]}
        link("explain", words, ":material/troubleshoot:", asked)


def milliseconds(seconds: float) -> str:
    """ "8.1 ms", or a dash where there is no time."""
    return (
        "–" if math.isnan(seconds) else f"{1000 * seconds:.1f} ms" if seconds < 0.0995 else f"{1000 * seconds:.0f} ms"
    )


def said(problem: Exception) -> str:
    """What an exception says, for markdown; its kind where it says nothing."""
    return message(str(problem)[:500] or type(problem).__name__)
