"""Where runs agree, and the images on which two of them do not."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st

import state
from fercore.charts import comparison as charts
from fercore.charts.style import percent
from fercore.evaluation.comparison import DIFFERENTLY, ONLY_FIRST, ONLY_SECOND, agreement, disagreements
from fercore.runs import Run
from views.compare.same_images import Compared
from widgets import gallery
from widgets.downloads import download_table
from widgets.one_of import one_of
from wording.lists import listed
from wording.markdown import code

CHART = "agreement_chart"  # key of the chart whose clicked cell chooses two runs
FIRST, SECOND, KIND = "first", "second", "disagree"  # keys of the choosers, and their names in the URL
SIGNS = ("①", "②")
KINDS = {
    "only the first is right": ONLY_FIRST,
    "only the second is right": ONLY_SECOND,
    "both wrong, differently": DIFFERENTLY,
}
COLUMNS = {
    "first": "First",
    "second": "Second",
    "same": "The same",
    "both_right": "Both right",
    "only_first": "Only first right",
    "only_second": "Only second right",
    "wrong_alike": "Wrong alike",
    "wrong_differently": "Wrong, differently",
}


def draw(found: Compared) -> None:
    """The agreement of all pairs, then the images on which two runs disagree."""
    if len(found.runs) < 2:
        return
    st.subheader("Where they agree")
    pairs, labels = agreement(found.answers), {found.label(name): name for name in found.runs}
    named = pairs.assign(**{place: pairs[place].map(found.label) for place in (FIRST, SECOND)})
    with st.container(horizontal=True, gap="large"):  # beside each other where they fit
        settings = {"width": 440, "on_select": partial(choose_pair, labels), "key": CHART}
        state.chart(charts.agreement_chart, named, state.dark(), alt="How often runs say the same", **settings)
        state.chart(charts.overlap_chart, beside_one(named, found), width=420, alt="Right together and alone")
    order = list(labels).index
    draw_table(named[named[FIRST].map(order) < named[SECOND].map(order)])
    download_table("Download the agreement", pairs, f"agreement_{found.measurement.split}.csv")
    draw_disagreements(found)


def choose_pair(labels: dict[str, str]) -> None:
    """Let the clicked cell choose the two runs of the choosers below; `labels` has the name of each run drawn."""
    cell = (st.session_state[CHART].selection.get(charts.PAIR) or [{}])[0]
    # The front end sent this: only names of the runs that are drawn may enter the choosers.
    chosen = [labels.get(str(cell.get(place))) for place in (FIRST, SECOND)]
    if None not in chosen and chosen[0] != chosen[1]:
        st.session_state[FIRST], st.session_state[SECOND] = chosen


def draw_table(pairs: pd.DataFrame) -> None:
    """Each two runs in a row."""
    shown = pairs[list(COLUMNS)].assign(same=[percent(x) for x in pairs["same"]]).rename(columns=COLUMNS)
    images = st.column_config.NumberColumn(format="%,d")
    st.dataframe(shown, column_config=dict.fromkeys(list(COLUMNS.values())[3:], images), hide_index=True)
    st.caption(
        "The same: share of images that both take for the same emotion. Right, wrong: images. Click on a cell to see "
        "on which images the two runs disagree."
    )


def beside_one(pairs: pd.DataFrame, found: Compared) -> pd.DataFrame:
    """The best run, or the first where none can be ranked, with each other."""
    best = found.label(found.ranked["run"][0] if len(found.ranked) else next(iter(found.runs)))
    return pairs[(pairs[FIRST] == best) & (pairs[SECOND] != best)]


def choose_two(found: Compared) -> tuple[str, str]:
    """Choosers of two different runs: at first the best and the next."""
    names = [*found.ranked["run"], *found.flagged]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        settings = {"bind": "query-params", "width": 300}
        first = st.selectbox(f"First run {SIGNS[0]}", names, key=FIRST, **settings)
        others = [name for name in names if name != first]
        return first, st.selectbox(f"Second run {SIGNS[1]}", others, key=SECOND, **settings)


def draw_disagreements(found: Compared) -> None:
    """Choosers of two runs and of how they disagree; then the images, or their ids where the pictures are not here."""
    st.subheader("Images on which they disagree")
    first, second = choose_two(found)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        settings = {"key": KIND, "bind": "query-params"}
        chosen = one_of("How they disagree", list(KINDS), default=next(iter(KINDS)), **settings)
        seed = state.show_others("disagreements")
    kind = KINDS[chosen]
    table = disagreements(found.answers, first, second, kind, found.classes)
    if table.empty:
        st.info("There is no such image.")
        return
    sample = gallery.sampled(table, seed, "with what each of the two says and how sure it is")
    runs = [found.runs[first], found.runs[second]]
    # Runs of several data sets are compared on the same images alone, so that one whose pictures are here will do.
    here = [run for run in runs if state.dataset_matches(run)]
    if gallery.has_pictures(*(here or runs)):
        draw_pictures(sample, runs, kind)
    else:
        draw_rows(sample)
    download_table("Download these images", table, f"disagree_{first}_{second}_{kind}.csv")


def draw_pictures(sample: pd.DataFrame, runs: list[Run], kind: str) -> None:
    """Pictures with what both runs say, each with a link to its explanation."""
    gallery.draw_pictures(sample, caption, gallery.explain_link(runs))
    one_right, none_right = "Solid blue frame: one of them is right", "Dashed vermilion frame: both are wrong"
    names = listed(f"{sign} {code(run.name)}" for sign, run in zip(SIGNS, runs, strict=True))
    without = [code(run.name) for run in runs if not run.has_weights]
    note = f" Without weights, {listed(without)} cannot be explained." if without else ""
    st.caption(f"{names}, ✓ where right. {none_right if kind == DIFFERENTLY else one_right}.{note}")


def draw_rows(sample: pd.DataFrame) -> None:
    """The images by their ids."""
    shown = sample[["id", "true"]].rename(columns={"id": "Image", "true": "True"})
    for sign, place in zip(SIGNS, (FIRST, SECOND), strict=True):
        said = zip(sample[place], sample[f"{place}_probability"], strict=True)
        shown[f"{sign} says"] = [f"{emotion}, {percent(probability, 0)}" for emotion, probability in said]
    st.dataframe(shown, hide_index=True)


def caption(row) -> str:
    """How a picture is called: "fear: ① ✓ 83 % ② sad 61 %"; lines break between the parts only."""
    said = ((row.first, row.first_probability), (row.second, row.second_probability))
    parts = [
        gallery.share_words(f"{sign} {'✓' if emotion == row.true else emotion}", probability)
        for sign, (emotion, probability) in zip(SIGNS, said, strict=True)
    ]
    return " ".join([f"{row.true}:", *parts])
