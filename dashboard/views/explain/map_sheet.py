"""Several maps of one face as one picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

import state
from fercore.charts.grids import Layout, grid
from fercore.charts.heatmaps import full_colour, over_face
from widgets.downloads import download_picture

TILE, COLUMNS = 150, 6  # pixels of a picture on the screen, and pictures beside each other


def draw_sheet(
    image: np.ndarray, maps: Sequence[np.ndarray], labels: Sequence[str], signed: bool, opacity: float, name: str
) -> None:
    """Maps over the face as one picture, each on a scale of its own, with a button that saves it."""
    tiles = [over_face(image, heat, full_colour(heat), signed, opacity, 2 * TILE) for heat in maps]
    columns = min(COLUMNS, len(tiles))
    layout = Layout(-(-len(tiles) // columns), columns, tile=TILE, below=18)
    picture = grid(tiles, layout, state.dark(), labels=labels)
    st.image(picture, width=layout.width, alt=", ".join(labels))
    download_picture("Download the picture", picture, name)
