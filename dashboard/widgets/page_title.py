"""What every page begins with: its name, and the question that it answers."""

import streamlit as st


def page_title(name: str, question: str) -> None:
    """Draw the name of the page, as the navigation has it, and below it its question."""
    with st.container(gap=None):
        st.title(name)
        st.caption(question)
