"""What a training learns of each image: its label or the votes that people gave."""

from __future__ import annotations

import numpy as np
import torch

from fercore.data.dataset import Dataset
from fercore.data.ferplus import ANSWERS, verdict, votes_on, without_outliers
from fercore.fields import ConfigError

LABELS = "labels"


def class_weights(labels: torch.Tensor, kind: str, classes: int, device: torch.device) -> torch.Tensor | None:
    """Loss weight per class (classes,), mean 1 over the images; a class without images weighs 0."""
    if kind == "none":
        return None
    counts = torch.bincount(labels, minlength=classes).float()
    weights = torch.where(counts > 0, counts.clamp(min=1) ** (-1.0 if kind == "balanced" else -0.5), 0.0)
    return (weights * len(labels) / (weights * counts).sum()).to(device)


def vote_shares(dataset: Dataset) -> np.ndarray:
    """People's distribution over a data set's classes, float32 (N, C).

    Those that the data set stores count; else, for images of FER2013, those of FER+, by the rules of its authors:
    answers of one person are dropped, and images whose majority is "unknown", "no face" or none are left out.

    Returns
    -------
    ndarray
        Rows sum to 1, columns in the order of the data set's classes; zeros for an image without a distribution.

    Raises
    ------
    ConfigError
        If nobody voted on these images.
    """
    votes = dataset.votes if dataset.votes is not None else _shipped(dataset)
    if votes is None:
        raise ConfigError(
            f"--targets votes: there are no votes on the images of {dataset.path}; learn its labels, or prepare "
            "FER2013 with: python scripts/prepare_data.py path/to/archive.zip --labels ferplus --name ferplus"
        )
    votes = np.asarray(votes, np.float64)
    return (votes / votes.sum(axis=1, keepdims=True).clip(min=np.finfo(float).tiny)).astype(np.float32)


def training_targets(dataset: Dataset, rows: np.ndarray, kind: str) -> tuple[np.ndarray, torch.Tensor]:
    """The images that a training can learn, and what it learns of them.

    Parameters
    ----------
    dataset, rows
        The data set, and rows of it to train on.
    kind
        "labels" or "votes".

    Returns
    -------
    rows, targets
        Without rows that have no distribution; int64 classes (M,) or float32 distributions (M, C). Where all people
        agree on every image the distributions are labels, and are given as such: it is the same training.

    Raises
    ------
    ConfigError
        If there are no votes on the data set, or on none of the rows.
    """
    if kind == LABELS:
        return rows, torch.from_numpy(dataset.labels[rows])
    shares = vote_shares(dataset)
    rows = rows[shares[rows].any(axis=1)]
    if not len(rows):
        raise ConfigError(f"--targets votes: nobody voted on the training images of {dataset.path}; learn its labels")
    targets = torch.from_numpy(shares[rows])
    return rows, targets.argmax(dim=1) if bool((targets.amax(dim=1) == 1).all()) else targets


def _shipped(dataset: Dataset) -> np.ndarray | None:
    counts = votes_on(dataset.ids)
    if counts is None or not set(dataset.classes) <= set(ANSWERS):
        return None
    columns = [ANSWERS.index(name) for name in dataset.classes]
    return np.where(verdict(counts)[:, None] >= 0, without_outliers(counts)[:, columns], 0)
