"""Random faces of a data set, and faces side by side in one picture."""

from __future__ import annotations

import numpy as np

from fercore.data.dataset import Dataset
from fercore.emotions import emotion_index


def sample_rows(dataset: Dataset, split: str, emotion: str, n: int, seed: int) -> np.ndarray:
    """Row numbers of `n` different images of an emotion in a split, drawn by a seed; all of them where there are fewer.

    Returns
    -------
    numpy.ndarray
        int64 (at most n,), in random order.
    """
    rows = dataset.indices(split)
    rows = rows[dataset.labels[rows] == emotion_index(emotion, dataset.classes)]
    return np.random.default_rng(seed).permutation(rows)[:n]


def face_sheet(faces: np.ndarray, columns: int, gap: int = 4) -> np.ndarray:
    """Faces in a grid, row by row, with transparent gaps: legible on every ground.

    Parameters
    ----------
    faces
        uint8 (N, H, W) or (N, H, W, 3), N at least 1, 0 black to 255 white.
    columns
        Faces in a row; a last row that is not full ends transparent.
    gap
        Pixels between faces.

    Returns
    -------
    numpy.ndarray
        uint8 (height, width, 4): RGBA, alpha 255 on faces and 0 elsewhere.
    """
    n, height, width = faces.shape[:3]
    rows = -(-n // columns)
    sheet = np.zeros((rows * (height + gap) - gap, columns * (width + gap) - gap, 4), dtype=np.uint8)
    for number, face in enumerate(faces):
        top, left = (number // columns) * (height + gap), (number % columns) * (width + gap)
        sheet[top : top + height, left : left + width, :3] = face if face.ndim == 3 else face[:, :, None]
        sheet[top : top + height, left : left + width, 3] = 255
    return sheet
