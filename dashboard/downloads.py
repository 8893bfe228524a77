"""Download buttons: one beside every table."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd
import streamlit as st


def download(label: str, content: str | Callable[[], str], name: str, mime: str) -> None:
    """A button that saves text as a file; a callable is asked for the text only when the button is pressed."""
    st.download_button(label, content, name, mime, icon=":material/download:", on_click="ignore")


def download_table(label: str, table: pd.DataFrame, name: str) -> None:
    """A button that saves a table, without its index, as a CSV file."""
    download(label, table.to_csv(index=False), name, "text/csv")
