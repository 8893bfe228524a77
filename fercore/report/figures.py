"""What a run's predictions come to, for its report: as published, without copies, and how far its confidence goes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fercore.data.copies import with_copy_in_training
from fercore.data.dataset import DataError
from fercore.data.ferplus import votes_on
from fercore.evaluation.calibration import Calibration, calibration
from fercore.evaluation.clean import clean_report
from fercore.evaluation.confidence import Confidence, run_confidence
from fercore.evaluation.contamination import contamination
from fercore.evaluation.metrics import MetricsError, report
from fercore.evaluation.people import people_report
from fercore.evaluation.tables import ReportError, check_report
from fercore.report.facts import split_name, told
from fercore.runs import Predictions, Run, RunError


@dataclass(frozen=True)
class Measured:
    """A run on one split with one kind of test-time augmentation.

    Attributes
    ----------
    split, tta
        "train", "val" or "test"; "none" or "flip".
    report
        As `fercore.evaluation.metrics.report` makes it: from the predictions where they are there, else as stored.
    predictions
        None where they are missing or cannot be read; then the rest below is None too.
    clean, no_clean
        As `fercore.evaluation.clean.clean_report` makes it, or None and the reason in words.
    seen
        What speaks against the figures, see `fercore.evaluation.contamination`; None for clean ones.
    calibration
        Of the probabilities as the model gives them.
    people
        How it compares with most people, see `fercore.evaluation.people`; None where nobody voted on these images.
    note
        What could not be read, in words.
    """

    split: str
    tta: str
    report: dict
    predictions: Predictions | None = None
    clean: dict | None = None
    no_clean: str | None = None
    seen: str | None = None
    calibration: Calibration | None = None
    people: dict | None = None
    note: str | None = None


@dataclass(frozen=True)
class Scaled:
    """A run's confidence after temperature scaling, as far as one can know.

    Attributes
    ----------
    confidence
        Temperature and threshold, chosen on the validation split.
    calibration
        Of the scaled probabilities of some split.
    given, right
        Share of that split's images on which the model is sure, and how many of these answers are right: counts.
    """

    confidence: Confidence
    calibration: Calibration
    given: int
    right: int


def measure_all(run: Run, local: Path | None = None) -> tuple[list[Measured], list[str]]:
    """All that a run has been measured on, test before validation before train.

    Parameters
    ----------
    run
        A run.
    local
        File of copies of the user's own data set, see `with_copy_in_training`.

    Returns
    -------
    measured, problems
        What cannot be read is left out and told in words.
    """
    measured, problems = [], []
    for split, tta in run.evaluations():
        try:
            measured.append(measure(run, split, tta, local))
        except (RunError, ReportError, MetricsError) as error:
            problems.append(str(error))
    return measured, problems


def measure(run: Run, split: str, tta: str = "none", local: Path | None = None) -> Measured:
    """A run on one split, from its stored predictions; from its stored metrics alone where these cannot be read.

    Raises
    ------
    RunError, ReportError, MetricsError
        If neither can be used.
    """
    stored, seen = run.metrics(split, tta), contamination(run, split)
    try:
        found = run.predictions(split, tta)
    except RunError as error:
        return Measured(split, tta, check_report(stored), seen=seen, note=f"{error}. The figures are as stored.")
    # Out-of-fold predictions are of Training too, but not as others are: the stored name says so.
    settings = {"split": split, "split_name": told(stored.get("split_name", split_name(run, split))), "tta": tta}
    settings["classes"] = run.classes
    published = {**report(found.label, found.probabilities, **settings), "left_out": stored.get("left_out", {})}
    copies, no_clean = _copies(run, stored, split, found, local)
    votes = votes_on(found.id)
    return Measured(
        split,
        tta,
        check_report(published),
        predictions=found,
        clean=None if copies is None else clean_report(found, copies, **settings),
        no_clean=no_clean,
        seen=seen,
        calibration=calibration(found.label, found.probabilities),
        people=None if votes is None else people_report(found, run.classes, votes),
    )


def scaled(run: Run, measured: Measured) -> Scaled | None:
    """A measured split after temperature scaling; None without its predictions or any to fit a temperature on."""
    chosen, found = run_confidence(run, measured.tta), measured.predictions
    if chosen is None or found is None:
        return None
    probabilities = chosen.scale(found.probabilities)
    sure = chosen.sure(probabilities)
    right = (probabilities.argmax(axis=1) == found.label) & sure
    return Scaled(chosen, calibration(found.label, probabilities), int(sure.sum()), int(right.sum()))


def _copies(
    run: Run, stored: dict, split: str, found: Predictions, local: Path | None
) -> tuple[np.ndarray | None, str | None]:
    """Which images have a copy in training, or why nobody knows."""
    if split == "train":
        return None, "images that models learn from have no clean score"
    # A run may be measured on other data than it learned from: what counts is the copies there.
    fingerprint = stored.get("dataset_fingerprint", run.info["dataset"].get("fingerprint"))
    try:
        copies = with_copy_in_training(fingerprint, split, found.id, local=local)
    except DataError as error:
        return None, str(error)
    if copies is None:
        return None, "which images have a copy in training is not known for this data set; scripts/audit.py finds out"
    if copies.all():
        return None, "every image has a copy in training"
    return copies, None
