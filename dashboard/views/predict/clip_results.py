"""What was found in a video: the player beside the timeline, the faces of a moment, shares of time, downloads."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

import state
from fercore.charts import timeline as charts
from fercore.charts.style import duration, percent
from fercore.inference.timeline import UNSURE, person, py_feat, shares, spans, subtitles, to_json
from state.found_faces import Looked
from views.predict.answer_table import Answered
from views.predict.cards import Models, draw_cards
from views.predict.clip import Kept
from views.predict.clip_survey import Annotation, ClipSurvey
from widgets.downloads import download
from wording.markdown import code, escape, message, unbroken

MOST_DRAWN = 12  # people, those seen longest
MOST_TOLD = 3
CHART = "clip_timeline"
PLAYED = {"mp4": "video/mp4", "m4v": "video/mp4", "mov": "video/mp4", "webm": "video/webm", "ogv": "video/ogg"}
CAVEAT = (
    "Shares are of the time in which a person was seen. Looks that follow each other show nearly the same picture: "
    "they are no independent observations, so no interval follows from their number, however many they are. Persons "
    "are told apart by place and motion alone; who returns after two seconds or a cut counts as another."
)


def draw_results(kept: Kept, models: Models) -> None:
    """All of it, once the work is finished."""
    survey = kept.survey
    if survey.problem:
        st.warning(f"{code(kept.name)}: {message(survey.problem)}. What was found before stays.")
    if survey.cancelled:
        st.info(f"You ended this after {survey.looks} looks, at second {survey.time:.1f}; what was found stays.")
    if survey.full:
        st.info(
            f"The work ended at second {survey.time:.1f}: there is more than is kept here. Start there for the rest."
        )
    if not survey.found:
        state.draw_answer(f"No face is found in {survey.looks} looks at this video.")
        return
    own = {run: shares(table, survey.asked.step) for run, table in survey.tables.items()}
    state.draw_answer(headline(survey, own[survey.runs[0]], models.labels[survey.runs[0]]))
    left, right = st.columns([2, 3])
    with right:
        draw_timeline(survey, models)
    moment = choose_moment(survey)
    with left:
        draw_player(kept, models, moment)
    draw_moment(survey, models, moment)
    draw_shares(own, models)
    draw_downloads(kept, models)


def headline(survey: ClipSurvey, own: pd.DataFrame, label: str) -> str:
    """Who shows what for most of the time: "2 people. CNN: Person 1 is **happy** for 62.0 % of 8.0 s; ..."."""
    seen = own.groupby("track")["seconds"].sum().sort_values(ascending=False, kind="stable")
    told = []
    for track in seen.index[:MOST_TOLD]:
        first = own[own["track"] == track].iloc[0]
        told.append(
            f"{person(track)} is **{escape(first.answer)}** for {percent(first.share)} of {duration(seen[track])}"
        )
    more = f"; and {len(seen) - MOST_TOLD} more" if len(seen) > MOST_TOLD else ""
    people = "1 person" if len(seen) == 1 else f"{len(seen)} people"
    return f"{people} in {survey.looks} looks. {label}: {'; '.join(told)}{more}."


def ribbon_table(survey: ClipSurvey, labels: Mapping[str, str]) -> pd.DataFrame:
    """Spans of all models, a row of the chart for each person and model, of the people seen longest."""
    parts = []
    for run in survey.runs:
        found = spans(survey.tables[run], survey.asked.step)
        suffix = f" · {labels[run]}" if len(survey.runs) > 1 else ""
        parts.append(found.assign(row=[person(track) + suffix for track in found["track"]], run=run))
    table = pd.concat(parts, ignore_index=True)
    first = table[table["run"] == survey.runs[0]]
    seconds = (first["end"] - first["start"]).groupby(first["track"]).sum()
    longest = seconds.sort_values(ascending=False, kind="stable").index[:MOST_DRAWN]
    return table[table["track"].isin(longest)].sort_values(["track", "run", "start"], kind="stable", ignore_index=True)


def draw_timeline(survey: ClipSurvey, models: Models) -> None:
    """The ribbons; a click chooses the moment."""
    table = ribbon_table(survey, models.labels)
    classes = tuple(dict.fromkeys(name for run in survey.runs for name in survey.classes(run)))
    alt = "Leading emotion of each person over time"
    state.chart(charts.ribbons, table, classes, key=CHART, on_select=_clicked, selection_mode=charts.MOMENT, alt=alt)
    people = survey.tables[survey.runs[0]]["track"].nunique()
    more = f" The {MOST_DRAWN} people seen longest are drawn, of {people}." if people > MOST_DRAWN else ""
    st.caption(f"Gray: the model is not sure. Click on a ribbon to go there.{more}")
    draw_person(survey, models)
    if len(survey.runs) == 2:
        one, other = (survey.tables[run]["label"] for run in survey.runs)
        st.caption(f"The two models name different emotions in {percent((one != other).mean())} of all faces.")


def draw_person(survey: ClipSurvey, models: Models) -> None:
    """Each model's probabilities over time for one person, chosen where there are several."""
    tracks = survey.stands[survey.runs[0]]["track"].unique().tolist()
    track = tracks[0]
    if len(tracks) > 1:
        track = st.selectbox("Person", tracks, format_func=person, key="clip_person", width=200)
    for run in survey.runs:
        looks = survey.stands[run]
        looks = looks[looks["track"] == track]
        said = f"{models.labels[run]}: probabilities of {person(track)}"
        st.caption(said)
        state.chart(charts.lines, looks, survey.classes(run), alt=said)


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


