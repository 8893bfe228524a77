"""What people say of a face beside what the model says, as bars below its picture."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np
import streamlit as st

from fercore.charts.style import percent
from fercore.data.ferplus import ANSWERS
from fercore.emotions import colors

MOST = 4  # answers below a picture
LEGEND = "Bars: how many of ten people say so, above, and the model's probability, below."
_ROW = (
    '<div style="font-size:0.7rem;line-height:1.15;margin-top:3px" title="{title}">{name}'
    '<div style="height:5px;width:{people:.0f}%;background:{color}"></div>'
    '<div style="height:5px;width:{model:.0f}%;background:{color};opacity:0.45"></div></div>'
)


def bar_rows(
    counts: np.ndarray, classes: Sequence[str], probabilities: np.ndarray
) -> list[tuple[str, float, float | None]]:
    """The answers that matter most: name, share of the votes, and the model's probability (None where it has no such).

    Parameters
    ----------
    counts
        Votes (10,) for each of `fercore.data.ferplus.ANSWERS`, at least one.
    classes, probabilities
        The model's, (C,).
    """
    people = dict(zip(ANSWERS, (counts / counts.sum()).tolist(), strict=True))
    model = dict(zip(classes, probabilities.tolist(), strict=True))
    names = sorted({*people, *model}, key=lambda name: -max(people.get(name, 0), model.get(name, 0)))
    return [(name, people.get(name, 0.0), model.get(name)) for name in names[:MOST]]


def draw_votes(counts: np.ndarray, classes: Sequence[str], probabilities: np.ndarray) -> None:
    """Bars below a picture; nothing where nobody voted."""
    if not counts.any():
        st.caption("no votes")
        return
    found = bar_rows(counts, classes, probabilities)
    looks = colors(name for name, _, _ in found)
    st.html("".join(_row(*row, looks[row[0]], counts) for row in found))


def _row(name: str, people: float, model: float | None, color: str, counts: np.ndarray) -> str:
    plain = name.replace("_", " ")
    said = f"{people * counts.sum():.0f} of {counts.sum():.0f} people"
    title = f"{plain}: {said}, model {'has no such class' if model is None else percent(model, 0)}"
    values = {"people": 100 * people, "model": 100 * (model or 0)}
    return _ROW.format(title=escape(title, quote=True), name=escape(plain), color=color, **values)
