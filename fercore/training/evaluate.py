"""Score a run's stored weights on a split and keep predictions and metrics in its folder."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from fercore.data.audit.between import copies_in_training
from fercore.data.dataset import Dataset
from fercore.data.ferplus import votes_on
from fercore.evaluation.contamination import split_name
from fercore.evaluation.elsewhere import Elsewhere, asked, notes, place
from fercore.evaluation.metrics import averages, confusion_counts, report
from fercore.evaluation.people import people_report
from fercore.models.forward import probabilities
from fercore.models.hub import left_out_mass
from fercore.models.registry import load
from fercore.runs import Predictions, Run, stem, update_run, write_json, write_predictions


def evaluate_run(
    run: Run, dataset: Dataset, split: str, tta: str = "none", progress: bool = False, home: Dataset | None = None
) -> dict:
    """Predict every image of a split in fp32 and write predictions and metrics.

    Those of the run's own data set go into its folder, those of any other where `fercore.evaluation.elsewhere` keeps
    them.

    Parameters
    ----------
    run
        A run with weights.
    dataset
        The data set to score on.
    split, tta
        "train", "val" or "test"; "none" or "flip".
    progress
        Show a bar on stderr where that is a terminal.
    home
        The run's own data set, where `dataset` is another: which images have a copy among its training images is found
        out then.

    Returns
    -------
    dict
        The metrics, as `fercore.evaluation.metrics.report` makes them from the stored predictions.

    Raises
    ------
    RunError
        If the run has no usable weights, model and data share no class, or another data set has this one's name.
    DataError
        If the split has no images.
    """
    rows = dataset.some_indices(split)
    chosen, results = asked(run, dataset, rows), place(run, dataset)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = load(run, device)
    settings = {"tta": tta, "device": device, "progress": progress}
    with left_out_mass(model.module) as left_out:
        answers = probabilities(model.module, model.preprocess, dataset.images[chosen.rows], **settings)
    has_copy = None
    if home is not None and results is not run:
        has_copy = copies_in_training(dataset, split, home)[np.isin(rows, chosen.rows)]
    if not run.info["dataset"] and results is run:  # a model that others trained: this is what its figures are about
        results = update_run(run, dataset=dataset.summary())
    predictions = Predictions(dataset.ids[chosen.rows], chosen.labels, answers)
    return keep_predictions(results, dataset, split, predictions, tta, left_out, chosen.not_asked, has_copy)


def keep_predictions(
    run: Run,
    dataset: Dataset,
    split: str,
    predictions: Predictions,
    tta: str = "none",
    left_out: Mapping[str, float] | None = None,
    not_asked: Mapping[str, int] | None = None,
    has_copy: np.ndarray | None = None,
) -> dict:
    """Write predictions of a data set's split, and the metrics that follow from them, which are returned.

    `left_out` is the mean probability that the model gave to each class beyond its classes, `not_asked` the number of
    images of each class that it does not know, `has_copy` which images it has learned from in its own data, bool (N,).
    """
    further = {"dataset_fingerprint": dataset.info["fingerprint"], "left_out": dict(left_out or {})}
    name = dataset.split_name(split)
    if isinstance(run, Elsewhere):
        name = split_name(run, split)  # names the data set too
        settings = {"split": split, "split_name": name, "tta": tta}
        further |= notes(run, predictions, not_asked or {}, has_copy, **settings)
    return store(run, split, tta, predictions, name, further)


def store(run: Run, split: str, tta: str, predictions: Predictions, split_name: str, notes: Mapping[str, Any]) -> dict:
    """Write predictions, and the metrics that follow from them with further entries, which are returned.

    Where people voted on the images, how the model compares with them is in the entry "people".
    """
    write_predictions(run, split, tta, predictions)
    stored = run.predictions(split, tta)
    metrics = report(
        stored.label, stored.probabilities, split=split, split_name=split_name, tta=tta, classes=run.classes
    )
    metrics |= dict(notes)
    votes = votes_on(stored.id)
    if votes is not None and (people := people_report(stored, run.classes, votes)):
        metrics["people"] = people
    write_json(run.path / f"metrics_{stem(split, tta)}.json", metrics)
    return metrics


def val_scores(labels: np.ndarray, answers: np.ndarray) -> dict[str, float]:
    """The three figures an epoch is judged by: val_loss (cross-entropy in nats), val_accuracy and val_macro_f1."""
    predicted, classes = answers.argmax(axis=1), answers.shape[1]
    likelihood = answers[np.arange(len(labels)), labels].astype(np.float64)
    return {
        "val_loss": float(-np.log(np.clip(likelihood, 1e-12, 1)).mean()),
        "val_accuracy": float((predicted == labels).mean()),
        "val_macro_f1": float(averages(confusion_counts(labels, predicted, classes))["macro_f1"]),
    }
