"""What disturbances come to, in words. Counts come from `fercore.evaluation.robustness`."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from fercore.charts.style import count, percent, points, range_words, with_range
from fercore.charts.weak_points import figure
from fercore.evaluation.confidence import RIGHT
from fercore.evaluation.disturbances import KINDS
from fercore.evaluation.intervals import wilson
from fercore.evaluation.robustness import (
    BASELINE,
    Robustness,
    broken_promise,
    corruption_error,
    kind_table,
    mean_flips,
    right_of,
)

ENOUGH = 50  # sure answers of which a share is told
KIND_COLUMNS = ("Disturbance", "Accuracy", "Loss, points", "Not monotone at strength")


def summary(found: Robustness, run: str, baseline: Robustness | None, split_name: str = "") -> list[str]:
    """All that a run's counts come to, a sentence each; of what was not measured, none.

    `split_name` is what to call the split, by default what its data set does.
    """
    worst = worst_words(found, run, split_name or found.about["split_name"])
    sentences = [worst, corruption_words(found, baseline), flips_words(found), sure_words(found)]
    return [words for words in (*sentences, calibration_words(found), order_words(found)) if words]


def worst_words(found: Robustness, run: str, split_name: str) -> str:
    """The clean accuracy, and the two kinds that cost most of it."""
    table = kind_table(found).to_dict("records")
    clean = 1 - found.wrong_clean.mean()
    first, second = (f"{row['kind']} ({with_range(figure(row, 'accuracy'))})" for row in table[:2])
    of = "" if found.n == found.about["split_size"] else f" drawn from {count(found.about['split_size'])}"
    return (
        f"{run} has an accuracy of {percent(clean)} on {count(found.n)} images of {split_name}{of}. It "
        f"falls most, on average over the strengths, under {first} and {second}."
    )


def corruption_words(found: Robustness, baseline: Robustness | None) -> str:
    """The mean corruption error; empty for the baseline, and without its counts on the same images."""
    if baseline is None or found.about == baseline.about or (error := corruption_error(found, baseline)) is None:
        return ""
    relative = corruption_error(found, baseline, relative=True)
    beyond = f"; counting only what disturbances add to its errors, {with_range(relative)}" if relative else ""
    return f"Its mean corruption error is {with_range(error)} of that of {BASELINE}{beyond}."


def flips_words(found: Robustness) -> str:
    """How many answers a tiny change turns."""
    flips = mean_flips(found)
    return (
        f"Changes too small to see turn {percent(flips['value'])} of its answers into others ({range_words(flips)} by "
        "kind)."
    )


def sure_words(found: Robustness) -> str:
    """Whether what the threshold promises holds."""
    if found.about["threshold"] is None:
        return ""
    below, tested = broken_promise(found, RIGHT, ENOUGH)
    words = f"Its threshold was chosen so that {percent(RIGHT, 0)} of sure answers are right"
    if not tested:
        return ""
    if below.empty:
        return f"{words}, which holds, within noise, under every disturbance."
    worst = below.loc[(below["sure_right"] / below["sure"]).idxmin()].to_dict()
    right = wilson(worst["sure_right"], worst["sure"])
    return (
        f"{words}; under {len(below)} of {tested} disturbances fewer are, by more than noise, fewest under "
        f"{worst['kind']} at strength {worst['strength']}: {with_range(right)} of {count(worst['sure'])}."
    )


def calibration_words(found: Robustness) -> str:
    """How far confidence and accuracy come apart."""
    clean, rest = found.counts.iloc[0], found.counts[found.counts["kind"].isin(list(KINDS))]
    worst = rest.loc[rest["calibration_error"].idxmax()]
    return (
        f"Its calibration error is {percent(clean['calibration_error'])} on clean pictures and at most "
        f"{percent(worst['calibration_error'])}, under {worst['kind']} at strength {worst['strength']}."
    )


def order_words(found: Robustness) -> str:
    """Under how many kinds more strength once costs nothing, and under which most; `kind_rows` has them all."""
    most = {kind: int(np.diff(right_of(found, kind)).max()) for kind in KINDS}
    rising = sorted((kind for kind in KINDS if most[kind] > 0), key=most.get, reverse=True)
    if not rising:
        return "Under no kind is accuracy higher at a strength than at the one before."
    first = rising[0]
    return (
        f"Under {len(rising)} of {len(KINDS)} kinds accuracy is higher at some strength than at the one before, by "
        f"{points(most[first] / found.n)} at most ({first})."
    )


def kind_rows(found: Robustness) -> pd.DataFrame:
    """`kind_table` as people read it, in `KIND_COLUMNS`."""
    rows = kind_table(found).to_dict("records")
    cells = [
        [
            row["kind"],
            with_range(figure(row, "accuracy")),
            loss_words(row),
            ", ".join(map(str, row["rises"])),
        ]
        for row in rows
    ]
    return pd.DataFrame(cells, columns=list(KIND_COLUMNS), dtype=object)


def loss_words(row: Mapping) -> str:
    """How much accuracy a row of `kind_table` has lost, in points: "20.0 (12.5 to 28.0)"."""
    return f"{points(row['drop']).removesuffix(' points')} ({range_words(figure(row, 'drop'))})"
