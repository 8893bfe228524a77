"""Sentences and tables of the robustness page."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd
import streamlit as st

import state
from fercore.charts.robustness import FIGURES, heat_chart, kind_chart, strength_chart
from fercore.charts.robustness_words import kind_rows, summary
from fercore.charts.style import RunStyle, count, percent, range_words, with_range
from fercore.charts.training import run_legend
from fercore.charts.weak_points import figure
from fercore.evaluation.intervals import wilson
from fercore.evaluation.robustness import (
    BASELINE,
    Robustness,
    baseline_of,
    corruption_error,
    kind_table,
    mean_flips,
    strength_table,
)
from widgets.downloads import download_table
from wording.markdown import code, escape

WIDTH, LINE_WIDTH = 800, 380  # pixels of the charts, where the page has them
HOW = (
    "Strength 0 is the picture as it is. Shares have Wilson's 95 % intervals, mean confidence that of a mean; the "
    "calibration error has none. Confidence is scaled by the run's own temperature, and sure from its own threshold "
    "on, both chosen on undisturbed validation pictures. Of fewer than 50 sure answers no share is drawn. That fewer "
    "are right than the threshold promises is tested exactly (binomial), corrected for all disturbances (Holm)."
)
ERROR = (
    f"Mean corruption error: errors over all strengths, divided by those of `{BASELINE}`, mean over kinds (Hendrycks "
    "and Dietterich 2019); below 100 % is better. What they add: the same of the errors beyond those on pictures as "
    "they are. Both with bootstrap intervals over images. Tiny changes: one pixel aside, 1 degree, noise of 2 gray "
    "levels, 2 % brighter, JPEG of quality 95; mean, and from the least to the most."
)


class Figures(NamedTuple):
    """What the page shows of a run's counts.

    Attributes
    ----------
    sentences
        What they come to.
    by_strength, by_kind
        Tables of `fercore.evaluation.robustness`.
    kinds
        The second as people read it.
    row
        The run's line in the table of all.
    """

    sentences: list[str]
    by_strength: pd.DataFrame
    by_kind: pd.DataFrame
    kinds: pd.DataFrame
    row: dict[str, str]


def figures_of(results: dict[str, Robustness]) -> dict[str, Figures]:
    """Run name -> its figures; worked out in one go, since to tell whether counts have changed takes longest."""
    root = state.runs_root()
    return {run: state.worked_out(_figures, run, found, baseline_of(found, root)) for run, found in results.items()}


def _figures(run: str, found: Robustness, baseline: Robustness | None) -> Figures:
    sentences = summary(found, code(run), baseline, escape(found.about["split_name"]))
    row = run_row(run, found, baseline)
    return Figures(sentences, strength_table(found), kind_table(found), kind_rows(found), row)


def draw_worst(results: dict[str, Robustness], figures: dict[str, Figures], looks: dict[str, RunStyle]) -> None:
    """The mean accuracy under each kind, lowest first: which disturbances cost most."""
    tables = {run: one.by_kind.drop(columns="rises") for run, one in figures.items()}
    clean = {run: 1 - float(found.wrong_clean.mean()) for run, found in results.items()}
    with st.container(width=WIDTH, gap="xsmall"):
        if len(tables) > 1:
            state.chart(run_legend, looks, list(tables), state.dark(), alt="Runs and their looks")
        alt = "Mean accuracy under each kind of disturbance, lowest first"
        state.chart(kind_chart, tables, looks, clean, alt=alt)
    st.caption("Mean over the strengths with bootstrap intervals over images; dashed: pictures as they are.")


def draw_strengths(figures: dict[str, Figures], looks: dict[str, RunStyle], name: str, kind: str) -> None:
    """A figure of one kind by strength."""
    tables = {run: one.by_strength for run, one in figures.items()}
    with st.container(width=LINE_WIDTH):
        alt = f"{FIGURES[name]} under {kind} by strength"
        state.chart(strength_chart, tables, looks, name, kind, state.dark(), alt=alt)


def draw_runs(figures: dict[str, Figures]) -> None:
    """A line for each run."""
    st.dataframe(pd.DataFrame([one.row for one in figures.values()]), hide_index=True)
    st.caption(ERROR)


def run_row(run: str, found: Robustness, baseline: Robustness | None) -> dict[str, str]:
    """The figures of a run over all kinds, as people read them."""
    worst = kind_table(found).iloc[0]
    flips, n = mean_flips(found), found.n
    errors = [corruption_error(found, baseline, relative=one) if baseline else None for one in (False, True)]
    return {
        "Run": run,
        "Answered by": found.about["engine"],
        "Images": count(n),
        "As they are": with_range(wilson(n - int(found.wrong_clean.sum()), n)),
        "Worst disturbance": f"{worst['kind']}: {with_range(figure(worst, 'accuracy'))}",
        "Mean corruption error": with_range(errors[0]) if errors[0] else "not measured",
        "What they add": with_range(errors[1]) if errors[1] else "not measured",
        "Tiny changes turn": f"{percent(flips['value'])} ({range_words(flips)})",
    }


def draw_kinds(figures: Figures, run: str, split: str, name: str) -> None:
    """A figure of every kind and strength, the mean over the strengths of each kind, and a download of all figures."""
    table = figures.by_strength
    state.chart(heat_chart, table, name, state.dark(), alt=f"{FIGURES[name]} of {run} by kind and strength")
    st.dataframe(figures.kinds, hide_index=True)
    st.caption(f"Not monotone: strengths at which {escape(run)} is right more often than at the one before.")
    download_table("Download the figures", table.assign(run=run), f"robustness_{run}_{split}.csv")
