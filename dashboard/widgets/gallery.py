"""Pictures of images with what is said of each, on every page that shows some."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence

import pandas as pd
import streamlit as st

import state
from fercore.charts.gallery import framed
from fercore.charts.style import count, percent
from fercore.evaluation.elsewhere import Elsewhere
from fercore.runs import Run
from widgets.links import link
from wording.markdown import NO_BREAK

SHOWN = 24  # images at once
WIDTH = 112  # pixels of a picture on the screen
LEGEND = "✓ and a solid blue frame: right. ✗ and a dashed vermilion frame: wrong, true class → predicted class."


def sampled(found: pd.DataFrame, seed: int, what: str) -> pd.DataFrame:
    """Rows drawn at random, at most `SHOWN`; says of how many, and what is said beside each image."""
    sample = found.sample(min(SHOWN, len(found)), random_state=seed)
    of = f"{count(len(sample))} of " if len(sample) < len(found) else ""
    st.caption(f"{of}{count(len(found))} images, drawn at random, {what}.")
    return sample


def has_pictures(*runs: Run) -> bool:
    """Whether the data set here holds the pictures of all these runs; says why not."""
    if any(isinstance(run, Elsewhere) and state.dataset(run) is None for run in runs):
        st.info("The pictures of this data set are not beside the one here, so only ids and probabilities are shown.")
    elif state.dataset(*runs[:1]) is None:
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
    sample: pd.DataFrame,
    words_of: Callable[..., str] | None = None,
    below: Callable[..., None] | None = None,
    run: Run | None = None,
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
    run
        Whose results they are, where these may be on other data.
    """
    rows = state.image_rows(sample["id"], run)
    if (missing := int((rows < 0).sum())) > 0:
        st.warning(f"{missing} of these images are not in the data set here.")
    sample, rows = sample[rows >= 0], rows[rows >= 0]
    pictures = framed(state.dataset(run).images[rows], sample["right"].to_numpy(bool))
    with st.container(horizontal=True):
        for picture, row in zip(pictures, sample.itertuples(), strict=True):
            words = (words_of or caption)(row)
            with st.container(width=WIDTH, gap=None) if below else contextlib.nullcontext():
                st.image(picture, words, width=WIDTH, alt=words)
                if below:
                    below(row)


def explain_link(runs: Sequence[Run]) -> Callable[..., None] | None:
    """What draws, below a picture, a link to its explanation by those runs that hold weights; None where none does."""
    able = [run.name for run in state.with_weights(runs)]

    def below(row) -> None:
        link("explain", "Explain", query={"runs": able, "ids": row.id})

    return below if able else None


def caption(row) -> str:
    """How a picture is called: "✓ fear 83 %" where the prediction is right, "✗ fear → sad 61 %" where it is wrong."""
    classes = "✓" if row.right else f"✗ {row.true} →"
    return f"{classes} {share_words(row.pred, row.probability)}"


def share_words(emotion: str, probability: float) -> str:
    """A class and its probability, between which no line ends: "fear 83 %"."""
    return f"{emotion} {percent(probability, 0)}".replace(" ", NO_BREAK)
