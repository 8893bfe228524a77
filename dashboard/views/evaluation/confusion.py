"""Where a run is wrong: the confusion matrix, the most confused pairs, and each class; clicks ask for the images."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st

import state
from fercore.charts import evaluation as charts
from fercore.charts.style import figure_words, percent
from fercore.evaluation.tables import class_table, classification_table, confused_pairs, confusion_table
from widgets import chart_clicks
from widgets.downloads import download_table
from widgets.one_of import one_of
from wording.markdown import escape

CELLS, PAIRS = "confusion_chart", "pairs_chart"  # keys of the charts whose clicks ask for images
FIGURES_SERVED = {
    "per_class_precision": "precision",
    "per_class_recall": "recall",
    "per_class_f1": "the F1 of a class",
    "others": "all other figures",
}


def draw_confusion(report: dict) -> None:
    """The confusion matrix and the most confused pairs."""
    shown = one_of(
        "Share or count",
        list(charts.SHOWN),
        format_func=charts.SHOWN.get,
        default="by_true",
        key="confusion_shown",
        bind="query-params",
    )
    with st.container(horizontal=True, gap="large"):  # beside each other where they fit
        settings = {"width": 500, "alt": "Confusion matrix", **_asks(CELLS, chart_clicks.cell, CELLS)}
        state.chart(charts.confusion_matrix, confusion_table(report), shown, state.dark(), **settings)
        if len(pairs := confused_pairs(report)):
            settings = {"alt": "Most confused pairs of classes", **_asks(PAIRS, chart_clicks.cell, PAIRS)}
            state.chart(charts.pair_bars, pairs, state.dark(), tuple(report["classes"]), **settings)
    st.caption(
        "Click on a cell or a bar, here or below, to see its images. Most confused: true class → predicted class, with "
        "the number of images and their share of the true class."
    )


def draw_classes(report: dict) -> None:
    """Precision, recall and F1 of each class with their intervals."""
    st.subheader("Class by class")
    table = class_table(report)
    for column, figure in zip(st.columns(3), ("f1", "precision", "recall"), strict=True):
        with column:
            key = f"class_chart_{figure}"
            settings = {"alt": f"{figure} of each class", **_asks(key, chart_clicks.bar, key, figure)}
            state.chart(charts.class_bars, table, figure, state.dark(), **settings)
    table = classification_table(report)
    shown = pd.DataFrame({"Class": table["class"]})
    for key, label in {"precision": "Precision", "recall": "Recall", "f1": "F1"}.items():
        shown[label] = [figure_words(*row) for row in table[[key, f"{key}_low", f"{key}_high"]].itertuples(index=False)]
    images = st.column_config.NumberColumn("Images", format="%,d")
    st.dataframe(shown.assign(Images=table["support"]), column_config={"Images": images}, hide_index=True)
    st.caption(intervals_in_words(report["interval"]))
    download_table("Download the classes", table, "classification_report.csv")


def intervals_in_words(interval: dict) -> str:
    """What the intervals are, from the report's own account: "Wilson score for accuracy, precision, recall; ..."."""
    served = {}
    for figure, method in interval.items():
        if figure != "level":
            served.setdefault(str(method), []).append(FIGURES_SERVED.get(figure, figure))
    words = "; ".join(f"{escape(method)} for {escape(', '.join(figures))}" for method, figures in served.items())
    return f"Ranges and whiskers are {percent(interval['level'], 0)} intervals: {words}."


def _asks(key: str, *about: object) -> dict:
    """Settings of a chart whose clicks open the errors page."""
    return {"key": key, "on_select": partial(chart_clicks.ask, *about)}
