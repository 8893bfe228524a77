"""Studies and cross-validations, drawn. Tables come from `fercore.evaluation.studies` and `.cross_validation`."""

from __future__ import annotations

from collections.abc import Mapping

import altair as alt
import pandas as pd

from fercore.charts.style import (
    RunStyle,
    duration,
    ink,
    percent,
    percent_axis,
    points,
    run_color,
    run_shape,
    with_range,
)
from fercore.evaluation.studies import WORSE

REPORT = RunStyle("#8C8C8C", "diamond")  # how the report's own figures look beside a run's
SCORES = {
    "accuracy": "Accuracy",
    "balanced_accuracy": "Balanced accuracy",
    "macro_f1": "Macro-F1",
    "weighted_f1": "Weighted F1",
}
_ROW = 36  # pixels of a mark's row
_LETTERS = 50  # of a legend's names that fit a narrow page beside each other
_FRAME = 120  # pixels of title and axis, which Streamlit counts into a chart's height


def accuracy_chart(
    table: pd.DataFrame, ranked: pd.DataFrame, styles: Mapping[str, RunStyle], split_name: str, dark: bool = False
) -> alt.LayerChart:
    """Accuracy of each point with its 95 % interval, in the order of the study, and what it is beside the best.

    Parameters
    ----------
    table
        From `studies.point_table`, runs with a val_accuracy only, with a column name for what to call each run.
    ranked
        From `studies.ranking`.
    styles
        Name -> look, for every name of the table.
    split_name
        What to call the images.
    dark
        Whether the page's ground is dark.
    """
    figures = table[["val_accuracy", "val_low", "val_high"]].set_axis(["value", "low", "high"], axis=1)
    data = table[["point", "name", "seed"]].assign(
        **figures, words=[with_range(row) for row in figures.to_dict("records")]
    )
    data = data.assign(end=data.groupby("point")["high"].transform("max"))
    low, high = float(data["low"].min()), float(data["high"].max())
    room = alt.Scale(domain=[low - 0.05 * (high - low), high + 0.45 * (high - low)], nice=False)  # for the verdicts
    base = _by_point(data, styles, "Accuracy, 95 %")
    axis = percent_axis(f"Accuracy on {split_name}", tickCount=5)
    rules = base.mark_rule(strokeWidth=2).encode(x=alt.X("low:Q", axis=axis, scale=room), x2="high:Q")
    shape = run_shape(styles, list(data["name"]), "name").legend(None)
    marks = base.mark_point(filled=True, size=90, opacity=1).encode(x=alt.X("value:Q", scale=room), shape=shape)
    verdicts = data.drop_duplicates("point").merge(_verdicts(ranked), on="point")[["point", "end", "mean", "verdict"]]
    ends = alt.Chart(verdicts).encode(y=_points_axis(data))
    words = ends.mark_text(align="left", dx=8, fontSize=12, color=ink(dark)).encode(
        x=alt.X("end:Q", scale=room), text="verdict:N"
    )
    layers = [rules, marks, words]
    if ranked["seeds"].gt(1).any():
        ticks = ends.mark_tick(thickness=2, size=18 * data["seed"].nunique(), color=ink(dark)).encode(
            x=alt.X("mean:Q", scale=room)
        )
        layers.append(ticks)
    return alt.layer(*layers).properties(height=_FRAME + _ROW * len(data), title="Accuracy")


def time_chart(table: pd.DataFrame, styles: Mapping[str, RunStyle], dark: bool = False) -> alt.LayerChart:
    """Median time of an epoch of each point; `table` as for `accuracy_chart`, runs with a finished epoch only."""
    data = table[["point", "name", "seed"]].assign(
        seconds=table["seconds_per_epoch"], words=[duration(x) for x in table["seconds_per_epoch"]]
    )
    room = alt.Scale(domain=[0, 1.35 * max(float(data["seconds"].max()), 0.1)], nice=False)
    base = _by_point(data, styles, "An epoch")
    x = alt.X("seconds:Q", title="Seconds an epoch (median)", axis=alt.Axis(tickCount=5), scale=room)
    # A share of the band would be taken of the point's, not of the seed's.
    bars = (base.mark_bar() if data["point"].duplicated().any() else base.mark_bar(height={"band": 0.5})).encode(x=x)
    words = base.mark_text(align="left", dx=6, fontSize=12).encode(x=x, text="words:N", color=alt.value(ink(dark)))
    return (bars + words).properties(height=_FRAME + _ROW * len(data), title="Time")


