"""Probabilities that hold still: an average over time that follows each face. Knows no Streamlit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from fercore.inference.smoothing import newest_weight
from fercore.inference.tracks import overlap
from views.webcam.worker import Reading

if TYPE_CHECKING:
    from fercore.inference.faces import Face

SAME_FACE = 0.3  # overlap from which two boxes are the same face a moment later


class Smoother:
    """Exponential moving averages of the probabilities of each face, one reading after the other."""

    def __init__(self) -> None:
        self._at = 0.0
        self._asked: tuple[tuple[str, ...], ...] = ()  # the models, and their classes
        self._faces: tuple[Face, ...] = ()
        self._before = np.zeros((0, 0, 0), np.float32)

    def smooth(self, reading: Reading, names: tuple[str, ...], at: float, constant: float) -> np.ndarray:
        """Smoothed probabilities of a reading.

        Parameters
        ----------
        reading, names
            The newest, and the names of its models. Other models or classes than before begin anew, as does a face that
            was not there before.
        at
            When it was made, in seconds.
        constant
            Seconds after which a change has come through to 63 %, however often there are readings; 0 for no smoothing.

        Returns
        -------
        np.ndarray
            float32 (models, faces, classes); rows sum to 1 where those of the reading do.
        """
        result, asked = reading.probabilities.copy(), (names, reading.classes)
        if constant > 0 and asked == self._asked:
            weight = newest_weight(at - self._at, constant)
            for number, face in enumerate(reading.faces):
                overlaps = [overlap(face.box, other.box) for other in self._faces]
                if overlaps and max(overlaps) >= SAME_FACE:
                    before = self._before[:, int(np.argmax(overlaps))]
                    mixed = before + weight * (result[:, number] - before)
                    result[:, number] = np.where(np.isnan(before), result[:, number], mixed)
        self._at, self._asked, self._faces, self._before = at, asked, reading.faces, result
        return result
