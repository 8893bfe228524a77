"""Slices of an evaluation's images by names that an address can hold, so that one page can send to another."""

from __future__ import annotations

import numpy as np
import streamlit as st

import state
from fercore.data.audit.files import COPIES
from fercore.data.dataset import AUDIT
from fercore.evaluation.attributes import Attribute, known_attributes, parts_of, slice_name, slice_names

SLICE = "slice"  # key of the chooser, and its name in the address
ANY_SLICE = "any slice"


def attributes_of(evaluation: state.Evaluation, parts: int) -> list[Attribute]:
    """All that the project knows of the images itself, each measure cut into `parts`."""
    run, split, tta, _ = evaluation
    fingerprint = state.metrics(run, split, tta).get("dataset_fingerprint") or run.info["dataset"]["fingerprint"]
    dataset = state.dataset(run) if state.dataset_matches(run) else None
    copies = state.data_root() / AUDIT / COPIES
    ids = state.checked_predictions(*evaluation).id
    return known_attributes(ids, split, fingerprint, dataset=dataset, parts=parts, copies=copies)


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
