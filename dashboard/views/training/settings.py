"""What was set differently, and all settings."""

import streamlit as st

from fercore.evaluation.learning import config_table, differences
from fercore.runs import Run
from widgets.downloads import download_table

HOW = (
    "Training images are measured while the weights still move, with augmentation and dropout on, so the gap starts "
    "below zero and understates overfitting; from 10 points on we call it strong. The best epoch is chosen by its "
    "validation accuracy, which is therefore a little optimistic. Intervals are Wilson's at 95 %. These are the "
    "training's own figures; other pages measure the stored answers, which the kept weights gave in full precision, so "
    "a few images may differ."
)
WHOLE = (
    " Curves and gaps are of all validation images: only of the best epoch the single answers are kept, without which "
    "copies cannot be left out."
)


def draw_settings(runs: list[Run]) -> None:
    table = config_table({run.name: run.info["config"] for run in runs})
    if len(runs) > 1:
        st.subheader("What was set differently")
        if differences(table).empty:
            st.markdown("These runs have the same settings.")
        else:
            st.dataframe(differences(table))
            download_table("Download the differences", differences(table).reset_index(), "settings.csv")
    with st.expander("All settings"):
        st.dataframe(table)
