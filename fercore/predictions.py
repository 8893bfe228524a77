"""What a model answered for every image of a split, and reading it from a run folder that may be a stranger's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fercore.run_files import RunError, read_npz


@dataclass(frozen=True)
class Predictions:
    """What a model answered for every image of a split.

    Attributes
    ----------
    id
        str array (N,), the data set's image ids.
    label
        int64 array (N,), true classes, positions in the run's `classes`.
    probabilities
        float32 array (N, C), rows sum to 1, columns in the order of the run's `classes`.
    """

    id: np.ndarray
    label: np.ndarray
    probabilities: np.ndarray

    @property
    def predicted(self) -> np.ndarray:
        """int64 array (N,): the most probable class of each image."""
        return self.probabilities.argmax(axis=1)


def read_predictions(path: Path, classes: int) -> Predictions:
    """The predictions in a file over a number of classes, checked; RunError says what is wrong with them."""
    arrays = read_npz(path)
    try:
        ids, label, probabilities = arrays["id"], arrays["label"], arrays["probabilities"]
    except KeyError as error:
        raise RunError(f"{path}: array {error} is missing") from error
    n = ids.size
    if ids.dtype.kind != "U" or ids.shape != (n,) or label.shape != (n,) or label.dtype.kind not in "iu":
        raise RunError(f"{path}: expected id (N,) of text and label (N,) of integers")
    shape, kind = probabilities.shape, probabilities.dtype.kind
    if shape != (n, classes) or kind != "f" or not np.isfinite(probabilities).all():
        raise RunError(
            f"{path}: expected finite probabilities ({n}, {classes}), received {probabilities.dtype} {shape}"
        )
    if n and (label.min() < 0 or label.max() >= classes):
        raise RunError(f"{path}: labels must lie in 0 to {classes - 1}")
    return Predictions(ids, label.astype(np.int64), probabilities.astype(np.float32))
