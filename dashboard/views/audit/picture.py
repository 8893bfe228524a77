"""A picture of the data set with words below it."""

from __future__ import annotations

import streamlit as st

import state

WIDTH = 116  # pixels of a picture on the screen


def show_picture(row: int, caption: str, alt: str) -> None:
    """The picture of a row of the data set, with markdown below it."""
    st.image(state.dataset().images[row], width=WIDTH, alt=alt)
    st.caption(caption)
