"""The clean score: figures without the test images of which training had a copy.

An image that a model has learned from, or nearly, says what the model remembers. FER2013 has hundreds of them in both
of its test splits; `fercore.data.copies` knows which.
"""

from __future__ import annotations

import numpy as np

from fercore.evaluation.intervals import wilson
from fercore.runs import Predictions


def kept(predictions: Predictions, rows: np.ndarray) -> Predictions:
    """The predictions of some images, bool (N,), in the same order."""
    return Predictions(predictions.id[rows], predictions.label[rows], predictions.probabilities[rows])


def clean_report(predictions: Predictions, has_copy: np.ndarray, **settings: object) -> dict:
    """A report of the images without a copy, and what the others would have added.

    Parameters
    ----------
    predictions
        Of a whole split.
    has_copy
        bool (N,), from `fercore.data.copies.with_copy_in_training`.
    settings
        split, split_name, tta and whatever else `metrics.report` takes.

    Returns
    -------
    dict
        As `metrics.report`, with "copies": n (images left out), of (images of the whole split), and accuracy on those
        left out ({"value", "low", "high"}, Wilson's 95 % interval).

    Raises
    ------
    MetricsError
        If no image is left, or the predictions cannot be measured.
    """
    from fercore.evaluation.metrics import report  # brings scikit-learn: seconds, which stored reports do not need

    clean, copies = kept(predictions, ~has_copy), kept(predictions, has_copy)
    right = int((copies.predicted == copies.label).sum())
    left_out = {"n": len(copies.id), "of": len(predictions.id), "accuracy": wilson(right, len(copies.id))}
    return {**report(clean.label, clean.probabilities, **settings), "copies": left_out}