def draw_player(kept: Kept, models: Models, moment: float) -> None:
    """The video from the chosen moment on; the annotated one where it has been drawn."""
    texts = {models.labels[run]: subtitles(table, kept.survey.asked.step) for run, table in kept.survey.tables.items()}
    drawn, kind = kept.annotation, PLAYED.get(Path(kept.name).suffix.lower().removeprefix("."))
    if drawn and drawn.content:
        st.video(drawn.content, "video/mp4", start_time=max(moment - kept.survey.asked.start, 0))
    elif kind:
        st.video(kept.data, kind, start_time=moment, subtitles=texts)
    else:
        st.info("Browsers do not play files of this form. Draw the annotated video below: it is an MP4.")


def draw_moment(survey: ClipSurvey, models: Models, moment: float) -> None:
    """The faces of the chosen look, each with the models' answers."""
    found, own = survey.at(moment)
    who = ", ".join(f"face {one.number} is {person(one.track)}" for one in found)
    st.subheader(unbroken(f"At {moment:.2f} s: {who}"))
    crops = np.array([one.crop for one in found], np.uint8)
    looked = Looked(tuple(one.face for one in found), {crops.shape[1:]: crops}, b"")
    draw_cards(Answered(f"{survey.name} at {moment:.2f} s", looked, own), models)


def draw_shares(own: Mapping[str, pd.DataFrame], models: Models) -> None:
    """Shares of time for each person and model."""
    st.subheader("Shares of time")
    wide = []
    for run, table in own.items():
        part = table.pivot(index="track", columns="answer", values="share").fillna(0.0)
        part = part[[*(name for name in part if name != UNSURE), *(name for name in part if name == UNSURE)]] * 100
        part.insert(0, "Seconds", table.groupby("track")["seconds"].sum())
        part.insert(0, "Model", models.labels[run])
        wide.append(part.rename_axis(columns=None))
    table = pd.concat(wide).sort_index(kind="stable").reset_index()
    table.insert(0, "Person", table.pop("track"))
    format_ = {name: st.column_config.NumberColumn(format="%.1f %%") for name in table.columns[3:]}
    st.dataframe(
        table, column_config=format_ | {"Seconds": st.column_config.NumberColumn(format="%.1f")}, hide_index=True
    )
    st.caption(CAVEAT)


def draw_downloads(kept: Kept, models: Models) -> None:
    """Tables, subtitles and the annotated video of each model."""
    survey, step, stem = kept.survey, kept.survey.asked.step, Path(kept.name).stem
    for run, table in survey.tables.items():
        label = models.labels[run]
        with st.container(horizontal=True):
            download(f"{label}: faces (CSV)", partial(survey.csv, run), f"{stem}-{run}.csv", "text/csv")
            download(f"{label}: people (JSON)", partial(to_json, table, step), f"{stem}-{run}.json", "application/json")
            download(f"{label}: subtitles (WebVTT)", partial(subtitles, table, step), f"{stem}-{run}.vtt", "text/vtt")
            download(f"{label}: for Py-Feat (CSV)", partial(_feat, table), f"{stem}-{run}-feat.csv", "text/csv")
            drawn = kept.annotation
            if drawn and drawn.run == run and drawn.content:
                download(f"{label}: annotated video (MP4)", drawn.content, f"{stem}-{run}.mp4", "video/mp4")
            elif not (kept.work or survey.cancelled):
                key = f"annotate_{run}"
                st.button(
                    f"{label}: draw the annotated video",
                    key=key,
                    icon=":material/draw:",
                    on_click=_draw,
                    args=(kept, run),
                )
            if drawn and drawn.problem:
                st.warning(message(drawn.problem))


def _feat(table: pd.DataFrame) -> str:
    return py_feat(table).to_csv(index=False)


def _draw(kept: Kept, run: str) -> None:
    kept.annotation = Annotation(kept.survey, run)
