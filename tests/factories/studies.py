"""Studies and cross-validations of synthetic runs, as the sweep and the folds leave them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from fercore.evaluation.metrics import report
from fercore.evaluation.tables import HEADLINE
from fercore.runs import SPLITS, Predictions, Run, stem, update_run, write_json, write_predictions
from tests.factories.runs import make_run

BUDGET = {"epochs": 3, "train_share": 0.2, "schedule": "onecycle"}


def make_point(
    root: Path, study: str, label: str, accuracy: float, position: int = 1, seed: int = 0, points: int = 1, **settings
) -> Run:
    """One run of a study; `settings` are those of `make_run`.

    With the same seed a point of lower accuracy is right on a part of the images that a better one is right on.
    """
    entry = {
        "name": study,
        "varied": {"dropout_conv": label},
        "seed": seed,
        "label": label,
        "position": position,
        "description": f"What {study} does (report, section 9): a test.",
        "budget": BUDGET,
        "points": points,
    }
    run = make_run(root, f"study-{study}-{label}-s{seed}", seed=seed, accuracy=accuracy, **settings)
    return update_run(run, study=entry)


def make_study(
    root: Path, study: str, accuracies: Mapping[str, float], seeds: Sequence[int] = (0,), **settings
) -> list[Run]:
    """A finished study: a point for each label, a run for each seed."""
    points = len(accuracies) * len(seeds)
    return [
        make_point(root, study, label, accuracy, position, seed, points, **settings)
        for seed in seeds
        for position, (label, accuracy) in enumerate(accuracies.items(), 1)
    ]


def make_fold(root: Path, name: str, number: int, accuracy: float, folds: int = 2, **settings) -> Run:
    """One fold of a cross-validation; `settings` are those of `make_run`."""
    settings = {"splits": SPLITS, "seed": number, **settings}
    run = make_run(root, f"{name}-fold{number}", accuracy=accuracy, **settings)
    held_out = {"images": 70, "ids_sha256": "0" * 64}
    command = f"python scripts/kfold.py --recipe toy --folds {folds} --name {name}"
    return update_run(run, kfold={"name": name, "fold": number, "folds": folds, "held_out": held_out}, command=command)


def make_cross_validation(root: Path, name: str, accuracies: Sequence[float], **settings) -> Run:
    """A finished cross-validation: a fold for each accuracy, and the run that sums them up."""
    members = [make_fold(root, name, i, x, len(accuracies), **settings) for i, x in enumerate(accuracies, 1)]
    whole = make_run(root, name, epochs=0, splits=(), **settings)
    for split in SPLITS:
        parts = [member.predictions(split) for member in members]
        mean = np.mean([part.probabilities for part in parts], axis=0)
        _store(whole, split, Predictions(parts[0].id, parts[0].label, mean))
    entry = {"name": name, "folds": len(members), "seed": 0, "scores": _scores(members), "sd": "sample"}
    return update_run(whole, kfold=entry, ensemble={"members": [member.name for member in members], "combined": "mean"})


def _store(run: Run, split: str, predictions: Predictions) -> None:
    write_predictions(run, split, "none", predictions)
    name = {"train": "Training, out of fold", "val": "PublicTest", "test": "PrivateTest"}[split]
    metrics = report(predictions.label, predictions.probabilities, split=split, split_name=name, resamples=100)
    write_json(run.path / f"metrics_{stem(split)}.json", metrics)


def _scores(members: Sequence[Run]) -> dict:
    values = {
        split: {score: [member.metrics(split)[score]["value"] for member in members] for score in HEADLINE}
        for split in SPLITS
    }
    return {
        split: {
            score: {"folds": x, "mean": float(np.mean(x)), "sd": float(np.std(x, ddof=1))} for score, x in y.items()
        }
        for split, y in values.items()
    }
