"""What the webcam page asks: which two models, and how frames are looked at."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

import state
from fercore.charts.style import run_styles
from fercore.evaluation.contamination import contamination
from fercore.inference.faces import Face, crop_face, find_faces
from fercore.runs import Run
from live import Model
from webcam.connection import RESOLUTIONS
from webcam.session import Settings

if TYPE_CHECKING:
    from fercore.inference.predictor import Predictor

ALONE = "(none)"
KINDS = {"cnn": "CNN", "resnet18": "ResNet", "seresnet": "SE-ResNet", "vit": "ViT"}


def choose_runs() -> list[Run]:
    """Draw the choosers of one or two runs with weights; stops the page, with what to do, where there is none."""
    able = {run.name: run for run in state.with_weights(state.require_runs())}
    if not able:
        st.info("No run here holds weights (model.safetensors), so there is no model to ask. Train one:")
        st.code(state.command(state.HOW_TO_TRAIN), language="bash", wrap_lines=True)
        st.stop()
    first, second = default_pair(list(able.values()))
    names, bound = list(able), {"bind": "query-params", "width": 300}
    one = st.selectbox("First model", names, names.index(first.name), key="first", **bound)
    others = [ALONE, *(name for name in names if name != one)]
    wanted = second.name if second and second.name in others else ALONE
    other = st.selectbox("Second model", others, others.index(wanted), key="second", **bound)
    return [able[one]] if other == ALONE else [able[one], able[other]]


def default_pair(runs: list[Run]) -> tuple[Run, Run | None]:
    """The best CNN and the best ViT; where one kind is missing, the best two; where there is one run, that alone.

    Runs that learned from the validation split, or may have, come after all others: nobody knows how good they are.
    """
    best = sorted(state.ranked(runs), key=lambda run: contamination(run, "val") is not None)
    convolutional = next((run for run in best if kind(run) != "ViT"), best[0])
    others = [run for run in best if run is not convolutional]
    transformer = next((run for run in others if kind(run) == "ViT"), None)
    return convolutional, transformer or next(iter(others), None)


def kind(run: Run) -> str:
    """ "CNN", "ViT" or another short name of a run's architecture, in letters that a video can show."""
    config = run.info["config"].get("model")
    known = str(config.get("type") if isinstance(config, dict) else "model")
    return KINDS.get(known, known.encode("ascii", "ignore").decode()[:12] or "model")


def labels(runs: list[Run]) -> list[str]:
    """A short name for each run: "CNN" and "ViT", or "CNN 1" and "CNN 2"."""
    kinds = [kind(run) for run in runs]
    return kinds if len(set(kinds)) == len(kinds) else [f"{name} {number}" for number, name in enumerate(kinds, 1)]


def choose_settings(runs: list[Run]) -> tuple[Settings, str]:
    """Draw what is asked about the video; the settings of frames and the resolution."""
    bound = {"bind": "query-params"}
    smoothing = st.slider(
        "Smoothing",
        0.0,
        3.0,
        0.5,
        0.1,
        "%.1f s",
        key="smoothing",
        width=170,
        **bound,
        help="How long a change takes to come through (to 63 %). 0 shows each answer as it is.",
    )
    resolution = st.selectbox(
        "Resolution", list(RESOLUTIONS), key="resolution", width=140, **bound, help="Holds from the next START on."
    )
    with st.container(width="content", gap="xsmall"):
        mirror = st.toggle(
            "Mirror", True, key="mirror", help="Only what you see: models see the picture as it is.", **bound
        )
        detect = st.toggle(
            "Find faces",
            True,
            key="detect",
            **bound,
            help="Off: the middle of the picture is the face. Quicker, and for faces that are not found.",
        )
    find = partial(find_faces, detector=state.detector()) if detect else middle
    return Settings(models_of(runs), find, crop_face, mirror, smoothing), resolution


def models_of(runs: list[Run]) -> tuple[Model, ...]:
    """The models of runs, with label and colour; one that cannot be loaded is left out with a warning."""
    styles = run_styles(run.name for run in state.runs())
    predictors = state.readable(state.predictor, runs)
    return tuple(
        Model(run.name, label, styles[run.name].color, partial(_answer, predictors[run.name]))
        for run, label in zip(runs, labels(runs), strict=True)
        if run.name in predictors
    )


def middle(picture: np.ndarray) -> list[Face]:
    """The largest centred square of a picture as the only face."""
    height, width = picture.shape[:2]
    side = min(height, width)
    left, top = (width - side) / 2, (height - side) / 2
    return [Face((left, top, left + side, top + side))]


def _answer(predictor: Predictor, crops: np.ndarray) -> np.ndarray:
    return predictor.predict(crops).probabilities
