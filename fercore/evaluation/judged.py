"""The score against people: the ordinary figures, with what most people say in place of the label.

Images without a verdict of most people (`fercore.data.ferplus.verdict`) are left out, as the authors of FER+ do.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fercore.data.ferplus import EXPRESSIONS, verdict
from fercore.runs import Predictions


def judged_classes(classes: Sequence[str]) -> tuple[str, ...]:
    """A model's classes, and then the expressions that people may answer and it cannot, such as contempt."""
    return (*classes, *(name for name in EXPRESSIONS if name not in classes))


def over_classes(predictions: Predictions, classes: Sequence[str], wanted: Sequence[str]) -> Predictions:
    """The same answers over other classes, which meet by name: so that models of different classes can be compared.

    Parameters
    ----------
    predictions, classes
        Of N images, and the names of their C classes.
    wanted
        Names of D classes, all of `classes` among them, in any order; the others get no probability.
    """
    if tuple(classes) == tuple(wanted):
        return predictions
    places = np.array([list(wanted).index(name) for name in classes])
    probabilities = np.zeros((len(predictions.id), len(wanted)), predictions.probabilities.dtype)
    probabilities[:, places] = predictions.probabilities
    return Predictions(predictions.id, places[predictions.label], probabilities)


def judged(predictions: Predictions, classes: Sequence[str], counts: np.ndarray) -> tuple[Predictions, tuple[str, ...]]:
    """The predictions of images with a verdict, labelled by it.

    Parameters
    ----------
    predictions, classes
        Of N images, and the model's classes.
    counts
        Votes (N, 10), from `fercore.data.ferplus.votes_on`.

    Returns
    -------
    predictions, classes
        Expressions that the model does not know, such as contempt, are further classes, to which it gives no
        probability: it is wrong on their images.
    """
    wide = judged_classes(classes)
    said = verdict(counts)
    rows = np.flatnonzero(said >= 0)
    labels = np.array([wide.index(name) for name in EXPRESSIONS])[said[rows]]
    room = ((0, 0), (0, len(wide) - len(classes)))
    return Predictions(predictions.id[rows], labels, np.pad(predictions.probabilities[rows], room)), wide


def judged_report(predictions: Predictions, classes: Sequence[str], counts: np.ndarray, **settings: object) -> dict:
    """A report of the images with a verdict, and how many images that is.

    Parameters
    ----------
    predictions, classes, counts
        As for `judged`, of a whole split.
    settings
        split, split_name, tta and whatever else `metrics.report` takes.

    Returns
    -------
    dict
        As `metrics.report`, with "judged": n (images with a verdict) and of (images of the whole split).

    Raises
    ------
    MetricsError
        If no image has a verdict, or the predictions cannot be measured.
    """
    from fercore.evaluation.metrics import report  # brings scikit-learn: seconds, which stored reports do not need

    found, wide = judged(predictions, classes, counts)
    images = {"n": len(found.id), "of": len(predictions.id)}
    return {**report(found.label, found.probabilities, classes=wide, **settings), "judged": images}
