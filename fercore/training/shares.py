"""Which training images a run sees: all of them, or a stratified, seeded share."""

from __future__ import annotations

import math

import numpy as np

from fercore.data.dataset import Dataset
from fercore.fields import ConfigError
from fercore.training.config import TrainingConfig

_STEP = 1e-4  # to which shares are named in messages


def train_rows(dataset: Dataset, training: TrainingConfig) -> np.ndarray:
    """Row numbers to train on: all of the train split, or a stratified, seeded share of it.

    Raises
    ------
    ConfigError
        If a class would have no image on one of the two sides; the message names the shares that work.
    """
    rows = dataset.indices("train")
    if training.train_share == 1:
        return rows
    from sklearn.model_selection import train_test_split  # seconds, which runs on all images do not spend

    labels = dataset.labels[rows]
    _check_share(training.train_share, labels, dataset.classes)
    kept, _ = train_test_split(rows, train_size=training.train_share, stratify=labels, random_state=training.seed)
    return np.sort(kept)


def _check_share(share: float, labels: np.ndarray, names: tuple[str, ...]) -> None:
    """Stratifying wants two images of each class that occurs, and on both sides as many images as classes."""
    codes, counts = np.unique(labels, return_counts=True)
    classes, images = len(codes), len(labels)
    received = f"--train-share: received {share:g}"
    if alone := [names[code] for code in codes[counts < 2]]:
        raise ConfigError(
            f"{received}, but training has a single image of {', '.join(alone)}, which cannot be on both sides; "
            "expected 1, or at least two images of each class"
        )
    if classes <= _kept(share, images) <= images - classes:
        return
    smallest = math.ceil(classes / images / _STEP) * _STEP
    smallest += _STEP * (_kept(smallest, images) < classes)  # a share is a binary fraction
    largest = math.floor((images - classes) / images / _STEP) * _STEP
    working = f"{smallest:.4g} to {largest:.4g}" if smallest <= largest else "no share but 1"
    raise ConfigError(
        f"{received}, which takes {_kept(share, images):,} of {images:,} training images; expected {working}, so that "
        f"each of the {classes} classes can be among those taken and those left, or 1 for all"
    )


def _kept(share: float, images: int) -> int:
    return math.floor(share * images)
