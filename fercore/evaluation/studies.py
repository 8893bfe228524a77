"""Studies: the runs that differ in one thing, brought into a table, ranked, and told apart from noise.

A run says in run.json (`study`) which point of which study it is, with which seed and on which budget. Run folders come
from strangers too, so `read_point` checks every entry.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from fercore.evaluation.intervals import wilson
from fercore.evaluation.paired import holm, mcnemar, paired_difference, welch
from fercore.evaluation.tables import accuracy_columns
from fercore.runs import Predictions, Run, RunError, check_name

ALPHA = 0.05  # below this a corrected p-value is more than noise
BEST, WITHIN, WORSE = "best", "within noise", "worse"  # verdicts of `ranking`
MOST_SHARED = 100  # studies that one run is a point of
MOST_RUNS = 10_000  # of a study, and positions in it
_FORM = {"label": str, "position": int, "seed": int, "varied": dict, "budget": dict, "description": str, "points": int}
_LIMITS = {"position": (1, MOST_RUNS), "points": (1, MOST_RUNS), "seed": (0, 2**31 - 1)}
_LONGEST = {"label": 100, "description": 1000, "varied": 2, "budget": 100}
_COLUMNS = {
    "run": "str",
    "point": "str",
    "position": "Int64",
    "seed": "Int64",
    "status": "str",
    "epochs": "Int64",
    "best_epoch": "Int64",
    **{f"{split}_{part}": "float64" for split in ("val", "test") for part in ("accuracy", "low", "high")},
    "seconds_per_epoch": "float64",
    "parameters": "Int64",
    "problem": "str",
}
_RANKED = ["point", "seeds", "accuracy", "low", "high", "sd", "difference", "difference_low", "difference_high", "p"]


@dataclass(frozen=True)
class Point:
    """One run of a study, as its run.json has it.

    Attributes
    ----------
    run
        The run.
    label, position
        Name of the point ("0.1") and its place in the study file, counted from 1.
    seed
        Seed of this run; a point may have a run for each of several.
    varied, budget
        What differs between points, and what all points share: field -> value.
    description
        What the study file says about itself.
    planned
        Runs of the whole study.
    """

    run: Run
    label: str
    position: int
    seed: int
    varied: dict[str, Any]
    budget: dict[str, Any]
    description: str
    planned: int


def entries(run: Run | None, kind: str) -> list[dict[str, Any]]:
    """What a run says of each "study" or "kfold" that it is a part of; studies may share a run, which lists them."""
    found = run.info.get(kind) if run else None
    listed = found if isinstance(found, list) else [found]
    return [entry for entry in listed[:MOST_SHARED] if isinstance(entry, dict)]


def group_name(entry: object) -> str | None:
    """Name of the study or cross-validation that an entry of run.json is about; None where it has none that can be."""
    name = entry.get("name") if isinstance(entry, dict) else None
    with contextlib.suppress(RunError):
        return check_name(name) if isinstance(name, str) else None
    return None


def group_studies(runs: Iterable[Run]) -> dict[str, list[Run]]:
    """Study name -> its runs, by name; runs of no study are left out, and one of several is in each."""
    found: dict[str, list[Run]] = {}
    for run in runs:
        for name in dict.fromkeys(map(group_name, entries(run, "study"))):
            if name:
                found.setdefault(name, []).append(run)
    return dict(sorted(found.items()))


def read_point(run: Run, study: str | None = None) -> Point:
    """What a run's entry of a study says; without a name, its first.

    Raises
    ------
    RunError
        Names the first entry that is missing or of the wrong form.
    """
    entry = next((one for one in entries(run, "study") if study in (None, one.get("name"))), {})
    for key, kind in _FORM.items():
        value = entry.get(key)
        low, high = _LIMITS.get(key, (0, _LONGEST.get(key)))
        if type(value) is not kind or not low <= (value if kind is int else len(value)) <= high:
            unit = "" if kind is int else " long"
            raise RunError(
                f"{run.path / 'run.json'}: study {key} is {str(value)[:80]!r}, expected {kind.__name__}, {low} to "
                f"{high}{unit}; run scripts/sweep.py again, which writes it anew"
            )
    names = {"planned": "points", "varied": "varied", "budget": "budget", "description": "description"}
    rest = {name: entry[key] for name, key in names.items()}
    return Point(run, entry["label"], entry["position"], entry["seed"], **rest)


def point_table(
    points: Sequence[Point], histories: Mapping[str, pd.DataFrame], reports: Mapping[str, Mapping[str, dict]]
) -> pd.DataFrame:
    """One row a run, in the order of the study file, then by seed.

    Parameters
    ----------
    points
        Runs of one study.
    histories
        Run name -> its history, perhaps without an epoch.
    reports
        Run name -> split -> report of `fercore.evaluation.metrics.report`. Runs and splits may be missing.

    Returns
    -------
    DataFrame
        run, point (label), position, seed, status, epochs (finished), best_epoch, then accuracy, low and high
        (fractions) of val and test, seconds_per_epoch (median), parameters, problem (text). What is not known is
        missing.
    """
    ordered = sorted(points, key=lambda point: (point.position, point.label, point.seed))
    rows = [_row(point, histories[point.run.name], reports.get(point.run.name, {})) for point in ordered]
    return pd.DataFrame(rows, columns=list(_COLUMNS)).astype(_COLUMNS)


def right_answers(predictions: Mapping[str, Predictions]) -> tuple[dict[str, np.ndarray], list[str]]:
    """Whether each run is right on each image.

    Parameters
    ----------
    predictions
        Run name -> what it answered for one split.

    Returns
    -------
    right, others
        Run name -> bool array (N,), image by image the same for all; and the names of runs that answered for other
        images than the first, which cannot be compared with it.
    """
    right, others, first = {}, [], next(iter(predictions.values()), None)
    for name, found in predictions.items():
        if np.array_equal(found.id, first.id) and np.array_equal(found.label, first.label):
            right[name] = found.predicted == found.label
        else:
            others.append(name)
    return right, others


def ranking(table: pd.DataFrame, right: Mapping[str, np.ndarray]) -> pd.DataFrame:
    """The points that can be compared fairly, each against the best of them.

    Compared are the seeds that most points have, and the points that have all of these: a study that was stopped in
    its second seed is compared by its first. With one seed the test is McNemar's on the images that all share; with
    several it is Welch's on the accuracies of the seeds. Which point is best, the same figures say: so p-values are
    corrected for the number of all pairs of points, any of which could have been the best and another (Holm).

    Parameters
    ----------
    table
        From `point_table`.
    right
        Run name -> bool array (N,) on one split, from `right_answers`; runs without one are not compared.

    Returns
    -------
    DataFrame
        A row a point, in the order of the study: point, seeds (how many), accuracy (mean over seeds), low and high
        (Wilson's 95 % interval, with one seed only), sd (the sample's, with several), difference to the best (best
        minus point) with difference_low and difference_high (95 %, not corrected), p (corrected), verdict (`BEST`,
        `WITHIN` or `WORSE`).
    """
    groups = _comparable(table, right)
    if not groups:
        return pd.DataFrame(columns=[*_RANKED, "verdict"])
    rows = [{"point": label, **_accuracy(answers)} for label, answers in groups.items()]
    best = max(range(len(rows)), key=lambda number: rows[number]["accuracy"])
    answers = list(groups.values())
    others = [number for number in range(len(rows)) if number != best]
    found = [_against(answers[best], answers[number]) for number in others]
    corrected = holm(np.array([p for _, p in found]), of=math.comb(len(rows), 2))
    rows[best]["verdict"] = BEST
    for number, (difference, _), p in zip(others, found, corrected, strict=True):
        bounds = {f"difference_{end}": difference[end] for end in ("low", "high")}
        rows[number] |= {"difference": difference["value"], **bounds, "p": p, "verdict": WORSE if p < ALPHA else WITHIN}
    return pd.DataFrame(rows, columns=[*_RANKED, "verdict"])


def _row(point: Point, history: pd.DataFrame, reports: Mapping[str, dict]) -> dict:
    problem = point.run.info.get("problem")
    return {
        "run": point.run.name,
        "point": point.label,
        "position": point.position,
        "seed": point.seed,
        "status": point.run.status,
        "epochs": len(history),
        "best_epoch": int(history["val_accuracy"].to_numpy().argmax()) + 1 if len(history) else None,
        **accuracy_columns(reports),
        "seconds_per_epoch": history["seconds"].median() if len(history) else None,
        "parameters": point.run.parameters,
        "problem": problem[:300] if isinstance(problem, str) else "",
    }


def _comparable(table: pd.DataFrame, right: Mapping[str, np.ndarray]) -> dict[str, list[np.ndarray]]:
    """Point -> the answers of each seed, for the points and seeds that `ranking` compares."""
    usable = table[table["run"].isin(list(right))].drop_duplicates(["point", "seed"])
    coverage = usable.groupby("seed")["point"].nunique()
    seeds = coverage.index[coverage == coverage.max()]
    shared = usable[usable["seed"].isin(seeds)]
    groups = {label: [right[run] for run in rows["run"]] for label, rows in shared.groupby("point", sort=False)}
    return {label: answers for label, answers in groups.items() if len(answers) == len(seeds)}


def _accuracy(answers: Sequence[np.ndarray]) -> dict[str, float]:
    each = [float(one.mean()) for one in answers]
    if len(each) > 1:
        return {"seeds": len(each), "accuracy": float(np.mean(each)), "sd": float(np.std(each, ddof=1))}
    interval = wilson(int(answers[0].sum()), len(answers[0]))
    return {"seeds": 1, "accuracy": interval["value"], "low": interval["low"], "high": interval["high"]}


def _against(best: Sequence[np.ndarray], other: Sequence[np.ndarray]) -> tuple[dict[str, float], float]:
    """How much better the best is, with its interval, and the p-value of that."""
    if len(best) == 1:
        return paired_difference(best[0], other[0]), mcnemar(best[0], other[0])
    return welch(np.array([one.mean() for one in best]), np.array([one.mean() for one in other]))
