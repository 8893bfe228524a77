"""How many images have a copy elsewhere: an audit's counts as a table and a chart."""

from __future__ import annotations

from collections.abc import Mapping

import altair as alt
import pandas as pd

from fercore.charts.style import ink, percent_axis

# Whose images, and where their copies are: what leaks into a score first.
PAIRS = (("test", "train"), ("val", "train"), ("test", "val"), ("train", "train"), ("val", "val"), ("test", "test"))
KINDS = ("same pixels", "near or mirrored only")
_COLORS = ("#0072B2", "#7FB2DC")


def copies_table(counts: Mapping[str, int], names: Mapping[str, str]) -> pd.DataFrame:
    """Images of each split that have a copy in another or in the same split.

    Parameters
    ----------
    counts
        Of an audit, see `fercore.data.audit.findings`.
    names
        Split -> what its source calls it.

    Returns
    -------
    DataFrame
        pair ("PrivateTest, copy in Training", in the order of `PAIRS`), kind (one of `KINDS`), images, share (of the
        split's images), total (images of both kinds), with_total (share of both).
    """
    rows = []
    for split, other in PAIRS:
        exact, near = (counts.get(f"{kind}_{split}_in_{other}", 0) for kind in ("exact", "near"))
        pair = f"{names[split]}, copy in {names[other] if other != split else 'the same split'}"
        size = max(counts.get(f"{split}_images", 0), 1)
        for kind, images in zip(KINDS, (exact, near - exact), strict=True):
            rows.append((pair, kind, images, images / size, near, near / size))
    return pd.DataFrame(rows, columns=["pair", "kind", "images", "share", "total", "with_total"])


def copies_chart(table: pd.DataFrame, dark: bool = False) -> alt.LayerChart:
    """Bars of a `copies_table`: the share of a split's images that have a copy, exact and near ones stacked."""
    order = list(dict.fromkeys(table["pair"]))
    labels = table.drop_duplicates("pair").assign(
        words=[f"{row.total:,} ({100 * row.with_total:.1f} %)" for row in table.drop_duplicates("pair").itertuples()]
    )
    axis = alt.Y("pair:N", sort=order, title=None, axis=alt.Axis(labelLimit=320, labelFontSize=13, labelOverlap=False))
    longest = max(float(table["with_total"].max()), 0.01)
    scale = alt.Scale(domain=[0, 1.6 * longest], nice=False)  # room for the words at the end of the longest bar
    bars = (
        alt.Chart(table)
        .mark_bar()
        .encode(
            y=axis,
            x=alt.X("share:Q", scale=scale, axis=percent_axis("Share of the split's images", tickCount=6)),
            color=alt.Color(
                "kind:N",
                scale=alt.Scale(domain=list(KINDS), range=list(_COLORS)),
                legend=alt.Legend(title="Copies", orient="top", columns=1, labelLimit=320),
            ),
            order=alt.Order("kind:N", sort="descending"),
            tooltip=[
                alt.Tooltip("pair:N", title="Images of"),
                alt.Tooltip("kind:N", title="Copies"),
                alt.Tooltip("images:Q", title="Images", format=","),
                alt.Tooltip("share:Q", title="Share", format=".1%"),
            ],
        )
    )
    text = (
        alt.Chart(labels)
        .mark_text(align="left", dx=5, color=ink(dark))
        .encode(y=axis, x=alt.X("with_total:Q", scale=scale), text="words:N")
    )
    return (bars + text).properties(height=320)
