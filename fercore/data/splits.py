"""Cutting the splits that a source does not have from its train split: by class, and by person where that is known."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd

from fercore.data.dataset import DataError

SHARE = 0.1  # of train, where a validation or test split has to be cut
_FOLDS = round(1 / SHARE)


def cut_split(
    labels: np.ndarray, splits: np.ndarray, seed: int, to: str = "val", groups: np.ndarray | None = None
) -> np.ndarray:
    """Move a stratified tenth of train to another split.

    Parameters
    ----------
    labels
        int array (N,), classes.
    splits
        str array (N,), "train" or another.
    seed
        Of the choice; the same seed and order of images give the same split.
    to
        The split to make.
    groups
        str array (N,): who is shown, or in which picture. All images of a group move or none, so that the tenth and its
        classes are kept only nearly; an image of no group ("") stands for itself.

    Returns
    -------
    numpy.ndarray
        str array (N,), the new splits.

    Raises
    ------
    DataError
        If train is too small to give every class an image in both splits, or has too few groups.
    """
    train = np.flatnonzero(splits == "train")
    own = None if groups is None else groups[train]
    try:
        chosen = _by_class(labels[train], seed) if own is None else _by_group(labels[train], own, seed)
    except ValueError as error:
        raise DataError(
            f"the source has no {_WORDS[to]} images, and none can be cut from its {len(train)} training images "
            f"({error}); add training images, or a folder {to}/ with images of every class, "
            "or take all as test images with --as test"
        ) from error
    splits = splits.copy()
    splits[train[chosen]] = to
    return splits


_WORDS = {"val": "validation", "test": "test"}


def _by_class(labels: np.ndarray, seed: int) -> np.ndarray:
    """Places of a tenth of the labels (N,), of every class."""
    counts = np.bincount(labels)
    classes, tenth = np.count_nonzero(counts), math.ceil(SHARE * len(labels))
    if tenth < classes or 1 in counts:
        fewest = "" if 1 not in counts else ", and one of them has a single image"
        raise ValueError(f"a tenth of them is {tenth}, of {classes} classes{fewest}")
    from sklearn.model_selection import train_test_split  # here, because few data sets need it and it takes seconds

    return train_test_split(np.arange(len(labels)), test_size=SHARE, random_state=seed, stratify=labels)[1]


def _by_group(labels: np.ndarray, groups: np.ndarray, seed: int) -> np.ndarray:
    """Places of about a tenth of the labels (N,): all images of some groups, with about the same classes."""
    from sklearn.model_selection import StratifiedGroupKFold

    alone = [f"\0{place}" for place in range(len(groups))]
    numbers, _ = pd.factorize(np.where(groups == "", alone, groups))
    if (n := numbers.max(initial=-1) + 1) < _FOLDS:
        raise ValueError(f"they show {n} people, expected at least {_FOLDS}")
    folds = StratifiedGroupKFold(_FOLDS, shuffle=True, random_state=seed).split(labels, labels, numbers)
    # The fold whose classes are nearest to a tenth of each: the assignment of groups to folds is greedy.
    wanted = np.bincount(labels) * SHARE
    return min((fold for _, fold in folds), key=lambda fold: _distance(labels[fold], wanted))


def _distance(labels: np.ndarray, wanted: np.ndarray) -> float:
    return float(np.abs(np.bincount(labels, minlength=len(wanted)) - wanted).sum())
