"""What a model answers for one face, drawn."""

from __future__ import annotations

import altair as alt
import numpy as np
import pandas as pd

from fercore.charts.style import emotion_scale, ink, percent, percent_axis
from fercore.emotions import EMOTIONS


def probability_bars(probabilities: np.ndarray, dark: bool = False) -> alt.LayerChart:
    """The probability of each emotion as a bar with its figure.

    Parameters
    ----------
    probabilities
        float array (7,), in the order of `EMOTIONS`.
    dark
        Whether the page's ground is dark.
    """
    data = pd.DataFrame({"emotion": EMOTIONS, "probability": probabilities.astype(float)})
    data["label"] = [percent(value) for value in data["probability"]]
    base = alt.Chart(data).encode(
        y=alt.Y("emotion:N", title=None, sort=list(EMOTIONS)),
        x=alt.X(
            "probability:Q",
            axis=percent_axis("Probability", values=[0, 0.5, 1]),
            scale=alt.Scale(domain=[0, 1.15], nice=False),  # room for the figure beside a full bar
        ),
        tooltip=[alt.Tooltip("emotion:N", title="Emotion"), alt.Tooltip("label:N", title="Probability")],
    )
    bars = base.mark_bar().encode(color=alt.Color("emotion:N", scale=emotion_scale(), legend=None))
    labels = base.mark_text(align="left", dx=5, color=ink(dark)).encode(text="label:N")
    return (bars + labels).properties(height=210)
