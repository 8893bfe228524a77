"""Answers that hold still: each person's probabilities averaged over time, the newest counting most."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from fercore.evaluation.confidence import Confidence

if TYPE_CHECKING:
    from fercore.inference.batch import Found
    from fercore.inference.predictor import Answers

MOST = 10.0  # seconds that a time constant may have


def newest_weight(elapsed: float, constant: float) -> float:
    """Weight, 0 to 1, of an answer that comes `elapsed` seconds after the one before it.

    With it an exponential moving average comes through to 63 % after `constant` seconds, however often there are
    answers.
    """
    return 1 - math.exp(-max(elapsed, 0.0) / constant)


class TrackSmoother:
    """Exponential moving averages of the probabilities of each person of one video after the other.

    Parameters
    ----------
    constant
        Seconds after which a change has come through to 63 %, above 0.
    """

    def __init__(self, constant: float) -> None:
        self.constant = constant
        self._file: Path | None = None
        self._before: dict[int, tuple[float, np.ndarray]] = {}  # track -> time and average

    def smooth(self, faces: Sequence[Found], answers: Answers, confidence: Confidence | None) -> Answers:
        """The answers for some faces, averaged with those for the same persons before.

        Parameters
        ----------
        faces
            In the order of time; one without a track keeps its answer.
        answers
            For them, in order.
        confidence
            Of the model: whether it is sure is judged anew, by the limit that was chosen for single pictures.
        """
        own = [self._next(face, row) for face, row in zip(faces, answers.probabilities, strict=True)]
        probabilities = np.array(own, np.float32).reshape(answers.probabilities.shape)
        sure = (confidence or Confidence()).sure(probabilities)
        return replace(answers, probabilities=probabilities, sure=sure)

    def _next(self, face: Found, own: np.ndarray) -> np.ndarray:
        if face.track is None:
            return own
        if face.file != self._file:  # its tracks are others
            self._file, self._before = face.file, {}
        if face.track in self._before:
            time, before = self._before[face.track]
            own = before + newest_weight(face.time - time, self.constant) * (own - before)
        self._before[face.track] = face.time, own
        return own
