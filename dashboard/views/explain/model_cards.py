"""The answer to a question about a face: a headline, and a card for each model with its heat maps."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

import state
from fercore.charts.grids import Layout, grid
from fercore.charts.heatmaps import full_colour
from fercore.charts.probabilities import probability_bars
from fercore.charts.style import percent
from fercore.explain.methods import METHODS
from fercore.explain.places import strongest_place
from widgets.downloads import download_picture
from widgets.heat_maps import NOTHING, WIDTH, Explained, Question, drawn, enlarged
from wording.markdown import code, escape, unbroken

SMALL = 96  # pixels of the face beside the headline on the screen


def draw_headline(found: list[Explained], asked: Question) -> None:
    """The headline; beside it the face, where the cards of several models show it under their heat maps only."""
    with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap="small"):
        if len(found) > 1:
            st.image(enlarged(asked.image), width=SMALL, alt="The face")
        with st.container(width="stretch"):
            state.draw_answer(answer(found, asked))


def answer(found: list[Explained], asked: Question) -> str:
    """What the models say, what the label says, and of a single model where its map is strongest."""
    label = f" The face is {'the average of' if asked.name == asked.label else 'labelled'} {asked.label}."
    label = label if asked.label else ""
    if len(found) == 1:
        return f"{says(found[0])}.{label} {where(found[0], asked)}"
    voices: dict[str, list[str]] = {}
    for one in found:
        figure = f"{code(one.run.name)} ({percent(one.probabilities.max())})"
        voices.setdefault(one.run.classes[one.probabilities.argmax()], []).append(figure)
    words = [f"{', '.join(names)} say{'s' * (len(names) < 2)} **{emotion}**" for emotion, names in voices.items()]
    return f"The models {'agree' if len(voices) == 1 else 'disagree'}: {'; '.join(words)}.{label}"


def says(one: Explained) -> str:
    """ "`a` says fear, 71.0 %, then sad, 14.2 %"."""
    first, second = np.argsort(-one.probabilities, kind="stable")[:2]
    return (
        f"{code(one.run.name)} says **{one.run.classes[first]}**, {percent(one.probabilities[first])}, "
        f"then {one.run.classes[second]}, {percent(one.probabilities[second])}"
    )


def where(one: Explained, asked: Question) -> str:
    """Where its map is strongest, as far as that can be said: a ninth of the picture and what it holds of the map."""
    method = METHODS[asked.method]
    if one.unsuited:
        return f"{method.name} does not suit this model: {one.unsuited}."
    wanted = f" for {one.run.classes[one.classes[0]]}" if method.by_class else ""
    if not (place := strongest_place(one.maps[0])):
        return f"{method.name} finds no place that speaks{wanted}."
    held = "what speaks for it" if method.by_class else "the map"
    return f"{method.name}{wanted} is strongest in {place.words} of the picture ({percent(place.share, 0)} of {held})."


def draw(found: list[Explained], asked: Question, opacity: float) -> None:
    """A card for each model: beside each other, or below each other where each compares two classes."""
    comparing, several = any(len(one.maps) > 1 for one in found), len(found) > 1
    with st.container(horizontal=not comparing, gap="small"):
        for one in found:
            with st.container(border=True, width=WIDTH + 34 if several and not comparing else "stretch"):
                draw_card(one, asked, opacity, several)


def draw_card(one: Explained, asked: Question, opacity: float, several: bool) -> None:
    """Prediction, heat maps over the face, probabilities, and the maps as one PNG; of a single model the headline says
    the prediction and where the map is strongest."""
    if several:
        st.markdown(f"{unbroken(says(one))}.")
    pictures = drawn(one, asked, opacity)
    with st.container(horizontal=True, gap="small"):
        if not several and len(pictures) < 2:
            st.image(enlarged(asked.image), escape(asked.name), width=WIDTH, alt="The face")
        for name, picture in pictures.items():
            st.image(picture, name, width=WIDTH, alt=f"{METHODS[asked.method].name} {name}")
        with st.container(width=WIDTH):
            state.chart(
                probability_bars,
                one.probabilities,
                state.dark(),
                one.run.classes,
                alt=f"Probabilities of {one.run.name}",
            )
    if several:
        st.markdown(unbroken(where(one, asked)))
    if len(one.classes) == 1 and asked.against != NOTHING and METHODS[asked.method].by_class:
        emotion = one.run.classes[one.classes[0]]
        st.caption(f"Both “Why” and “and not” are {emotion}; choose another emotion to compare it with.")
    if pictures:
        full = full_colour(*one.maps)
        strength = f"stands for {full:.2g} {METHODS[asked.method].unit} or more" if full else "is nowhere: the map is 0"
        st.caption(f"The strongest colour {strength}.")
        layout = Layout(1, len(pictures), tile=WIDTH, top=24)
        sheet = grid(list(pictures.values()), layout, state.dark(), columns=list(pictures))
        download_picture("Download the picture", sheet, f"{asked.method}_{one.run.name}.png")


def probability_table(found: list[Explained]) -> pd.DataFrame:
    """Every probability: columns run, emotion, probability."""
    rows = [
        (one.run.name, emotion, p)
        for one in found
        for emotion, p in zip(one.run.classes, one.probabilities, strict=True)
    ]
    return pd.DataFrame(rows, columns=["run", "emotion", "probability"])


def map_table(found: list[Explained], asked: Question) -> pd.DataFrame:
    """Every pixel of every map: columns run, method, layer, emotion, row, column, value."""
    row, column = (place.ravel() for place in np.indices(asked.image.shape[:2]))
    tables = [
        pd.DataFrame(
            {
                "run": one.run.name,
                "emotion": one.run.classes[number],
                "row": row,
                "column": column,
                "value": heat.ravel(),
            }
        )
        for one in found
        for number, heat in zip(one.classes, one.maps, strict=True)
    ]
    return pd.concat(tables).assign(method=asked.method, layer=asked.layer or "usual")
