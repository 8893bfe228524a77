"""Runs made again beside the runs that are shipped: is the difference no more than chance or another seed makes?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import t

from fercore.runs import Run, RunError, open_run

WITHIN, OUTSIDE, NOT_SHIPPED, NOT_DONE = "within", "outside", "not shipped", "not done"
OTHER_DATA = "shipped on other data"  # by its fingerprint: the two figures do not compare
SPLITS = ("val", "test")
COLUMNS = [
    "run",
    "status",
    *(f"{split}_{what}" for split in SPLITS for what in ("again", "shipped", "low", "high", "verdict")),
    "epochs",
    "seconds_per_epoch",
    "device",
    "problem",
]


def expected_range(figures: Sequence[Mapping[str, float]]) -> tuple[float, float]:
    """Where the accuracy of one more run is to be expected, 95 %.

    Parameters
    ----------
    figures
        Accuracy with low and high of the shipped runs, one a seed.

    Returns
    -------
    low, high
        Of one seed its own interval (Wilson's, over images); of several the prediction interval of Student's t for one
        more seed, mean ± t sd sqrt(1 + 1/n), with the sample's sd (n - 1).
    """
    if len(figures) == 1:
        return figures[0]["low"], figures[0]["high"]
    values = np.array([figure["value"] for figure in figures])
    n = len(values)
    away = float(t.ppf(0.975, n - 1) * values.std(ddof=1) * np.sqrt(1 + 1 / n))
    return float(values.mean()) - away, float(values.mean()) + away


def comparison(
    seeds: Mapping[str, Sequence[str]], out: Path, shipped: Path, standing: Mapping[str, tuple[str, str]]
) -> pd.DataFrame:
    """A row for each run that a plan makes.

    Parameters
    ----------
    seeds
        Run -> the runs that are the same but for their seed, itself among them.
    out, shipped
        Folder of the runs made again, and of those that are shipped.
    standing
        Run -> its status and its problem in words.

    Returns
    -------
    DataFrame
        run, status; for val and test the accuracy again and shipped (fractions), low and high of what is expected
        (see `expected_range`), and the verdict: `WITHIN`, `OUTSIDE`, `NOT_SHIPPED`, `OTHER_DATA` or `NOT_DONE`;
        epochs trained, median seconds of one, device, problem. What is not known is missing.
    """
    rows = [
        {"run": name, "status": standing[name][0], "problem": standing[name][1]} | _row(name, same, out, shipped)
        for name, same in seeds.items()
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def _row(name: str, same: Sequence[str], out: Path, shipped: Path) -> dict:
    run, row = _opened(out / name), {}
    found = {other: there for other in same if (there := _opened(shipped / other))}
    alike = {other: there for other, there in found.items() if run is None or _data(there) == _data(run)}
    missing = OTHER_DATA if found and not alike else NOT_SHIPPED
    for split in SPLITS:
        again = _accuracy(run, split)
        known = {other: figure for other, there in alike.items() if (figure := _accuracy(there, split))}
        own = known.get(name)
        row |= {f"{split}_again": again["value"] if again else None, f"{split}_shipped": own["value"] if own else None}
        if known:
            row[f"{split}_low"], row[f"{split}_high"] = expected_range(list(known.values()))
        row[f"{split}_verdict"] = _verdict(again, row.get(f"{split}_low"), row.get(f"{split}_high"), missing)
    if run is None:
        return row
    try:
        history = run.history()
    except (RunError, OSError):  # an ensemble has none
        history = ()
    seconds = float(history["seconds"].median()) if len(history) else None
    return row | {"epochs": len(history), "seconds_per_epoch": seconds, "device": run.info.get("device")}


def _verdict(again: Mapping[str, float] | None, low: float | None, high: float | None, missing: str) -> str:
    if again is None:
        return NOT_DONE
    if low is None:
        return missing
    return WITHIN if low <= again["value"] <= high else OUTSIDE


def _opened(path: Path) -> Run | None:
    try:
        return open_run(path)
    except RunError:
        return None


def _data(run: Run) -> object:
    return run.info["dataset"].get("fingerprint")


def _accuracy(run: Run | None, split: str) -> dict[str, float] | None:
    """Of a finished run; None where there is none."""
    if run is None or run.status != "finished":
        return None
    try:
        figure = run.metrics(split)["accuracy"]
    except RunError:
        return None
    return figure if all(isinstance(figure.get(key), float) for key in ("value", "low", "high")) else None
