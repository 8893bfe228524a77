"""The webcam page without a video: one photo, the same answers."""

from __future__ import annotations

import streamlit as st

import state
from fercore.data.decode import UnreadableImage, read_photo
from views.webcam.overlay import draw, marks
from views.webcam.panel import draw_answers, draw_keep, milliseconds
from views.webcam.session import Settings
from views.webcam.worker import read
from wording.markdown import message


def draw_photo(settings: Settings) -> None:
    """Take a photo, and show what the models say of it."""
    left, right = st.columns([6, 5], gap="large")
    photo = left.camera_input("Your face, in good light", key="webcam_photo")
    if not photo:
        right.info(
            "Take a photo. It stays in this server's memory and is gone with the page.", icon=":material/photo_camera:"
        )
        return
    state.spend()
    try:
        picture, _, notes = read_photo(photo.getvalue())
    except UnreadableImage as error:
        right.error(f"The photo cannot be read: {message(error)}", icon=":material/error:")
        return
    for note in notes:
        right.caption(f"{message(note)}.")
    reading = read(picture, settings.models, settings.find, settings.crop)
    left.image(
        draw(picture, marks(reading, reading.probabilities, settings.models)), "What the models were asked about"
    )
    with right:
        draw_answers(settings.models, reading, reading.probabilities)
        times = zip(settings.models, reading.seconds, strict=True)
        st.caption(", ".join(f"{model.label} {milliseconds(seconds)}" for model, seconds in times))
        with st.container(horizontal=True, vertical_alignment="center"):
            draw_keep(reading, settings.models)
