"""The true-against-predicted gallery of the evaluation page: chosen by selectors or by a click on a confusion cell."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import pandas as pd
import streamlit as st

import state
from fercore.charts.evaluation import CELL
from fercore.charts.gallery import framed
from fercore.charts.style import count, percent
from fercore.emotions import EMOTIONS
from fercore.runs import Run

SHOWN = 24  # images at once
WIDTH = 112  # pixels of a picture on the screen
NO_BREAK = "\u00a0"  # a blank at which no line ends
ANY = "any class"
WRONG_ONLY = "any other class"
LEGEND = "✓ and a solid blue frame: right. ✗ and a dashed vermilion frame: wrong, true class → predicted class."
CHART = "confusion_chart"  # key of the chart whose clicked cell chooses what is shown


def choose_cell() -> None:
    """Let the clicked confusion cell choose true and predicted class; a click beside it chooses everything."""
    chosen = st.session_state[CHART].selection.get(CELL) or [{"true": ANY, "pred": ANY}]
    # The front end sent this: only names that the selectors know may enter them.
    for key in ("true", "pred"):
        value = chosen[0].get(key)
        st.session_state[f"gallery_{key}"] = value if value in EMOTIONS else ANY


def matching(table: pd.DataFrame, true: str, pred: str) -> pd.DataFrame:
    """Rows of a prediction table with a true and a predicted class, each an emotion or one of the wider choices."""
    rows = pd.Series(True, index=table.index)
    if true != ANY:
        rows &= table["true"] == true
    if pred == WRONG_ONLY:
        rows &= ~table["right"]
    elif pred != ANY:
        rows &= table["pred"] == pred
    return table[rows]


def draw(evaluation: state.Evaluation, table: pd.DataFrame) -> None:
    """Choosers, then framed pictures; where the pictures are not here, what to run and the same rows as a table."""
    st.subheader("True against predicted")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        true = st.selectbox("True class", [ANY, *EMOTIONS], key="gallery_true", width=200)
        pred = st.selectbox("Predicted class", [ANY, WRONG_ONLY, *EMOTIONS], key="gallery_pred", width=200)
        seed = state.show_others("gallery")
    found = matching(table, true, pred)
    if found.empty:
        st.info("No image of this split has these two classes.")
        return
    sample = sampled(found, seed, "with the probability of the class that is predicted")
    if has_pictures(evaluation.run):
        draw_pictures(sample)
        st.caption(LEGEND)
    else:
        shown = sample[["id", "true", "pred", "right"]].assign(share=100 * sample["probability"])
        share = st.column_config.NumberColumn("Probability", format="%.1f %%")
        columns = {"id": "Image", "true": "True", "pred": "Predicted", "right": "Right", "share": share}
        st.dataframe(shown, column_config=columns, hide_index=True)


def sampled(found: pd.DataFrame, seed: int, what: str) -> pd.DataFrame:
    """Rows drawn at random, at most `SHOWN`; says of how many, and what is said beside each image."""
    sample = found.sample(min(SHOWN, len(found)), random_state=seed)
    of = f"{count(len(sample))} of " if len(sample) < len(found) else ""
    st.caption(f"{of}{count(len(found))} images, drawn at random, {what}.")
    return sample


def has_pictures(*runs: Run) -> bool:
    """Whether the data set here holds the pictures of all these runs; says why not."""
    if state.dataset() is None:
        state.missing_dataset("The gallery")
    elif not all(state.dataset_matches(run) for run in runs):
        st.warning(
            "The data set here is not the one that this run saw (their fingerprints differ), so its pictures would "
            "not belong to these predictions. Ids and probabilities:",
            icon=":material/difference:",
        )
    else:
        return True
    return False


def draw_pictures(
    sample: pd.DataFrame, words_of: Callable[..., str] | None = None, below: Callable[..., None] | None = None
) -> None:
    """Framed pictures with their words; ids that the data set lacks are left out and counted.

    Parameters
    ----------
    sample
        Rows with id and right, which chooses the frame.
    words_of
        What a picture is called, from its row; `caption` by default.
    below
        Draws what stands below a picture, from its row.
    """
    rows = state.image_rows(sample["id"])
    if (missing := int((rows < 0).sum())) > 0:
        st.warning(f"{missing} of these images are not in the data set here.")
    sample, rows = sample[rows >= 0], rows[rows >= 0]
    pictures = framed(state.dataset().images[rows], sample["right"].to_numpy(bool))
    with st.container(horizontal=True):
        for picture, row in zip(pictures, sample.itertuples(), strict=True):
            words = (words_of or caption)(row)
            with st.container(width=WIDTH, gap=None) if below else contextlib.nullcontext():
                st.image(picture, words, width=WIDTH, alt=words)
                if below:
                    below(row)


def caption(row) -> str:
    """How a picture is called: "✓ fear 83 %" where the prediction is right, "✗ fear → sad 61 %" where it is wrong."""
    classes = f"✓ {row.true}" if row.right else f"✗ {row.true} → {row.pred}"
    return f"{classes} {percent(row.probability, 0).replace(' ', NO_BREAK)}"
