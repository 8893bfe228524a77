"""Heat maps: what is asked of models, computed part by part, and drawn over the face; imports torch and captum."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import streamlit as st

import state
from fercore.charts.grids import DENSITY
from fercore.charts.heatmaps import colour_bar, full_colour, over_face
from fercore.charts.style import percent
from fercore.emotions import EMOTIONS
from fercore.explain.inputs import face_probabilities
from fercore.explain.methods import METHODS, heat_map_part, method_layers, unsuited
from fercore.runs import Run
from wording.markdown import code

WIDTH = 220  # pixels of a picture on the screen
PATIENCE = 0.3  # seconds after which progress is shown
PREDICTED, LABEL, NOTHING, RUNNER_UP = "its prediction", "its label", "(nothing)", "the runner-up"
LAST = "the last one"


class Question(NamedTuple):
    """What is asked of every model.

    Attributes
    ----------
    image, name, label
        uint8 (S, S) or, in colour, (S, S, 3), what it is called, and its true class, None where nobody knows.
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
        Which model, and float32 (classes,).
    classes, maps
        The class or two classes explained, and a map float32 (S, S) of each.
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
    if unknown := [name for name in (asked.target, asked.against) if not _is_known(run, asked, name)]:
        return Explained(run, probabilities, unsuited=f"it does not know {unknown[0]}")
    classes = asked_classes(probabilities, asked, run.classes)
    maps = tuple(heat_map(run, asked, target) for target in classes)
    return Explained(run, probabilities, classes, maps)


def _is_known(run: Run, asked: Question, name: str) -> bool:
    """Whether a model knows the class that is asked about; what is no class, such as the predicted one, it does."""
    return name in (PREDICTED, NOTHING, RUNNER_UP, *run.classes) or (name == LABEL and asked.label in run.classes)


def asked_classes(probabilities: np.ndarray, asked: Question, classes: Sequence[str] = EMOTIONS) -> tuple[int, ...]:
    """The class to explain and, where another one is asked about beside it, that one; a class is not compared with
    itself."""
    ranked = np.argsort(-probabilities, kind="stable").tolist()
    named = {PREDICTED: ranked[0], LABEL: classes.index(asked.label) if asked.label in classes else None, NOTHING: None}
    named |= {emotion: number for number, emotion in enumerate(classes)}
    target = named[asked.target]
    other = next(n for n in ranked if n != target) if asked.against == RUNNER_UP else named[asked.against]
    if other in (None, target) or not METHODS[asked.method].by_class:
        return (target,)
    return target, other


def heat_map(run: Run, asked: Question, target: int) -> np.ndarray:
    """The heat map of a class, float32 (S, S); a bar shows how far a slow one is."""
    method, begun, bar = METHODS[asked.method], time.monotonic(), st.empty()
    total = np.zeros(asked.image.shape[:2], np.float32)
    # What does not depend on the class is kept once.
    number = target if method.by_class else 0
    for part in range(method.parts):
        if part and time.monotonic() - begun > PATIENCE:
            words = f"{method.name} of {code(run.name)} for {run.classes[target]}: part {part + 1} of {method.parts}"
            bar.progress(part / method.parts, words)
        total += state.computed(heat_map_part, run, asked.image, asked.method, number, part, asked.layer)
    bar.empty()
    return total


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
        first, second = (one.run.classes[number] for number in one.classes)
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
    return over_face(image, np.zeros(image.shape[:2]), 0, False, 0, DENSITY * WIDTH)


def caption(one: Explained, number: int, method: str) -> str:
    """ "for fear, 71.0 %", or "for any class" where the map is the same for all."""
    return (
        f"for {one.run.classes[number]}, {percent(one.probabilities[number])}"
        if METHODS[method].by_class
        else "any class"
    )
