"""Several models on the same images: which is ahead, where they agree, and on which images they do not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import pandas as pd

from fercore.emotions import EMOTIONS
from fercore.evaluation.calibration import Calibration
from fercore.evaluation.contamination import contamination
from fercore.evaluation.studies import ranking
from fercore.runs import Predictions, Run

# Of two models: what a choice of images on which they disagree shows.
ONLY_FIRST, ONLY_SECOND, DIFFERENTLY = "only_first", "only_second", "wrong_differently"


@dataclass(frozen=True)
class SharedAnswers:
    """What several models answered for the images that all of them saw.

    Attributes
    ----------
    id, label
        str (N,) and int64 (N,): the images and their true classes.
    probabilities
        Run name -> float32 (N, C).
    left_out
        Names of runs that share no image with those before them.
    """

    id: np.ndarray
    label: np.ndarray
    probabilities: dict[str, np.ndarray]
    left_out: tuple[str, ...] = ()

    def predicted(self, name: str) -> np.ndarray:
        """int64 (N,): the most probable class of each image."""
        return self.probabilities[name].argmax(axis=1)

    def right(self, names: Iterable[str]) -> dict[str, np.ndarray]:
        """Run name -> bool (N,), whether it is right."""
        return {name: self.predicted(name) == self.label for name in names}


def share(predictions: Mapping[str, Predictions]) -> SharedAnswers:
    """The images that several runs answered for, and their answers.

    Parameters
    ----------
    predictions
        Run name -> what it answered for one split, or for some of its images; at least one run.

    Returns
    -------
    SharedAnswers
        In the order of the first run. An image is the same where id and true class are. A run that has none of the
        images that those before it share is left out, so that it does not leave all the others without any.
    """
    places = {name: _places(found) for name, found in predictions.items()}
    shared, used, left_out = list(next(iter(places.values()))), [], []
    for name, own in places.items():
        both = [image for image in shared if image in own]
        (used if both else left_out).append(name)
        shared = both or shared
    rows = {name: [places[name][image] for image in shared] for name in used}
    return SharedAnswers(
        np.array([id for id, _ in shared], dtype=np.str_),
        np.array([label for _, label in shared], dtype=np.int64),
        {name: predictions[name].probabilities[rows[name]] for name in used},
        tuple(left_out),
    )


def compare(shared: SharedAnswers, names: Iterable[str]) -> pd.DataFrame:
    """Accuracy of each run, best first, and how far it lies below the best, image by image.

    Returns
    -------
    DataFrame
        run, accuracy, low, high (Wilson, 95 %), difference (best minus run), difference_low, difference_high (paired
        bootstrap over images, 95 %, not corrected), p (McNemar's exact test, corrected for all pairs, Holm), verdict
        (of `studies.ranking`), only_best and only_run: how many images one of the two alone is right on.
    """
    right = shared.right(names)
    runs = pd.DataFrame({"run": list(right), "point": list(right), "seed": 0})
    table = ranking(runs, right).drop(columns=["seeds", "sd"]).rename(columns={"point": "run"})
    table = table.sort_values("accuracy", ascending=False, kind="stable", ignore_index=True)
    best = right[table["run"][0]] if len(table) else None
    return table.assign(
        only_best=[int((best & ~right[run]).sum()) for run in table["run"]],
        only_run=[int((right[run] & ~best).sum()) for run in table["run"]],
    )


def agreement(shared: SharedAnswers) -> pd.DataFrame:
    """How often each two runs say the same, and how often they are right, together or alone.

    Returns
    -------
    DataFrame
        A row for each ordered pair, a run with itself included: first, second, same (share of the images), then
        images: both_right, only_first, only_second, wrong_alike, wrong_differently, and their sum n.
    """
    said = {name: shared.predicted(name) for name in shared.probabilities}
    right = shared.right(said)
    rows = [
        {
            "first": first,
            "second": second,
            "same": float((said[first] == said[second]).mean()),
            "both_right": int((right[first] & right[second]).sum()),
            **{kind: int(_disagree(shared, first, second, kind).sum()) for kind in (ONLY_FIRST, ONLY_SECOND)},
            "wrong_alike": int(((said[first] == said[second]) & ~right[first]).sum()),
            DIFFERENTLY: int(_disagree(shared, first, second, DIFFERENTLY).sum()),
            "n": len(shared.label),
        }
        for first, second in product(said, said)
    ]
    return pd.DataFrame(rows)


def disagreements(
    shared: SharedAnswers, first: str, second: str, kind: str, classes: Sequence[str] = EMOTIONS
) -> pd.DataFrame:
    """The images on which two runs disagree in one way.

    Parameters
    ----------
    shared
        From `share`.
    first, second
        Names of two runs.
    kind
        ONLY_FIRST is right, ONLY_SECOND is, or both are wrong but say different things (DIFFERENTLY).
    classes
        Names of the classes, by default those of FER2013.

    Returns
    -------
    DataFrame
        id, true, first, second (what each says: emotions), first_probability, second_probability (of what it says),
        right (whether one of the two is).
    """
    rows, names = _disagree(shared, first, second, kind), np.array(classes, dtype=object)
    answers = {}
    for place, name in (("first", first), ("second", second)):
        answers[place] = names[shared.predicted(name)[rows]]
        answers[f"{place}_probability"] = shared.probabilities[name].max(axis=1)[rows]
    return pd.DataFrame(
        {"id": shared.id[rows], "true": names[shared.label[rows]], **answers, "right": kind != DIFFERENTLY}
    )


def choice_table(
    runs: Iterable[Run],
    split: str,
    reports: Mapping[str, dict],
    calibrations: Mapping[str, Calibration],
    milliseconds: Mapping[str, float],
) -> pd.DataFrame:
    """What there is to know when one of several models is to be chosen.

    Parameters
    ----------
    runs, split
        The runs, and the split that they were measured on.
    reports, calibrations
        Run name -> report of `metrics.report` and calibration on the same images.
    milliseconds
        Run name -> time for one face; runs may be missing.

    Returns
    -------
    DataFrame
        A row a run: run, accuracy and macro_f1 with low and high, weakest (the emotion with the lowest recall) and
        recall with low and high, calibration_error, calibration_by_chance, overconfidence, tilt_by_chance (fractions),
        parameters, weights_bytes, milliseconds, licence, seen (what speaks against its figures on this split; empty
        where nothing does). What is not known is missing.
    """
    rows = []
    for run in runs:
        report, calibrated = reports[run.name], calibrations[run.name]
        weakest, recall = _lowest_recall(report)
        rows.append(
            {
                "run": run.name,
                **_columns("accuracy", report["accuracy"]),
                **_columns("macro_f1", report["macro_f1"]),
                "weakest": weakest,
                **_columns("recall", recall),
                "calibration_error": calibrated.error,
                "calibration_by_chance": calibrated.by_chance,
                "overconfidence": calibrated.overconfidence,
                "tilt_by_chance": calibrated.tilt_by_chance,
                "parameters": run.parameters,
                "weights_bytes": run.weights_bytes,
                "milliseconds": milliseconds.get(run.name),
                "licence": licence(run),
                "seen": contamination(run, split) or "",
            }
        )
    return pd.DataFrame(rows).astype({"parameters": "Int64", "weights_bytes": "Int64", "milliseconds": "float64"})


def licence(run: Run) -> str:
    """Under which licence a model's weights are, as far as its run folder says."""
    source, trained_on = run.info.get("source"), run.info.get("trained_on")
    if source is None:
        while isinstance(trained_on, dict) and isinstance(began := trained_on.get("init_from"), dict):
            trained_on = began.get("trained_on")  # a run trained here too, which began somewhere itself
        first = trained_on.get("pretraining") if isinstance(trained_on, dict) else None
        began = isinstance(first, str) and first
        return f"trained here from weights of {first[:80]}: theirs" if began else "trained here: none of its own"
    stated = source.get("license") if isinstance(source, dict) else None
    return stated[:80] if isinstance(stated, str) and stated else "none stated by its author"


def _places(found: Predictions) -> dict[tuple[str, int], int]:
    """(id, true class) -> row."""
    return {image: row for row, image in enumerate(zip(found.id.tolist(), found.label.tolist(), strict=True))}


def _disagree(shared: SharedAnswers, first: str, second: str, kind: str) -> np.ndarray:
    """Which images, bool (N,), two runs disagree on in one way."""
    one, other = shared.predicted(first), shared.predicted(second)
    if kind == DIFFERENTLY:
        return (one != other) & (one != shared.label) & (other != shared.label)
    right, wrong = (one, other) if kind == ONLY_FIRST else (other, one)
    return (right == shared.label) & (wrong != shared.label)


def _lowest_recall(report: dict) -> tuple[str, dict[str, float]]:
    """The emotion with the lowest recall among those that occur, and that recall with its interval."""
    present = {emotion: figures for emotion, figures in report["per_class"].items() if figures["support"]}
    weakest = min(present, key=lambda emotion: present[emotion]["recall"]["value"])
    return weakest, present[weakest]["recall"]


def _columns(name: str, estimate: Mapping[str, float]) -> dict[str, float]:
    return {name: estimate["value"], f"{name}_low": estimate["low"], f"{name}_high": estimate["high"]}
