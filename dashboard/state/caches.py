"""Caches of what files hold: loaded again when a file changes, and shared by all users of the server.

Each has a bound. All that `st.cache_data` keeps, in any module, together has that of .streamlit/config.toml; what
`st.cache_resource` keeps is bounded by number alone, so that is small where things are large.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import streamlit as st

from fercore.run_index import file_state as file_state

T = TypeVar("T")


@st.cache_data(max_entries=1024, show_spinner=False)
def copied(kind: str, where: str, state: str, _load: Callable[[], T]) -> T:
    """What `_load` reads, loaded again when the state of its files changes; everyone gets a copy."""
    return _load()


@st.cache_resource(max_entries=64, show_spinner=False)  # predictions and votes, up to 1 MB each; a few are larger
def shared(kind: str, where: str, state: str, _load: Callable[[], T]) -> T:
    """As `_copied`, for what is large: everyone gets the same object."""
    return _load()


def worked_out(make: Callable[..., T], *args: object, spinner: str = "Computing ...") -> T:
    """`make(*args)` of a module's function, made again only when an argument changes; everyone gets a copy."""
    with st.spinner(spinner):
        return _worked_out(f"{make.__module__}.{make.__qualname__}", args, make)


@st.cache_data(max_entries=256, show_spinner=False)
def _worked_out(name: str, args: tuple, _make: Callable[..., T]) -> T:
    return _make(*args)


def key(file: Path) -> tuple[str, str, str]:
    return file.name, str(file.parent), file_state(file)
