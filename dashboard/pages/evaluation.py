"""Evaluation: how often is a model right on a split, where is it wrong, and which images are they?"""

import json
from functools import partial

import pandas as pd
import streamlit as st

import gallery
import seen
import state
from downloads import download, download_table
from fercore.charts import evaluation as charts
from fercore.charts.style import count, figure_words, percent, range_words
from fercore.evaluation.tables import (
    class_table,
    classification_table,
    confused_pairs,
    confusion_table,
    prediction_table,
    weakest_class,
)
from fercore.runs import stem
from words import code, escape

FIGURES = {
    "accuracy": ("Accuracy", "Share of images whose class is predicted"),
    "balanced_accuracy": ("Balanced accuracy", "Mean recall of the classes: rare ones count as much as common ones"),
    "macro_f1": ("Macro-F1", "Mean F1 of the seven classes"),
    "weighted_f1": ("Weighted F1", "Mean F1 of the classes, weighted by their number of images"),
    "log_loss": ("Log loss", "Mean of minus the logarithm of the true class's probability, in nats; lower is better"),
}
FIGURES_SERVED = {
    "per_class_precision": "precision",
    "per_class_recall": "recall",
    "per_class_f1": "the F1 of a class",
    "others": "all other figures",
}
OPTIMISTIC = "The run's epoch was chosen on {}, so these figures are optimistic; the test split's are not."


def answer(run_name: str, report: dict, tta: str) -> str:
    """One sentence: how often it is right, and where least."""
    accuracy, weakest = report["accuracy"], weakest_class(report)
    flip = ", each image averaged with its mirror image" if tta == "flip" else ""
    taken = f", most often taken for {weakest.taken_for}" if weakest.taken_for else ""
    return (
        f"{code(run_name)} is right on {percent(accuracy['value'])} of {escape(report['split_name'])} "
        f"({range_words(accuracy)}), n = {count(report['n'])}{flip}; {weakest.emotion} is its weakest class{taken}."
    )


def draw_headline(report: dict) -> None:
    with st.container(horizontal=True):
        for key, (label, meaning) in FIGURES.items():
            figure = report[key]
            logarithmic = key == "log_loss"
            value = f"{figure['value']:.3f}" if logarithmic else percent(figure["value"])
            interval = f"{figure['low']:.3f} to {figure['high']:.3f}" if logarithmic else range_words(figure)
            st.metric(label, value, interval, "off", delta_arrow="off", help=meaning, border=True)


def draw_confusion(report: dict) -> None:
    shown = st.segmented_control(
        "Share or count",
        list(charts.SHOWN),
        format_func=charts.SHOWN.get,
        default="by_true",
        required=True,
        key="confusion_shown",
    )
    with st.container(horizontal=True, gap="large"):  # beside each other where they fit
        settings = {"width": 500, "on_select": gallery.choose_cell, "key": gallery.CHART, "alt": "Confusion matrix"}
        state.chart(charts.confusion_matrix, confusion_table(report), shown, state.dark(), **settings)
        if len(pairs := confused_pairs(report)):
            state.chart(charts.pair_bars, pairs, state.dark(), alt="Most confused pairs of classes")
    st.caption(
        "Click on a cell to see its images in the gallery below. Most confused: true class → predicted class, with "
        "the number of images and their share of the true class."
    )


def draw_classes(report: dict) -> None:
    st.subheader("Class by class")
    table = class_table(report)
    for column, figure in zip(st.columns(3), ("f1", "precision", "recall"), strict=True):
        with column:
            state.chart(charts.class_bars, table, figure, state.dark(), alt=f"{figure} of each class")
    table = classification_table(report)
    shown = pd.DataFrame({"Class": table["class"]})
    for key, label in {"precision": "Precision", "recall": "Recall", "f1": "F1"}.items():
        shown[label] = [figure_words(*row) for row in table[[key, f"{key}_low", f"{key}_high"]].itertuples(index=False)]
    images = st.column_config.NumberColumn("Images", format="%,d")
    st.dataframe(shown.assign(Images=table["support"]), column_config={"Images": images}, hide_index=True)
    st.caption(intervals_in_words(report["interval"]))
    download_table("Download the report", table, "classification_report.csv")


def intervals_in_words(interval: dict) -> str:
    """What the intervals are, from the report's own account: "Wilson score for accuracy, precision, recall; ..."."""
    served = {}
    for figure, method in interval.items():
        if figure != "level":
            served.setdefault(str(method), []).append(FIGURES_SERVED.get(figure, figure))
    words = "; ".join(f"{escape(method)} for {escape(', '.join(figures))}" for method, figures in served.items())
    return f"Ranges and whiskers are {percent(interval['level'], 0)} intervals: {words}."


st.title("Where is the model wrong?")
evaluation = state.choose_evaluation()
run, split, tta, clean = evaluation
report = state.metrics(*evaluation)
st.markdown(f"#### {answer(run.name, report, tta)}{seen.badge(run, split)}")
seen.warn(run, split)
if split == "val" and "source" not in run.info:  # nobody knows on what others chose their epoch
    st.info(OPTIMISTIC.format(escape(report["split_name"])), icon=":material/info:")
for name, mass in report.get("left_out", {}).items():
    st.caption(
        f"Here the model gives {percent(mass)} of its probability to {name}, which is none of the seven classes. The "
        "figures are of the seven, whose probabilities are scaled to sum to 1."
    )
draw_headline(report)
draw_confusion(report)
draw_classes(report)
with state.errors_shown():
    found = state.predictions(run, split, tta)
    predictions = prediction_table(found.id, found.label, found.probabilities)
    gallery.draw(evaluation, predictions)
    stored = f"{run.name}_{stem(split, tta)}"
    with st.container(horizontal=True):
        # Made only when it is asked for.
        rows = partial(predictions.to_csv, index=False, float_format="%.6g")
        download("Download the predictions", rows, f"predictions_{stored}.csv", "text/csv")
        download("Download the metrics", json.dumps(report, indent=2), f"metrics_{stored}.json", "application/json")
