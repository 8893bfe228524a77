"""Audit: how far can the data set be trusted, and what should training leave out or relabel?"""

from collections.abc import Mapping

import pandas as pd
import streamlit as st

import state
from fercore.charts.audit import copies_chart, copies_table
from fercore.charts.dataset import counts_table, imbalance
from fercore.data.fer2013 import OFFICIAL_SPLIT_NAMES
from views.audit.copies import draw_groups
from views.audit.decisions import draw_decisions
from views.audit.doubtful_labels import draw_doubts
from views.audit.outliers import draw_odd
from views.audit.summary import WHAT_IS_NEAR, answer, imbalance_words
from widgets.downloads import download_table
from widgets.job_status import offer
from widgets.one_of import one_of
from widgets.page_title import page_title
from wording.markdown import code

VIEWS = {"copies": "Copies", "odd": "Blank and odd", "labels": "Doubtful labels", "decisions": "Decisions"}


def say_no_audit() -> None:
    """What to run for the galleries: the data set is not here, or has not been audited."""
    if state.dataset() is None:
        state.missing_dataset("Looking at them and deciding")
        return
    st.info(f"The data set in {code(state.data_root())} has not been audited yet.")
    offer("audit", "Audit it", writes="audit", effect="It writes the folder audit/ in the data set's.")


@st.fragment
def draw_view(names: Mapping[str, str]) -> None:
    with state.errors_shown():
        found = state.audit()
        view = one_of(
            "Look at",
            list(VIEWS),
            default="copies",
            key="view",
            format_func=VIEWS.get,
            bind="query-params",
        )
        if view == "labels":
            draw_doubts(found.table if found else None)
        elif found is None and state.known_copies() is not None:
            say_no_audit()
        elif found is None:
            st.caption("There is nothing to look at before the audit.")
        else:
            {"copies": draw_groups, "odd": draw_odd, "decisions": draw_decisions}[view](found.table, names)


def draw_counts(table: pd.DataFrame) -> None:
    state.chart(copies_chart, table, state.dark(), alt="Images with a copy, by split")
    st.caption(WHAT_IS_NEAR)
    with st.container(horizontal=True):
        download_table("Download the counts", table, "copies.csv")
        if found := state.audit():
            download_table("Download all findings", found.table, "audit.csv")


page_title("Audit", "How far can the data be trusted?")
dataset, copies = state.dataset(), state.known_copies()
names = dataset.info["split_names"] if dataset else OFFICIAL_SPLIT_NAMES
if copies is None:
    say_no_audit()
else:
    state.draw_answer(answer(copies.counts, names))
    if dataset is None:
        st.caption("As counted in the Kaggle archive of FER2013 when this project was made.")
    else:
        uneven = imbalance(counts_table(dataset.counts(), names), names["train"])
        st.caption(imbalance_words(*uneven[:4], names["train"]))
    draw_counts(copies_table(copies.counts, names))
draw_view(names)
