"""What was set differently, and all settings."""

import streamlit as st

from fercore.evaluation.learning import config_table, differences
from fercore.runs import Run
from widgets.downloads import download_table


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
