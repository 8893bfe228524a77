"""Reliability diagrams, and what comes of answering only from a confidence on."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import streamlit as st

import state
from fercore.charts.reliability import confidence_histogram, reliability_diagram
from fercore.charts.selective import coverage_chart
from fercore.charts.style import count, percent, with_range
from fercore.evaluation.confidence import RIGHT, UNKNOWN_CONFIDENCE, Confidence
from fercore.evaluation.reliability import reliability_table
from fercore.evaluation.selective import answered, risk_coverage
from fercore.runs import Run
from views.calibration.temperature import View, table
from widgets.downloads import download_table
from wording.markdown import code, escape

BINS = 15  # as the calibration error has them
WIDTH = 424  # pixels: two diagrams are beside each other on a page of 1280
METHOD = (
    "Images lie in 15 equal bins by the probability of the class that is predicted. A point on the dashed line is as "
    "often right as it says, one below it is too sure; bars are Wilson's 95 % intervals, the size of a point and the "
    "lower chart say how many images it stands for. The calibration error is the mean distance from the line, weighted "
    "by images (Guo et al. 2017). “By chance” is what it stays below in 95 % of samples of this size for a model that "
    "is right exactly as often as it says. The log loss (nats; lower is better) is compared image by image: its change "
    "has a paired 95 % interval."
)


def draw_reliability(labels: np.ndarray, found: list[View], name: str) -> None:
    """A diagram with the images of each bin for every view, and their figures; `name` is that of the files."""
    with st.container(horizontal=True, gap="medium"):  # beside each other where they fit
        for view in found:
            bins = reliability_table(labels, view.probabilities, BINS)
            with st.container(width=WIDTH, gap=None):
                state.chart(reliability_diagram, bins, state.dark(), view.name, alt=f"Reliability, {view.name}")
                state.chart(confidence_histogram, bins, state.dark(), alt=f"Images of each confidence, {view.name}")
    figures = table(found)
    st.dataframe(as_read(figures), hide_index=True)
    st.caption(METHOD)
    tables = {view.name: reliability_table(labels, view.probabilities, BINS) for view in found}
    bins = pd.concat([one.assign(probabilities=key) for key, one in tables.items()], ignore_index=True)
    with st.container(horizontal=True):
        download_table("Download the figures", figures, f"calibration_{name}.csv")
        download_table("Download the bins", bins, f"reliability_{name}.csv")


def as_read(figures: pd.DataFrame) -> pd.DataFrame:
    """The figures as people read them."""
    return pd.DataFrame(
        {
            "Probabilities": figures["probabilities"],
            "Calibration error": [percent(x) for x in figures["calibration_error"]],
            "By chance": [f"up to {percent(x)}" for x in figures["by_chance"]],
            "Confidence minus right": [f"{100 * x:+.1f} points".replace("-", "−") for x in figures["overconfidence"]],
            "Log loss": [f"{x:.3f}" for x in figures["log_loss"]],
            "Its change": [change_words(row) for row in figures.itertuples()],
        }
    )


def change_words(row) -> str:
    """ "−0.012 (−0.018 to −0.006)", or that the images cannot tell; empty for what is as it was."""
    if pd.isna(row.change):
        return ""
    words = f"{row.change:+.3f} ({row.change_low:+.3f} to {row.change_high:+.3f})".replace("-", "−")
    return f"{words}, within noise" if row.change_low <= 0 <= row.change_high else words


def draw_silence(run: Run, labels: np.ndarray, view: View, chosen: Confidence | None, name: str) -> None:
    """A threshold to choose, what it comes to, and the curve of all thresholds."""
    st.subheader("What if it may stay silent?")
    limit = choose_threshold(chosen)
    found = answered(labels, view.probabilities, limit / 100)
    st.markdown(silence_words(run, limit, found))
    curve = risk_coverage(labels, view.probabilities)
    state.chart(coverage_chart, curve, found, state.dark(), alt="Share right by share answered")
    st.caption(
        f"{escape(view.name)}, most confident answers first; the band is Wilson's 95 % interval, the diamond the "
        f"threshold chosen above. {origin(run, chosen)}"
    )
    download_table("Download the curve", curve, f"risk_coverage_{name}.csv")


def choose_threshold(chosen: Confidence | None) -> int:
    """The smallest confidence that is answered, in per cent; at first the one that the run is used with."""
    known = chosen is not None and math.isfinite(chosen.threshold)
    first = math.floor(100 * chosen.threshold) if known else 0
    settings = {"format": "%d %%", "key": state.number_key("threshold"), "bind": "query-params", "width": 440}
    return st.slider("Answer only from a confidence of", 0, 100, first, **settings)


def silence_words(run: Run, limit: int, found) -> str:
    """What a threshold comes to in a sentence: "answers 80 % of faces, with accuracy 78 % on these"."""
    if not found.answers:
        return f"{code(run.name)} is never as sure as {limit} %, so it would not answer at all."
    words = (
        f"From {limit} % on, {code(run.name)} answers **{with_range(found.given)}** of the faces "
        f"({count(found.answers)}) with accuracy **{with_range(found.right)}** on these."
    )
    if found.given["value"] == 1:
        return words
    return f"{words} On the others its accuracy would have been {with_range(found.silent)}."


def origin(run: Run, chosen: Confidence | None) -> str:
    """Where the threshold comes from with which the run is used."""
    if chosen is None:
        return UNKNOWN_CONFIDENCE
    split = escape(state.split_name(run, "val"))
    if not math.isfinite(chosen.threshold):
        return f"On {split} no threshold made {percent(RIGHT, 0)} of its answers right."
    return (
        f"Predict and Webcam take it for sure from {percent(chosen.threshold)} on: on {split} the smallest confidence "
        f"from which on {percent(RIGHT, 0)} of its answers were right."
    )
