"""The pictures with their faces, a card for each face, and the table of all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import streamlit as st

import state
from fercore.charts.grids import gray
from fercore.charts.live import answer_bars, answer_rows
from fercore.emotions import class_columns
from fercore.inference.batch import named
from fercore.runs import Run
from views.predict.answer_table import Answered, all_classes, answer_table
from views.predict.answer_text import UNSURE, WAYS_ON, says
from widgets.downloads import download, download_table
from widgets.face_source import SOURCES
from widgets.links import go
from wording.markdown import escape

CARD, FACE, MAP = 261, 72, 105  # pixels across on the screen: a card, the face in it, and each heat map
AT_ONCE = 6  # cards
OPACITY = 0.7
UNKNOWN = "–"  # a class that a model does not know


class Models(NamedTuple):
    """The models asked.

    Attributes
    ----------
    runs
        Those that answer.
    labels, shapes
        Run name -> short name, and shape of the crops that it is asked about.
    method
        Of the heat maps, a key of `fercore.explain.methods.METHODS`; None for none.
    """

    runs: list[Run]
    labels: dict[str, str]
    shapes: dict[str, tuple[int, ...]]
    method: str | None


def choose_method() -> str | None:
    """Draw the choice of the heat maps' method."""
    with st.spinner("Loading the methods ..."):
        from fercore.explain.methods import METHODS  # brings captum: seconds, once
    return st.selectbox(
        "Method",
        list(METHODS),
        format_func=lambda key: METHODS[key].name,
        key="heat_method",
        bind="query-params",
        width=200,
    )


def draw_picture(answered: Sequence[Answered], models: Models) -> None:
    """One picture with its boxes, chosen where there are several, and beside it the cards of its faces."""
    number = 0
    if len(answered) > 1:
        number = st.selectbox(
            "Picture",
            range(len(answered)),
            format_func=lambda index: f"{answered[index].name} ({_faces(answered[index])})",
            key="picture",
            width=420,
        )
    shown = answered[number]
    # A single card has room beside the picture, unless the window is narrow.
    with st.container(horizontal=len(shown.looked.faces) < 2, gap="medium"):
        st.image(
            shown.looked.shown,
            width=430 if len(shown.looked.faces) < 2 else 640,
            alt=f"{shown.name} with {_faces(shown)} in numbered boxes",
        )
        with st.container(width="stretch"):
            if not shown.looked.faces:
                st.info(f"No face is found here. {WAYS_ON}", icon=":material/no_photography:")
            draw_cards(shown, models)
    if models.method and shown.looked.faces:
        from widgets import heat_maps

        heat_maps.describe(models.method, OPACITY)


def draw_cards(shown: Answered, models: Models) -> None:
    """A card for each face; of many faces a page of cards at a time."""
    pages = -(-len(shown.looked.faces) // AT_ONCE)
    page = st.pagination(pages, key=f"cards_{shown.name}") if pages > 1 else 1
    with st.container(horizontal=True):
        for number in range(len(shown.looked.faces))[(page - 1) * AT_ONCE : page * AT_ONCE]:
            with st.container(border=True, width=CARD):
                draw_card(shown, number, models)


def draw_card(shown: Answered, number: int, models: Models) -> None:
    """What the models were asked about, what each says, its probabilities, and its heat map if one is wanted."""
    crops = [crops[number] for crops in shown.looked.crops.values()]  # one for each shape that a model wants
    with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap="small"):
        alt = f"Face {number + 1} as the models see it"
        st.image([gray(crop[None])[0] for crop in crops], width=FACE, alt=[alt] * len(crops))
        said = [f"{models.labels[run]} {says(answers, number)}." for run, answers in shown.answers.items()]
        st.markdown("  \n".join([f"**Face {number + 1}**", *said]), width="stretch")
    if shown.looked.faces[number].doubtful:
        st.caption("No face is found in this small square. It is taken for a crop of one, and no answer is sure.")
    draw_bars(shown, number, models)
    if models.method:
        draw_heat(shown, number, models)
    if st.button("Open in Explain", key=f"explain_{number}", icon=":material/troubleshoot:", type="tertiary"):
        state.keep_face(max(crops, key=np.size), f"{shown.name}, face {number + 1}")
        state.select(runs=[run.name for run in models.runs])
        go("explain", {"faces": SOURCES["kept"]})


def draw_bars(shown: Answered, number: int, models: Models) -> None:
    """The probabilities of each model for one face, for every class that one of them knows."""
    labels, looks = tuple(models.labels[run] for run in shown.answers), state.run_looks(models.runs)
    colors, alt = tuple(looks[run].color for run in shown.answers), f"Probabilities of face {number + 1}"
    classes = all_classes(shown.answers.values())
    own = [dict(zip(answers.classes, answers.probabilities[number], strict=True)) for answers in shown.answers.values()]
    rows = answer_rows(labels, np.array([[one.get(name, np.nan) for name in classes] for one in own]), classes)
    state.live_chart(rows, answer_bars, labels, colors, state.dark(), classes, alt=alt)


def draw_heat(shown: Answered, number: int, models: Models) -> None:
    """The heat map of each model for the class it names."""
    from widgets import heat_maps

    with st.container(horizontal=True, gap="small"):
        for run in models.runs:
            target = shown.answers[run.name].names[number]
            crops = shown.looked.crops  # of a video in one shape alone, which a model fits to its input
            image = crops.get(models.shapes.get(run.name), next(iter(crops.values())))[number]
            asked = heat_maps.Question(image, shown.name, None, models.method, None, target, heat_maps.NOTHING)
            found = heat_maps.explain(run, asked)
            for picture in heat_maps.drawn(found, asked, OPACITY).values():
                st.image(
                    picture, f"{models.labels[run.name]}: {escape(target)}", width=MAP, alt=f"Heat map of {run.name}"
                )
            if found.unsuited:
                st.caption(f"{models.labels[run.name]}: none, since {found.unsuited}.", width=MAP)


def draw_table(answered: Sequence[Answered]) -> None:
    """A row for each face and model, with downloads."""
    table = answer_table(answered)
    st.subheader("All faces")
    answer = table["label"].where(table["sure"], UNSURE)
    shown = pd.DataFrame({"Picture": table["file"], "Face": table["face"], "Model": table["run"], "Answer": answer})
    classes = list(named(all_classes(answered[0].answers.values())))
    own = (100 * table[classes]).set_axis(list(class_columns(classes, shown.columns)), axis=1)
    shares = {name: st.column_config.NumberColumn(name, format="%.1f %%") for name in own.columns}
    st.dataframe(shown.join(own), column_config=shares, hide_index=True, placeholder=UNKNOWN)
    with st.container(horizontal=True):
        download_table("Download the faces (CSV)", table, "faces.csv")
        download(
            "Download the faces (JSON)", table.to_json(orient="records", indent=2), "faces.json", "application/json"
        )


def _faces(shown: Answered) -> str:
    count = len(shown.looked.faces)
    return f"{count or 'no'} face{'s' * (count != 1)}"
