"""What is in the data: class counts of each split as a table, a sentence's figures and a chart (report, figure 1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import altair as alt
import pandas as pd

from fercore.charts.style import emotion_scale, in_order, percent_axis
from fercore.data.dataset import SPLITS
from fercore.emotions import EMOTIONS

_OPACITIES = (1.0, 0.65, 0.35)
_GREY = "#8C8C8C"


class Imbalance(NamedTuple):
    """The emotions with the most and the fewest images of a split; `ratio` is infinite where one has none."""

    most: str
    most_images: int
    fewest: str
    fewest_images: int
    ratio: float


def counts_table(
    counts: Mapping[str, Mapping[str, int]], split_names: Mapping[str, str], classes: Sequence[str] = EMOTIONS
) -> pd.DataFrame:
    """Images of each emotion in each split.

    Parameters
    ----------
    counts
        Split -> emotion -> images, as `Dataset.counts` and run.json have it.
    split_names
        Split -> what its source calls it.
    classes
        Names of the classes, by default those of FER2013.

    Returns
    -------
    pandas.DataFrame
        split (the source's name), emotion, images, share (fraction of the split); ordered by split, then emotion.

    Raises
    ------
    ValueError
        If a split, an emotion or a name is missing, or a count is none: run folders come from strangers too.
    """
    if not isinstance(counts, Mapping) or not isinstance(split_names, Mapping):
        raise ValueError("class counts: the counts or the names of the splits are missing")
    rows = []
    for split in SPLITS:
        images, name = counts.get(split), split_names.get(split)
        if not isinstance(name, str) or not isinstance(images, Mapping) or set(images) != set(classes):
            raise ValueError(f"class counts of {split!r}: expected a name and a count for each of {', '.join(classes)}")
        if not all(type(n) is int and 0 <= n < 2**53 for n in images.values()):
            raise ValueError(f"class counts of {split!r}: received {dict(images)}, expected whole numbers from 0")
        total = sum(images.values())
        rows += [(name, emotion, images[emotion], images[emotion] / total if total else 0.0) for emotion in classes]
    return pd.DataFrame(rows, columns=["split", "emotion", "images", "share"])


def imbalance(table: pd.DataFrame, split: str) -> Imbalance:
    """The largest and the smallest class of a split in a `counts_table`; the first in class order where several tie."""
    images = table[table["split"] == split].set_index("emotion")["images"]
    most, fewest = images.idxmax(), images.idxmin()
    ratio = images[most] / images[fewest] if images[fewest] else float("inf")
    return Imbalance(most, int(images[most]), fewest, int(images[fewest]), float(ratio))


def distribution_chart(table: pd.DataFrame, shares: bool = True) -> alt.Chart:
    """Bars of a `counts_table`: by emotion, side by side for each split.

    Parameters
    ----------
    table
        From `counts_table`.
    shares
        Draw each emotion's share of its split, which makes splits of different sizes comparable; else images.
    """
    splits, classes = in_order(table["split"]), in_order(table["emotion"])
    height = (
        alt.Y("share:Q", axis=percent_axis("Share of the split's images"))
        if shares
        else alt.Y("images:Q", axis=alt.Axis(title="Images", format=","))
    )
    return (
        alt.Chart(table)
        .mark_bar(cornerRadiusTopLeft=2, cornerRadiusTopRight=2)
        .encode(
            x=alt.X("emotion:N", sort=classes, title=None, axis=alt.Axis(labelAngle=0, labelFontSize=13)),
            xOffset=alt.XOffset("split:N", sort=splits),
            y=height,
            color=alt.Color("emotion:N", scale=emotion_scale(classes), legend=None),
            opacity=alt.Opacity(
                "split:N",
                sort=splits,
                scale=alt.Scale(domain=splits, range=list(_OPACITIES)),
                legend=alt.Legend(title="Bars from left to right", orient="top", labelLimit=320, symbolFillColor=_GREY),
            ),
            tooltip=[
                alt.Tooltip("emotion:N", title="Emotion"),
                alt.Tooltip("split:N", title="Split"),
                alt.Tooltip("images:Q", title="Images", format=","),
                alt.Tooltip("share:Q", title="Share", format=".1%"),
            ],
        )
        .properties(height=320)
    )
