"""The matrix of runs and data sets: a chart whose cells open the errors there, and a table of all figures."""

from __future__ import annotations

import pandas as pd
import streamlit as st

import state
from fercore.charts.other_data import CELL, matrix_chart
from fercore.charts.style import count, figure_words, points, range_words
from fercore.evaluation.other_data import HOME, SCORES
from widgets.downloads import download_table
from widgets.links import go

DROPS = {"accuracy": "Newcombe's interval", "macro_f1": "bootstrap over the images of both, 1,000 draws, seed 0"}
CHART, _ASKED = "other_data_chart", "asked_measurement"


def draw_matrix(table: pd.DataFrame) -> None:
    """The chart; `follow` opens what a click asks for."""
    settings = {"key": CHART, "on_select": _ask, "alt": "Score of each run on each data set"}
    state.chart(matrix_chart, table, state.dark(), **settings)
    st.caption("Click on a cell to see the images that the run gets wrong there.")


def follow() -> None:
    """Go to the errors page where a click asked for it, which a callback itself cannot."""
    if asked := st.session_state.pop(_ASKED, None):
        state.select(**asked)
        go("errors", asked)


def draw_table(table: pd.DataFrame, score: str) -> None:
    """All figures, with their intervals, and a button that saves them."""
    away = table[table["data"] != HOME]
    shown = pd.DataFrame(
        {
            "Run": away["run"],
            "Data": away["data"],
            SCORES[score]: [figure_words(*row) for row in away[["value", "low", "high"]].itertuples(index=False)],
            "Images": [count(n) for n in away["n"]],
            "Classes shared": [f"{own} of {all_}" for own, all_ in zip(away["shared"], away["classes"], strict=True)],
            "Not asked": [count(n) for n in away["not_asked"]],
            "Below home": [_drop(*row) for row in away[["drop", "drop_low", "drop_high"]].itertuples(index=False)],
            "Copies in training": ["not known" if pd.isna(n) else count(int(n)) for n in away["copies"]],
            "Without copies": [
                figure_words(*row) for row in away[["without", "without_low", "without_high"]].itertuples(index=False)
            ],
            "Contamination": ["perhaps" if seen else "none known" for seen in away["seen"]],
        }
    )
    st.dataframe(shown, hide_index=True)
    st.caption(
        "Ranges are 95 % intervals. Not asked are images of classes that the model does not know. Below home: how many "
        f"points of {spoken(score)} it loses against its own data ({DROPS[score]}, as if of other pictures: "
        "where the two share some, as FER2013 and FER+ do, it is too wide). Copies are images that are, "
        "exactly, nearly or mirrored, among those that the run learned from. Contamination, perhaps: what the run "
        "learned from is not known, so it may have been these images."
    )
    download_table("Download the figures", table, "other_data.csv")


def spoken(score: str) -> str:
    """A score within a sentence: "accuracy", "macro-F1"."""
    return f"{SCORES[score][0].lower()}{SCORES[score][1:]}"


def _drop(value: float, low: float, high: float) -> str:
    if pd.isna(value):
        return ""
    return f"{points(value)} ({range_words({'low': low, 'high': high})})"


def _ask() -> None:
    chosen = (st.session_state[CHART].selection.get(CELL) or [{}])[0]
    run, data = chosen.get("run"), chosen.get("data")
    if isinstance(run, str) and isinstance(data, str):
        st.session_state[_ASKED] = {"run": run, "data": state.OWN if data == HOME else data}
