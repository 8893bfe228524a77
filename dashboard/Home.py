"""Entry of the dashboard: `streamlit run dashboard/Home.py [-- --runs DIR --data DIR]`. Navigation, then the page."""

from pathlib import Path

import streamlit as st

HERE = Path(__file__).parent

st.set_page_config("FER workbench", str(HERE / "icon.svg"), layout="wide", initial_sidebar_state=230)
st.logo(str(HERE / "logo.svg"), size="large", icon_image=str(HERE / "icon.svg"))
page = st.navigation(
    {
        "": [st.Page("pages/overview.py", title="Home", icon=":material/home:", default=True)],
        "Data": [
            st.Page("pages/dataset.py", title="Dataset", icon=":material/photo_library:"),
            st.Page("pages/audit.py", title="Audit", icon=":material/fact_check:"),
        ],
        "Models": [
            st.Page("pages/training.py", title="Training", icon=":material/show_chart:"),
            st.Page("pages/experiments.py", title="Experiments", icon=":material/science:"),
            st.Page("pages/evaluation.py", title="Evaluation", icon=":material/grid_on:"),
            st.Page("pages/errors.py", title="Errors", icon=":material/image_search:"),
            st.Page("pages/calibration.py", title="Calibration", icon=":material/speed:"),
            st.Page("pages/compare.py", title="Compare", icon=":material/balance:"),
            st.Page("pages/models.py", title="Which model?", icon=":material/leaderboard:"),
        ],
        "Understand": [
            st.Page("pages/features.py", title="Filters, activations", icon=":material/apps:"),
            st.Page("pages/embedding.py", title="Embedding", icon=":material/bubble_chart:"),
            st.Page("pages/explain.py", title="Explain", icon=":material/troubleshoot:"),
        ],
        "Use": [
            st.Page("pages/predict.py", title="Predict", icon=":material/photo_camera:"),
            st.Page("pages/webcam.py", title="Webcam", icon=":material/videocam:"),
        ],
    }
)

# Imported late: it brings pandas, and the first visitor should see the navigation before.
with st.spinner("Starting the workbench ..."):
    import state

with state.errors_shown():
    page.run()
