"""Columns that stand below each other where there is little room."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

_STACKED = """<style>
.st-key-{key} {{ container-type: inline-size }}
@container (max-width: {least}px) {{
  .st-key-{key} > * > [data-testid="stHorizontalBlock"] > [data-testid="stColumn"] {{ min-width: 100% }}
}}
</style>"""


def columns_beside(spec: Sequence[int], least: int, key: str) -> list[DeltaGenerator]:
    """`st.columns`, each as wide as the page where they have less than `least` pixels together.

    Streamlit's own stand below each other in windows of at most 640 pixels, whatever the sidebar takes of one.

    Parameters
    ----------
    spec
        The columns' shares of the width.
    least
        Pixels.
    key
        Of the container, letters and underscores, once on a page.
    """
    st.html(_STACKED.format(key=key, least=least))
    with st.container(key=key):
        return st.columns(spec)
