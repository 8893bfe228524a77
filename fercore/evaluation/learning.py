"""How runs learned: from history.csv and run.json to the tables and figures that a page tells.

Accuracies are fractions, losses are cross-entropy in nats, the gap is train minus validation accuracy. Training figures
are means over an epoch while the weights still move, with augmentation and dropout on, so the gap understates
overfitting and lies below zero early on.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from fercore.evaluation.intervals import wilson

QUANTITIES = ("accuracy", "loss")
SETS = {"train": "train", "validation": "val"}  # name in tables -> prefix of the history's columns
STRONG_GAP = 0.1  # a gap of ten points is called strong; a convention of ours, not a test
_LEFT_OUT = ("recipe",)  # stands in the table's head anyway


class HistoryError(ValueError):
    """A history that cannot be drawn: what was received, what was expected, what to do."""


class Learning(NamedTuple):
    """A run's history in a few figures.

    Attributes
    ----------
    epochs, best_epoch
        Finished epochs, and the one with the highest validation accuracy (the first of equals), counted from 1.
    val_accuracy
        At the best epoch, {"value", "low", "high"}; the interval is Wilson's at 95 % over the validation images.
    gap, last_gap
        Train minus validation accuracy at the best and at the last epoch.
    seconds, seconds_per_epoch
        All epochs together, and their median.
    """

    epochs: int
    best_epoch: int
    val_accuracy: dict[str, float]
    gap: float
    last_gap: float
    seconds: float
    seconds_per_epoch: float

    @property
    def verdict(self) -> str:
        """ "none" where the gap is within chance, "strong" from ten points on, else "mild" overfitting."""
        chance = (self.val_accuracy["high"] - self.val_accuracy["low"]) / 2
        if self.gap <= chance:
            return "none"
        return "strong" if self.gap >= STRONG_GAP else "mild"


def learning(history: pd.DataFrame, val_images: int) -> Learning:
    """A run's history in a few figures.

    Parameters
    ----------
    history
        From `Run.history`, at least one epoch.
    val_images
        Number of validation images behind each accuracy.
    """
    gap = history["train_accuracy"] - history["val_accuracy"]
    best = history["val_accuracy"].idxmax()
    return Learning(
        epochs=len(history),
        best_epoch=int(history["epoch"][best]),
        val_accuracy=wilson(round(float(history["val_accuracy"][best]) * val_images), val_images),
        gap=float(gap[best]),
        last_gap=float(gap.iloc[-1]),
        seconds=float(history["seconds"].sum()),
        seconds_per_epoch=float(history["seconds"].median()),
    )


def check_history(history: pd.DataFrame) -> pd.DataFrame:
    """The history itself if it can be drawn, else HistoryError: run folders come from strangers too.

    Losses may be missing or infinite, as they are when a training diverges.
    """
    if not np.isfinite(history["epoch"]).all():
        raise HistoryError("history.csv: an epoch is no number; train the run again")
    for name in ("train_accuracy", "val_accuracy"):
        if not history[name].between(0, 1).all():
            found = history[name][~history[name].between(0, 1)].iloc[0]
            raise HistoryError(f"history.csv: {name} is {found}, expected 0 to 1; train the run again")
    return history


def seconds_left(runs: Iterable[tuple[str, pd.DataFrame]], planned: int, epochs: int | None) -> float | None:
    """About how long runs that train alike, as those of a study, will still take together.

    Parameters
    ----------
    runs
        Status and history of each that has begun.
    planned
        Runs in all.
    epochs
        Of a run that is not stopped early; None where nobody knows.

    Returns
    -------
    float or None
        Seconds, if each of the others takes as long as the median of the finished ones, or, before the first, `epochs`
        of those so far, and as many run at once as do now. None where nothing is known yet.
    """
    known = [(status, history["seconds"]) for status, history in runs]
    whole = [seconds.sum() for status, seconds in known if status == "finished"]
    single = [seconds.median() for _, seconds in known if len(seconds)]
    if whole:
        one = float(np.median(whole))
    elif single and epochs:
        one = epochs * float(np.median(single))
    else:
        return None
    spent = sum(min(float(seconds.sum()), one) for status, seconds in known if status != "finished")
    at_once = sum(status == "running" for status, _ in known)
    return max((planned - len(whole)) * one - spent, 0.0) / max(at_once, 1)


def curve_table(histories: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Loss and accuracy of several runs in long form.

    Parameters
    ----------
    histories
        Run name -> history; runs without a finished epoch add no rows.

    Returns
    -------
    DataFrame
        Columns run, epoch, quantity ("accuracy", "loss"), set ("train", "validation"), value, best (bool, the row of
        the best epoch).
    """
    parts = [
        pd.DataFrame(
            {
                "run": name,
                "epoch": history["epoch"].astype(int),
                "quantity": quantity,
                "set": images,
                "value": history[f"{prefix}_{quantity}"],
                "best": history.index == history["val_accuracy"].idxmax(),
            }
        )
        for name, history in histories.items()
        if len(history)
        for quantity in QUANTITIES
        for images, prefix in SETS.items()
    ]
    columns = ["run", "epoch", "quantity", "set", "value", "best"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def epoch_table(histories: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Gap and learning rate of several runs, one row for each run and epoch.

    Returns
    -------
    DataFrame
        Columns run, epoch, gap (fraction), learning_rate, best (bool).
    """
    parts = [
        pd.DataFrame(
            {
                "run": name,
                "epoch": history["epoch"].astype(int),
                "gap": history["train_accuracy"] - history["val_accuracy"],
                "learning_rate": history["learning_rate"],
                "best": history.index == history["val_accuracy"].idxmax(),
            }
        )
        for name, history in histories.items()
        if len(history)
    ]
    columns = ["run", "epoch", "gap", "learning_rate", "best"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)


def config_table(configs: Mapping[str, Mapping]) -> pd.DataFrame:
    """All settings of some runs.

    Parameters
    ----------
    configs
        Run name -> `config` of its run.json.

    Returns
    -------
    DataFrame
        Index "setting" ("training.learning_rate"), a column of text for each run; "not set" where a run has none.
    """
    flat = {name: _flatten(config) for name, config in configs.items()}
    settings = dict.fromkeys(key for values in flat.values() for key in values)
    return pd.DataFrame(
        {name: [values.get(key, "not set") for key in settings] for name, values in flat.items()},
        index=pd.Index(list(settings), name="setting", dtype=object),
        dtype=object,
    )


def differences(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of a `config_table` in which runs differ."""
    return table[table.nunique(axis=1) > 1]


def _flatten(config: Mapping) -> dict[str, str]:
    flat = {}
    for section, content in config.items():
        if section in _LEFT_OUT:
            continue
        values = {f"{section}.{key}": value for key, value in content.items()} if isinstance(content, dict) else {}
        for key, value in (values or {section: content}).items():
            flat[key] = value if isinstance(value, str) else json.dumps(value)
    return flat
