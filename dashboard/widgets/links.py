"""Links from one page to another, by the page's address; no other module knows where pages lie."""

from __future__ import annotations

import contextlib

import streamlit as st
from streamlit.errors import StreamlitPageNotFoundError

from fercore.runs import Run

Query = dict[str, str | list[str]]


def link(page: str, label: str, icon: str | None = None, query: Query | None = None) -> None:
    """Draw a link to a page: `link("compare", "Do they differ?", query={"runs": ["a", "b"]})`.

    A page that runs by itself, without Home.py, knows no other pages and draws nothing here.
    """
    with contextlib.suppress(StreamlitPageNotFoundError):
        st.page_link(_path(page), label=label, icon=icon, query_params=query)


def go(page: str, query: Query) -> None:
    """Open a page at once, except where a page runs by itself and knows no other."""
    with contextlib.suppress(StreamlitPageNotFoundError):
        st.switch_page(_path(page), query_params=query)


def draw_comparison_link(runs: list[Run]) -> None:
    """Where several runs are told apart by more than noise: intervals of two runs that overlap do not say."""
    if len(runs) > 1:
        query = {"runs": [run.name for run in runs]}
        label = "Do they differ by more than noise?"
        link("compare", label, ":material/balance:", query)


def _path(page: str) -> str:
    return f"views/{page}/page.py"
