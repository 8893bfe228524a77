"""Models of runs, and what is computed with them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import streamlit as st

from fercore.export.record import ONNX_FILE
from fercore.runs import TTAS, Run, stem
from state.caches import copied, file_state

if TYPE_CHECKING:
    from fercore.evaluation.confidence import Confidence
    from fercore.inference.predictor import Answers, Predictor
    from fercore.models.registry import LoadedModel

T = TypeVar("T")


def with_weights(candidates: Iterable[Run]) -> list[Run]:
    """The runs that hold weights, in the order given."""
    return [run for run in candidates if run.has_weights]


def computed(make: Callable[..., T], run: Run, *args: object, spinner: str = "Computing ...") -> T:
    """`make(loaded_model, *args)`, computed once for each state of the run's weights and each choice of arguments.

    One computation at a time uses a model, since hooks of two would see each other's passes.

    Parameters
    ----------
    make
        Takes a `fercore.models.registry.LoadedModel`, then `args`; a function of a module, not a lambda: its name is
        part of what the answer is kept under.
    run
        Whose model.
    args
        Arrays, texts, numbers, or tuples of them.
    spinner
        Shown while it takes longer than a moment.

    Raises
    ------
    RunError
        If the run has no weights, or they cannot be loaded.
    """
    with st.spinner(spinner):
        return _computed(f"{make.__module__}.{make.__qualname__}", str(run.path), _state(run), args, make, run)


def predictor(run: Run, tta: str = "none", runtime: str = "torch") -> Predictor:
    """What answers for faces with a run's model, or its ONNX file ("onnx"), for use in any thread.

    In torch it takes turns with `computed`.

    Raises
    ------
    RunError
        If the run has no weights, or they cannot be loaded.
    """
    return _predictor(str(run.path), _state(run), _stored(run), tta, runtime, run)


def face_shape(run: Run) -> tuple[int, ...]:
    """Shape of the faces that a run's model is asked about, (H, W) or (H, W, 3); `RunError` where that is damaged."""
    from fercore.inference.predictor import learned_shape  # brings torch: seconds, once

    return learned_shape(run)


def answers(run: Run, crops: np.ndarray, tta: str = "none", runtime: str = "torch") -> Answers:
    """What a run's model says of faces uint8 (N, *face_shape(run)), kept for this session; errors as `predictor`."""
    state = _state(run), _stored(run)
    return _answers(str(run.path), *state, tta, runtime, crops, predictor(run, tta, runtime))


def confidence(run: Run, tta: str = "none") -> Confidence | None:
    """A run's temperature and threshold; see `fercore.evaluation.confidence.run_confidence`."""
    run = getattr(run, "home", run)  # on other data too, both are those of its own validation split
    return copied("confidence", tta, _stored(run), lambda: _fitted(run, tta))


def _fitted(run: Run, tta: str) -> Confidence | None:
    from fercore.evaluation.confidence import run_confidence  # imports scipy: seconds, once

    return run_confidence(run, tta)


@st.cache_resource(max_entries=8, show_spinner=False)
def _predictor(where: str, state: str, stored: str, tta: str, runtime: str, _run: Run) -> Predictor:
    from fercore.inference.onnx import load_onnx
    from fercore.inference.predictor import Predictor, learned_shape

    if runtime == "onnx":
        return Predictor(load_onnx(_run), confidence(_run, tta), tta, classes=_run.classes, shape=learned_shape(_run))
    model, lock = _loaded(where, state, _run)
    return Predictor(model, confidence(_run, tta), tta, lock, classes=_run.classes, shape=learned_shape(_run))


@st.cache_data(scope="session", max_entries=64, show_spinner=False)
def _answers(
    where: str, state: str, stored: str, tta: str, runtime: str, crops: np.ndarray, _predictor: Predictor
) -> Answers:
    return _predictor.predict(crops)


def _stored(run: Run) -> str:
    """What changes with the predictions that temperature and threshold follow from, and with what the run learned."""
    return file_state(run.path / "run.json", *(run.path / f"predictions_{stem('val', tta)}.npz" for tta in TTAS))


def _state(run: Run) -> str:
    return file_state(*run.model_files, run.path / ONNX_FILE)


@st.cache_data(max_entries=256, show_spinner=False)
def _computed(name: str, where: str, state: str, args: tuple, _make: Callable[..., T], _run: Run) -> T:
    model, lock = _loaded(where, state, _run)
    with lock:
        return _make(model, *args)


@st.cache_resource(max_entries=8, show_spinner=False)
def _loaded(where: str, state: str, _run: Run) -> tuple[LoadedModel, threading.Lock]:
    from fercore.models.registry import load  # imports torch: seconds, once

    return load(_run), threading.Lock()
