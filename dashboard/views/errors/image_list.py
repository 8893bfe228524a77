"""The images that are asked for: pictures, page by page, or a table where the pictures are not here."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st

import state
from fercore.charts.style import count, percent
from fercore.evaluation.elsewhere import Elsewhere
from fercore.evaluation.errors import matching, outcomes
from views.errors.image_filters import PAIR_OUTCOMES, SINGLE_OUTCOMES, Images
from widgets import gallery, vote_bars
from widgets.downloads import download_table
from widgets.pagination import choose_page
from wording.markdown import code, escape

PAGE = "page"  # key of the pages, and their name in the address
COLUMNS = {
    "id": "Image",
    "true": "True",
    "label": "Label",
    "pred": "Predicted",
    "probability": "Probability",
    "true_probability": "Of the true class",
    "other_pred": "Second says",
    "other_probability": "Its probability",
    "copy": "Copy in training",
    "brightness": "Brightness",
    "votes": "People say",
}
ELSEWHERE = " The page Explain takes images of the run's own data, and uploads."
NOTHING = "No image matches all that is chosen. Widen one of the choices above."
NO_SLICE = "Nothing is known of this slice for these images. Choose another slice above; the page Slices shows all."
SHARES = ("probability", "true_probability", "other_probability")


def draw(found: Images, name: str) -> None:
    """How many images match and which they are; `name` is that of the file to download."""
    chosen = matching(found.table, found.wanted)
    say_how_many(found, len(chosen))
    if chosen.empty:
        st.info(NO_SLICE if found.slice is None else NOTHING)
        return
    if found.pictured:
        draw_pages(found, chosen)
    else:
        gallery.has_pictures(found.runs[0])
        draw_table(chosen)
    download_table("Download these images", chosen, f"errors_{name}.csv")


def say_how_many(found: Images, matches: int) -> None:
    """The number of matches, and how they divide by outcome; who is first and who second."""
    counts = outcomes(found.table, found.wanted)
    labels = PAIR_OUTCOMES if len(found.runs) > 1 else SINGLE_OUTCOMES
    parts = [f"{label} {count(counts[outcome])}" for label, outcome in labels.items() if outcome]
    names = [f"{place}: {code(run.name)}" for place, run in zip(("first", "second"), found.runs, strict=False)]
    beside = f" ({', '.join(names)})" if len(names) > 1 else ""
    images = "1 image" if matches == 1 else f"{count(matches)} images"
    within = f" of the slice {escape(found.slice)}" if found.slice else ""
    st.markdown(f"**{images}**{within}, {found.sorted}. Under these choices: {', '.join(parts)}{beside}.")


def draw_pages(found: Images, chosen: pd.DataFrame) -> None:
    """Pictures of one page, with what is said of each and a link to its explanation."""
    of = repr((found.wanted, *(run.name for run in found.runs), len(found.table)))
    shown = chosen.iloc[choose_page(len(chosen), gallery.SHOWN, PAGE, of, in_url=True)]
    gallery.draw_pictures(shown, caption, below_picture(found), found.runs[0])
    note = ""
    if not state.with_weights(found.runs):
        note = ELSEWHERE if isinstance(found.runs[0], Elsewhere) else " Without weights the run cannot be explained."
    bars = "" if found.votes is None else f" {vote_bars.LEGEND}"
    st.caption(f"{gallery.LEGEND} Each class with its probability.{bars}{note}")


def below_picture(found: Images) -> Callable[..., None] | None:
    """What stands below a picture: what people say beside the model's probabilities, and a link to its explanation."""
    explain = gallery.explain_link(found.runs)
    if found.votes is None:
        return explain
    rows = {id_: row for row, id_ in enumerate(found.answers.id.tolist())}

    def below(image) -> None:
        row = rows[image.id]
        vote_bars.draw_votes(found.votes[row], found.classes, found.answers.probabilities[row])
        if explain:
            explain(image)

    return below


def caption(row) -> str:
    """How a picture is called: "✗ fear 4 % → sad 61 %", "✓ fear 83 %", and what a second run says."""
    words = gallery.share_words(row.pred, row.probability)
    if not row.right:
        words = f"{gallery.share_words(row.true, row.true_probability)} → {words}"
    second = (
        f"; second: {gallery.share_words(row.other_pred, row.other_probability)}" if "other_pred" in row._fields else ""
    )
    return f"{'✓' if row.right else '✗'} {words}{second}"


def draw_table(chosen: pd.DataFrame) -> None:
    """Ids and figures."""
    shown = chosen[[name for name in COLUMNS if name in chosen]]
    shares = {name: [percent(x) for x in shown[name]] for name in SHARES if name in shown}
    st.dataframe(shown.assign(**shares).rename(columns=COLUMNS), hide_index=True)
