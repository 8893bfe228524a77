"""Doubtful labels: by a cross-validation's out-of-fold predictions, or by the votes of FER+."""

from __future__ import annotations

import pandas as pd
import streamlit as st

import state
from fercore.charts.style import count, percent
from fercore.data.decisions import Decision
from fercore.data.ferplus import CLEAR, proposed_labels
from fercore.data.ferplus import FINDING as FERPLUS
from fercore.evaluation.label_errors import out_of_fold_runs
from fercore.runs import Run
from views.audit.decisions import draw_decidable
from widgets.downloads import download_table
from widgets.job_status import offer
from widgets.pagination import choose_page
from wording.markdown import code, escape

AT_ONCE = 24
ANY = "any"
HOW = (
    "Confident learning (Northcutt et al. 2021): a label is suspect where a model that never saw the image gives "
    "another class at least the mean probability that this class gets on images labelled so. The model's own errors "
    "are among them, so look before you decide."
)


def draw_doubts(table: pd.DataFrame | None) -> None:
    """Who doubts, which labels, and their pictures, or a table where the pictures are not here."""
    runs = {run.name: run for run in out_of_fold_runs(state.runs())}
    judges = list(runs)
    voted = doubts_of_votes(table)
    if voted is not None:
        judges.append(FERPLUS)
    if not judges:
        st.info("Doubts about labels need the out-of-fold predictions of a cross-validation.")
        flags = {"recipe": "report-cnn", "folds": 3}
        offer("kfold", "Cross-validate", flags=flags, writes="kfold", effect="It trains a model for each fold: hours.")
        return
    judge = (
        st.selectbox("Doubted by", judges, key="judge", bind="query-params", width=300)
        if len(judges) > 1
        else judges[0]
    )
    found = voted if judge == FERPLUS else state.suspected(runs[judge])
    say_doubts(found, judge, runs.get(judge))
    if judge == FERPLUS and state.dataset():
        propose(found)
    classes = here.classes if (here := state.dataset()) else list(dict.fromkeys(found["label"]))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        given = st.selectbox("Given label", [ANY, *classes], key="given", bind="query-params", width=160)
        others = list(dict.fromkeys([*classes, *found["suggested"]]))
        suggested = st.selectbox("Suggested label", [ANY, *others], key="suggested", bind="query-params", width=160)
        download_table("Download the doubts", found, "suspected_labels.csv")
    chosen = found[
        ((found["label"] == given) | (given == ANY)) & ((found["suggested"] == suggested) | (suggested == ANY))
    ]
    if chosen.empty:
        st.info("No doubted label is like that.")
        return
    shown = chosen.iloc[choose_page(len(chosen), AT_ONCE, "doubts_page")]
    rows = state.image_rows(shown["id"]) if state.dataset() else None
    if rows is None or (rows < 0).all():
        draw_table(shown)
    else:
        draw_pictures(shown[rows >= 0], rows[rows >= 0])


def doubts_of_votes(table: pd.DataFrame | None) -> pd.DataFrame | None:
    """By the votes that the audit was given, else by those that come with the project, if there are any."""
    if table is not None and (own := table["finding"] == FERPLUS).any():
        return table[own]
    return state.vote_doubts()


def propose(found: pd.DataFrame) -> None:
    """Offer to relabel the training images on which people clearly agree, those that are not decided yet."""
    data, decided = state.dataset(), state.decisions()
    learned = set(data.ids[data.indices("train")].tolist())
    labels = {id_: name for id_, name in proposed_labels(found, data.classes).items() if id_ in learned}
    left = {id_: name for id_, name in labels.items() if id_ not in decided}
    images = f"{count(len(left))} images of {escape(data.split_name('train'))}"
    agree = f"{images} as at least {percent(CLEAR, 0)} of the people say"
    words = f"Relabel {agree}" if left else f"All {count(len(labels))} images on which people clearly agree are decided"
    st.button(words, key="relabel_votes", disabled=not left, on_click=_relabel, args=(left,))


def _relabel(labels: dict[str, str]) -> None:
    with state.errors_shown():
        for name in sorted(set(labels.values())):
            state.decide([id_ for id_, own in labels.items() if own == name], Decision("relabel", name))


def say_doubts(found: pd.DataFrame, judge: str, run: Run | None) -> None:
    """How many labels are doubted, by whom (a run, or people), and which confusion is the most frequent."""
    if found.empty:
        st.markdown(f"{code(judge)} doubts no label.")
        return
    (label, suggested), images = max(found.groupby(["label", "suggested"]).size().items(), key=lambda pair: pair[1])
    most = f"most often {label}, which it takes for {suggested} ({count(images)} images)"
    if run is None:
        st.markdown(f"FER+ voters mostly disagree with **{count(len(found))} labels**, {most}.")
        return
    accuracy = state.metrics(run, "train")["accuracy"]["value"]
    of = f"of {count(state.metrics(run, 'train')['n'])} of {escape(state.split_name(run, 'train'))}"
    st.markdown(
        f"{code(judge)} doubts **{count(len(found))} labels** {of}, {most}. It agrees with {percent(accuracy)}."
    )
    st.caption(HOW)


def draw_pictures(shown: pd.DataFrame, rows: object) -> None:
    with st.container(horizontal=True, gap="small"):
        for image, row in zip(shown.itertuples(), rows, strict=True):
            draw_decidable(image.id, row, f"{image.label} → **{image.suggested}**  \n{percent(image.confidence, 0)}")
    st.caption("Below each picture: given label → suggested label, then its probability or share of votes.")


def draw_table(shown: pd.DataFrame) -> None:
    share = st.column_config.NumberColumn("Confidence", format="%.1f %%")
    columns = {"id": "Image", "label": "Given", "suggested": "Suggested", "confidence": share}
    table = shown[list(columns)].assign(confidence=100 * shown["confidence"])
    st.dataframe(table, column_config=columns, hide_index=True)
