"""Pages of many things, one page shown at a time."""

from __future__ import annotations

import streamlit as st


def choose_page(total: int, at_once: int, key: str, of: str = "", in_url: bool = False) -> slice:
    """Draw the chooser of a page where there are several; which part of `total` things it shows.

    Parameters
    ----------
    total, at_once
        Number of things, and of those on one page.
    key
        Of the chooser, and its name in the URL where `in_url` is true.
    of
        What is divided into pages; the first page is shown again when it changes.
    """
    pages, asked, divided = max(1, -(-total // at_once)), st.session_state.get(key, 1), f"{key}_of"
    if st.session_state.get(divided, of) != of and key in st.session_state:
        st.session_state[key] = 1
    elif asked > pages:  # what is shown got shorter since
        st.session_state[key] = 1 if in_url else pages
    st.session_state[divided] = of
    bound = {"bind": "query-params"} if in_url else {}
    page = st.pagination(pages, max_visible_pages=7, key=key, **bound) if pages > 1 else 1
    return slice((page - 1) * at_once, page * at_once)
