"""Which pictures of one data set have a copy among the training images of another.

A model may remember a picture that it learned from, under whatever name it comes again. What was found lies beside the
data set that is asked about, in audit/, since it takes a minute to find.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from fercore.data.audit.groups import picture_numbers
from fercore.data.audit.similarity import near_pairs
from fercore.data.audit.small import small
from fercore.data.dataset import AUDIT, Dataset
from fercore.run_files import RunError, read_json, write_json


def copies_in_training(dataset: Dataset, split: str, home: Dataset) -> np.ndarray:
    """Which images of a split have a copy in the train split of another data set, exact, near or mirrored.

    Parameters
    ----------
    dataset, split
        Whose images are asked about.
    home
        From whose train split a model learned.

    Returns
    -------
    ndarray
        bool (N,), in the order of `dataset.indices(split)`. Kept in the data set's folder where that can be written.
    """
    ids, file = dataset.ids[dataset.indices(split)], _file(dataset, home)
    known = _read(file, dataset, home)
    if split not in known:
        found = has_copy(dataset.images[dataset.indices(split)], home.images[home.indices("train")])
        known[split] = ids[found].tolist()
        content = {"fingerprint": dataset.info["fingerprint"], "training": home.info["fingerprint"], "ids": known}
        try:
            file.parent.mkdir(exist_ok=True)
            write_json(file, content)
        except OSError:  # a data set that cannot be written to is compared anew each time
            pass
    return np.isin(ids, known[split])


def has_copy(images: np.ndarray, training: np.ndarray) -> np.ndarray:
    """Which pictures are among others, exact, near or mirrored.

    Parameters
    ----------
    images, training
        uint8 (N, H, W) or (N, H, W, 3), and (M, H, W) or (M, H, W, 3), compared in gray at 48 x 48 pixels.

    Returns
    -------
    ndarray
        bool (N,).
    """
    pictures = np.concatenate([small(images), small(training)])
    numbers, first = picture_numbers(pictures)
    asked, learned = np.unique(numbers[: len(images)]), np.unique(numbers[len(images) :])
    exact = np.isin(numbers[: len(images)], learned)
    rest = asked[~np.isin(asked, learned)]
    order = np.concatenate([rest, learned])  # those in question first
    pairs = near_pairs(pictures[first[order]], between=len(rest))
    near = rest[pairs["first"].unique()]
    return exact | np.isin(numbers[: len(images)], near)


def _file(dataset: Dataset, home: Dataset) -> Path:
    return dataset.path / AUDIT / f"copies_in_training_{home.info['fingerprint'][:16]}.json"


def _read(file: Path, dataset: Dataset, home: Dataset) -> dict[str, list[str]]:
    """Split -> ids that have a copy, as they were found before; empty where that was in other images."""
    try:
        content = read_json(file)
    except (OSError, RunError):
        return {}
    ids, names = content.get("ids"), ("fingerprint", "training")
    same = [content.get(name) for name in names] == [one.info["fingerprint"] for one in (dataset, home)]
    right = isinstance(ids, dict) and all(isinstance(own, list) for own in ids.values())
    return ids if same and right else {}
