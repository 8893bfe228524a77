"""Entry of the dashboard: `streamlit run dashboard/Home.py [-- --runs DIR --data DIR]`. Navigation, then the page."""

import state
import streamlit as st

st.set_page_config(page_title="FER workbench", page_icon=":material/face:", layout="wide")

page = st.navigation(
    {
        "": [st.Page("pages/overview.py", title="Home", icon=":material/home:", default=True)],
        "Data": [st.Page("pages/dataset.py", title="Dataset", icon=":material/photo_library:")],
        "Models": [
            st.Page("pages/training.py", title="Training", icon=":material/show_chart:"),
            st.Page("pages/evaluation.py", title="Evaluation", icon=":material/grid_on:"),
        ],
    }
)

with state.errors_shown():
    page.run()
