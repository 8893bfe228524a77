"""Faces in pictures and videos: the detector, one visitor's webcam, and faces kept from it."""

from __future__ import annotations

import atexit
import gc
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from fercore.fields import ConfigError
from fercore.inference.detector_file import MTCNN, known_file
from state.demo import spend
from wording.markdown import message

if TYPE_CHECKING:
    from fercore.inference.detectors import Detector
    from state.found_faces import Looked
    from views.predict.clip import Kept
    from views.webcam.session import Session

MOST_KEPT = 7  # faces of one session, the newest


def detector(video: bool) -> Detector:
    """The face detector, shared by all, who take turns: for videos quick on their frames, for photos thorough."""
    return _detector(detector_name(), video)


def looked_at(data: bytes, detect: bool, shapes: Iterable[tuple[int, ...]]) -> Looked:
    """What is in a picture file, kept in memory for this session; `UnreadableImage` where it is none.

    Its faces are cropped in each of some shapes, see `face_shape`.
    """
    return _looked_at(data, detector_name() if detect else None, tuple(sorted(set(shapes))))


def detector_name() -> str:
    """The file of YuNet, or "mtcnn"; a file that is named and absent is told, and MTCNN takes its place."""
    try:
        return str(known_file() or MTCNN)
    except ConfigError as error:
        st.warning(f"{message(error)}. Until then faces are found by MTCNN.")
        return MTCNN


@st.cache_resource(max_entries=4, show_spinner="Loading the face detector ...")
def _detector(name: str, video: bool) -> Detector:
    from fercore.inference.detectors import open_detector  # takes its time, once

    return open_detector(name, video=video)


@st.cache_data(scope="session", max_entries=64, show_spinner="Looking for faces ...")
def _looked_at(data: bytes, name: str | None, shapes: tuple[tuple[int, ...], ...]) -> Looked:
    spend()  # what is kept already costs nothing
    from state.found_faces import look

    return look(data, None if name is None else _detector(name, False), shapes)


@st.cache_resource(scope="session", on_release=lambda session: session.stop(), show_spinner=False)
def webcam() -> Session:
    """This visitor's webcam; it is stopped and forgotten when the visitor's session ends."""
    from views.webcam.session import Session

    _set_aside_what_stays()
    return Session()


def _set_aside_what_stays() -> None:
    """Take all objects of libraries and models out of the garbage collector's sight.

    There are 600,000 of them. Python waits with a full collection until a quarter as many have come since the last, and
    what each video leaves behind would pile up to 100 MB; the collection then stops all threads for half a second.
    """
    gc.unfreeze()  # what an earlier visitor's call set aside and nobody needs any more
    gc.collect()
    gc.freeze()
    gc.collect()  # counts anew what is left
    atexit.unregister(gc.unfreeze)
    atexit.register(gc.unfreeze)  # else libraries report as leaks, at the end, what was set aside


def keep_uploads(files: Sequence[tuple[str, bytes]]) -> None:
    """Keep uploaded files, names and contents, until others come, in memory only: an uploader's own are gone as soon as
    another page is opened."""
    st.session_state["kept_uploads"] = list(files)


def kept_uploads() -> list[tuple[str, bytes]]:
    """The files that were kept last."""
    return list(st.session_state.get("kept_uploads", []))


def keep_clip(clip: Kept | None) -> None:
    """Keep a video with what is done about it, in memory only, until another comes; None forgets it."""
    st.session_state["kept_clip"] = clip


def kept_clip() -> Kept | None:
    """The video that was kept last."""
    return st.session_state.get("kept_clip")


def keep_answers(name: str = "", data: bytes = b"") -> None:
    """Keep a table of saved answers, a CSV file, in memory only, until another comes; without a name forget it."""
    st.session_state["kept_answers"] = (name, data) if name else None


def kept_answers() -> tuple[str, bytes] | None:
    """Name and content of the table that was kept last."""
    return st.session_state.get("kept_answers")


def keep_face(image: np.ndarray, name: str) -> None:
    """Keep a face, uint8 (H, W) or in colour (H, W, 3), for other pages of this session, in memory only."""
    st.session_state["kept_faces"] = [(name, image), *st.session_state.get("kept_faces", [])][:MOST_KEPT]


def kept_faces() -> list[tuple[str, np.ndarray]]:
    """Name and picture of each face that was kept, the newest first."""
    return list(st.session_state.get("kept_faces", []))
