"""k-fold cross-validation on the train split (report, section 5): a model that never saw it predicts each image.

A fold's model is fitted on the other folds and its epoch is chosen on val, as for every run, so that the held-out
images take part in no choice at all: their figures, unlike val's, are not optimistic. Held-out images leave the train
split through a data set with other splits; nothing else in training knows about folds.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from sklearn.model_selection import StratifiedKFold

from fercore import runs
from fercore.data.dataset import Dataset, average_faces
from fercore.data.decisions import LEFT_OUT, apply_decisions
from fercore.fields import ConfigError
from fercore.runs import Predictions, Run, RunError
from fercore.training.config import Config
from fercore.training.ensemble import mean_prediction
from fercore.training.evaluate import evaluate_run, keep_predictions
from fercore.training.planned import PlannedRun, clear, find, is_complete, train

SCORES = ("accuracy", "balanced_accuracy", "macro_f1", "weighted_f1", "log_loss")


def cross_validate(
    config: Config,
    dataset: Dataset,
    root: Path,
    name: str,
    folds: int,
    *,
    command: str = "",
    keep_weights: bool = False,
    quiet: bool = False,
) -> Run:
    """Train every fold that is not finished yet, then store what they come to together.

    Parameters
    ----------
    config
        What each fold trains; its seed also draws the folds.
    dataset, root
        The data set whose train split is divided, and the folder of all runs.
    name, folds
        Folds become the runs <name>-fold1 to <name>-fold<folds>, their sum the run <name>.
    command
        What the user typed, for the record.
    keep_weights
        Leave the weights in the folds' folders.
    quiet
        Print nothing.

    Returns
    -------
    Run
        A run without weights or history. On train it holds the out-of-fold prediction of every image, on val and test
        the mean of the folds' probabilities; run.json's `kfold` holds the scores of each fold, their mean and their
        sample standard deviation (n - 1).

    Raises
    ------
    ConfigError
        If there are fewer than 2 folds, or more than images of the rarest class.
    RunError
        Before anything trains: if a folder holds something else under one of the names, or is being trained.
    """
    parts = held_out_rows(dataset, folds, config.training.seed)
    plan = [plan_fold(config, dataset, name, number, parts, command) for number in range(1, folds + 1)]
    whole = PlannedRun(name, config, "kfold", {"name": name, "folds": folds, "seed": config.training.seed}, {}, command)
    done = find(whole, dataset, root)
    found = [find(planned, dataset, root) for planned in plan]
    if done and done.status == "finished" and all(map(is_complete, found)):
        return done
    members = []
    for planned, rows in zip(plan, parts, strict=True):
        run = train(planned, without(dataset, rows), root, quiet)
        if not is_complete(run):
            evaluate_run(run, only(dataset, rows), "train", progress=not quiet)
            clear(run, keep_weights)
        members.append(run)
    return summarise(whole, dataset, root, members)


def held_out_rows(dataset: Dataset, folds: int, seed: int) -> list[np.ndarray]:
    """Row numbers of the train images that each fold holds out, stratified by emotion: every image in one fold."""
    rows = dataset.indices("train")
    counts = np.bincount(dataset.labels[rows])
    most = int(counts[counts > 0].min(initial=len(rows)))
    if not 2 <= folds <= most:
        raise ConfigError(f"--folds: received {folds}, expected 2 to {most}, the images of the rarest class")
    splitter = StratifiedKFold(folds, shuffle=True, random_state=seed)
    return [rows[held_out] for _, held_out in splitter.split(rows, dataset.labels[rows])]


def without(dataset: Dataset, held_out: np.ndarray) -> Dataset:
    """The data set with some rows in no split at all."""
    splits = dataset.splits.copy()
    splits[held_out] = LEFT_OUT
    return replace(dataset, splits=splits)


def only(dataset: Dataset, held_out: np.ndarray) -> Dataset:
    """The data set with nothing but some rows in its train split, whose name says that they were held out."""
    splits = np.full_like(dataset.splits, LEFT_OUT)
    splits[held_out] = "train"
    return replace(_named_out_of_fold(dataset), splits=splits)


def plan_fold(
    config: Config, dataset: Dataset, name: str, number: int, parts: Sequence[np.ndarray], command: str
) -> PlannedRun:
    """The run of one fold, counted from 1."""
    ids = dataset.ids[parts[number - 1]]
    held_out = {"images": len(ids), "ids_sha256": hashlib.sha256("\n".join(ids).encode()).hexdigest()}
    identity = {"name": name, "fold": number, "folds": len(parts), "held_out": held_out}
    return PlannedRun(f"{name}-fold{number}", config, "kfold", identity, {}, command)


def summarise(whole: PlannedRun, dataset: Dataset, root: Path, members: Sequence[Run]) -> Run:
    """Write the run that sums up finished folds."""
    shutil.rmtree(Path(root) / whole.name, ignore_errors=True)  # what an interrupted attempt left
    run = runs.create_run(root, whole.name, _info(whole, dataset, members))
    runs.write_npz(run.path / "average_faces.npz", faces=average_faces(dataset))
    keep_predictions(run, _named_out_of_fold(dataset), "train", out_of_fold(members, dataset))
    for split in ("val", "test"):
        keep_predictions(run, dataset, split, mean_prediction([member.predictions(split) for member in members]))
    entry = run.info["kfold"] | {"scores": score_table(members), "sd": "sample standard deviation over folds (n - 1)"}
    return runs.update_run(run, kfold=entry, status="finished", finished=runs.utc_now())


def out_of_fold(members: Sequence[Run], dataset: Dataset) -> Predictions:
    """The held-out predictions of all folds, in the order of the data set's train split.

    Raises
    ------
    RunError
        If an image was held out twice or never.
    """
    parts = [member.predictions("train") for member in members]
    ids, labels, probabilities = (
        np.concatenate([getattr(part, key) for part in parts]) for key in ("id", "label", "probabilities")
    )
    rows = dataset.indices("train")
    order = np.argsort(ids)
    if not np.array_equal(ids[order], np.sort(dataset.ids[rows])):
        raise RunError("the folds do not hold out every training image once; train them again under a new --name")
    place = order[np.searchsorted(ids, dataset.ids[rows], sorter=order)]
    return Predictions(ids[place], labels[place], probabilities[place])


def score_table(members: Sequence[Run]) -> dict[str, dict[str, dict]]:
    """Split -> score -> {"folds": one value a fold, "mean", "sd"}; sd is the sample's (n - 1). "train" is held out."""
    table: dict[str, dict[str, dict]] = {}
    for split in runs.SPLITS:
        metrics = [member.metrics(split) for member in members]
        table[split] = {}
        for score in SCORES:
            values = [figures[score]["value"] for figures in metrics]
            spread = {"mean": float(np.mean(values)), "sd": float(np.std(values, ddof=1))}
            table[split][score] = {"folds": values, **spread}
    return table


def _named_out_of_fold(dataset: Dataset) -> Dataset:
    names = dataset.info["split_names"]
    out_of_fold_names = names | {"train": f"{names['train']}, out of fold"}
    return replace(dataset, info=dataset.info | {"split_names": out_of_fold_names})


def _info(whole: PlannedRun, dataset: Dataset, members: Sequence[Run]) -> dict:
    first, names = members[0].info, [member.name for member in members]
    decided, decisions = apply_decisions(dataset, whole.config.training.exclude, whole.config.training.relabel)
    same = ("versions", "git_commit", "device", "threads", "classes", "preprocess")
    return {
        "command": whole.command,
        **{key: first[key] for key in same},
        "config": whole.config.to_dict(),
        "seed": whole.config.training.seed,
        "dataset": dataset.summary(),
        "parameters": sum(member.info["parameters"] for member in members),
        "trained_on": first["trained_on"] | {"images": len(decided.indices("train")), "decisions": decisions},
        "best": None,
        "kfold": whole.entry,
        "ensemble": {"members": names, "combined": "mean of probabilities"},
    }
