"""Dataset: which faces are there, how many of each emotion, and what does augmentation make of them?"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import streamlit as st

import state
from downloads import download_table
from fercore.charts.dataset import counts_table, distribution_chart, imbalance
from fercore.charts.style import count
from fercore.data.fer2013 import SPLITS, Dataset
from fercore.data.samples import face_sheet, sample_rows
from fercore.emotions import EMOTIONS
from words import code, escape, message

ROWS, COLUMNS = 4, len(EMOTIONS)  # faces in the gallery


def answer(table: pd.DataFrame, split: str) -> str:
    """One sentence: how unevenly the emotions are spread over a split."""
    uneven = imbalance(table, split)
    if uneven.ratio < 1.05:
        return f"Each emotion has about {count(uneven.most_images)} images in {escape(split)}."
    times = f"{uneven.ratio:.1f} times the images of" if np.isfinite(uneven.ratio) else "images where there is none of"
    figures = f"{count(uneven.most_images)} against {count(uneven.fewest_images)}"
    return f"{uneven.most.capitalize()} has **{times} {uneven.fewest}** in {escape(split)}: {figures}."


def draw_faces(faces: Sequence[np.ndarray], names: Sequence[str], what: str) -> None:
    """One column of faces (n, 48, 48) for each name."""
    for column, name, own in zip(st.columns(len(names), gap="small"), names, faces, strict=True):
        column.markdown(name)
        if len(own):
            column.image(face_sheet(own, 1), width="stretch", alt=f"{what}, {name}")


@st.fragment
def draw_distribution(table: pd.DataFrame) -> None:
    kinds = {"share": "Share of the split", "images": "Number of images"}
    kind = st.segmented_control("Show", list(kinds), default="share", required=True, format_func=kinds.get)
    state.chart(distribution_chart, table, kind == "share", alt="Images of each emotion in each split")
    with st.expander("The counts as a table", icon=":material/table:"):
        wide = table.pivot(index="emotion", columns="split", values="images")
        st.dataframe(wide.loc[list(EMOTIONS), list(dict.fromkeys(table["split"]))])
    download_table("Download the counts", table, "counts.csv")


@st.fragment
def draw_gallery(dataset: Dataset) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        split = st.segmented_control(
            "Split", SPLITS, default="train", required=True, format_func=lambda key: escape(dataset.split_name(key))
        )
        emotion = st.selectbox("Emotion", ["all", *EMOTIONS], width=160)
        seed = state.show_others("gallery")
    what = f"Random faces of {dataset.split_name(split)}"
    if emotion == "all":
        rows = [sample_rows(dataset, split, name, ROWS, seed) for name in EMOTIONS]
        draw_faces([dataset.images[own] for own in rows], EMOTIONS, what)
    else:
        rows = sample_rows(dataset, split, emotion, ROWS * COLUMNS, seed)
        if len(rows):
            st.image(face_sheet(dataset.images[rows], COLUMNS), width="stretch", alt=f"{what}, {emotion}")


@st.fragment
def draw_augmentation(dataset: Dataset | None, averages: np.ndarray) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        emotion = st.selectbox("Emotion", EMOTIONS, index=EMOTIONS.index("happy"), width=160, key="augmented_emotion")
        seed = state.show_others("augmentation")
    rows = sample_rows(dataset, "train", emotion, 1, seed) if dataset else ()
    face = dataset.images[rows[0]] if len(rows) else averages[EMOTIONS.index(emotion)]
    for name, flags, faces in state.augmented(np.asarray(face), COLUMNS - 1, seed):
        words, pictures = st.columns([2, 7], vertical_alignment="center")
        words.markdown(f"**{name.capitalize()}**", help=f"In a training: {code(flags)}")
        sheet = face_sheet(np.concatenate([face[None], faces]), COLUMNS)
        pictures.image(sheet, width="stretch", alt=f"The face as it is, then six times with {name}")
    st.caption(
        "On the left the face as it is, then six draws of each augmentation at a usual strength. The report's changes "
        "of saturation and hue leave gray pictures as they are, so they are not shown."
    )


st.title("Which faces are there?")
dataset = state.dataset()
if dataset is None and not state.runs():
    state.missing_dataset("This page")
    st.stop()
if dataset is None:
    run = state.choose_run()
    if not run.info["dataset"]:
        st.markdown(f"{code(run.name)} was trained by others and has no record of its data.")
        state.missing_dataset("This page, unless you choose another run,")
        st.stop()
    counts, names = run.info["dataset"].get("counts"), run.info["dataset"].get("split_names")
    averages, origin = state.average_faces(run), f"As {code(run.name)} recorded its data when it was trained."
else:
    counts, names = dataset.counts(), dataset.info["split_names"]
    averages, origin = state.dataset_average_faces(), f"Counted in {code(state.data_root())}."

try:
    table = counts_table(counts, names)
except ValueError as error:
    st.error(message(error), icon=":material/error:")
    st.stop()
st.markdown(f"#### {answer(table, names['train'])}")
st.caption(origin)
draw_distribution(table)
if averages is not None:
    st.subheader("The average face of each emotion")
    draw_faces(averages[:, None], EMOTIONS, f"Average face of {names['train']}")
st.subheader("Random faces")
if dataset is None:
    state.missing_dataset("The gallery")
else:
    draw_gallery(dataset)
if averages is not None:
    st.subheader("What augmentation does")
    draw_augmentation(dataset, averages)