def fold_chart(
    scores: pd.DataFrame, spreads: pd.DataFrame, split_names: Mapping[str, str], color: str, dark: bool = False
) -> alt.LayerChart:
    """Scores of each fold as points, with mean and standard deviation over folds.

    Parameters
    ----------
    scores, spreads
        From `cross_validation.fold_scores` and `cross_validation.spread`.
    split_names
        What to call each split.
    color
        Of the points, the run's.
    dark
        Whether the page's ground is dark.
    """
    names = [split_names[split] for split in dict.fromkeys(scores["split"])]
    axis, scale = percent_axis("Each fold, mean ± standard deviation", tickCount=6), alt.Scale(zero=False, padding=12)
    means = spreads.assign(
        low=spreads["mean"] - spreads["sd"],
        high=spreads["mean"] + spreads["sd"],
        words=[spread_words(*row) for row in spreads[["mean", "sd"]].itertuples(index=False)],
    )
    under = _by_score(means, split_names, names, "Mean ± sd")
    rules = under.mark_rule(strokeWidth=2, color=ink(dark)).encode(
        x=alt.X("low:Q", axis=axis, scale=scale), x2="high:Q"
    )
    ticks = under.mark_tick(thickness=2, size=14, color=ink(dark)).encode(x=alt.X("mean:Q", scale=scale))
    folds = scores.assign(
        words=[f"{percent(x)} (fold {i})" for x, i in zip(scores["value"], scores["fold"], strict=True)]
    )
    wide = sum(map(len, names)) > _LETTERS
    legend = alt.Legend(orient="top", labelLimit=320, columns=2 if wide else len(names))
    shape = alt.Shape("split:N", sort=names, title="Images", legend=legend)
    marks = _by_score(folds, split_names, names, "Value").mark_point(filled=True, size=80, opacity=0.9, color=color)
    marks = marks.encode(x=alt.X("value:Q", scale=scale), shape=shape)
    return alt.layer(rules, ticks, marks).properties(height=130 + 20 * len(SCORES) * len(names))


def spread_words(mean: float, sd: float) -> str:
    """Mean and standard deviation of fractions, in per cent: "57.9 % ± 0.4"; without the latter where it is missing."""
    return percent(mean) if pd.isna(sd) else f"{percent(mean)} ± {100 * sd:.1f}"


def _by_point(data: pd.DataFrame, styles: Mapping[str, RunStyle], what: str) -> alt.Chart:
    """A row for each point and in it one for each of its seeds."""
    base = alt.Chart(data).encode(
        y=_points_axis(data),
        color=run_color(styles, list(data["name"]), "name").legend(None),
        tooltip=[alt.Tooltip("name:N", title="Point"), alt.Tooltip("words:N", title=what)],
    )
    return base.encode(yOffset=alt.YOffset("seed:N")) if data["point"].duplicated().any() else base


def _by_score(table: pd.DataFrame, split_names: Mapping[str, str], order: list[str], what: str) -> alt.Chart:
    """A row for each score that is a fraction and in it one for each split."""
    shown = table[table["score"].isin(list(SCORES))]
    data = shown.assign(score=shown["score"].map(SCORES), split=shown["split"].map(split_names))
    return alt.Chart(data).encode(
        y=alt.Y("score:N", sort=list(SCORES.values()), title=None, scale=alt.Scale(paddingInner=0.3)),
        yOffset=alt.YOffset("split:N", sort=order),
        tooltip=[
            alt.Tooltip("score:N", title="Score"),
            alt.Tooltip("split:N", title="Images"),
            alt.Tooltip("words:N", title=what),
        ],
    )


def _points_axis(data: pd.DataFrame) -> alt.Y:
    axis = alt.Axis(labelLimit=160, labelFlush=False)  # flush, the first name would stand below its marks
    return alt.Y("point:N", sort=list(dict.fromkeys(data["point"])), title=None, axis=axis)


def verdict_words(ranked: pd.DataFrame) -> dict[str, str]:
    """Point -> what it is beside the best: "best", "within noise", "1.2 points less"; from `studies.ranking`."""
    less = [f"{points(x)} less" if pd.notna(x) else "" for x in ranked["difference"]]
    words = [away if verdict == WORSE else verdict for verdict, away in zip(ranked["verdict"], less, strict=True)]
    return dict(zip(ranked["point"], words, strict=True))


def _verdicts(ranked: pd.DataFrame) -> pd.DataFrame:
    words = verdict_words(ranked)
    return pd.DataFrame({"point": list(words), "mean": ranked["accuracy"], "verdict": list(words.values())})
