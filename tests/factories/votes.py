"""Votes of people, written as what they said."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from fercore.data.fer2013 import OFFICIAL_SPLIT_NAMES, SPLITS
from fercore.data.fer2013_ids import known
from fercore.data.ferplus import ANSWERS, plurality, votes_on
from fercore.emotions import EMOTIONS
from fercore.runs import Predictions, Run
from fercore.training.evaluate import store
from tests.factories.runs import make_run


def counted(*images: Mapping[str, float]) -> np.ndarray:
    """Counts (N, 10) from the answers that each image got: {"happy": 9, "no_face": 1}, ..."""
    return np.array([[image.get(answer, 0) for answer in ANSWERS] for image in images], dtype=np.float64)


def make_judged_run(root: Path, name: str = "judged", n: int = 140, split: str = "test") -> Run:
    """A run whose predictions are of images of FER2013, by their real ids, so that people's votes on them are known.

    The model says what most people say of every second image and the label of the others, always 0.7 sure.
    """
    table = known()
    places = np.flatnonzero(table.split == SPLITS.index(split))
    places = places[:: max(1, len(places) // n)][:n]
    labels, ids = table.label[places].astype(np.int64), table.ids[places]
    said = plurality(votes_on(ids))
    predicted = np.where((np.arange(len(ids)) % 2 == 0) & (said >= 0) & (said < len(EMOTIONS)), said, labels)
    probabilities = np.full((len(ids), len(EMOTIONS)), 0.3 / (len(EMOTIONS) - 1), np.float32)
    probabilities[np.arange(len(ids)), predicted] = 0.7
    run = make_run(root, name, n=n)
    store(run, split, "none", Predictions(ids, labels, probabilities), OFFICIAL_SPLIT_NAMES[split], {"left_out": {}})
    return run
