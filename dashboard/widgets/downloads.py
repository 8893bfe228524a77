"""Download buttons: one beside every table and picture."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

from fercore.charts.grids import png
from fercore.runs import Run
from state.folders import data_root


def download(label: str, content: str | bytes | Callable[[], str | bytes], name: str, mime: str) -> None:
    """A button that saves text or bytes as a file; a callable is asked for them only when the button is pressed."""
    st.download_button(label, content, name, mime, icon=":material/download:", on_click="ignore")


def download_table(label: str, table: pd.DataFrame, name: str) -> None:
    """A button that saves a table, without its index, as a CSV file, made when it is pressed."""
    download(label, partial(table.to_csv, index=False), name, "text/csv")


def download_report(run: Run) -> None:
    """A button that saves all that is known of a run as one HTML file, made when it is pressed."""

    def make() -> str:
        from fercore.report.page import html_report  # brings the engine that draws charts, half a second

        return html_report(run, data_root() / "audit" / "copies.json")

    download("Download a report of this run", make, f"{run.name}.html", "text/html")


def download_picture(label: str, picture: np.ndarray, name: str) -> None:
    """A button that saves a picture uint8 (H, W) or (H, W, 3) as a PNG file, made when it is pressed."""
    download(label, partial(png, picture), name, "image/png")


def download_folder(label: str, folder: Path, name: str) -> None:
    """A button that saves a folder's files, below a folder of this name, as one zip, made when it is pressed."""

    def make() -> bytes:
        content = io.BytesIO()
        with zipfile.ZipFile(content, "w") as archive:  # stored: weights hardly shrink
            for file in sorted(folder.rglob("*")):
                if file.is_file() and not file.is_symlink():
                    archive.write(file, f"{name}/{file.relative_to(folder)}")
        return content.getvalue()

    download(label, make, f"{name}.zip", "application/zip")
