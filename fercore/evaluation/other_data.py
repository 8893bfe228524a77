"""Runs against data sets: how each does at home and on every other data set, and how far it falls."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from fercore.evaluation.contamination import contamination
from fercore.evaluation.elsewhere import Elsewhere, elsewhere
from fercore.evaluation.intervals import drop
from fercore.evaluation.tables import ReportError, check_report
from fercore.runs import Run, RunError

HOME = "its own data"
SCORES = {"accuracy": "Accuracy", "macro_f1": "Macro-F1"}
READINGS = ("free", "told")
COLUMNS = [
    *("run", "data", "fingerprint", "split_name", "value", "low", "high", "n", "shared", "classes", "not_asked"),
    *("drop", "drop_low", "drop_high", "copies", "without", "without_low", "without_high", "seen"),
]


def matrix(
    runs: Iterable[Run], split: str = "test", score: str = "accuracy", reading: str = "free"
) -> tuple[pd.DataFrame, dict[str, str]]:
    """A row for each run and data set that it was evaluated on, its own first.

    Parameters
    ----------
    runs, split
        The runs, and the split of every data set.
    score, reading
        Keys of `SCORES` and of `READINGS`; a run's own figure has only one reading. Told of a single class there is no
        figure, which `problems` says.

    Returns
    -------
    table, problems
        `COLUMNS`: run, data (`HOME` or the data set's name), fingerprint, split_name, the score with its interval, n
        (images asked), shared and classes (how many classes of the data the model knows, and how many they are),
        not_asked (images), drop of the score from home with its interval (accuracy: Newcombe's; macro F1: bootstrap,
        `average_drop`; missing without a figure at home), copies (images with a copy among the run's training
        images; missing where nobody knows), the score without them, and seen (contamination, see `contamination`). And
        run -> what cannot be read.
    """
    rows, problems = [], {}
    for run in runs:
        found, unreadable = elsewhere(run)
        problems |= {f"{run.name} on {name}": problem for name, problem in unreadable.items()}
        own = None
        for one in (run, *found):
            if (split, "none") not in one.evaluations():
                continue
            try:
                metrics = check_report(one.metrics(split))
                row = _row(one, metrics, split, score, reading, own)
            except (RunError, ReportError, KeyError, TypeError, OSError) as error:
                problems[f"{run.name} on {_name(one)}"] = str(error)
                continue
            own = metrics if one is run else own
            rows.append(row)
    return pd.DataFrame(rows, columns=COLUMNS), problems


def _name(one: Run) -> str:
    return one.dataset_name if isinstance(one, Elsewhere) else HOME


def _row(one: Run, metrics: dict, split: str, score: str, reading: str, own: dict | None) -> dict:
    read = metrics
    if reading == "told" and isinstance(one, Elsewhere):
        if not isinstance(metrics.get("told"), dict):
            raise ReportError("model and data share one class alone, and told of it every model says it")
        read = check_report(metrics["told"])
    row = {
        "run": one.name,
        "data": _name(one),
        "fingerprint": one.info["dataset"].get("fingerprint"),
        "split_name": metrics["split_name"],
        **read[score],
        "n": metrics["n"],
        "seen": contamination(one, split) or "",
    }
    if not isinstance(one, Elsewhere):
        return row | {"shared": len(one.classes), "classes": len(one.classes), "not_asked": 0}
    without, copies = metrics.get("without_copies"), metrics.get("copies_in_training")
    row |= {
        "shared": len(one.shared),
        "classes": len(one.info["dataset"]["classes"]),
        "not_asked": sum(metrics["not_asked"].values()),
        "copies": copies,
    }
    if isinstance(without, dict) and reading == "free":
        figure = without[score]
        row |= {"without": figure["value"], "without_low": figure["low"], "without_high": figure["high"]}
    if own is not None:
        fallen = _drop(own, read, score)
        row |= {"drop": fallen["value"], "drop_low": fallen["low"], "drop_high": fallen["high"]}
    return row


def _drop(own: dict, read: dict, score: str) -> dict[str, float]:
    if score == "accuracy":
        return drop(own[score], read[score])
    from fercore.evaluation.metrics import average_drop  # brings scikit-learn: seconds, which accuracies do not need

    return average_drop(own["confusion"], read["confusion"], score)
