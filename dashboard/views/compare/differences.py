"""Which run is ahead and whether that is more than noise; then emotion by emotion."""

from __future__ import annotations

import math

import pandas as pd
import streamlit as st

import state
from fercore.charts import comparison as charts
from fercore.charts.style import count, figure_words, p_value, percent, points, range_words
from fercore.charts.training import run_legend
from fercore.evaluation.studies import WITHIN
from fercore.evaluation.tables import classification_table
from fercore.runs import Run
from views.compare.same_images import Compared, images_words, n_words
from widgets.downloads import download_table
from widgets.one_of import one_of
from wording.figures import accuracy_words
from wording.markdown import NO_BREAK, code, escape
from wording.verdicts import beside_the_best

METHOD = "Accuracy on {images}, with Wilson's 95 % interval."
PAIRED = (
    " The runs answered for the same images, so each is compared with the best image by image: the difference has a "
    "paired bootstrap interval (95 %, not corrected), p is McNemar's exact test, corrected for the number of pairs, "
    "any of which could have been the best and another (Holm), and below 0.05 we call a difference more than noise. "
    "The best of many runs is a little lucky on the images that it is chosen on: choose on {val}, report {test}."
)


def reading(found: Compared) -> str:
    """One sentence: who is ahead, by how much, and whether that is more than noise."""
    ranked, images, n = found.ranked, images_words(found), n_words(found)
    if ranked.empty:
        return f"No run here is known never to have seen the images of {images}, so there is nothing to rank."
    best = ranked.iloc[0]
    if len(ranked) == 1:
        accuracy = best[["accuracy", "low", "high"]].set_axis(["value", "low", "high"])
        others = "choose another run to compare it with"
        if found.flagged:
            others = "what else was chosen may have seen them, so it is compared with none"
        return f"{code(best['run'])} has {accuracy_words(accuracy, images, f'n = {n}')}; {others}."
    other = ranked.iloc[1]
    lead = f"{code(best['run'])} and {code(other['run'])} have the same accuracy on {images}"
    if other["difference"]:
        noise = "within noise" if other["verdict"] == WITHIN else "more than noise"
        lead = (
            f"{code(best['run'])} is ahead of {code(other['run'])} on {images} by {difference_words(other)}, which is "
            f"{noise}"
        )
    return (
        f"{lead}: {percent(best['accuracy'])} against {percent(other['accuracy'])}, n = {n}, "
        f"{p_words(other['p'], len(ranked))}."
    )


def p_words(p: float, runs: int) -> str:
    """The test and its p-value: "exact McNemar p = 0.791"."""
    corrected = f", corrected for {math.comb(runs, 2)} pairs" if runs > 2 else ""
    words = p_value(p)
    return f"exact McNemar p {words if words.startswith('<') else f'= {words}'}{corrected}"


def others_words(ranked: pd.DataFrame) -> str:
    """What is said of the runs from the third on; nothing where there are none."""
    if len(ranked) < 3:
        return ""
    words = beside_the_best(ranked[2:].rename(columns={"run": "point"}))
    return f"Beside {code(ranked['run'][0])}: {words}."


def difference_words(row: pd.Series) -> str:
    """How far a run lies below the best, without a line break in its range: "0.2 points (-1.2 to 1.6)"."""
    bounds = range_words({"low": row["difference_low"], "high": row["difference_high"]})
    return f"{points(row['difference'])} ({bounds.replace(' ', NO_BREAK)})"


def draw_accuracy(found: Compared) -> None:
    """Accuracies and differences to the best, as charts and as a table."""
    ranked = found.ranked
    if ranked.empty:
        return
    with st.container(horizontal=True, gap="large"):  # beside each other where they fit
        state.chart(charts.accuracy_chart, ranked, found.looks, found.images, width=430, alt="Accuracy of each run")
        if len(ranked) > 1:
            settings = {"width": 430, "alt": "How far runs lie below the best"}
            state.chart(charts.difference_chart, ranked, found.looks, state.dark(), **settings)
    shown = pd.DataFrame({"Run": ranked["run"]})
    figures = ranked[["accuracy", "low", "high"]].itertuples(index=False)
    shown[f"Accuracy on {found.images}"] = [figure_words(*row) for row in figures]
    if len(ranked) > 1:
        rest = [row for _, row in ranked[1:].iterrows()]
        shown["Below the best"] = ["", *map(difference_words, rest)]
        shown["p (Holm)"] = ["", *(p_value(row["p"]) for row in rest)]
        shown["Only the best is right"] = ["", *(count(row["only_best"]) for row in rest)]
        shown["Only this run is right"] = ["", *(count(row["only_run"]) for row in rest)]
        shown["Verdict"] = ranked["verdict"]
    st.dataframe(shown, hide_index=True)
    runs = list(found.runs.values())
    names = {split: escape(state.shared_split_name(runs, split)) for split in ("val", "test")}
    method = METHOD + PAIRED if len(ranked) > 1 else METHOD
    st.caption(method.format(images=images_words(found), **names))
    download_table("Download the comparison", ranked, f"compare_{found.measurement.split}.csv")


def draw_classes(found: Compared) -> None:
    """F1, precision or recall of each emotion, side by side."""
    names = list(found.ranked["run"])
    if not names:
        return
    st.subheader("Emotion by emotion")
    settings = {"key": "figure", "bind": "query-params", "label_visibility": "collapsed"}
    figure = one_of("Figure", list(charts.FIGURES), default="f1", format_func=charts.FIGURES.get, **settings)
    tables = {name: classification_table(found.reports[name]) for name in names}
    if len(names) > 1:
        state.chart(run_legend, found.looks, names, state.dark(), alt="Runs and their looks")
    state.chart(charts.class_chart, tables, figure, found.looks, alt=f"{charts.FIGURES[figure]} of each emotion")
    st.caption("Whiskers are 95 % intervals: Wilson's, for F1 carried over from TP / (TP + FP + FN).")
    everything = pd.concat([table.assign(run=name) for name, table in tables.items()], ignore_index=True)
    download_table("Download the emotions", everything, f"compare_{found.measurement.split}_classes.csv")


def optimistic(runs: list[Run], split: str) -> str | None:
    """What is said of figures on the split on which epochs were chosen."""
    if split != "val" or all("source" in run.info for run in runs):
        return None
    return f"Epochs were chosen on {escape(state.shared_split_name(runs, split))}, so these figures are optimistic."
