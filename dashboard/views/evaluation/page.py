"""Evaluation: how accurate is a model on a split, and where is it wrong?"""

import json
from functools import partial

import streamlit as st

import state
from fercore.evaluation.tables import prediction_table
from views.evaluation import accuracy, confusion, missing
from widgets import chart_clicks
from widgets.downloads import download, download_report
from widgets.exports import draw_export
from widgets.judged import draw_judged
from widgets.links import link
from widgets.page_title import page_title
from wording.contamination import contamination_badge, warn_of_contamination

chart_clicks.follow()
page_title("Evaluation", "How accurate is the model, and where is it wrong?")
evaluation = state.choose_evaluation()
run, split, tta, _ = evaluation
with st.spinner("Measuring ..."):
    report = state.metrics(*evaluation)
state.draw_answer(accuracy.answer(run.name, report, tta), contamination_badge(run, split))
warn_of_contamination(run, split)
accuracy.draw_notes(evaluation, report)
accuracy.draw_figures(report)
download_report(run)
with state.errors_shown():
    draw_judged(run, split, tta, details=True)
confusion.draw_confusion(report)
confusion.draw_classes(report)
link("errors", "See the images that it gets wrong", ":material/image_search:")
with state.errors_shown():
    found = state.predictions(*evaluation)
    with st.container(horizontal=True):
        # Made only when it is asked for.
        rows = partial(
            prediction_table(found.id, found.label, found.probabilities, report["classes"]).to_csv, index=False
        )
        download(
            "Download the predictions",
            partial(rows, float_format="%.6g"),
            f"predictions_{evaluation.stem}.csv",
            "text/csv",
        )
        download(
            "Download the metrics", json.dumps(report, indent=2), f"metrics_{evaluation.stem}.json", "application/json"
        )
missing.draw(run)
if home := state.find_run(run.name):  # where the results are those on other data
    draw_export(home)
