"""Where the faces come from that a page looks at: the data set, averages, a file, the camera, what was kept before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import streamlit as st
from PIL import Image

import state
from fercore.data.dataset import Dataset
from fercore.data.decode import UnreadableImage
from fercore.data.samples import sample_rows
from fercore.runs import Run
from widgets.one_of import one_of
from wording.markdown import code, message

SOURCES = {"data": "Data set", "average": "Average faces", "upload": "Upload", "camera": "Camera", "kept": "Kept faces"}
MOST, MOST_MB = 7, 50  # faces at once, and the size of a file
SPLIT = "test"  # drawn from what no model here was fitted to or chosen on


class Faces(NamedTuple):
    """What to look at.

    Attributes
    ----------
    images
        uint8 (N, H, W), 0 black to 255 white, or (N, H, W, 3) in colour; N may be 0.
    names
        N texts: an emotion, an image id or the name of a file; escape them in markdown.
    emotions
        N true classes, None where nobody knows.
    """

    images: np.ndarray
    names: tuple[str, ...]
    emotions: tuple[str | None, ...]


def choose_faces(run: Run, emotions: Sequence[str] | None = None) -> Faces:
    """Draw the choosers of faces, and return what was chosen; all of it but uploads is in the URL.

    Parameters
    ----------
    run
        Whose average faces are there where no data set is, and as which uploads and photos are cropped.
    emotions
        The data set and the averages give one face of each, by default of all the run's classes; ids, an upload and the
        camera give what they give.

    Returns
    -------
    Faces
        At most `MOST`; none while nothing is uploaded or photographed, which the page is told in words.
    """
    emotions = run.classes if emotions is None else emotions
    with st.container(horizontal=True, gap="medium"):
        source = one_of(
            "Faces",
            [source for source in SOURCES if source != "kept" or state.kept_faces()],
            format_func=SOURCES.get,
            default="data" if state.dataset() else "average",
            key="faces",
            bind="query-params",
        )
        if source == "data" and (dataset := state.dataset()):
            return _from_data(dataset, emotions)
    if source == "upload":
        return _uploaded(state.face_shape(run))
    if source == "camera":
        return _photographed(state.face_shape(run))
    if source == "kept":
        return _kept(state.face_shape(run))
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
        draw = st.number_input(
            "Random draw", 0, 2**31 - 1, key=state.number_key("draw"), bind="query-params", width=130
        )
        rows = np.concatenate(
            [sample_rows(dataset, SPLIT, emotion, 1, draw) for emotion in emotions if emotion in dataset.classes]
        )
    labels = tuple(dataset.classes[label] for label in dataset.labels[rows])
    return Faces(np.array(dataset.images[rows]), tuple(dataset.ids[rows].tolist()), labels)


def _average(run: Run, emotions: Sequence[str]) -> Faces:
    here = state.dataset()
    faces, classes = (state.dataset_average_faces(), here.classes) if here else (state.average_faces(run), run.classes)
    if faces is None:
        st.info("This run holds no average faces. Upload a picture, or use the camera.")
        return _decoded([], state.face_shape(run))
    known = tuple(name for name in emotions if name in classes)
    return Faces(faces[[classes.index(name) for name in known]], known, known)


def _uploaded(shape: tuple[int, ...]) -> Faces:
    files = st.file_uploader(
        f"Photos of faces, or crops of them; at most {MOST} faces",
        accept_multiple_files=True,
        key="uploaded_faces",
        max_upload_size=state.upload_limit(MOST_MB),
    )
    if not files:
        st.info("Choose a picture. Its faces are found and cropped as on the page Predict.")
    return _decoded([(file.name, file.getvalue()) for file in files[:MOST]], shape)


def _photographed(shape: tuple[int, ...]) -> Faces:
    photo = st.camera_input("Your face, in good light", key="photographed_face", width=420)
    if not photo:
        st.info("Take a photo. It stays on the machine this dashboard runs on, and is not stored.")
    return _decoded([("photo", photo.getvalue())] if photo else [], shape)


def _kept(shape: tuple[int, ...]) -> Faces:
    names, images = zip(*state.kept_faces(), strict=True)
    return Faces(np.stack([_in_shape(image, shape) for image in images]), names, (None,) * len(names))


def _in_shape(face: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """A square face in another size and colours: other models than it was kept for may want it."""
    if face.shape == shape:
        return face
    image = Image.fromarray(face).convert("L" if len(shape) == 2 else "RGB")
    return np.array(image.resize(shape[1::-1], Image.Resampling.LANCZOS))


def _decoded(files: Sequence[tuple[str, bytes]], shape: tuple[int, ...]) -> Faces:
    """The faces of image files, found as on the page Predict; a file without any is named with the reason."""
    images, names = [], []
    for name, data in files:
        try:
            crops = state.looked_at(data, True, [shape]).crops[shape]
        except UnreadableImage as error:
            st.error(f"{code(name)}: {message(error)}")
            continue
        if not len(crops):
            st.error(f"{code(name)}: no face is found in it. Take a picture in which it is larger, or cut it out.")
        images.extend(crops)
        names += [name] if len(crops) == 1 else [f"{name}, face {number}" for number in range(1, len(crops) + 1)]
    images, names = images[:MOST], tuple(names[:MOST])
    return Faces(np.array(images, np.uint8).reshape(-1, *shape), names, (None,) * len(names))
