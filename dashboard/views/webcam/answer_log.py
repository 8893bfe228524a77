"""The numbers of all answers of a session, without their pictures. Knows no Streamlit."""

from __future__ import annotations

import math
from collections import deque
from typing import NamedTuple

import numpy as np
import pandas as pd

from fercore.emotions import EMOTIONS
from fercore.inference.batch import WEBCAM, named

MOST_ANSWERS = 20_000  # are kept, the newest: half an hour or more
MINUTE = 60  # seconds


class Answer(NamedTuple):
    """The numbers of one frame.

    Attributes
    ----------
    at, delay
        When the frame came, and how old it was when it was answered, in seconds.
    faces
        How many it had.
    names, seconds
        Of the models, and the time (models,) that each took, NaN where it gave none.
    probabilities
        float32 (models, classes) of the largest face, not smoothed, NaN of a model that failed and of a class that a
        model does not know; None without a face.
    classes
        Every class that one of the models knows.
    thresholds
        Of the models: the smallest probability at which each counts as sure; none for those that always do.
    """

    at: float
    delay: float
    faces: int
    names: tuple[str, ...]
    seconds: np.ndarray
    probabilities: np.ndarray | None
    classes: tuple[str, ...] = EMOTIONS
    thresholds: tuple[float, ...] = ()

    @property
    def agree(self) -> bool | None:
        """Whether all models name the same emotion; None where not two or more answered."""
        if self.probabilities is None or len(self.names) < 2 or np.isnan(self.probabilities).all(axis=1).any():
            return None
        return len(set(np.nanargmax(self.probabilities, axis=1).tolist())) == 1


class Record:
    """Answers in the order in which they came; the oldest give way after `MOST_ANSWERS`."""

    def __init__(self) -> None:
        self._answers: deque[Answer] = deque(maxlen=MOST_ANSWERS)

    def __len__(self) -> int:
        return len(self._answers)

    def add(self, answer: Answer) -> None:
        self._answers.append(answer)

    def since(self, moment: float) -> list[Answer]:
        """Answers for frames from a moment on, without walking through all there are."""
        found = []
        for answer in reversed(self._answers):
            if answer.at < moment:
                break
            found.append(answer)
        return found[::-1]


def table(answers: list[Answer]) -> pd.DataFrame:
    """A row for each answer and model, as `fercore.inference.saved` opens it again: seconds since the first frame, run,
    faces, times, emotion, whether the model is sure, probabilities.

    There is a column for each class that one of the models knows, by default those of FER2013, called as
    `fercore.inference.batch.named` says; it is empty for a model that does not.
    """
    classes = tuple(dict.fromkeys(name for known in {answer.classes: None for answer in answers} for name in known))
    rows = [
        (
            round(answer.at - answers[0].at, 3),
            name,
            answer.faces,
            round(1000 * answer.delay, 1),
            round(1000 * float(answer.seconds[number]), 2),
            *_cells(answer, number, classes or EMOTIONS),
        )
        for answer in answers
        for number, name in enumerate(answer.names)
    ]
    return pd.DataFrame(rows, columns=[*WEBCAM, *named(classes or EMOTIONS)])


def agreement(answers: list[Answer]) -> float:
    """Share of answers in which the models name the same emotion, of those in which two or more answered; or NaN."""
    known = [answer.agree for answer in answers if answer.agree is not None]
    return sum(known) / len(known) if known else math.nan


def by_second(answers: list[Answer], name: str, now: float) -> pd.DataFrame:
    """What a model said in each second.

    Parameters
    ----------
    answers
        Of any time.
    name
        Of the model.
    now
        The moment, in seconds.

    Returns
    -------
    pandas.DataFrame
        Columns ago (whole seconds of the clock, 1 is the present one), emotion, and probability, a mean of the second,
        of the largest face. Seconds without a face have no rows.
    """
    own = [answer for answer in answers if name in answer.names and answer.probabilities is not None]
    rows = [
        dict(zip(answer.classes, answer.probabilities[answer.names.index(name)].tolist(), strict=True))
        for answer in own
    ]
    ago = [math.floor(now) - math.floor(answer.at) + 1 for answer in own]
    # Not by the columns' names, which are those of any classes: "ago" and "probability" may be among them.
    means = pd.DataFrame(rows, index=pd.Index(ago, dtype=int), dtype=float).groupby(level=0).mean()[::-1]
    long = {"ago": np.repeat(means.index, means.shape[1]), "emotion": np.tile(means.columns, len(means))}
    return pd.DataFrame(long | {"probability": means.to_numpy().ravel()}).dropna(ignore_index=True)


def _cells(answer: Answer, number: int, classes: tuple[str, ...]) -> tuple:
    """The class that a model names, whether it is sure, and its probability of each of some classes; None without."""
    if answer.probabilities is None or np.isnan(answer.probabilities[number]).all():
        return (None,) * (2 + len(classes))
    known = {name: p for name, p in zip(answer.classes, answer.probabilities[number].tolist(), strict=True) if p == p}
    best = max(known, key=known.get)
    sure = not answer.thresholds or known[best] >= answer.thresholds[number] - 1e-6  # below it by rounding alone
    return *named([best]), sure, *(round(known[name], 4) if name in known else None for name in classes)
