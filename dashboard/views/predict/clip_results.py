"""What was found in a video: the player beside the timeline, the faces of a moment, downloads."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np
import streamlit as st

import state
from fercore.charts import timeline as charts
from fercore.inference.timeline import person, subtitles
from state.found_faces import Looked
from views.predict.answer_table import Answered
from views.predict.cards import Models, draw_cards
from views.predict.clip import HEARD, Kept
from views.predict.clip_answers import ClipAnswers
from views.predict.clip_survey import Annotation, ClipSurvey
from views.predict.clip_timeline import (
    CHART,
    choose_smoothing,
    draw_files,
    draw_shares,
    draw_timeline,
    feat,
    headline,
)
from widgets.beside import columns_beside
from widgets.downloads import download
from wording.markdown import code, message, unbroken

ROOM = 800  # pixels for player and timeline beside each other


def draw_results(kept: Kept, models: Models) -> None:
    """All of it, once the work is finished or ended by the visitor, who is told so before anything else."""
    survey = kept.survey
    draw_end(kept)
    if not survey.found:
        state.draw_answer(f"No face is found in {survey.looks} looks at this video.")
        return
    above = st.container()
    told = survey.told(models.labels, choose_smoothing())
    with above:
        state.draw_answer(headline(told))
    left, right = columns_beside([2, 3], ROOM, "clip_beside")
    with right:
        draw_timeline(told, on_select=_clicked, selection_mode=charts.MOMENT)
    moment = choose_moment(survey)
    with left:
        draw_player(kept, told, moment)
    draw_moment(survey, models, moment, told.smoothing)
    draw_shares(told)
    draw_downloads(kept, told)


def draw_end(kept: Kept) -> None:
    """Why the work ended, where that is not the video's own end; on return nothing is done about it any more."""
    survey, heard = kept.survey, st.empty()
    if survey.cancelled and not survey.finished:
        heard.info(HEARD)
    kept.settle()
    if survey.cancelled:
        heard.info(f"You ended this after {survey.looks} looks, at second {survey.time:.1f}; what was found stays.")
    else:
        heard.empty()  # the look in progress was the last of the video
    if survey.problem:
        st.warning(f"{code(kept.name)}: {message(survey.problem)}. What was found before stays.")
    if survey.full:
        st.info(
            f"The work ended at second {survey.time:.1f}: there is more than is kept here. Start there for the rest."
        )


def _clicked() -> None:
    before = st.session_state.get("clip_moment")
    st.session_state["clip_moment"] = moment_clicked(st.session_state[CHART].selection, state.kept_clip(), before)


def moment_clicked(selection: Mapping[str, list], kept: Kept | None, before: float | None) -> float | None:
    """The start of the clicked span; the moment before where nothing that there is was clicked."""
    chosen = selection.get(charts.MOMENT) or [{}]
    start = chosen[0].get("start")
    # The front end sent this: only a moment that there is may be chosen.
    return start if kept and kept.survey and start in kept.survey.moments() else before


def choose_moment(survey: ClipSurvey) -> float:
    """Draw the chooser of a look; its time."""
    moments = survey.moments()
    if st.session_state.get("clip_moment") not in moments:
        st.session_state["clip_moment"] = moments[0]
    if len(moments) == 1:
        return moments[0]
    return st.select_slider("Second", moments, key="clip_moment", format_func=lambda time: f"{time:.2f}")


def draw_player(kept: Kept, told: ClipAnswers, moment: float) -> None:
    """The video from the chosen moment on; the annotated one where it has been drawn."""
    texts = {told.labels[run]: subtitles(table, told.step) for run, table in told.tables.items()}
    drawn = kept.annotation
    if drawn and drawn.content:
        st.video(drawn.content, "video/mp4", start_time=max(moment - kept.survey.asked.start, 0))
    elif kept.said.media_type:
        st.video(kept.data, kept.said.media_type, start_time=moment, subtitles=texts)
    else:
        st.info("Not all browsers play a video of this form or coding. Draw the annotated video below: it is an MP4.")


def draw_moment(survey: ClipSurvey, models: Models, moment: float, smoothing: float) -> None:
    """The faces of the chosen look, each with the models' answers."""
    found, own = survey.at(moment, smoothing)
    who = ", ".join(f"face {one.number} is {person(one.track)}" for one in found)
    st.subheader(unbroken(f"At {moment:.2f} s: {who}"))
    if smoothing:
        st.caption("Averaged with the looks before; Explain shows what a model says of this face alone.")
    crops = np.array([one.crop for one in found], np.uint8)
    looked = Looked(tuple(one.face for one in found), {crops.shape[1:]: crops}, b"")
    draw_cards(Answered(f"{survey.name} at {moment:.2f} s", looked, own), models)


def draw_downloads(kept: Kept, told: ClipAnswers) -> None:
    """Tables, subtitles and the annotated video of each model; tables are of the answers as the model gave them."""
    survey, smoothing = kept.survey, told.smoothing
    for run, label in told.labels.items():
        stem = f"{Path(kept.name).stem}-{run}"
        with st.container(horizontal=True):
            download(f"{label}: faces (CSV)", partial(survey.csv, run), f"{stem}.csv", "text/csv")
            if smoothing:
                csv = partial(survey.csv, run, smoothing)
                download(f"{label}: smoothed faces (CSV)", csv, f"{stem}-smoothed.csv", "text/csv")
            draw_files(told, run, f"{stem}-smoothed" if smoothing else stem)
            table = partial(feat, survey.table(run))
            download(f"{label}: for Py-Feat (CSV)", table, f"{stem}-feat.csv", "text/csv")
            draw_annotation(kept, run, label, smoothing)
    if smoothing:
        st.caption("“faces” and “for Py-Feat” hold each answer as the model gave it; “smoothed” files say so inside.")


def draw_annotation(kept: Kept, run: str, label: str, smoothing: float) -> None:
    """The annotated video to download, or the button that draws it."""
    drawn = kept.annotation
    own = drawn and (drawn.run, drawn.smoothing) == (run, smoothing)
    if own and drawn.content:
        name = f"{Path(kept.name).stem}-{run}.mp4"
        download(f"{label}: annotated video (MP4)", drawn.content, name, "video/mp4")
    elif not kept.work and st.button(
        f"{label}: draw the annotated video", key=f"annotate_{run}", icon=":material/draw:"
    ):
        state.spend(state.CLIP)
        kept.annotation = Annotation(kept.survey, run, smoothing)
        st.rerun()
    if own and drawn.problem:
        st.warning(message(drawn.problem))
