"""Heat maps of the Explain page: what is asked, computed part by part, and drawn as a card for each model."""

from __future__ import annotations

import time
from typing import NamedTuple

import numpy as np
import pandas as pd
import streamlit as st

import state
from downloads import download_picture
from fercore.charts.grids import DENSITY, Layout, grid
from fercore.charts.heatmaps import colour_bar, full_colour, over_face
from fercore.charts.probabilities import probability_bars
from fercore.charts.style import percent
from fercore.emotions import EMOTIONS
from fercore.explain.inputs import face_probabilities
from fercore.explain.methods import METHODS, heat_map_part, method_layers, unsuited
from fercore.explain.places import strongest_place
from fercore.runs import Run
from words import code, escape, unbroken

WIDTH, SMALL = 220, 96  # pixels of a picture on the screen, and of the face beside the headline
PATIENCE = 0.3  # seconds after which progress is shown
PREDICTED, LABEL, NOTHING, RUNNER_UP = "its prediction", "its label", "(nothing)", "the runner-up"
LAST = "the last one"


class Question(NamedTuple):
    """What is asked of every model.

    Attributes
    ----------
    image, name, label
        uint8 (48, 48), what it is called, and its true class, None where nobody knows.
    method, layer
        A key of `METHODS`, and the layer it reads; None for the usual one.
    target, against
        An emotion or one of the choices above.
    """

    image: np.ndarray
    name: str
    label: str | None
    method: str
    layer: str | None
    target: str
    against: str


class Explained(NamedTuple):
    """A model's answer.

    Attributes
    ----------
    run, probabilities
        Which model, and float32 (7,).
    classes, maps
        The class or two classes explained, and a map float32 (48, 48) of each.
    unsuited
        Why there are none, or None.
    """

    run: Run
    probabilities: np.ndarray
    classes: tuple[int, ...] = ()
    maps: tuple[np.ndarray, ...] = ()
    unsuited: str | None = None


def explain(run: Run, asked: Question) -> Explained:
    """A model's answer and the heat maps of the classes that are asked about."""
    probabilities = state.computed(face_probabilities, run, asked.image)
    why = state.computed(unsuited, run, asked.method)
    if asked.layer and asked.layer not in state.computed(method_layers, run, asked.method):
        why = why or f"it has no {asked.layer}"
    if why:
        return Explained(run, probabilities, unsuited=why)
    classes = asked_classes(probabilities, asked)
    maps = tuple(heat_map(run, asked, target) for target in classes)
    return Explained(run, probabilities, classes, maps)


def asked_classes(probabilities: np.ndarray, asked: Question) -> tuple[int, ...]:
    """The class to explain and, where another one is asked about beside it, that one; a class is not compared with
    itself."""
    ranked = np.argsort(-probabilities, kind="stable").tolist()
    named = {PREDICTED: ranked[0], LABEL: asked.label and EMOTIONS.index(asked.label), NOTHING: None}
    named |= {emotion: number for number, emotion in enumerate(EMOTIONS)}
    target = named[asked.target]
    other = next(n for n in ranked if n != target) if asked.against == RUNNER_UP else named[asked.against]
    if other in (None, target) or not METHODS[asked.method].by_class:
        return (target,)
    return target, other


def heat_map(run: Run, asked: Question, target: int) -> np.ndarray:
    """The heat map of a class, float32 (48, 48); a bar shows how far a slow one is."""
    method, begun, bar = METHODS[asked.method], time.monotonic(), st.empty()
    total = np.zeros(asked.image.shape, np.float32)
    # What does not depend on the class is kept once.
    number = target if method.by_class else 0
    for part in range(method.parts):
        if part and time.monotonic() - begun > PATIENCE:
            words = f"{method.name} of {code(run.name)} for {EMOTIONS[target]}: part {part + 1} of {method.parts}"
            bar.progress(part / method.parts, words)
        total += state.computed(heat_map_part, run, asked.image, asked.method, number, part, asked.layer)
    bar.empty()
    return total


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
        voices.setdefault(EMOTIONS[one.probabilities.argmax()], []).append(figure)
    words = [f"{', '.join(names)} say{'s' * (len(names) < 2)} **{emotion}**" for emotion, names in voices.items()]
    return f"The models {'agree' if len(voices) == 1 else 'disagree'}: {'; '.join(words)}.{label}"


