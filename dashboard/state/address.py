"""What an address may hold that Streamlit cannot use."""

from __future__ import annotations

import math

import streamlit as st


def number_key(key: str) -> str:
    """The key of a number that the address keeps; a number without end is taken out of the address.

    Streamlit (1.67) puts its default in the place of what is no number, but fails on `?draw=inf`.
    """
    if any(_is_endless(part) for text in st.query_params.get_all(key) for part in text.split(",")):
        del st.query_params[key]
        st.rerun()
    return key


def _is_endless(text: str) -> bool:
    try:
        return math.isinf(float(text))
    except ValueError:
        return False
