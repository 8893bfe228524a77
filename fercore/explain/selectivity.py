"""Which emotion a channel responds to, and how selectively; arrays and summaries in, arrays and tables out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from fercore.emotions import EMOTIONS
from fercore.explain.summary import ChannelSummary, FeatureSummary

ORDERS = ("selectivity", "strength", "number")


class Answer(NamedTuple):
    """The hidden layer whose channels are the most selective, and the emotion that most of them prefer.

    `median`, `low` and `high` are the quartiles of its channels' selectivity; `emotion` is preferred by a `share` of
    its `channels` that fire on enough images to say so.
    """

    layer: str
    median: float
    low: float
    high: float
    emotion: str
    share: float
    channels: int


def selectivity(means: np.ndarray) -> np.ndarray:
    """Selectivity index of each channel for each emotion.

    Morcos et al. 2018 (https://arxiv.org/abs/1803.06959): (m - r) / (m + r), where m is the channel's mean
    strength on the emotion and r the mean over the other emotions of theirs, so that rare emotions count as much as
    common ones. Their index is the largest of a row, that of the emotion with the highest mean.

    Parameters
    ----------
    means
        (C, K), 0 and above; NaN for emotions without images, which are left out.

    Returns
    -------
    numpy.ndarray
        float64 (C, K): 1 responds to this emotion only, 0 to it as to the others on average, -1 to all but it. 0 for a
        channel that never fires; NaN for an emotion without images, or without others to compare it with.
    """
    means = means.astype(np.float64)
    seen = ~np.isnan(means)
    others = seen.sum(axis=1, keepdims=True) - 1
    with np.errstate(invalid="ignore", divide="ignore"):
        rest = np.where(others > 0, (np.nansum(means, axis=1, keepdims=True) - means) / others, np.nan)
        rest = np.maximum(rest, 0)  # a sum less its largest part can fall a rounding below 0
        index = (means - rest) / (means + rest)
    return np.where(seen & (means + rest == 0), 0.0, index)


def channel_table(channels: ChannelSummary, classes: Sequence[str] = EMOTIONS) -> pd.DataFrame:
    """One row a channel: its number, the emotion it prefers, its selectivity for it, its strength and all indices.

    Returns
    -------
    pandas.DataFrame
        channel, emotion (of the highest mean; missing for a channel that fires on fewer than `TOP` images, too few
        to say so), selectivity (Morcos et al.'s index), strength (mean over the emotions), then strength_<emotion> and
        selectivity_<emotion> of all `classes`, by default those of FER2013.
    """
    means, index = channels.means.astype(np.float64), selectivity(channels.means)
    best, own = _preferred(channels, index)
    columns = {
        "channel": np.arange(len(means)),
        "emotion": [classes[code] if code >= 0 else None for code in best],
        "selectivity": own,
        "strength": np.nanmean(means, axis=1),
    }
    for name, values in (("strength", means), ("selectivity", index)):
        columns |= {f"{name}_{emotion}": values[:, code] for code, emotion in enumerate(classes)}
    return pd.DataFrame(columns)


def layer_table(summary: FeatureSummary) -> pd.DataFrame:
    """How selective the channels of each layer are.

    Returns
    -------
    pandas.DataFrame
        layer, channels, rare (channels that fire on fewer than `TOP` images), and low, median and high: the quartiles
        of the selectivity of the others (NaN where there are none). Layers in the order of the pass.
    """
    rows = []
    for name, channels in summary.layers.items():
        best, own = _preferred(channels, selectivity(channels.means))
        firing = own[best >= 0]
        quartiles = np.quantile(firing, [0.25, 0.5, 0.75]).tolist() if len(firing) else [np.nan] * 3
        rows.append((name, len(own), len(own) - len(firing), *quartiles))
    return pd.DataFrame(rows, columns=["layer", "channels", "rare", "low", "median", "high"])


def preference_table(summary: FeatureSummary, classes: Sequence[str] = EMOTIONS) -> pd.DataFrame:
    """How many channels of each layer prefer each class, by default those of FER2013.

    Returns
    -------
    pandas.DataFrame
        layer, emotion, channels, share (of the layer's channels that are not rare, see `layer_table`); ordered by
        layer, then emotion.
    """
    rows = []
    for name, channels in summary.layers.items():
        best, _ = _preferred(channels, selectivity(channels.means))
        counts = np.bincount(best[best >= 0], minlength=len(classes)).tolist()
        total = max(sum(counts), 1)
        rows += [(name, emotion, n, n / total) for emotion, n in zip(classes, counts, strict=True)]
    return pd.DataFrame(rows, columns=["layer", "emotion", "channels", "share"])


def _preferred(channels: ChannelSummary, index: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Class with the highest mean of each channel, -1 where it fires too rarely, and the channel's index for it."""
    best = np.where(np.isnan(channels.means), -1, channels.means).argmax(axis=1)
    own = index[np.arange(len(best)), best]
    return np.where((channels.top >= 0).all(axis=1), best, -1), own


def answer(table: pd.DataFrame, preferred: pd.DataFrame) -> Answer | None:
    """The most selective hidden layer by its median; None where all hidden channels fire too rarely.

    The output is left out: its channels, one a class, are made to be selective. Takes what `layer_table` and
    `preference_table` give.
    """
    table = table[(table["layer"] != "output") & table["median"].notna()]
    if table.empty:
        return None
    row = table.loc[table["median"].idxmax()]
    preferred = preferred[preferred["layer"] == row["layer"]]
    most = preferred.loc[preferred["channels"].idxmax()]
    figures = (float(row[key]) for key in ("median", "low", "high"))
    return Answer(row["layer"], *figures, most["emotion"], float(most["share"]), int(preferred["channels"].sum()))


def order_channels(table: pd.DataFrame, order: str, emotion: str | None = None) -> np.ndarray:
    """Channel numbers in an order to look at them.

    Parameters
    ----------
    table
        From `channel_table`.
    order
        One of `ORDERS`: "selectivity" and "strength" put the highest first, channels that tie by their number, and
        those that fire too rarely last.
    emotion
        By the figures of this emotion; without one by the index for the preferred emotion and the mean strength.

    Returns
    -------
    numpy.ndarray
        int64 (C,), a permutation of 0 to C - 1.
    """
    if order not in ORDERS:
        raise ValueError(f"received order {order!r}, expected one of {', '.join(ORDERS)}")
    if order == "number":
        return np.arange(len(table))
    values = table[f"{order}_{emotion}" if emotion else order].where(table["emotion"].notna())
    return np.argsort(-values.to_numpy(np.float64), kind="stable")  # NaN come last


def leaders(table: pd.DataFrame, count: int = 5, classes: Sequence[str] = EMOTIONS) -> pd.DataFrame:
    """The strongest and the most selective channels for each emotion.

    Returns
    -------
    pandas.DataFrame
        emotion, by ("selectivity" or "strength"), rank (from 1), channel, value (the index or the mean strength);
        channels that fire too rarely and emotions without images are left out.
    """
    firing, rows = table["emotion"].notna().to_numpy(), []
    for emotion in classes:
        for by in ("selectivity", "strength"):
            values = np.where(firing, table[f"{by}_{emotion}"], np.nan)
            best = np.argsort(-values, kind="stable")[:count]  # NaN come last
            rows += [
                (emotion, by, rank, int(channel), float(values[channel]))
                for rank, channel in enumerate(best, 1)
                if not np.isnan(values[channel])
            ]
    return pd.DataFrame(rows, columns=["emotion", "by", "rank", "channel", "value"])
