"""Evaluation: how often is a model right on a split, and where is it wrong?"""

import json
from functools import partial

import streamlit as st

import seen
import state
from downloads import download, download_report
from errors import clicks
from evaluated import classes, headline
from fercore.evaluation.tables import prediction_table

clicks.follow()
st.title("Where is the model wrong?")
evaluation = state.choose_evaluation()
run, split, tta, _ = evaluation
with st.spinner("Measuring ..."):
    report = state.metrics(*evaluation)
state.draw_answer(headline.answer(run.name, report, tta), seen.badge(run, split))
seen.warn(run, split)
headline.draw_notes(evaluation, report)
headline.draw_figures(report)
download_report(run)
classes.draw_confusion(report)
classes.draw_classes(report)
st.page_link("pages/errors.py", label="See the images that it gets wrong", icon=":material/image_search:")
with state.errors_shown():
    found = state.predictions(*evaluation)
    with st.container(horizontal=True):
        # Made only when it is asked for.
        rows = partial(prediction_table(found.id, found.label, found.probabilities).to_csv, index=False)
        download(
            "Download the predictions",
            partial(rows, float_format="%.6g"),
            f"predictions_{evaluation.stem}.csv",
            "text/csv",
        )
        download(
            "Download the metrics", json.dumps(report, indent=2), f"metrics_{evaluation.stem}.json", "application/json"
        )
