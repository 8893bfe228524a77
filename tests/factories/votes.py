"""Votes of people, written as what they said."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from fercore.data.dataset import SPLITS
from fercore.data.fer2013 import OFFICIAL_SPLIT_NAMES
from fercore.data.fer2013_ids import known
from fercore.data.ferplus import ANSWERS, plurality, verdict, votes_on
from fercore.emotions import EMOTIONS
from fercore.runs import Predictions, Run, update_run
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
    labels, said = table.label[places], plurality(votes_on(table.ids[places]))
    predicted = np.where((np.arange(len(places)) % 2 == 0) & (said >= 0) & (said < len(EMOTIONS)), said, labels)
    return make_answering_run(root, name, places, [EMOTIONS[answer] for answer in predicted], split=split)


def some_places(number: int, label: str, said: str | None, split: str = "test") -> np.ndarray:
    """Places in `known()` of the first images of a label of which most people say something, or nothing."""
    table = known()
    answer = ANSWERS.index(said) if said else -1
    wanted = (table.split == SPLITS.index(split)) & (table.label == EMOTIONS.index(label))
    return np.flatnonzero(wanted & (verdict(votes_on(table.ids)) == answer))[:number]


def make_answering_run(
    root: Path,
    name: str,
    places: np.ndarray,
    answers: Sequence[str],
    sure: float = 0.7,
    classes: Sequence[str] = EMOTIONS,
    split: str = "test",
    *,
    weights: bool = False,
) -> Run:
    """A run that gives these answers for images of FER2013, at places in `known()`, each with the same probability."""
    run = make_run(root, name, n=len(places), splits=("val",), weights=weights)
    return give_answers(update_run(run, classes=list(classes)), places, answers, sure, split)


def give_answers(run: Run, places: np.ndarray, answers: Sequence[str], sure: float = 0.7, split: str = "test") -> Run:
    """Let a run give these answers on a split, as `make_answering_run`."""
    table, wanted = known(), list(run.classes)
    labels = np.array([wanted.index(EMOTIONS[label]) for label in table.label[places]])
    probabilities = np.full((len(places), len(wanted)), (1 - sure) / (len(wanted) - 1), np.float32)
    probabilities[np.arange(len(places)), [wanted.index(answer) for answer in answers]] = sure
    given = Predictions(table.ids[places], labels, probabilities)
    store(run, split, "none", given, OFFICIAL_SPLIT_NAMES[split], {"left_out": {}})
    return run
