"""A model judged by people: what ten of them say of each image, beside its label and the model's answer.

FER2013's label is one answer, and often not that of most people, so accuracy measures the labels as much as the model.
Here the verdict on an image is what more than half of the people say, once answers of a single person are dropped
(`fercore.data.ferplus.verdict`, the rule of Barsoum et al. 2016, https://arxiv.org/abs/1608.01041). Images without such
a verdict, or of which most say that they do not know or see no face, have no right answer and are left out, as there.

A person's own score tells what can be expected: each vote is compared with the verdict of the other nine, by the same
rule. Distributions are over the expressions (`ferplus.shares`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from fercore.data.ferplus import ANSWERS, EXPRESSIONS, NO_FACE, UNKNOWN, majority, plurality, shares, verdict
from fercore.evaluation.intervals import ratio_intervals, wilson
from fercore.runs import Predictions

Figure = dict[str, float]
Measure = Callable[[np.ndarray, np.ndarray], np.ndarray]
RULE = "majority: more than half of the votes, once answers of a single person are dropped (Barsoum et al. 2016)"
_CLIP = float(np.finfo(np.float32).eps)  # as in the log loss of `fercore.evaluation.metrics`: at most 15.9 nats
_NO_ANSWER = -2  # a class of the model that is none of the people's answers; -1 is "no verdict"


@dataclass(frozen=True)
class Judged:
    """Images with votes, ordered by id.

    Attributes
    ----------
    label, predicted
        int64 arrays (N,), positions in `ANSWERS`; -2 for a class that people could not answer.
    probabilities
        float64 array (N, K): the model's, of the eight `EXPRESSIONS` and then of its other classes.
    counts
        float64 array (N, 10): votes for each of `ANSWERS`.
    """

    label: np.ndarray
    predicted: np.ndarray
    probabilities: np.ndarray
    counts: np.ndarray


def people_report(
    predictions: Predictions,
    classes: Sequence[str],
    counts: np.ndarray,
    *,
    resamples: int = 1000,
    seed: int = 0,
    details: bool = True,
) -> dict | None:
    """How a model, the labels and a single person compare with most people.

    Parameters
    ----------
    predictions
        Of N images, in any order.
    classes
        Names of its classes: of labels and columns.
    counts
        Votes (N, 10) for each of `ANSWERS`, zeros for an image without votes; from `fercore.data.ferplus.votes_on`.
    resamples, seed
        Of the bootstrap over images.
    details
        Whether to work out what takes three quarters of the time: distributions, and figures by agreement.

    Returns
    -------
    dict or None
        None where no image has a verdict. Every figure is {"value", "low", "high", "n"} with a 95 % interval: Wilson's
        for shares of images, percentile bootstrap over images for a person's score and for means.

        - "images": all, with votes, with a verdict, undecided, and those of which most say unknown or see no face.
        - "label", "model": share whose label, or answer, is the verdict; "person": share of votes that are the verdict
          of the other nine. "against_nine": all three by the verdicts of nine, the very same ones.
        - "disagreements": of the images where model and label differ, the share of which most votes are for the
          model's answer, for the label, for neither (another answer or a tie).
        - "cross_entropy" (nats; "lowest": of the people's distribution itself), "distance" (Jensen-Shannon, 0 to 1):
          means of the model, of the uniform distribution over the expressions, and of a single person's answer.
        - "by_agreement": label, model and person for images on whose first answer 10, 9, 8, ... people agree.
        - "confusion": rows the answer with most votes (of "answers"), columns the model's class (of "classes").

        "cross_entropy", "distance" and "by_agreement" are `details`.
    """
    judged = judge(predictions, classes, counts)
    decided = verdict(judged.counts) >= 0
    if not decided.any():
        return None
    said = majority(judged.counts)
    images = {
        **{"all": len(predictions.id), "with_votes": len(said), "verdict": int(decided.sum())},
        **{"undecided": int((said < 0).sum())},
        **{answer: int((said == ANSWERS.index(answer)).sum()) for answer in (UNKNOWN, NO_FACE)},
    }
    draw = {"resamples": resamples, "seed": seed}
    found = {
        **{"votes": "FER+", "rule": RULE, "answers": list(ANSWERS), "classes": list(classes), "images": images},
        **_agreement(judged, draw),
        "disagreements": _disagreements(judged),
        "confusion": _confusion(predictions, classes, counts),
    }
    if details:
        found |= {**_distributions(judged, draw), "by_agreement": _by_agreement(judged, draw)}
    return found


def judge(predictions: Predictions, classes: Sequence[str], counts: np.ndarray) -> Judged:
    """The images with votes, their classes by the names of people's answers."""
    known = np.flatnonzero(counts.any(axis=1))
    rows = known[np.argsort(predictions.id[known], kind="stable")]  # so that their order changes no interval
    place = np.array([ANSWERS.index(name) if name in ANSWERS else _NO_ANSWER for name in classes])
    others = [column for column, name in enumerate(classes) if name not in EXPRESSIONS]
    probabilities = np.zeros((len(rows), len(EXPRESSIONS) + len(others)))
    for column, name in enumerate(classes):
        at = EXPRESSIONS.index(name) if name in EXPRESSIONS else len(EXPRESSIONS) + others.index(column)
        probabilities[:, at] = predictions.probabilities[rows, column]
    return Judged(place[predictions.label[rows]], place[predictions.predicted[rows]], probabilities, counts[rows])


def nine_verdicts(counts: np.ndarray) -> np.ndarray:
    """What the other people say, for one vote of each answer: int64 (N, 10), -1 without a verdict or such a vote."""
    found = np.full(counts.shape, -1)
    for answer in range(counts.shape[1]):
        voted = counts[:, answer] > 0
        others = counts[voted].copy()
        others[:, answer] -= 1
        found[voted, answer] = verdict(others)
    return found


def cross_entropies(people: np.ndarray, model: np.ndarray) -> np.ndarray:
    """Cross-entropy of each image's distributions (N, K), nats (N,): people's with the model's, clipped at 15.9.

    Where all people agree it is the log loss.
    """
    return (people * -np.log(np.clip(model, _CLIP, 1 - _CLIP))).sum(axis=1)


def distances(people: np.ndarray, model: np.ndarray) -> np.ndarray:
    """Jensen-Shannon distance of each image's distributions (N, K): 0 where equal, 1 where nothing is shared.

    The square root of the divergence in bits (Endres and Schindelin 2003, https://doi.org/10.1109/TIT.2003.813506).
    """
    middle = (people + model) / 2

    def divergence(part: np.ndarray) -> np.ndarray:
        ratio = np.divide(part, middle, out=np.ones_like(middle), where=part > 0)
        return (part * np.log2(ratio)).sum(axis=1)

    return np.sqrt(np.clip((divergence(people) + divergence(model)) / 2, 0, 1))


def _agreement(judged: Judged, draw: dict) -> dict[str, Figure | dict[str, Figure]]:
    said, nine = verdict(judged.counts), nine_verdicts(judged.counts)
    votes = np.where(nine >= 0, judged.counts, 0)
    answers = {"person": np.arange(len(ANSWERS))[None], "model": judged.predicted[:, None]}
    answers["label"] = judged.label[:, None]
    hits = np.stack([(votes * (nine == own)).sum(axis=1) for own in answers.values()], axis=1)
    against = dict(zip(answers, _ratios(hits, votes.sum(axis=1), draw), strict=True))
    decided = said >= 0
    label, model = (_share((own == said)[decided]) for own in (judged.label, judged.predicted))
    return {"label": label, "model": model, "person": against["person"], "against_nine": against}


def _disagreements(judged: Judged) -> dict[str, Figure | int]:
    differ = judged.predicted != judged.label
    most = plurality(judged.counts)[differ]
    model, label = most == judged.predicted[differ], most == judged.label[differ]
    shown = {"model": model, "label": label, "neither": ~(model | label)}
    return {"n": int(differ.sum()), **{name: _share(own) for name, own in shown.items()}}


def _distributions(judged: Judged, draw: dict) -> dict[str, dict[str, Figure]]:
    people = shares(judged.counts)
    some = people.any(axis=1)
    people, counts = people[some], judged.counts[some]
    model = judged.probabilities[some]
    uniform = np.full_like(people, 1 / people.shape[1])
    wide = np.pad(people, ((0, 0), (0, model.shape[1] - people.shape[1])))
    once = np.ones(len(people))
    found = {}
    for name, measure in (("cross_entropy", cross_entropies), ("distance", distances)):
        person, votes = _of_persons(counts, measure)
        parts = {"model": measure(wide, model), "uniform": measure(people, uniform), "person": person}
        wholes = {"model": once, "uniform": once, "person": votes}
        if measure is cross_entropies:
            parts["lowest"], wholes["lowest"] = measure(people, people), once
        values = _ratios(np.stack(list(parts.values()), 1), np.stack(list(wholes.values()), 1), draw)
        found[name] = dict(zip(parts, values, strict=True))
    return found


def _of_persons(counts: np.ndarray, measure: Measure) -> tuple[np.ndarray, np.ndarray]:
    """Sum over votes of how far each, taken as certain, is from the distribution of the others; and those votes."""
    total, votes = np.zeros(len(counts)), np.zeros(len(counts))
    for answer in range(len(ANSWERS)):
        others = counts.copy()
        others[:, answer] = np.maximum(others[:, answer] - 1, 0)
        people = np.pad(shares(others), ((0, 0), (0, len(ANSWERS) - len(EXPRESSIONS))))
        own = np.broadcast_to(np.eye(len(ANSWERS))[answer], people.shape)
        weight = np.where(people.any(axis=1), counts[:, answer], 0)
        total += weight * measure(people, own)
        votes += weight
    return total, votes


def _by_agreement(judged: Judged, draw: dict) -> list[dict]:
    agreed, decided = np.floor(judged.counts.max(axis=1)), verdict(judged.counts) >= 0
    found = []
    for votes in sorted(set(agreed[decided].astype(int).tolist()), reverse=True):
        rows = decided & (agreed == votes)
        parts = (judged.label, judged.predicted, judged.probabilities, judged.counts)
        figures = _agreement(Judged(*(part[rows] for part in parts)), draw)
        found.append({"votes": votes, **{name: figures[name] for name in ("label", "model", "person")}})
    return found


def _confusion(predictions: Predictions, classes: Sequence[str], counts: np.ndarray) -> list[list[int]]:
    most = plurality(counts)
    found = np.zeros((len(ANSWERS), len(classes)), int)
    np.add.at(found, (most[most >= 0], predictions.predicted[most >= 0]), 1)
    return found.tolist()


def _share(right: np.ndarray) -> Figure:
    return {**wilson(int(right.sum()), len(right)), "n": len(right)}


def _ratios(parts: np.ndarray, wholes: np.ndarray, draw: dict) -> list[Figure]:
    """Ratios of sums with intervals; n is the images that count. Nothing counted: nothing known."""
    wholes = np.broadcast_to(wholes if wholes.ndim == 2 else wholes[:, None], parts.shape)
    counted = wholes.any(axis=1)
    if not counted.any():
        return [{"value": 0.0, "low": 0.0, "high": 1.0, "n": 0}] * parts.shape[1]
    n = int(counted.sum())
    return [{**own, "n": n} for own in ratio_intervals(parts[counted], wholes[counted], **draw)]
