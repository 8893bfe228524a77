"""A video on the Predict page: its upload and settings, and the work with its progress."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import streamlit as st

import state
from fercore.charts.style import duration
from fercore.data.decode import UnreadableImage
from fercore.inference.following import MOST_EVERY
from fercore.inference.video import Clip
from fercore.runs import Run, RunError
from views.predict.clip_survey import MOST_SECONDS, Annotation, Asked, ClipSurvey, checked
from views.predict.question import Asking
from wording.markdown import code, message

MOST_MB = 100  # it lies in memory
PIECE = 0.5  # seconds of work between two looks at the visitor's wishes
USUAL_FPS = 2.0
HEARD = "Cancelled. The step in progress comes to its end ..."


@dataclass
class Kept:
    """A visitor's video with what is done about it; it lies in memory and goes with the session."""

    file: str
    name: str
    data: bytes
    said: Clip | None = None
    problem: str = ""
    survey: ClipSurvey | None = None
    runs: list[Run] = field(default_factory=list)  # that the survey asked
    annotation: Annotation | None = None

    @property
    def work(self) -> ClipSurvey | Annotation | None:
        """What is being done now."""
        return next((one for one in (self.survey, self.annotation) if one and one.goes_on), None)

    def settle(self) -> None:
        """Wait for the end of what the visitor ended."""
        with self.or_nothing():
            for one in (self.survey, self.annotation):
                if one:
                    one.settle()

    @contextlib.contextmanager
    def or_nothing(self) -> Iterator[None]:
        """Work with models; where one of them cannot be used after all, nothing of the work stays."""
        try:
            yield
        except RunError:
            self.survey = self.annotation = None
            raise


def choose_clip() -> Kept | None:
    """Draw the uploader; the video that was uploaded last, if it is one."""
    most_mb = state.upload_limit(MOST_MB)
    label = f"A video: mp4, mov, webm, avi, mkv and others, at most {most_mb} MB"
    upload, kept = st.file_uploader(label, max_upload_size=most_mb, key="clip"), state.kept_clip()
    if upload and (kept is None or kept.file != upload.file_id):
        kept = _read(upload.file_id, upload.name, upload.getvalue())
        state.keep_clip(kept)
    if kept is None:
        st.info("Upload a video: its faces are followed, and each model says what they show, when.")
        return None
    if not upload:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(f"Still here is {code(kept.name)}, which you uploaded before.", width="content")
            st.button("Forget it", key="forget_clip", icon=":material/delete:", on_click=state.keep_clip, args=(None,))
    if kept.problem:
        st.error(f"{code(kept.name)} cannot be read: {message(kept.problem)}.", icon=":material/broken_image:")
        return None
    return kept


def _read(file: str, name: str, data: bytes) -> Kept:
    try:
        return Kept(file, name, data, checked(data))
    except UnreadableImage as error:
        return Kept(file, name, b"", problem=str(error))


def ask(kept: Kept, asking: Asking) -> None:
    """Draw the settings and the button that begins the work."""
    length = kept.said.seconds
    last = length or MOST_SECONDS
    with st.container(horizontal=True, vertical_alignment="bottom"):
        fps = st.number_input("Looks a second", 0.1, 30.0, USUAL_FPS, 0.5, key="clip_fps", width=150)
        start = st.number_input("From second", 0.0, None, 0.0, 1.0, key="clip_start", width=150)
        end = st.number_input(
            "To second", 0.0, None, float(math.ceil(last)), 1.0, key=f"clip_end_{kept.file}", width=150
        )
        whole = length is not None and end >= length and end - start <= MOST_SECONDS
        until = math.inf if whole else min(end, start + MOST_SECONDS)
        runtimes = tuple((run.name, asking.runtimes[run.name]) for run in asking.runs)
        look_every = _choose_look_every(fps) if asking.detect else 1
        asked = Asked(fps, start, until, asking.tta, runtimes, asking.detect, look_every)
        wrong = start >= min(until, last)
        begun = st.button(
            "Look at the video", key="clip_begin", type="primary", icon=":material/play_arrow:", disabled=wrong
        )
    said = f"{duration(length)} long" if length else "Its length is not said"
    st.caption(
        f"{said}; {'with' if kept.said.sound else 'without'} sound. At most {MOST_SECONDS // 60} minutes are looked at "
        "at a time. With fewer looks a second it is done sooner, and short expressions are missed."
    )
    if wrong:
        st.warning("The first second to look at must lie before the last, and within the video.")
    if begun:
        _begin(kept, asked, asking.runs)
    elif kept.survey and kept.survey.asked != asked:
        st.info("What is shown belongs to other settings than those above; look at the video again.")


def _choose_look_every(fps: float) -> int:
    """Draw the rarer settings: in which of these looks faces are looked for."""
    with st.popover("More", icon=":material/tune:", width="content"):
        every = st.number_input("Search for faces every ... looks", 1, MOST_EVERY, 1, key="clip_look_every")
        later = f", here at most {(every - 1) / fps:.2g} s later" if every > 1 else ""
        st.caption(
            "1: in every look. With more, faces are followed between searches by what their pixels do: quicker where "
            "the detector is slow, and boxes differ a little. Who appears in between is found at the next search"
            f"{later}."
        )
    return every


def _begin(kept: Kept, asked: Asked, runs: list[Run]) -> None:
    state.spend(state.CLIP)
    with st.spinner("Loading the models ..."):
        runtimes = dict(asked.runtimes)
        found = state.readable(lambda run: state.predictor(run, asked.tta, runtimes[run.name]), runs)
        detector = state.detector(video=False) if asked.detect else None  # as scripts/predict.py
    if found:
        kept.annotation, kept.runs = None, runs
        kept.survey = ClipSurvey(kept.name, kept.data, asked, found, detector, kept.said.seconds)


def draw_progress(kept: Kept) -> None:
    """How far the work is, and the button that ends it."""
    work = kept.work
    if work is None:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        words = "Drawing"
        if isinstance(work, ClipSurvey):
            left = f", about {duration(work.seconds_left)} left" if work.looks > 1 and work.fraction else ""
            words = f"{work.looks} looks, {len(work.found)} faces{left}"
        st.progress(work.fraction, words, width=420)
        st.button("Cancel", key="clip_cancel", icon=":material/stop:", on_click=_end, args=(work,))


def _end(work: ClipSurvey | Annotation) -> None:
    """Called before anything of the page is drawn, so that whoever cancels sees at once that it was heard."""
    work.cancel()
    st.toast(HEARD, icon=":material/stop:")


def go_on(kept: Kept) -> None:
    """A piece of the work, at the end of the page, which is then drawn again: so the visitor is heard in between."""
    work = kept.work
    if work is None:
        kept.settle()
        return
    with kept.or_nothing():
        work.work(PIECE)
    st.rerun()
