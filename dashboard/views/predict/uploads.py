"""Which pictures the Predict page looks at: uploads, a photo, or examples that come with the project."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

import streamlit as st

import state
from fercore.charts.grids import png
from fercore.runs import Run
from widgets.one_of import one_of
from widgets.saved_answers import SOURCE

VIDEO, SAVED = "video", "saved"
SOURCES = {
    "upload": "Upload",
    VIDEO: "Video",
    "camera": "Camera",
    "portrait": "Portrait",
    "average": "Average faces",
    SAVED: SOURCE,
}
MOST, MOST_MB = 40, 25  # files at once, and the size of each
MOST_BYTES = 250 << 20  # of all files of a visitor, since they lie in memory
PORTRAIT = Path(__file__).resolve().parents[2] / "examples" / "portrait.jpg"
CREDIT = "Astronaut Eileen Collins, photographed by NASA; in the public domain."


class File(NamedTuple):
    """A picture as it came: its name, to be escaped in markdown, and its bytes."""

    name: str
    data: bytes


def choose_source() -> str:
    """Draw the chooser of where the pictures come from: a key of `SOURCES`."""
    return one_of(
        "Pictures",
        list(SOURCES),
        format_func=SOURCES.get,
        default="upload",
        key="pictures",
        bind="query-params",
    )


def choose_pictures(source: str, runs: list[Run]) -> list[File]:
    """Draw the chooser of a source; the pictures chosen, the portrait while nothing is uploaded or photographed."""
    files = {"upload": _uploaded, "camera": _photographed, "average": lambda: _average(runs)}.get(source, list)()
    if not files:
        st.caption(f"{'' if source == 'portrait' else 'Until then, an example. '}{CREDIT}")
    return files or [File(PORTRAIT.name, PORTRAIT.read_bytes())]


def _uploaded() -> list[File]:
    most_mb = state.upload_limit(MOST_MB)
    label = f"Photos with any number of faces, or crops of faces; at most {MOST} files of {most_mb} MB"
    settings = {"accept_multiple_files": True, "key": "photos", "max_upload_size": most_mb}
    files = st.file_uploader(label, on_change=_forget, **settings)
    if len(files) > MOST:
        st.warning(f"Only the first {MOST} of {len(files)} files are shown. For any number of files:")
        st.code(state.command("scripts/predict.py RUN FOLDER --out faces.csv"), language="bash", wrap_lines=True)
    if files:
        fitting = first_that_fit([file.size for file in files[:MOST]])
        if fitting < len(files[:MOST]):
            st.warning(f"Only the first {fitting} files are shown: together they may have {MOST_BYTES >> 20} MB.")
        state.keep_uploads([File(file.name, file.getvalue()) for file in files[:fitting]])
    elif kept := len(state.kept_uploads()):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption("Still here is what you uploaded before.", width="content")
            st.button(f"Forget {kept} file{'s' * (kept > 1)}", icon=":material/delete:", on_click=_forget)
    return [File(*file) for file in state.kept_uploads()]


def first_that_fit(sizes: Sequence[int]) -> int:
    """How many of the files, from the first on, have at most `MOST_BYTES` together."""
    return sum(total <= MOST_BYTES for total in accumulate(sizes))


def _forget() -> None:
    state.keep_uploads([])


def _photographed() -> list[File]:
    photo = st.camera_input("One face or several, in good light", key="predict_photo", width=420)
    return [File("photo.jpg", photo.getvalue())] if photo else []


def _average(runs: list[Run]) -> list[File]:
    here = state.dataset()
    candidates = [(here.classes, state.dataset_average_faces())] if here else []
    candidates += [(run.classes, state.average_faces(run)) for run in runs]
    classes, found = next(((names, faces) for names, faces in candidates if faces is not None), ((), None))
    if found is None:
        st.info("These runs hold no average faces.")
        return []
    st.caption("The mean of all training images of each emotion: no person's face.")
    return [File(f"average {emotion}", png(face)) for emotion, face in zip(classes, found, strict=True)]
