"""Which detector finds the faces, and the button that fetches the quicker one."""

from __future__ import annotations

import streamlit as st

import state
from fercore.fields import ConfigError
from fercore.inference.detector_file import MTCNN, fetch
from state.faces import detector_name
from wording.markdown import message

YUNET = (
    "- **Faces are found** by YuNet (Wu, Peng and Yu 2023), whose file has the MIT licence; it was trained on WIDER "
    "Face, which is CC BY-NC-ND, and whether that reaches the weights is unsettled."
)
ABOUT_MTCNN = (
    "- **Faces are found** by MTCNN (Zhang et al. 2016), which comes with the packages. YuNet is about eight times as "
    "fast; its file (0.2 MB, MIT licence; trained on WIDER Face, which is CC BY-NC-ND, and whether that reaches the "
    "weights is unsettled) is fetched once from the Hugging Face hub and kept in this machine's cache."
)


def offer_yunet() -> None:
    """Say which detector finds the faces, and offer to fetch YuNet where it is absent."""
    if detector_name() != MTCNN:
        st.markdown(YUNET)
        return
    st.markdown(ABOUT_MTCNN)
    if state.may_start_jobs() and st.button("Fetch YuNet", key="fetch_yunet", icon=":material/download:"):
        try:
            with st.spinner("Fetching YuNet ..."):
                fetch()
        except ConfigError as error:
            st.error(message(error), icon=":material/cloud_off:")
        else:
            st.rerun()