def says(one: Explained) -> str:
    """ "`a` says fear, 71.0 %, then sad, 14.2 %"."""
    first, second = np.argsort(-one.probabilities, kind="stable")[:2]
    return (
        f"{code(one.run.name)} says **{EMOTIONS[first]}**, {percent(one.probabilities[first])}, "
        f"then {EMOTIONS[second]}, {percent(one.probabilities[second])}"
    )


def where(one: Explained, asked: Question) -> str:
    """Where its map is strongest, as far as that can be said: a ninth of the picture and what it holds of the map."""
    method = METHODS[asked.method]
    if one.unsuited:
        return f"{method.name} does not suit this model: {one.unsuited}."
    wanted = f" for {EMOTIONS[one.classes[0]]}" if method.by_class else ""
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
            state.chart(probability_bars, one.probabilities, state.dark(), alt=f"Probabilities of {one.run.name}")
    if several:
        st.markdown(unbroken(where(one, asked)))
    if len(one.classes) == 1 and asked.against != NOTHING and METHODS[asked.method].by_class:
        emotion = EMOTIONS[one.classes[0]]
        st.caption(f"Both “Why” and “and not” are {emotion}; choose another emotion to compare it with.")
    if pictures:
        full = full_colour(*one.maps)
        strength = f"stands for {full:.2g} {METHODS[asked.method].unit} or more" if full else "is nowhere: the map is 0"
        st.caption(f"The strongest colour {strength}.")
        layout = Layout(1, len(pictures), tile=WIDTH, top=24)
        sheet = grid(list(pictures.values()), layout, state.dark(), columns=list(pictures))
        download_picture("Download the picture", sheet, f"{asked.method}_{one.run.name}.png")


def drawn(one: Explained, asked: Question, opacity: float) -> dict[str, np.ndarray]:
    """Name -> heat map over the face, uint8 (h, w, 3): of each class on one scale, and of two their difference."""
    if not one.maps:
        return {}
    method, full, side = METHODS[asked.method], full_colour(*one.maps), DENSITY * WIDTH
    names = [caption(one, number, asked.method) for number in one.classes]
    maps = zip(names, one.maps, strict=True)
    pictures = {name: over_face(asked.image, heat, full, method.signed, opacity, side) for name, heat in maps}
    if len(one.maps) == 2:
        difference = one.maps[0] - one.maps[1]
        first, second = (EMOTIONS[number] for number in one.classes)
        picture = over_face(asked.image, difference, full_colour(difference), True, opacity, side)
        pictures[f"more for {first} (blue), for {second} (orange)"] = picture
    return pictures


def describe(method: str, opacity: float) -> None:
    """What the colours of a method's maps mean, and where the method comes from."""
    one = METHODS[method]
    draw_colours(one.signed, opacity)
    st.caption(f"**{one.name}** ({one.paper}). {one.meaning}")


def draw_colours(signed: bool, opacity: float) -> None:
    """The colours of heat maps, from weak to strong, between what their ends mean."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown("against" if signed else "nothing", width="content")
        st.image(colour_bar(signed, opacity), width=240, alt="Colours from weak to strong")
        st.markdown("for the class" if signed else "much", width="content")


def enlarged(image: np.ndarray) -> np.ndarray:
    """The face without a heat map, in the size of the others."""
    return over_face(image, np.zeros(image.shape), 0, False, 0, DENSITY * WIDTH)


def caption(one: Explained, number: int, method: str) -> str:
    """ "for fear, 71.0 %", or "for any class" where the map is the same for all."""
    return f"for {EMOTIONS[number]}, {percent(one.probabilities[number])}" if METHODS[method].by_class else "any class"


def probability_table(found: list[Explained]) -> pd.DataFrame:
    """Every probability: columns run, emotion, probability."""
    rows = [(one.run.name, emotion, p) for one in found for emotion, p in zip(EMOTIONS, one.probabilities, strict=True)]
    return pd.DataFrame(rows, columns=["run", "emotion", "probability"])


def map_table(found: list[Explained], asked: Question) -> pd.DataFrame:
    """Every pixel of every map: columns run, method, layer, emotion, row, column, value."""
    row, column = (place.ravel() for place in np.indices(asked.image.shape))
    tables = [
        pd.DataFrame(
            {"run": one.run.name, "emotion": EMOTIONS[number], "row": row, "column": column, "value": heat.ravel()}
        )
        for one in found
        for number, heat in zip(one.classes, one.maps, strict=True)
    ]
    return pd.concat(tables).assign(method=asked.method, layer=asked.layer or "usual")
