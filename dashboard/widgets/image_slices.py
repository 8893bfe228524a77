"""Slices of an evaluation's images by names that an address can hold, so that one page can send to another."""

from __future__ import annotations

import numpy as np
import streamlit as st

import state
from fercore.data.audit.files import COPIES
from fercore.data.dataset import AUDIT
from fercore.evaluation.attributes import (
    COPY,
    Attribute,
    known_attributes,
    of_images,
    parts_of,
    slice_name,
    slice_names,
)
from fercore.evaluation.elsewhere import Elsewhere

SLICE = "slice"  # key of the chooser, and its name in the address
ANY_SLICE = "any slice"


def attributes_of(evaluation: state.Evaluation, parts: int) -> list[Attribute]:
    """All that the project knows of the images itself, each measure cut into `parts`.

    Measures are cut by all images of the split, so that a slice has the same edges whatever the score leaves out. On
    other data than the run's own, copies within that data say nothing of what the run learned from.
    """
    run, split, tta, score = evaluation
    fingerprint = state.metrics(run, split, tta).get("dataset_fingerprint") or run.info["dataset"]["fingerprint"]
    dataset = state.dataset(run) if state.dataset_matches(run) else None
    copies = state.data_root() / AUDIT / COPIES
    whole = state.checked_predictions(run, split, tta).id
    found = known_attributes(whole, split, fingerprint, dataset=dataset, parts=parts, copies=copies)
    counted = np.isin(whole, state.checked_predictions(*evaluation).id)
    silent = isinstance(run, Elsewhere) or score == state.Score.CLEAN
    return [of_images(one, counted) for one in found if one.name != COPY or not silent]


def choose_slice() -> str | None:
    """Draw a chooser of all slices that the project knows of itself; None for all images."""
    chosen = st.selectbox("Slice", [ANY_SLICE, *slice_names()], key=SLICE, bind="query-params", width=270)
    return None if chosen == ANY_SLICE else chosen


def inside(evaluation: state.Evaluation, name: str | None) -> tuple[np.ndarray | None, str | None]:
    """Which of the evaluation's images are in a slice, bool (N,), and what it is called with its edges.

    Without a name None and ""; of a slice that nobody knows no image, and None.
    """
    if name is None:
        return None, ""
    for attribute in attributes_of(evaluation, parts_of(name)):
        for place, value in enumerate(attribute.values):
            if slice_name(attribute, value) == name:
                return attribute.place == place, f"{attribute.name}: {value}"
    return np.zeros(len(state.predictions(*evaluation).id), bool), None
