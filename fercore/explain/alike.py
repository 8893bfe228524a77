"""What an embedding comes to: which emotions lie together, how far the picture can be believed, who lies where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from fercore.emotions import EMOTIONS
from fercore.evaluation.intervals import mean_interval
from fercore.explain.projection import NEIGHBOURS, Embedding


class Agreement(NamedTuple):
    """How many of the nearest neighbours of an image show its emotion.

    Attributes
    ----------
    own
        Mean share over images, {"value", "low", "high"}; the interval is a bootstrap's over images.
    chance
        The share that neighbours drawn at random would have.
    """

    own: dict[str, float]
    chance: float


def some(found: Embedding, images: np.ndarray) -> Embedding:
    """An embedding of some images of its split, bool (M,), with all those of Training.

    Places stay, and so do neighbours, which may be images that are left out.
    """
    rows = np.concatenate([images, np.ones(len(found.ids) - found.size, dtype=bool)])
    return replace(
        found,
        ids=found.ids[rows],
        labels=found.labels[rows],
        predicted=found.predicted[rows],
        confidence=found.confidence[rows],
        places={method: plane[rows] for method, plane in found.places.items()},
        neighbours=found.neighbours[images],
        kept={method: counts[images] for method, counts in found.kept.items()},
    )


def agreement(found: Embedding) -> Agreement:
    """How well a model's features tell the labels apart, without its last layer."""
    counts = np.bincount(found.labels[: found.size], minlength=found.neighbours.shape[1])
    chance = float((counts * (counts - 1)).sum() / (found.size * (found.size - 1)))
    return Agreement(mean_interval(found.own / NEIGHBOURS), chance)


def picture_kept(found: Embedding, method: str) -> dict[str, float]:
    """Mean share of the nearest neighbours in a picture that are nearest in the features too: value, low and high."""
    return mean_interval(found.kept[method] / NEIGHBOURS)


def class_table(found: Embedding, classes: Sequence[str] = EMOTIONS) -> pd.DataFrame:
    """`agreement` for each of the model's classes, by default those of FER2013.

    Returns
    -------
    DataFrame
        A row for each emotion that occurs: emotion, images, value, low and high of the share of neighbours with this
        label, chance, other (the emotion that most of the other neighbours have) and other_share (fractions).
    """
    labels, rows = found.labels[: found.size], []
    for code, emotion in enumerate(classes):
        own = labels == code
        if not (images := int(own.sum())):
            continue
        shares = found.neighbours[own].mean(axis=0) / NEIGHBOURS
        shares[code] = -1  # what is asked for is another emotion
        other = int(shares.argmax())
        rows.append(
            {
                "emotion": emotion,
                "images": images,
                **mean_interval(found.own[own] / NEIGHBOURS),
                "chance": (images - 1) / (found.size - 1),
                "other": classes[other],
                "other_share": float(shares[other]),
            }
        )
    return pd.DataFrame(rows)


def point_table(
    found: Embedding,
    method: str,
    split_names: Sequence[str],
    training: bool = True,
    classes: Sequence[str] = EMOTIONS,
) -> pd.DataFrame:
    """One row for each point of a picture.

    Parameters
    ----------
    found
        The embedding.
    method
        A key of `projection.METHODS`.
    split_names
        What the split is called, and Training.
    training
        Whether the images of Training are among the points.
    classes
        The model's classes, by default those of FER2013.

    Returns
    -------
    DataFrame
        id, x, y, true, pred (emotions), right (bool), probability (of the predicted class), split (its name), own
        (how many of the nearest neighbours have the image's label; missing for images of Training).
    """
    size, total = found.size, len(found.ids) if training else found.size
    names = np.array(classes, dtype=object)
    plane = found.places[method][:total]
    return pd.DataFrame(
        {
            "id": found.ids[:total],
            "x": plane[:, 0],
            "y": plane[:, 1],
            "true": names[found.labels[:total]],
            "pred": names[found.predicted[:total]],
            "right": (found.labels == found.predicted)[:total],
            "probability": found.confidence[:total],
            "split": np.repeat(list(split_names), [size, total - size]),
            "own": pd.array([*found.own, *[None] * (total - size)], dtype="Int64"),
        }
    )


def inside(points: pd.DataFrame, box: Mapping[str, Sequence[float]]) -> pd.DataFrame:
    """The rows of a `point_table` whose x and y lie in a box {"x": (from, to), "y": (from, to)}, ends included."""
    return points[points["x"].between(*sorted(box["x"])) & points["y"].between(*sorted(box["y"]))]


def strangers(points: pd.DataFrame) -> pd.DataFrame:
    """Images none of whose nearest neighbours has their label, the most confident answers first."""
    return points[points["own"] == 0].sort_values("probability", ascending=False, kind="stable")
