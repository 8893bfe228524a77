"""Dataset: which faces are there, how many of each emotion, and what does augmentation make of them?"""

import numpy as np
import pandas as pd
import streamlit as st

import state
from fercore.charts.dataset import counts_table, distribution_chart, imbalance
from fercore.charts.style import count
from views.dataset import bring
from views.dataset.samples import draw_augmentation, draw_faces, draw_gallery
from widgets.downloads import download_table
from widgets.page_title import page_title
from wording.markdown import code, escape, message


def answer(table: pd.DataFrame, split: str) -> str:
    """One sentence: how unevenly the emotions are spread over a split."""
    uneven = imbalance(table, split)
    if uneven.ratio < 1.05:
        return f"Each emotion has about {count(uneven.most_images)} images in {escape(split)}."
    times = f"{uneven.ratio:.1f} times the images of" if np.isfinite(uneven.ratio) else "images where there is none of"
    figures = f"{count(uneven.most_images)} against {count(uneven.fewest_images)}"
    return f"{uneven.most.capitalize()} has **{times} {uneven.fewest}** in {escape(split)}: {figures}."


@st.fragment
def draw_distribution(table: pd.DataFrame) -> None:
    kinds = {"share": "Share of the split", "images": "Number of images"}
    kind = st.segmented_control("Show", list(kinds), default="share", required=True, format_func=kinds.get)
    state.chart(distribution_chart, table, kind == "share", alt="Images of each emotion in each split")
    with st.expander("The counts as a table", icon=":material/table:"):
        wide = table.pivot(index="emotion", columns="split", values="images")
        st.dataframe(wide.loc[list(dict.fromkeys(table["emotion"])), list(dict.fromkeys(table["split"]))])
    download_table("Download the counts", table, "counts.csv")


page_title("Dataset", "Which faces are there?")
dataset = state.dataset()
bring.draw(expanded=dataset is None and not state.runs())
if dataset is None and not state.runs():
    state.missing_dataset("This page")
    st.stop()
if dataset is None:
    run = state.choose_run()
    if not run.info["dataset"]:
        st.markdown(f"{code(run.name)} was trained by others and has no record of its data.")
        state.missing_dataset("This page, unless you choose another run,")
        st.stop()
    counts, names = run.info["dataset"].get("counts"), run.info["dataset"].get("split_names")
    classes, averages = run.classes, state.average_faces(run)
    origin = f"As {code(run.name)} recorded its data when it was trained."
else:
    counts, names = dataset.counts(), dataset.info["split_names"]
    classes, averages = dataset.classes, state.dataset_average_faces()
    origin = f"Counted in {code(state.data_root())}."

try:
    table = counts_table(counts, names, classes)
except ValueError as error:
    st.error(message(error), icon=":material/error:")
    st.stop()
state.draw_answer(answer(table, names["train"]))
st.caption(origin)
draw_distribution(table)
if averages is not None:
    st.subheader("The average face of each emotion")
    draw_faces(averages[:, None], classes, f"Average face of {names['train']}")
st.subheader("Random faces")
if dataset is None:
    state.missing_dataset("The gallery")
else:
    draw_gallery(dataset)
if averages is not None:
    st.subheader("What augmentation does")
    draw_augmentation(dataset, averages, classes)
