"""What tables and curves say of a study's points, whether each is one run or the mean of several seeds."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence

import pandas as pd
import streamlit as st

import state
from fercore.charts.style import RunStyle, duration, p_value, points, range_words
from fercore.charts.training import run_legend
from fercore.evaluation.studies import BEST, Point
from widgets.recipe_fields import as_text

QUANTITIES = ("loss", "accuracy")  # as in the report's figures
_LONGEST = 100  # characters of what a point varies


@contextlib.contextmanager
def learning(looks: Mapping[str, RunStyle], shown: Sequence[str]) -> Iterator[None]:
    """Title and legend of the curves; inside, charts stand beside each other."""
    st.subheader("How each point learned")
    state.chart(run_legend, looks, shown, state.dark(), alt="Points and their looks")
    with st.container(horizontal=True, gap="large"):
        yield


def varied_words(point: Point) -> str:
    """What a point varies: "kernel_size 5, first_filters 32"."""
    return ", ".join(f"{key} {as_text(value)}" for key, value in point.varied.items())[:_LONGEST]


def below_the_best(ranked: pd.DataFrame) -> dict[str, list[str]]:
    """Two columns: how far each point is below the best, and how likely by chance; from rows of the ranking."""
    below = [
        f"{points(row.difference)} ({range_words({'low': row.difference_low, 'high': row.difference_high})})"
        if pd.notna(row.difference)
        else "the best" * (row.verdict == BEST)
        for row in ranked.itertuples()
    ]
    return {"Below the best": below, "p": [p_value(p) for p in ranked["p"]]}


def epoch_words(table: pd.DataFrame) -> list[str]:
    """Time of one epoch of each point; empty where it is not known."""
    return ["" if pd.isna(x) else duration(x) for x in table["seconds_per_epoch"]]
