"""The timeline of a video's answers: who shows what, when; shares of time; tables to download."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st

import state
from fercore.charts import timeline as charts
from fercore.charts.style import duration, percent
from fercore.emotions import class_columns
from fercore.inference.timeline import (
    UNSURE,
    person,
    py_feat,
    shares,
    smoothing_words,
    spans,
    subtitles,
    to_json,
)
from views.predict.clip_answers import ClipAnswers
from widgets.downloads import download
from wording.markdown import escape

MOST_DRAWN = 12  # people, those seen longest
MOST_TOLD = 3
CHART = "clip_timeline"
MOST_SMOOTHING = 3.0  # seconds, as on the page Webcam
ABOUT_SMOOTHING = (
    "Averages each person's probabilities over time: how long a change takes to come through (to 63 %). 0 shows each "
    "answer as the model gives it. Whether a model is sure is judged by the limit chosen for single pictures."
)
CAVEAT = (
    "Shares are of the time in which a person was seen. Looks that follow each other show nearly the same picture: "
    "they are no independent observations, so no interval follows from their number, however many they are. Persons "
    "are told apart by place and motion alone; who returns after two seconds or a cut counts as another."
)


def choose_smoothing() -> float:
    """Draw the choice of the time constant, in seconds; 0 for none."""
    settings = {"format": "%.1f s", "key": "clip_smoothing", "width": 200, "help": ABOUT_SMOOTHING}
    return st.slider("Smoothing", 0.0, MOST_SMOOTHING, 0.0, 0.1, **settings)


def headline(told: ClipAnswers) -> str:
    """Who shows what for most of the time: "2 people. CNN: Person 1 is **happy** for 62.0 % of 8.0 s; ..."."""
    own = shares(told.tables[told.runs[0]], told.step)
    seen = own.groupby("track")["seconds"].sum().sort_values(ascending=False, kind="stable")
    words = []
    for track in seen.index[:MOST_TOLD]:
        first = own[own["track"] == track].iloc[0]
        said = f"of {person(track)} it is" if first.answer == UNSURE else f"{person(track)} is"
        words.append(f"{said} **{escape(first.answer)}** for {percent(first.share)} of {duration(seen[track])}")
    more = f"; and {len(seen) - MOST_TOLD} more" if len(seen) > MOST_TOLD else ""
    people = "1 person" if len(seen) == 1 else f"{len(seen)} people"
    return f"{people} in {told.looks} looks. {told.labels[told.runs[0]]}: {'; '.join(words)}{more}."


def ribbon_table(told: ClipAnswers) -> pd.DataFrame:
    """Spans of all models, a row of the chart for each person and model, of the people seen longest."""
    parts = []
    for run in told.runs:
        found = spans(told.tables[run], told.step)
        suffix = f" · {told.labels[run]}" if len(told.runs) > 1 else ""
        parts.append(found.assign(row=[person(track) + suffix for track in found["track"]], run=run))
    table = pd.concat(parts, ignore_index=True)
    first = table[table["run"] == told.runs[0]]
    seconds = (first["end"] - first["start"]).groupby(first["track"]).sum()
    longest = seconds.sort_values(ascending=False, kind="stable").index[:MOST_DRAWN]
    # The order of a person's rows is that of the models, as they were chosen, and each model's is that of time.
    return table[table["track"].isin(longest)].sort_values("track", kind="stable", ignore_index=True)


def draw_timeline(told: ClipAnswers, **selection: object) -> None:
    """The ribbons and the lines of one person; `selection` is what a click does, as `st.altair_chart` takes it."""
    alt = "Leading emotion of each person over time"
    state.chart(charts.ribbons, ribbon_table(told), told.all_classes, key=CHART, alt=alt, **selection)
    people = told.tables[told.runs[0]]["track"].nunique()
    words = ["Pale: the model is not sure."]
    words += ["Click on a ribbon to go there."] * bool(selection)
    words += [f"The {MOST_DRAWN} people seen longest are drawn, of {people}."] * (people > MOST_DRAWN)
    words += [f"**Probabilities are {smoothing_words(told.smoothing)}.**"] * bool(told.smoothing)
    st.caption(" ".join(words))
    draw_person(told)
    if len(told.runs) == 2:
        one, other = (told.tables[run] for run in told.runs)
        both = one.merge(other, on=["time", "track"])
        st.caption(
            "The two models name different emotions in "
            f"{percent((both['label_x'] != both['label_y']).mean())} of all faces."
        )


def draw_person(told: ClipAnswers) -> None:
    """Each model's probabilities over time for one person, chosen where there are several."""
    tracks = told.stands[told.runs[0]]["track"].unique().tolist()
    track = tracks[0]
    if len(tracks) > 1:
        track = st.selectbox("Person", tracks, format_func=person, key="clip_person", width=200)
    for run in told.runs:
        looks = told.stands[run]
        looks = looks[looks["track"] == track]
        said = f"{told.labels[run]}: probabilities of {person(track)}"
        said += f", {smoothing_words(told.smoothing)}" if told.smoothing else ""
        st.caption(said)
        state.chart(charts.lines, looks, told.classes(run), alt=said)


def draw_shares(told: ClipAnswers) -> None:
    """Shares of time for each person and model."""
    st.subheader("Shares of time")
    wide = []
    for run in told.runs:
        table = shares(told.tables[run], told.step)
        part = table.pivot(index="track", columns="answer", values="share").fillna(0.0)
        part = part[[*(name for name in part if name != UNSURE), *(name for name in part if name == UNSURE)]] * 100
        part = part.set_axis(list(class_columns(part.columns, ("Person", "Model", "Seconds"))), axis=1)
        part.insert(0, "Seconds", table.groupby("track")["seconds"].sum())
        part.insert(0, "Model", told.labels[run])
        wide.append(part.rename_axis(columns=None))
    table = pd.concat(wide).sort_index(kind="stable").reset_index()
    table.insert(0, "Person", table.pop("track"))
    format_ = {name: st.column_config.NumberColumn(format="%.1f %%") for name in table.columns[3:]}
    st.dataframe(
        table,
        column_config=format_ | {"Seconds": st.column_config.NumberColumn(format="%.1f")},
        hide_index=True,
        placeholder="–",
    )
    st.caption(CAVEAT + f" Answers are {smoothing_words(told.smoothing)}." * bool(told.smoothing))


def draw_files(told: ClipAnswers, run: str, stem: str) -> None:
    """Buttons for what can be made from a run's table; names of the files begin with `stem`."""
    table, label = told.tables[run], told.labels[run]
    kind = "smoothed people" if told.smoothing else "people"
    json = partial(to_json, table, told.step)
    download(f"{label}: {kind} (JSON)", json, f"{stem}.json", "application/json")
    kind = "smoothed subtitles" if told.smoothing else "subtitles"
    download(f"{label}: {kind} (WebVTT)", partial(subtitles, table, told.step), f"{stem}.vtt", "text/vtt")


def feat(table: pd.DataFrame) -> str:
    """A table under Py-Feat's names, as CSV."""
    return py_feat(table).to_csv(index=False)
