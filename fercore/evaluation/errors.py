"""The images behind a figure: what one or two models answered for each, and those that one asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from fercore.emotions import EMOTIONS
from fercore.evaluation.sides import people_table
from fercore.evaluation.tables import confused_pairs, confusion_table, prediction_table
from fercore.runs import Predictions

WRONG, RIGHT = OUTCOMES = ("wrong", "right")
BOTH_WRONG, FIRST_WRONG, SECOND_WRONG, BOTH_RIGHT = PAIR_OUTCOMES = (
    "both_wrong",
    "only_first_wrong",
    "only_second_wrong",
    "both_right",
)
CONFIDENCE, AGREED, DIVIDED = ORDERS = ("confidence", "agreed", "divided")


@dataclass(frozen=True)
class Wanted:
    """Which images one asks for; None asks for all.

    Attributes
    ----------
    true, pred
        Emotions.
    outcome
        One of `OUTCOMES`, or of `PAIR_OUTCOMES` where two models are beside each other.
    confidence
        Range of the predicted class's probability, both ends in it.
    brightness
        Range of the mean gray level, 0 to 255, both ends in it.
    copy
        Whether training has a copy of the image.
    side
        Whom people side with, one of `fercore.evaluation.sides.SIDES`.
    inside
        Whether the image is in the slice that is asked for.
    """

    true: str | None = None
    pred: str | None = None
    outcome: str | None = None
    confidence: tuple[float, float] | None = None
    brightness: tuple[float, float] | None = None
    copy: bool | None = None
    side: str | None = None
    inside: bool | None = None


def image_table(
    found: Predictions,
    other: Predictions | None = None,
    *,
    copies: np.ndarray | None = None,
    brightness: np.ndarray | None = None,
    inside: np.ndarray | None = None,
    votes: np.ndarray | None = None,
    labels: Sequence[str] | None = None,
    classes: Sequence[str] = EMOTIONS,
) -> pd.DataFrame:
    """What a model answered for each image, most confident first.

    Parameters
    ----------
    found
        Its answers for N images.
    other
        Those of another model. Images that only one of the two answered for are then left out.
    copies, brightness, inside
        bool (N,): whether training has a copy; floats (N,): mean gray level; bool (N,): whether the image is in a
        slice. Their columns are missing without them.
    votes
        What people say, counts (N, 10); without them the columns of `sides.people_table` are missing.
    labels
        Where people's answers are the true classes: names of the labels that the data have, N of them. They become the
        column label, and are what people side with.
    classes
        Names of the classes, by default those of FER2013.

    Returns
    -------
    DataFrame
        The columns of `tables.prediction_table`, true_probability (of the true class), outcome (of `OUTCOMES`), copy,
        brightness and inside, then those of `sides.people_table`. With another model also other_pred, other_right and
        other_probability, and the outcomes are `PAIR_OUTCOMES`.
    """
    table = prediction_table(found.id, found.label, found.probabilities, classes)
    given = {"copy": copies, "brightness": brightness, "inside": inside, "label": labels}
    table = table.assign(
        true_probability=found.probabilities[np.arange(len(found.label)), found.label],
        outcome=np.where(table["right"], RIGHT, WRONG),
        **{name: values for name, values in given.items() if values is not None},
    )
    if votes is not None:
        table = table.join(people_table(table["true"] if labels is None else labels, table["pred"], votes))
    if other is not None:
        table = _beside(table, other, classes)
    return table.sort_values("probability", ascending=False, kind="stable", ignore_index=True)


def matching(table: pd.DataFrame, wanted: Wanted) -> pd.DataFrame:
    """Rows of an `image_table` that one asks for, in its order."""
    rows = pd.Series(True, index=table.index)
    for name in ("true", "pred", "outcome", "copy", "side", "inside"):
        if (value := getattr(wanted, name)) is not None:
            rows &= table[name] == value
    for name, span in (("probability", wanted.confidence), ("brightness", wanted.brightness)):
        if span is not None:
            rows &= table[name].between(*span)
    return table[rows]


def ordered(table: pd.DataFrame, order: str) -> pd.DataFrame:
    """An `image_table` in one of `ORDERS`: the most confident first, those on which people agree most, or least.

    Images without votes come last.
    """
    if order == CONFIDENCE:
        return table
    return table.sort_values("agreed", ascending=order == DIVIDED, kind="stable", ignore_index=True)


def cells(table: pd.DataFrame, wanted: Wanted, classes: Sequence[str] = EMOTIONS) -> pd.DataFrame:
    """The confusion matrix of the images that one asks for, whatever their classes and outcome.

    Returns
    -------
    DataFrame
        As `tables.confusion_table`.
    """
    return confusion_table(_report(matching(table, replace(wanted, true=None, pred=None, outcome=None)), classes))


def outcomes(table: pd.DataFrame, wanted: Wanted) -> Mapping[str, int]:
    """Outcome -> images that one asks for, whatever their outcome; 0 for an outcome that does not occur."""
    found = matching(table, replace(wanted, outcome=None))["outcome"].value_counts()
    return {name: int(found.get(name, 0)) for name in (*OUTCOMES, *PAIR_OUTCOMES)}


def most_confused(table: pd.DataFrame, classes: Sequence[str] = EMOTIONS) -> tuple[str, str, int] | None:
    """True class, predicted class and number of images of the most frequent confusion; None without an error."""
    pairs = confused_pairs(_report(table, classes), top=1)
    return None if pairs.empty else (pairs["true"][0], pairs["pred"][0], int(pairs["count"][0]))


def _beside(table: pd.DataFrame, other: Predictions, classes: Sequence[str]) -> pd.DataFrame:
    answers = prediction_table(other.id, other.label, other.probabilities, classes)
    answers = answers[["id", "true", "pred", "right", "probability"]].drop_duplicates(["id", "true"])
    answers = answers.rename(columns={name: f"other_{name}" for name in ("pred", "right", "probability")})
    both = table.merge(answers, on=["id", "true"])
    places = [~both["right"] & ~both["other_right"], ~both["right"], ~both["other_right"]]
    return both.assign(outcome=np.select(places, PAIR_OUTCOMES[:3], BOTH_RIGHT))


def _report(table: pd.DataFrame, classes: Sequence[str]) -> dict:
    counts = pd.crosstab(table["true"], table["pred"]).reindex(index=classes, columns=classes, fill_value=0)
    return {"classes": list(classes), "confusion": counts.to_numpy(int).tolist()}
