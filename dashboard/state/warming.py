"""What is imported before anybody asks for it."""

from __future__ import annotations

import importlib
import sys
import threading
from pathlib import Path

import streamlit as st

# What pages with models need, seconds each at the first import; in the order in which pages ask for them.
SLOW = ("torch", "torchvision.transforms.v2", "fercore.models.registry", "fercore.inference.predictor")


def warm_up() -> None:
    """Import torch in the background, once a server, so that the first page that needs it does not wait as long.

    To be called after a page is drawn, which should not share the processor with it. Tests and other scripts that run
    pages import what they need and nothing else.
    """
    if Path(sys.argv[0]).name == "Home.py":
        _started()


@st.cache_resource(show_spinner=False)
def _started() -> threading.Thread:
    thread = threading.Thread(target=import_slow, name="imports", daemon=True)
    thread.start()
    return thread


def import_slow() -> None:
    """Import all of `SLOW`; what fails fails again, and is told, on the page that needs it."""
    for name in SLOW:
        try:
            importlib.import_module(name)
        except Exception:  # whatever a broken installation raises
            return
