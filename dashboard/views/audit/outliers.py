"""Blank pictures and outliers of brightness and contrast."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import streamlit as st

import state
from fercore.charts.style import count
from fercore.data.audit.looks import FLAT, ODD, OUTLYING, SHARE
from views.audit.decisions import draw_decidable
from widgets.one_of import one_of
from widgets.pagination import choose_page
from wording.markdown import escape

AT_ONCE = 24
ARE = {"low contrast": "low in contrast", "high contrast": "high in contrast"}
MEANING = (
    f"Blank: one gray level. Near-uniform: one level on {SHARE * 100:.0f} % of the pixels or more, or a standard "
    f"deviation below {FLAT:g} levels. The others: brightness or contrast (mean and standard deviation of the pixels) "
    f"lies more than {OUTLYING:g} robust standard deviations from the data set's median (Iglewicz and Hoaglin 1993)."
)


def draw_odd(table: pd.DataFrame, names: Mapping[str, str]) -> None:
    """A chooser of what is odd, then those pictures."""
    found = {kind: table[table["finding"] == kind] for kind in ODD if (table["finding"] == kind).any()}
    if not found:
        st.info("No picture is blank, nearly so, or far from the others in brightness or contrast.")
        return
    kind = one_of("Odd", list(found), default=next(iter(found)), key="odd", bind="query-params")
    pictures = "1 picture is" if len(found[kind]) == 1 else f"{count(len(found[kind]))} pictures are"
    st.caption(f"{pictures} {ARE.get(kind, kind)}.")
    shown = found[kind].iloc[choose_page(len(found[kind]), AT_ONCE, "odd_page")]
    with st.container(horizontal=True, gap="small"):
        for image, row in zip(shown.itertuples(), state.image_rows(shown["id"]), strict=True):
            words = f"**{image.label}**, {escape(names[image.split])}  \n{image.brightness:.0f} ± {image.contrast:.0f}"
            draw_decidable(image.id, row, words)
    st.caption(f"Below each picture: label, split, brightness ± contrast in gray levels of 255. {MEANING}")
