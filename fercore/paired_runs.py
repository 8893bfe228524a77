"""Two runs beside each other on the images that both answered for: the paired test of `fercore.compare`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fercore.charts.style import count, p_value, points, range_words, with_range
from fercore.data.copies import with_copy_in_training
from fercore.evaluation.clean import kept
from fercore.evaluation.comparison import share
from fercore.evaluation.contamination import UNKNOWN, contamination, split_name
from fercore.evaluation.elsewhere import Elsewhere
from fercore.evaluation.intervals import wilson
from fercore.evaluation.judged import over_classes
from fercore.evaluation.paired import mcnemar, paired_difference
from fercore.run_names import find_run
from fercore.runs import Predictions, Run, RunError

ALPHA = 0.05  # below this p-value a difference counts as more than chance


@dataclass(frozen=True)
class Comparison:
    """Which of two runs is right more often, and by more than chance.

    Attributes
    ----------
    first, second
        Names of the runs.
    images
        What they were measured on, in words: "PrivateTest", "PrivateTest without copies".
    n
        How many images both answered for.
    accuracies
        Of the first and the second: value, low and high (Wilson's 95 % interval), fractions.
    difference
        Accuracy of the first minus that of the second: value, low and high (95 %, paired bootstrap over images).
    p
        Of McNemar's exact test, two-sided.
    only_first, only_second
        How many images one of the two alone is right on.
    warnings
        Why a figure is not comparable, such as a run that learned from these images; empty where nothing is known.
    """

    first: str
    second: str
    images: str
    n: int
    accuracies: tuple[dict[str, float], dict[str, float]]
    difference: dict[str, float]
    p: float
    only_first: int
    only_second: int
    warnings: tuple[str, ...] = ()

    @property
    def told_apart(self) -> bool:
        """Whether the difference is more than chance explains, at a level of 5 %. One pair is one test: who compares
        many pairs corrects for their number (`fercore.evaluation.paired.holm`)."""
        return self.p < ALPHA

    def __str__(self) -> str:
        first, second = map(with_range, self.accuracies)
        verdict = "they differ" if self.told_apart else "they cannot be told apart"
        p = p_value(self.p)
        lines = [
            f"{self.images}, n = {count(self.n)}; 95 % intervals in brackets",
            f"accuracy of {self.first}: {first}",
            f"accuracy of {self.second}: {second}",
            f"difference: {points(self.difference['value'])} ({range_words(self.difference)}), "
            f"p {p if p.startswith('<') else f'= {p}'}: {verdict}",
            f"images that one alone gets right: {self.first} {count(self.only_first)}, "
            f"{self.second} {count(self.only_second)}",
        ]
        return "\n".join([*lines, *(f"note: {warning}" for warning in self.warnings)])


def compare(
    first: str | os.PathLike | Run,
    second: str | os.PathLike | Run,
    *,
    split: str = "test",
    tta: str = "none",
    without_copies: bool = False,
    root: Path | str | None = None,
) -> Comparison:
    """Compare two runs image by image, from their stored predictions: neither weights nor data set are needed.

    The intervals of two runs may overlap although they differ: what both get wrong says nothing about which is better.
    So the test looks at the images on which only one of the two is right (McNemar 1947).

    Parameters
    ----------
    first, second
        Names of runs, paths to their folders, or runs from `fercore.open_run`.
    split
        "test", "val" or "train"; for FER2013 these are PrivateTest, PublicTest and Training.
    tta
        "flip" takes the predictions with flip averaging.
    without_copies
        Leave out the images of which Training has a copy (`fercore.data.copies`).
    root
        Folder in which names are looked up, as in `fercore.load`.

    Raises
    ------
    RunError
        If a run or its predictions are missing, the two were measured on different data sets or share no images, or it
        is not known which images have a copy.
    """
    runs = [run if isinstance(run, Run) else find_run(run, root) for run in (first, second)]
    _check_same_data(runs)
    classes = tuple(dict.fromkeys(name for run in runs for name in run.classes))  # they meet by name
    answers = (over_classes(_answers(run, split, tta, without_copies), run.classes, classes) for run in runs)
    shared = share(dict(enumerate(answers)))
    if shared.left_out:
        raise RunError(
            f"{runs[0].name} and {runs[1].name} share no images of the {split} split; score both on the same data set "
            "with: python scripts/evaluate.py"
        )
    one, other = (shared.predicted(place) == shared.label for place in (0, 1))
    return Comparison(
        runs[0].name,
        runs[1].name,
        split_name(runs[0], split) + " without copies" * without_copies,
        len(shared.label),
        tuple(wilson(int(right.sum()), len(right)) for right in (one, other)),
        paired_difference(one, other),
        mcnemar(one, other),
        int((one & ~other).sum()),
        int((other & ~one).sum()),
        tuple(_warnings(runs, split)),
    )


def _check_same_data(runs: list[Run]) -> None:
    """Refuse runs of different data sets: of images that both have, only those with equal labels would be left."""
    first, second = ((run.name, run.info["dataset"].get("fingerprint")) for run in runs)
    if first[1] and second[1] and first[1] != second[1]:
        raise RunError(
            f"{first[0]} was measured on the data set {str(first[1])[:12]} and {second[0]} on {str(second[1])[:12]}: "
            "their images or labels differ. Score one of them on the data of the other with python "
            "scripts/evaluate.py RUN --data data/NAME, and compare what "
            "fercore.evaluation.elsewhere.open_elsewhere opens"
        )


def _answers(run: Run, split: str, tta: str, without_copies: bool) -> Predictions:
    found = run.predictions(split, tta)
    if not without_copies:
        return found
    copies = None
    if not isinstance(run, Elsewhere):  # copies within other data say nothing of what the run learned from
        copies = with_copy_in_training(run.info["dataset"].get("fingerprint"), split, found.id)
    if copies is None:
        raise RunError(
            f"which images of {run.name} have a copy in training is not known for its data set; compare with "
            "without_copies=False, or find out with scripts/audit.py and compare on the dashboard"
        )
    return kept(found, np.logical_not(copies))


def _warnings(runs: list[Run], split: str) -> list[str]:
    found = {run.name: contamination(run, split) for run in runs}
    return [
        f"what {name} learned from is not known: it may have seen these images"
        if why == UNKNOWN
        else f"what {name} learned from {why}: its figure says what it remembers"
        for name, why in found.items()
        if why
    ]
