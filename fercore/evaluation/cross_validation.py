"""Cross-validations: scores of the folds, their spread, and what an ensemble adds.

The run that sums up a cross-validation and the runs of its folds say so in run.json (`kfold`), see
`fercore.training.kfold`. They may come from strangers too, so everything is checked.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from fercore.evaluation.paired import paired_difference
from fercore.evaluation.studies import group_name
from fercore.evaluation.tables import HEADLINE
from fercore.runs import SPLITS, Predictions, Run, RunError

_MOST_FOLDS = 1000
_HIGHEST = {"log_loss": 16.0}  # nats, as `tables.check_report` has it; all other scores are fractions
_COLUMNS = ["split", "score", "fold", "value"]


@dataclass(frozen=True)
class CrossValidation:
    """The runs of one cross-validation.

    Attributes
    ----------
    name, folds
        Its name and how many folds are planned.
    members
        Fold, counted from 1 -> its run; folds that have not begun are missing.
    whole
        The run that sums up, or None before all folds are finished.
    """

    name: str
    folds: int
    members: dict[int, Run] = field(default_factory=dict)
    whole: Run | None = None


def group_cross_validations(runs: Iterable[Run]) -> dict[str, CrossValidation]:
    """Name -> cross-validation, by name; runs whose `kfold` entry has no name or no number of folds are left out."""
    found: dict[str, CrossValidation] = {}
    for run in runs:
        name = group_name(run.info.get("kfold"))
        entry = run.info["kfold"] if name else {}
        folds, number = entry.get("folds"), entry.get("fold")
        if type(folds) is not int or not 2 <= folds <= _MOST_FOLDS:
            continue
        known = found.get(name, CrossValidation(name, folds))
        if "fold" not in entry:
            found[name] = replace(known, folds=folds, whole=run)
        elif type(number) is int and 1 <= number <= folds:
            found[name] = replace(known, members={**known.members, number: run})
    return dict(sorted(found.items()))


def fold_scores(reports: Mapping[int, Mapping[str, dict]]) -> pd.DataFrame:
    """Every score of every fold.

    Parameters
    ----------
    reports
        Fold -> split -> report of `fercore.evaluation.metrics.report`; "train" is what the fold held out.

    Returns
    -------
    DataFrame
        split, score (of `HEADLINE`), fold, value (fractions; log loss in nats).
    """
    rows = [
        {"split": split, "score": score, "fold": fold, "value": splits[split][score]["value"]}
        for fold, splits in sorted(reports.items())
        for split in SPLITS
        if split in splits
        for score in HEADLINE
    ]
    return pd.DataFrame(rows, columns=_COLUMNS)


def stored_scores(whole: Run) -> pd.DataFrame:
    """As `fold_scores`, from the run that sums up, which keeps the scores where the folds' own folders are gone.

    Raises
    ------
    RunError
        If there are none, or they are no scores.
    """
    scores = whole.info["kfold"].get("scores")
    rows = []
    for split in SPLITS:
        for score in HEADLINE:
            values = _folds_of(scores, split, score)
            highest = _HIGHEST.get(score, 1.0)
            if not values or not all(type(x) in (int, float) and 0 <= x <= highest for x in values):
                raise RunError(
                    f"{whole.path / 'run.json'}: kfold has no {score} of its folds on {split} from 0 to {highest:g}; "
                    "run scripts/kfold.py again, which sums the folds up anew"
                )
            rows += [{"split": split, "score": score, "fold": i, "value": x} for i, x in enumerate(values, 1)]
    return pd.DataFrame(rows, columns=_COLUMNS)


def spread(scores: pd.DataFrame) -> pd.DataFrame:
    """Mean and sample standard deviation (n - 1; missing with one fold) over folds: split, score, mean, sd, folds."""
    grouped = scores.groupby(["split", "score"], sort=False)["value"]
    return grouped.agg(mean="mean", sd="std", folds="count").reset_index()


def ensemble_gain(whole: Predictions, members: Sequence[Predictions]) -> dict[str, float]:
    """How much more often the ensemble is right than its members are on average.

    Parameters
    ----------
    whole, members
        What the ensemble and each of its members answered for one split.

    Returns
    -------
    dict
        value, low and high: a fraction and its paired bootstrap interval over images.

    Raises
    ------
    RunError
        If they did not answer for the same images.
    """
    if not all(np.array_equal(member.id, whole.id) for member in members):
        raise RunError("the folds answered for other images than their ensemble; run scripts/kfold.py under a new name")
    right = np.mean([member.predicted == whole.label for member in members], axis=0)
    return paired_difference(whole.predicted == whole.label, right)


def _folds_of(scores: object, split: str, score: str) -> list:
    for key in (split, score, "folds"):
        scores = scores.get(key) if isinstance(scores, dict) else None
    return scores if isinstance(scores, list) and len(scores) <= _MOST_FOLDS else []
