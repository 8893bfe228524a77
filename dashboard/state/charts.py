"""How charts are drawn, and small widgets."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable

import altair as alt
import pandas as pd
import streamlit as st
from altair.utils.schemapi import debug_mode

from fercore.charts.live import ROWS
from fercore.charts.style import RunStyle, run_styles, told_apart
from fercore.runs import Run
from state.run_folders import runs
from wording.markdown import unbroken


def dark() -> bool:
    """Whether this user looks at the dark theme."""
    return st.context.theme.type == "dark"


def draw_answer(sentence: str, badge: str = "") -> None:
    """The sentence that opens a page, as markdown in which no line ends within a figure, and a badge behind it."""
    st.markdown(f"#### {unbroken(sentence)}{badge}")


def run_looks(shown: Iterable[Run] | None = None) -> dict[str, RunStyle]:
    """Run name -> the look that it has on every page; of runs `shown` beside each other no two have the same colour."""
    asked = list(shown or ())
    found = [*runs(), *asked]  # one that is shown may have been put away since
    looks = run_styles((run.name for run in found), (run.name for run in found if run.part_of))
    return looks if shown is None else told_apart(looks, (run.name for run in asked))


def chart(make: Callable[..., alt.TopLevelMixin], *args: object, **settings: object) -> None:
    """Draw the chart `make(*args)` with settings of `st.altair_chart`; it is made again only when an argument changes.

    To build and to check one chart takes Altair 50 ms, which is most of what a page needs when it is drawn again.
    """
    st.vega_lite_chart(_specification_of(make, args), **settings)


def live_chart(rows: pd.DataFrame, make: Callable[..., alt.TopLevelMixin], *args: object, **settings: object) -> None:
    """Draw rows by a chart of `fercore.charts.live`; it keeps its place, without flicker, when only they change."""
    st.vega_lite_chart({**_specification_of(make, args), "datasets": {ROWS: rows}}, **settings)


def _specification_of(make: Callable[..., alt.TopLevelMixin], args: tuple) -> dict:
    return _specification(f"{make.__module__}.{make.__qualname__}", args, make)


def _content(table: pd.DataFrame) -> bytes:
    """What tells one table from another, in a twentieth of the time of Streamlit's own way, by pandas' hashes."""
    return pickle.dumps(table, protocol=5)


@st.cache_data(max_entries=512, show_spinner=False, hash_funcs={pd.DataFrame: _content})
def _specification(name: str, args: tuple, _make: Callable[..., alt.TopLevelMixin]) -> dict:
    with debug_mode(False):  # which checks each part when it is made, and all of them again here: twice the time
        return _make(*args).to_dict(validate=False)  # tests/charts does


def show_others(key: str, label: str = "Show others", icon: str = ":material/shuffle:") -> int:
    """Draw a button and return how often it was pressed in this session: the seed of a random choice."""

    def count() -> None:
        st.session_state[f"count_{key}"] = st.session_state.get(f"count_{key}", 0) + 1

    st.button(label, key=f"others_{key}", icon=icon, on_click=count)
    return st.session_state.get(f"count_{key}", 0)
