"""Entry of the dashboard: `streamlit run dashboard/Home.py [-- --runs DIR --data DIR]`. Navigation, then the page.

Where the secrets name an identity provider, who has not signed in sees the way in and nothing else.
"""

from pathlib import Path

import streamlit as st

HERE = Path(__file__).parent

st.set_page_config("FER workbench", str(HERE / "icon.svg"), layout="wide", initial_sidebar_state=230)
st.logo(str(HERE / "logo.svg"), size="large", icon_image=str(HERE / "icon.svg"))
page = st.navigation(
    {
        "": [st.Page("views/home/page.py", title="Home", icon=":material/home:", default=True)],
        "Data": [
            st.Page("views/dataset/page.py", url_path="dataset", title="Dataset", icon=":material/photo_library:"),
            st.Page("views/audit/page.py", url_path="audit", title="Audit", icon=":material/fact_check:"),
        ],
        "Models": [
            st.Page("views/training/page.py", url_path="training", title="Training", icon=":material/show_chart:"),
            st.Page(
                "views/experiments/page.py", url_path="experiments", title="Experiments", icon=":material/science:"
            ),
            st.Page("views/evaluation/page.py", url_path="evaluation", title="Evaluation", icon=":material/grid_on:"),
            st.Page("views/errors/page.py", url_path="errors", title="Errors", icon=":material/image_search:"),
            st.Page("views/calibration/page.py", url_path="calibration", title="Calibration", icon=":material/speed:"),
            st.Page("views/slices/page.py", url_path="slices", title="Slices", icon=":material/pie_chart:"),
            st.Page("views/robustness/page.py", url_path="robustness", title="Robustness", icon=":material/blur_on:"),
            st.Page("views/compare/page.py", url_path="compare", title="Compare", icon=":material/balance:"),
            st.Page("views/other_data/page.py", url_path="other-data", title="Other data", icon=":material/public:"),
            st.Page("views/models/page.py", url_path="models", title="Which model?", icon=":material/leaderboard:"),
            st.Page("views/jobs/page.py", url_path="jobs", title="Jobs", icon=":material/list_alt:"),
        ],
        "Understand": [
            st.Page(
                "views/features/page.py", url_path="features", title="Filters, activations", icon=":material/apps:"
            ),
            st.Page("views/embedding/page.py", url_path="embedding", title="Embedding", icon=":material/bubble_chart:"),
            st.Page("views/explain/page.py", url_path="explain", title="Explain", icon=":material/troubleshoot:"),
        ],
        "Use": [
            st.Page("views/predict/page.py", url_path="predict", title="Predict", icon=":material/photo_camera:"),
            st.Page("views/webcam/page.py", url_path="webcam", title="Webcam", icon=":material/videocam:"),
        ],
    }
)

# Imported late: it brings pandas, and the first visitor should see the navigation before.
with st.spinner("Starting the workbench ..."):
    import state
    from widgets.job_status import draw_sidebar

state.limit_uploads()
with state.errors_shown():
    if state.signed_in():
        draw_sidebar()
        page.run()
state.warm_up()
