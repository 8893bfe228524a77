"""What a model answers for one face, drawn."""

from __future__ import annotations

from collections.abc import Sequence

import altair as alt
import numpy as np
import pandas as pd

from fercore.charts.style import emotion_scale, ink, percent
from fercore.emotions import EMOTIONS


def probability_bars(
    probabilities: np.ndarray, dark: bool = False, classes: Sequence[str] = EMOTIONS
) -> alt.LayerChart:
    """The probability of each emotion as a bar with its figure.

    Parameters
    ----------
    probabilities
        float array (C,), in the order of the classes.
    dark
        Whether the page's ground is dark.
    classes
        Names of the C classes, by default those of FER2013.
    """
    data = pd.DataFrame({"emotion": list(classes), "probability": probabilities.astype(float)})
    data["label"] = [percent(value) for value in data["probability"]]
    base = alt.Chart(data).encode(
        y=alt.Y("emotion:N", title=None, sort=list(classes), axis=alt.Axis(labelOverlap=False)),
        # Each bar has its figure, and the longest needs room for it.
        x=alt.X("probability:Q", axis=None, scale=alt.Scale(domain=[0, 1.25], nice=False)),
        tooltip=[alt.Tooltip("emotion:N", title="Emotion"), alt.Tooltip("label:N", title="Probability")],
    )
    bars = base.mark_bar().encode(color=alt.Color("emotion:N", scale=emotion_scale(classes), legend=None))
    labels = base.mark_text(align="left", dx=5, color=ink(dark)).encode(text="label:N")
    return (bars + labels).properties(height=max(190, 27 * len(classes)))
