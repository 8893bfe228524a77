"""A study with several seeds: every point by the mean and the range of its seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import streamlit as st

import state
from fercore.charts import seeds as charts
from fercore.charts.experiments import verdict_words
from fercore.charts.style import RunStyle
from fercore.evaluation.seeds import curve_ranges, over_seeds
from fercore.evaluation.studies import Point
from views.experiments import point_cells
from wording.markdown import escape

METHOD = (
    "{val} and {test}: mean accuracy of the point's seeds, each at its best epoch, with the smallest and the largest. "
    "That epoch and the best point are chosen on {val}; {test} took part in no choice. Below the best: difference of "
    "the means with its 95 % range, by Welch's test on the accuracies of the seeds; p is corrected for the number of "
    "pairs, any of which could have been the best and another (Holm)."
)


def draw(
    table: pd.DataFrame,
    ranked: pd.DataFrame,
    found: Sequence[Point],
    histories: Mapping[str, pd.DataFrame],
    images: Mapping[str, str],
) -> None:
    """Figures, curves and the table of a study's points; arguments as the study's view has them."""
    summary = over_seeds(table)
    first = table.drop_duplicates("point").set_index("point")["run"]
    runs = {point.run.name: point.run for point in found}
    styles = state.run_looks(runs[name] for name in first)
    looks = {point: styles[run] for point, run in first.items()}
    scored = summary.dropna(subset="val_mean")
    if len(scored):
        settings = {"alt": "Mean accuracy of each point, with the range over seeds"}
        words = verdict_words(ranked)
        state.chart(charts.seeds_chart, scored, table, words, looks, images["val"], state.dark(), **settings)
        st.caption("Marks: mean over seeds. Ticks: each seed. Lines: from the lowest to the highest.")
    _draw_curves(histories, dict(zip(table["run"], table["point"], strict=True)), looks)
    _draw_table(summary, ranked, found, images)


def _draw_curves(
    histories: Mapping[str, pd.DataFrame], point_of: Mapping[str, str], looks: dict[str, RunStyle]
) -> None:
    begun = {run: history for run, history in histories.items() if len(history)}
    if not begun:
        return
    ranges = curve_ranges(begun, point_of)
    with point_cells.learning(looks, [point for point in looks if point in set(ranges["point"])]):
        for quantity in point_cells.QUANTITIES:
            state.chart(charts.seeds_curves, ranges, looks, quantity, alt=f"{quantity} by epoch, mean and range")
    st.caption(
        "Lines: mean over seeds, validation solid, training dashed (measured during the epoch, with augmentation and "
        "dropout). Bands: from the lowest to the highest seed."
    )


def _draw_table(summary: pd.DataFrame, ranked: pd.DataFrame, found: Sequence[Point], images: Mapping[str, str]) -> None:
    st.subheader("The points")
    varied = {point.label: point_cells.varied_words(point) for point in found}
    beside = ranked.set_index("point").reindex(summary["point"])
    shown = pd.DataFrame({"Point": summary["point"], "Seeds": summary["seeds"]})
    for split in ("val", "test"):
        figures = summary[[f"{split}_{part}" for part in ("mean", "low", "high")]]
        shown[images[split]] = [charts.range_words(*row) for row in figures.itertuples(index=False)]
    shown = shown.assign(**point_cells.below_the_best(beside))
    shown["An epoch"] = point_cells.epoch_words(summary)
    shown["Varied"] = [varied.get(point, "") for point in summary["point"]]
    st.dataframe(shown, hide_index=True)
    st.caption(METHOD.format(val=escape(images["val"]), test=escape(images["test"])))
