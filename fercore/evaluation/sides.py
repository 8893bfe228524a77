"""Whom people side with on each image: the model, its label, both, or neither."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from fercore.data.ferplus import ANSWERS, EXPRESSIONS, plurality

MODEL, LABEL, BOTH, NEITHER, DIVIDED, NO_FACE = SIDES = (
    "model",
    "label",
    "both",
    "neither",
    "divided",
    "no_face",
)
NO_VOTES = ""


def people_table(labels: Sequence[str], predicted: Sequence[str], counts: np.ndarray) -> pd.DataFrame:
    """What people say of each image, beside its label and a model's answer.

    Parameters
    ----------
    labels, predicted
        Names of classes, N of each.
    counts
        Votes (N, 10) for each of `fercore.data.ferplus.ANSWERS`, zeros for an image without votes.

    Returns
    -------
    DataFrame
        side (of `SIDES`, by the answer with most votes; "divided" where two answers tie, "no_face" where most people
        see none or do not know; "" without votes), agreed (share of the votes that the first answer has; missing
        without votes) and votes in words: "sad 6, neutral 3, fear 1".
    """
    labels, predicted = np.asarray(labels, dtype=object), np.asarray(predicted, dtype=object)
    most, voted = plurality(counts), counts.any(axis=1)
    said = np.array([*ANSWERS, ""], dtype=object)[most]
    side = np.select(
        [
            *(~voted, most < 0, most >= len(EXPRESSIONS)),
            *((said == labels) & (said == predicted), said == predicted, said == labels),
        ],
        [NO_VOTES, DIVIDED, NO_FACE, BOTH, MODEL, LABEL],
        NEITHER,
    )
    agreed = np.where(voted, counts.max(axis=1, initial=0) / counts.sum(axis=1).clip(min=1), np.nan)
    return pd.DataFrame({"side": side, "agreed": agreed, "votes": _all_words(counts)})


def _all_words(counts: np.ndarray) -> list[str]:
    """The words for each image; many images have the same votes."""
    known: dict[tuple, str] = {}
    return [known.get(own) or known.setdefault(own, vote_words(np.array(own))) for own in map(tuple, counts.tolist())]


def vote_words(counts: np.ndarray) -> str:
    """Votes (10,) in words, most first: "sad 6, neutral 3, no face 1"; empty without votes."""
    order = sorted(np.flatnonzero(counts), key=lambda answer: -counts[answer])
    return ", ".join(f"{ANSWERS[answer].replace('_', ' ')} {counts[answer]:g}" for answer in order)
