"""Faces of the data set: the average of each emotion, some at random, and what augmentation makes of one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

import state
from fercore.data.dataset import SPLITS, Dataset
from fercore.data.samples import face_sheet, sample_rows
from wording.markdown import code, escape

WIDTH = 128  # pixels of a column of faces
ROWS, COLUMNS = 4, 7  # faces in the gallery of one emotion, and of an augmentation


def draw_faces(faces: Sequence[np.ndarray], names: Sequence[str], what: str) -> None:
    """One column of faces (n, H, W) or (n, H, W, 3) for each name, as many beside each other as fit."""
    row = st.container(horizontal=True, gap="small")
    for name, own in zip(names, faces, strict=True):
        column = row.container(width=WIDTH)
        column.markdown(name)
        if len(own):
            column.image(face_sheet(own, 1), width="stretch", alt=f"{what}, {name}")


@st.fragment
def draw_gallery(dataset: Dataset) -> None:
    """Random faces of a split, of every emotion or of one."""
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        split = st.segmented_control(
            "Split", SPLITS, default="train", required=True, format_func=lambda key: escape(dataset.split_name(key))
        )
        emotion = st.selectbox("Emotion", ["all", *dataset.classes], width=160)
        seed = state.show_others("gallery")
    what = f"Random faces of {dataset.split_name(split)}"
    if emotion == "all":
        rows = [sample_rows(dataset, split, name, ROWS, seed) for name in dataset.classes]
        draw_faces([dataset.images[own] for own in rows], dataset.classes, what)
    else:
        rows = sample_rows(dataset, split, emotion, ROWS * COLUMNS, seed)
        if len(rows):
            st.image(face_sheet(dataset.images[rows], COLUMNS), width="stretch", alt=f"{what}, {emotion}")


@st.fragment
def draw_augmentation(dataset: Dataset | None, averages: np.ndarray, classes: Sequence[str]) -> None:
    """Variants of a training face, or of the average face of its emotion where there are no pictures."""
    first = list(classes).index("happy") if "happy" in classes else 0
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        emotion = st.selectbox("Emotion", classes, index=first, width=160, key="augmented_emotion")
        seed = state.show_others("augmentation")
    rows = sample_rows(dataset, "train", emotion, 1, seed) if dataset else ()
    face = dataset.images[rows[0]] if len(rows) else averages[list(classes).index(emotion)]
    which = "a face" if len(rows) else "the average face, since there is no picture,"
    st.caption(
        f"On the left {which} as it is, then six draws of each augmentation at a usual strength. The report's changes "
        "of saturation and hue leave gray pictures as they are, so they are not shown."
    )
    for name, flags, faces in state.augmented(np.asarray(face), COLUMNS - 1, seed):
        words, pictures = st.columns([3, 13], vertical_alignment="center")
        words.markdown(f"**{name.capitalize()}**", help=f"In a training: {code(flags)}")
        sheet = face_sheet(np.concatenate([face[None], faces]), COLUMNS)
        pictures.image(sheet, width="stretch", alt=f"The face as it is, then six times with {name}")
