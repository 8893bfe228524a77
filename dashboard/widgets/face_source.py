"""Where the faces come from that a page looks at: the data set, averages, a file, the camera, what was kept before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import streamlit as st

import state
from fercore.data.decode import UnreadableImage, decode_gray
from fercore.data.fer2013 import SIZE, Dataset
from fercore.data.samples import sample_rows
from fercore.emotions import EMOTIONS
from fercore.runs import Run
from wording.markdown import code, message

SOURCES = {"data": "Data set", "average": "Average faces", "upload": "Upload", "camera": "Camera", "kept": "Kept faces"}
MOST = 7  # faces at once
FORMATS = ("jpg", "jpeg", "png", "bmp", "gif", "tif", "tiff", "webp")
SPLIT = "test"  # drawn from what no model here was fitted to or chosen on


class Faces(NamedTuple):
    """What to look at.

    Attributes
    ----------
    images
        uint8 (N, 48, 48), 0 black to 255 white; N may be 0.
    names
        N texts: an emotion, an image id or the name of a file; escape them in markdown.
    emotions
        N true classes, None where nobody knows.
    """

    images: np.ndarray
    names: tuple[str, ...]
    emotions: tuple[str | None, ...]


def choose_faces(run: Run, emotions: Sequence[str] = EMOTIONS) -> Faces:
    """Draw the choosers of faces, and return what was chosen; all of it but uploads is in the URL.

    Parameters
    ----------
    run
        Whose average faces are there where no data set is.
    emotions
        The data set and the averages give one face of each; ids, an upload and the camera give what they give.

    Returns
    -------
    Faces
        At most `MOST`; none while nothing is uploaded or photographed, which the page is told in words.
    """
    with st.container(horizontal=True, gap="medium"):
        source = st.segmented_control(
            "Faces",
            [source for source in SOURCES if source != "kept" or state.kept_faces()],
            format_func=SOURCES.get,
            default="data" if state.dataset() else "average",
            required=True,
            key="faces",
            bind="query-params",
        )
        if source == "data" and (dataset := state.dataset()):
            return _from_data(dataset, emotions)
    if source == "upload":
        return _uploaded()
    if source == "camera":
        return _photographed()
    if source == "kept":
        return _kept()
    if source == "data":
        state.missing_dataset("A face of the data set")
    return _average(run, emotions)


def _from_data(dataset: Dataset, emotions: Sequence[str]) -> Faces:
    asked = st.text_input(
        "Image ids", key="ids", bind="query-params", placeholder="drawn at random", width=300, max_chars=1000
    )
    if ids := [name.strip() for name in asked.split(",") if name.strip()]:
        rows = state.image_rows(ids)
        if unknown := [name for name, row in zip(ids, rows, strict=True) if row < 0]:
            st.warning(f"The data set has no image {code(', '.join(unknown))}.")
        rows = rows[rows >= 0][:MOST]
    else:
        draw = st.number_input("Random draw", 0, 2**31 - 1, key="draw", bind="query-params", width=130)
        rows = np.concatenate([sample_rows(dataset, SPLIT, emotion, 1, draw) for emotion in emotions])
    labels = tuple(EMOTIONS[label] for label in dataset.labels[rows])
    return Faces(np.array(dataset.images[rows]), tuple(dataset.ids[rows].tolist()), labels)


def _average(run: Run, emotions: Sequence[str]) -> Faces:
    faces = state.dataset_average_faces() if state.dataset() else state.average_faces(run)
    if faces is None:
        st.info("This run holds no average faces. Upload a picture, or use the camera.")
        return _decoded([])
    return Faces(faces[[EMOTIONS.index(name) for name in emotions]], tuple(emotions), tuple(emotions))


def _uploaded() -> Faces:
    files = st.file_uploader(
        "Pictures of faces, one face in each; the largest centred square is used",
        FORMATS,
        accept_multiple_files=True,
        key="uploaded_faces",
    )
    if not files:
        st.info("Choose a picture with one face, cropped about as tightly as a passport photo's.")
    return _decoded([(file.name, file.getvalue()) for file in files[:MOST]])


def _photographed() -> Faces:
    photo = st.camera_input("Your face, filling the middle of the picture", key="photographed_face", width=420)
    if not photo:
        st.info("Take a photo. It stays on the machine this dashboard runs on, and is not stored.")
    return _decoded([("photo", photo.getvalue())] if photo else [])


def _kept() -> Faces:
    names, images = zip(*state.kept_faces(), strict=True)
    return Faces(np.stack(images), names, (None,) * len(names))


def _decoded(files: Sequence[tuple[str, bytes]]) -> Faces:
    """Faces from image files; a file that is none is named with the reason, and left out."""
    images, names = [], []
    for name, data in files:
        try:
            images.append(decode_gray(data))
            names.append(name)
        except UnreadableImage as error:
            st.error(f"{code(name)}: {message(error)}")
    return Faces(np.array(images, np.uint8).reshape(-1, SIZE, SIZE), tuple(names), (None,) * len(names))
