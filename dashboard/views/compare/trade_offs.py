"""The model-choice table: how good, how honest about it, how large, how fast, and whose."""

from __future__ import annotations

import pandas as pd
import streamlit as st

import state
from fercore.charts.style import count, figure_words, percent
from fercore.evaluation.calibration import tilt_words
from fercore.evaluation.comparison import choice_table
from fercore.runs import Run
from views.compare.same_images import Compared, images_words, n_words
from widgets.downloads import download_table
from wording.contamination import with_contamination

NONE = "– no weights here"  # in the place of what only weights can tell
METHOD = (
    "On {images}, n = {n}. Weakest recall: of the emotion that is found least often. Calibration error: mean distance "
    "of confidence and accuracy over 15 equal bins of confidence (Guo et al. 2017), as the model answers, without "
    "temperature scaling; in brackets what it stays below by chance in 95 % of samples of this size, had the model "
    "been as often right as it says. Other ranges are 95 % intervals (Wilson; macro-F1: bootstrap over images). A "
    "licence is what the model's card states; a run that was trained here brings none of its own, and what may be "
    "done with its weights depends on the terms of the data it learned from."
)
SPEED = (
    "Time: one face, batch 1, from 48x48 pixels to probabilities with the model's own preprocessing, one thread, "
    "fp32, median of up to 30 repetitions on this machine; other work on the machine makes it longer."
)


def draw(found: Compared) -> None:
    """The table of the runs that can be ranked, best first, then of those that cannot, and the downloads."""
    st.subheader("Which to choose?")
    times = measured_times(list(found.runs.values()))
    order = [found.runs[name] for name in [*found.ranked["run"], *found.flagged]]
    table = choice_table(order, found.measurement.split, found.reports, found.calibrations, times)
    apart = table["run"].isin(found.flagged)
    if not apart.all():
        draw_table(table[~apart])
    if apart.any():
        st.markdown("**Not comparable**")
        draw_table(table[apart])
    st.caption(METHOD.format(images=images_words(found), n=n_words(found)))
    st.caption(SPEED)
    download_table("Download the choice", table, f"choice_{found.measurement.split}.csv")


def draw_table(table: pd.DataFrame) -> None:
    """The table as people read it, with the first column in sight."""
    pinned = st.column_config.TextColumn("", pinned=True, width=140)
    st.dataframe(as_read(table), column_config={"What": pinned}, hide_index=True, width="content")


def measured_times(runs: list[Run]) -> dict[str, float]:
    """Run name -> milliseconds for one face; empty until they are asked for, measured again when asked again."""
    able = state.with_weights(runs)
    if not able:
        return {}
    asked = state.show_others("speed", "Measure the time of one face", icon=":material/timer:")
    if not asked:
        return {}
    with st.spinner("Loading the models ..."):
        from fercore.models.speed import milliseconds  # imports torch: seconds, once
    return state.readable(lambda run: state.computed(milliseconds, run, asked, spinner=f"Timing {run.name} ..."), able)


def as_read(table: pd.DataFrame) -> pd.DataFrame:
    """The table as people read it: a column for each run."""
    figures = {
        key: [figure_words(*row) for row in table[[key, f"{key}_low", f"{key}_high"]].itertuples(index=False)]
        for key in ("accuracy", "macro_f1", "recall")
    }
    rows = {
        "Accuracy": map(with_contamination, figures["accuracy"], table["seen"]),
        "Macro-F1": figures["macro_f1"],
        "Weakest recall": [
            f"{emotion} {words}" for emotion, words in zip(table["weakest"], figures["recall"], strict=True)
        ],
        "Calibration error": map(calibration_words, table.itertuples()),
        "Parameters": ["" if pd.isna(n) else count(n) for n in table["parameters"]],
        "Weights": [NONE if pd.isna(size) else f"{size / 1e6:.1f} MB" for size in table["weights_bytes"]],
        "One face": map(time_words, table.itertuples()),
        "Licence": table["licence"],
        "Contamination": [f"training data {found}" if found else "none known" for found in table["seen"]],
    }
    shown = pd.DataFrame([list(row) for row in rows.values()], columns=list(table["run"]))
    shown.insert(0, "What", list(rows))
    return shown


def calibration_words(row) -> str:
    """ "5.3 % (chance 1.7 %), too sure"; nothing of that where the two differ here and there, and not on the whole."""
    words = f"{percent(row.calibration_error)} (chance {percent(row.calibration_by_chance)})"
    if row.calibration_error <= row.calibration_by_chance:
        return words
    tilt = tilt_words(row.overconfidence, row.tilt_by_chance)
    return f"{words}, {tilt}" if tilt else words


def time_words(row) -> str:
    """ "4.2 ms", or why there is no time."""
    if pd.isna(row.weights_bytes):
        return NONE
    return "not measured" if pd.isna(row.milliseconds) else f"{row.milliseconds:.1f} ms"
