"""Pictures of the data set with words below them, and pages of many."""

from __future__ import annotations

import streamlit as st

import state

WIDTH = 116  # pixels of a picture on the screen


def show_picture(row: int, caption: str, alt: str) -> None:
    """The picture of a row of the data set, with markdown below it."""
    st.image(state.dataset().images[row], width=WIDTH, alt=alt)
    st.caption(caption)


def choose_page(total: int, at_once: int, key: str) -> slice:
    """Draw the chooser of a page where there are several; which part of `total` things it shows."""
    pages = max(1, -(-total // at_once))
    if st.session_state.get(key, 1) > pages:  # what is shown got shorter since
        st.session_state[key] = pages
    page = st.pagination(pages, max_visible_pages=7, key=key) if pages > 1 else 1
    return slice((page - 1) * at_once, page * at_once)
