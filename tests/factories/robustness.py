"""Counts of disturbed pictures, made up: every answer known, so that every figure follows by hand."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from fercore.evaluation.confidence import Confidence
from fercore.evaluation.disturbances import digest
from fercore.evaluation.robustness import Robustness, conditions, write_robustness
from fercore.inference.disturbed import Answers, count
from fercore.runs import Run

ABOUT = {
    **{"fingerprint": "made", "order": "up", "split": "test", "split_name": "PrivateTest", "split_size": 100},
    **{"weights_sha256": "", "engine": "torch fp32", "created": "2026-11-27T22:00:00+00:00"},
    **{"temperature": 1.0, "threshold": 0.5},
}


def made_counts(
    wrong: Callable[[str, int], int] = lambda kind, strength: 10 + 4 * strength,
    n: int = 100,
    confidence: Callable[[str, int], float] = lambda kind, strength: 0.75,
    **about: object,
) -> Robustness:
    """Of `n` images of class 0, the first `wrong(kind, strength)` are taken for class 1, all of one confidence."""
    found = {}
    for kind, strength in conditions():
        predicted = (np.arange(n) < wrong(kind, strength)).astype(np.int16)
        found[kind, strength] = Answers(predicted, np.full(n, confidence(kind, strength), np.float32))
    about = ABOUT | {"kinds": digest()} | about
    threshold = about["threshold"]
    sure = None if threshold is None else Confidence(1.0, threshold, 0.8, 0.5)
    return count(found, np.zeros(n, np.int64), np.arange(n), about, sure)


def keep_counts(run: Run, split: str = "test", **settings: object) -> Robustness:
    """The same, kept in a run's folder for its own data set."""
    own = run.info["dataset"]
    about = {"fingerprint": own["fingerprint"], "split": split, "weights_sha256": f"of {run.name}"}
    made = made_counts(**about, **settings)
    write_robustness(run, split, made)
    return made
