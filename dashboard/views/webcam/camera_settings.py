"""What the webcam page asks about its models and about how frames are looked at."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

import state
from fercore.inference.faces import Face
from fercore.inference.looking import crop_faces, find_faces
from fercore.runs import Run
from views.webcam.session import Settings
from views.webcam.webrtc import RESOLUTIONS
from views.webcam.worker import Model
from widgets.model_pair import choose_runtimes, labels

if TYPE_CHECKING:
    from fercore.inference.predictor import Predictor


def choose_settings(runs: list[Run], live: bool) -> tuple[Settings, str]:
    """Draw what is asked about frames; their settings and the resolution. What only a video needs is grey else."""
    bound, of_video = {"bind": "query-params"}, {"bind": "query-params", "disabled": not live}
    smoothing = st.slider(
        "Smoothing",
        0.0,
        3.0,
        0.5,
        0.1,
        "%.1f s",
        key=state.number_key("smoothing"),
        width=170,
        **of_video,
        help="How long a change takes to come through (to 63 %). 0 shows each answer as it is.",
    )
    resolution = st.selectbox(
        "Resolution", list(RESOLUTIONS), key="resolution", width=140, **of_video, help="Holds from the next START on."
    )
    with st.container(width="content", gap="xsmall"):
        mirror = st.toggle(
            "Mirror", True, key="mirror", help="Only what you see: models see the picture as it is.", **of_video
        )
        detect = st.toggle(
            "Find faces",
            True,
            key="detect",
            **bound,
            help="Off: the middle of the picture is the face. Quicker, and for faces that are not found.",
        )
        runtimes = choose_runtimes(runs)
    # A photo has the time for a closer look: its faces are those that Predict finds in it.
    find = partial(find_faces, detector=state.detector(video=live), turns=not live) if detect else middle
    return Settings(models_of(runs, runtimes), find, crop_faces, mirror, smoothing), resolution


def models_of(runs: list[Run], runtimes: Mapping[str, str]) -> tuple[Model, ...]:
    """The models of runs, with label and colour; one that cannot be loaded is left out with a warning."""
    looks = state.run_looks(runs)
    predictors = state.readable(lambda run: state.predictor(run, runtime=runtimes[run.name]), runs)
    return tuple(
        Model(run.name, label, looks[run.name].color, partial(_answer, found), found.classes, found.shape, limit(found))
        for run, label in zip(runs, labels(runs), strict=True)
        if (found := predictors.get(run.name))
    )


def limit(predictor: Predictor) -> float:
    """Smallest probability at which a model counts as sure; 0 for one that always does."""
    return predictor.confidence.threshold if predictor.confidence else 0.0


def middle(picture: np.ndarray) -> list[Face]:
    """The largest centred square of a picture as the only face."""
    height, width = picture.shape[:2]
    side = min(height, width)
    left, top = (width - side) / 2, (height - side) / 2
    return [Face((left, top, left + side, top + side))]


def _answer(predictor: Predictor, crops: np.ndarray) -> np.ndarray:
    return predictor.predict(crops).probabilities
