"""A choice that is always made, whatever the address asks for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import streamlit as st

T = TypeVar("T")


def one_of(label: str, options: Sequence[T], *, default: T, **settings: object) -> T:
    """As `st.segmented_control` with `required`; the default where an address leaves the choice empty (`?key=`).

    Streamlit 1.67 takes that for a cleared choice, which a required one cannot be.
    """
    found = st.segmented_control(label, options, default=default, required=True, **settings)
    return default if found is None else found
