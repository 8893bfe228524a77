"""All runs in one table, and beside the figures of the report which the project started from."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping, Sequence
from importlib import resources

import altair as alt
import pandas as pd

from fercore.charts.style import RunStyle, percent, percent_axis, with_range
from fercore.evaluation.intervals import wilson
from fercore.evaluation.tables import accuracy_columns
from fercore.runs import Run

# The report's models: name, its entry in reference_report.json, the entry's accuracy, our recipe for the same thing and
# the folds of a cross-validation (1 is none).
_REPORT_MODELS = (
    ("Final CNN (section 4)", "final_cnn", "test_accuracy", "report-cnn", 1),
    ("Pretrained ResNet-18 (section 2)", "resnet18_pretrained", "test_accuracy", "resnet18", 1),
    ("CNN, 3-fold cross-validation (section 5)", "kfold", "accuracy", "report-cnn", 3),
    ("ViT by dima806 (section 7)", "vit_dima806", "accuracy", "vit-compact", 1),
)
_GREY = "#8C8C8C"
EVALUATED = ("val", "test")


def reference_report() -> dict:
    """Figures of the report (Murad and Zeelen, May 2024), as read from its text; fractions from 0 to 1."""
    return json.loads((resources.files("fercore") / "reference_report.json").read_text("utf-8"))


def runs_table(
    runs: Sequence[Run], learned: Mapping[str, tuple[int, float] | None], metrics: Mapping[str, Mapping[str, dict]]
) -> pd.DataFrame:
    """One row a run, in the order given.

    Parameters
    ----------
    runs
        The runs.
    learned
        Run name -> number of its epochs and their seconds, None for a run without any. A run may be missing.
    metrics
        Run name -> split -> report of `fercore.evaluation.metrics.report`. Runs and splits may be missing.

    Returns
    -------
    pandas.DataFrame
        run, model, recipe, parameters, epochs, seconds (of training), then accuracy, low and high (fractions) of val
        and test, status, created (UTC). What is not known is empty.
    """
    rows = [_row(run, learned.get(run.name), metrics.get(run.name, {})) for run in runs]
    table = pd.DataFrame(rows, columns=list(_COLUMNS)).astype(_COLUMNS)
    return table.assign(created=pd.to_datetime(table["created"], errors="coerce", utc=True, format="ISO8601"))


def interval_words(table: pd.DataFrame, split: str) -> list[str | None]:
    """The 95 % interval of each row of `runs_table` on a split, in per cent: "69.8 to 72.8"; None where unknown."""
    bounds = table[[f"{split}_low", f"{split}_high"]].itertuples(index=False)
    return [f"{100 * low:.1f} to {100 * high:.1f}" if pd.notna(low) else None for low, high in bounds]


def report_table(runs: Sequence[Run], metrics: Mapping[str, Mapping[str, dict]]) -> pd.DataFrame:
    """The report's models, each beside our run of the same recipe.

    Parameters
    ----------
    runs
        Our runs, best first: the first with a report that repeats a model stands beside it.
    metrics
        As for `runs_table`.

    Returns
    -------
    pandas.DataFrame
        model, n, report_accuracy, report_low, report_high (Wilson score, 95 %: the report gives no interval), run,
        first_weights ("random", or what they were trained on), then accuracy, low and high of our run on val and test.
        All fractions; empty where we have no such run.
    """
    report, rows = reference_report(), []
    for model, entry, key, recipe, folds in _REPORT_MODELS:
        accuracy, n = report[entry][key], report[entry].get("support", report["kfold"]["support"])
        interval = wilson(round(accuracy * n), n)
        expected = _recipe_model(recipe)
        ours = (run for run in runs if _repeats(run, recipe, expected) and _folds(run) == folds)
        run = next((run for run in ours if metrics.get(run.name)), None)
        theirs = {"report_accuracy": accuracy, "report_low": interval["low"], "report_high": interval["high"]}
        accuracies = accuracy_columns(metrics[run.name] if run else {})
        own = {"run": run.name, "first_weights": _first_weights(run)} if run else {"run": None, "first_weights": None}
        rows.append({"model": model, "n": n, **theirs, **own, **accuracies})
    return pd.DataFrame(rows)


def accuracy_chart(
    table: pd.DataFrame, split_names: Mapping[str, str], styles: Mapping[str, RunStyle], report_accuracy: float | None
) -> alt.LayerChart:
    """Accuracy of each run with its 95 % interval on the test and validation splits, and the report's as a line.

    Parameters
    ----------
    table
        From `runs_table`, in the order to be drawn, with at least one accuracy.
    split_names
        What to call "val" and "test".
    styles
        Colours of the runs, from `run_styles`.
    report_accuracy
        Fraction from 0 to 1, drawn as a dashed line; None where it does not compare with the others.
    """
    rows = [
        {"run": row.run, "split": name, "value": value, "low": low, "high": high}
        for row in table.itertuples()
        for split, name in split_names.items()
        for value, low, high in [[getattr(row, f"{split}_{part}") for part in ("accuracy", "low", "high")]]
        if pd.notna(value)
    ]
    data = pd.DataFrame(rows).assign(words=[with_range(row) for row in rows])
    shown, splits = list(dict.fromkeys(data["run"])), list(split_names.values())
    colors = alt.Scale(domain=shown, range=[styles[name].color for name in shown])
    base = alt.Chart(data).encode(
        y=alt.Y("run:N", sort=shown, title=None, axis=alt.Axis(labelLimit=260)),
        yOffset=alt.YOffset("split:N", sort=splits, scale=alt.Scale(paddingOuter=0.4)),
        color=alt.Color("run:N", scale=colors, legend=None),
        tooltip=[
            alt.Tooltip("run:N", title="Run"),
            alt.Tooltip("split:N", title="Split"),
            alt.Tooltip("words:N", title="Accuracy, 95 %"),
        ],
    )
    axis = percent_axis("Accuracy with 95 % interval", tickCount=6)
    scale = alt.Scale(zero=False, nice=True, padding=12)
    bars = base.mark_rule(strokeWidth=2).encode(x=alt.X("low:Q", axis=axis, scale=scale), x2="high:Q")
    shapes = alt.Shape("split:N", sort=splits, title="Split", legend=alt.Legend(orient="top", labelLimit=320))
    points = base.mark_point(size=90, strokeWidth=2, opacity=1).encode(x=alt.X("value:Q", scale=scale), shape=shapes)
    layers = [*([] if report_accuracy is None else _report_line(report_accuracy)), bars, points]
    # In pixels and with 150 for legend and axis: Streamlit fits the whole chart into its height, and Vega warns in the
    # console about a height in steps.
    return alt.layer(*layers).properties(height=150 + 44 * len(shown))


def _report_line(accuracy: float) -> list[alt.Chart]:
    report = alt.Chart(pd.DataFrame({"x": [accuracy], "words": [f"the report {percent(accuracy)}"]}))
    line = report.mark_rule(strokeDash=[5, 4], color=_GREY).encode(x="x:Q")
    label = report.mark_text(align="right", baseline="bottom", dx=-4, dy=-4, color=_GREY, fontSize=12)
    return [line, label.encode(x="x:Q", y=alt.value(0), text="words:N")]


_COLUMNS = {
    "run": "str",
    "model": "str",
    "recipe": "str",
    "parameters": "Int64",
    "epochs": "Int64",
    "seconds": "float64",
    **{f"{split}_{part}": "float64" for split in EVALUATED for part in ("accuracy", "low", "high")},
    "status": "str",
    "created": "str",
}


def _row(run: Run, learned: tuple[int, float] | None, metrics: Mapping[str, dict]) -> dict:
    config = run.info["config"]
    epochs, seconds = learned or (None, None)  # a run that sums up others has no epochs of its own
    model = config.get("model")
    return {
        "run": run.name,
        "model": _text(model.get("type") if isinstance(model, dict) else None),
        "recipe": _text(config.get("recipe")),
        "parameters": run.parameters,
        "epochs": epochs,
        "seconds": seconds,
        **accuracy_columns(metrics),
        "status": run.status,
        "created": _text(run.info["created"]),
    }


def _recipe_model(recipe: str) -> dict:
    """The [model] table of a recipe that comes with the project, without where first weights come from; empty where it
    has no file."""
    source = resources.files("fercore") / "recipes" / f"{recipe}.toml"
    model = tomllib.loads(source.read_text("utf-8")).get("model", {}) if source.is_file() else {}
    return {key: value for key, value in model.items() if key != "weights"}


def _repeats(run: Run, recipe: str, model: dict) -> bool:
    """Whether a run has the recipe's name and kept its model, whatever else its command line changed."""
    config = run.info["config"]
    own = config.get("model")
    return (
        config.get("recipe") == recipe
        and isinstance(own, dict)
        and all(own.get(key) == value for key, value in model.items())
    )


def _first_weights(run: Run) -> str | None:
    """What a run began with, as far as it says."""
    trained_on = run.info.get("trained_on")
    if not isinstance(trained_on, dict) or "pretraining" not in trained_on:
        return None
    return "random" if trained_on["pretraining"] is None else _text(trained_on["pretraining"])


def _folds(run: Run) -> int:
    """How many folds a run sums up; 1 for a run of its own, 0 for a single fold or a point of a study."""
    kfold = run.info.get("kfold")
    return 0 if run.part_of else kfold.get("folds", 0) if isinstance(kfold, dict) else 1


def _text(value: object) -> str | None:
    """Run folders may come from strangers: text as it is, up to a length a table can show; anything else is unknown."""
    return value[:80] if isinstance(value, str) else None
