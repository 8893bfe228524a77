"""A run on other data than its own: where the results lie, who is asked what, and the two ways to read the answers.

A run's own figures are about one data set, by whose validation split its epoch, temperature and threshold were chosen.
What it answers for any other lies in runs/RUN/evaluations/NAME/, bound to that data set's fingerprint, and touches none
of the run's own files. Classes meet by name. Images of classes that the model does not know are not asked, and are
counted. What it answers for the others is read in two ways:

- free: as it answers. An answer that is none of the data's classes is wrong.
- told which classes there are: its probabilities of the classes that model and data share, scaled to sum to 1.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from fercore.data.dataset import Dataset
from fercore.evaluation.clean import clean_report
from fercore.runs import SPLITS, Predictions, Run, RunError, check_name, read_json, utc_now, write_json

FOLDER, RECORD = "evaluations", "evaluation.json"
SCHEMA_VERSION = 1
READINGS = {"free": "free", "told": "told which classes there are"}


@dataclass(frozen=True)
class Elsewhere(Run):
    """The results of a run on another data set, to be read as a run's own: `metrics`, `predictions` and the like.

    `path` is the folder of the results, `info` that of the run with the other data set in it, `home` the run itself.
    """

    home: Run = field(kw_only=True)

    @property
    def name(self) -> str:
        return self.home.name

    @property
    def status(self) -> str:
        return self.home.status

    @property
    def dataset_name(self) -> str:
        return self.path.name

    @property
    def shared(self) -> tuple[str, ...]:
        """The classes that model and data share, in the model's order."""
        theirs = set(self.info["dataset"]["classes"])
        return tuple(name for name in self.home.classes if name in theirs)


@dataclass(frozen=True)
class Asked:
    """The images that a model is asked about.

    Attributes
    ----------
    rows
        int64 (N,), their rows in the data set.
    labels
        int64 (N,), their true classes, positions in the model's classes.
    not_asked
        Class that the model does not know -> number of its images.
    """

    rows: np.ndarray
    labels: np.ndarray
    not_asked: dict[str, int]


def asked(run: Run, dataset: Dataset, rows: np.ndarray) -> Asked:
    """Which of some rows of a data set a run's model can be asked about.

    Raises
    ------
    RunError
        If there are none: model and data share no class that occurs.
    """
    places = np.array([run.classes.index(name) if name in run.classes else -1 for name in dataset.classes])
    labels = places[dataset.labels[rows]]
    known = labels >= 0
    if not known.any():
        raise RunError(
            f"{run.name} answers {', '.join(run.classes)}; of the {len(rows):,} images in question, which show "
            f"{', '.join(dataset.classes)}, none has one of these classes"
        )
    strange = np.bincount(dataset.labels[rows[~known]], minlength=len(dataset.classes)).tolist()
    not_asked = {name: count for name, count in zip(dataset.classes, strange, strict=True) if count}
    return Asked(rows[known], labels[known], not_asked)


def is_home(run: Run, dataset: Dataset) -> bool:
    """Whether a run's own figures are about this data set.

    A model that others trained has none before it is evaluated for the first time, on data of its own classes.
    """
    own = run.info["dataset"]
    return own.get("fingerprint") == dataset.info["fingerprint"] if own else run.classes == dataset.classes


def place(run: Run, dataset: Dataset) -> Run:
    """Where the results of a run on a data set belong: the run itself, or its folder for that data set, which is made.

    Raises
    ------
    RunError
        If the folder of that name holds the results on other images, or is none of ours.
    """
    if is_home(run, dataset):
        return run
    folder = run.path / FOLDER / check_name(dataset.name)
    for made in (folder.parent, folder):
        if made.is_symlink() or (made.exists() and not made.is_dir()):
            raise RunError(f"{made} is a link or a file, expected a folder; remove it and run this again")
        made.mkdir(exist_ok=True)
    about = dataset.summary() | {"name": dataset.name, "classes": list(dataset.classes)}
    if (folder / RECORD).is_file():
        found = read_json(folder / RECORD)
        there = found.get("dataset") if isinstance(found.get("dataset"), dict) else {}
        if there.get("fingerprint") != about["fingerprint"]:
            raise RunError(
                f"{folder} holds results on the data set {there.get('fingerprint')}, but {dataset.path} holds "
                f"{about['fingerprint']} under the same name; they are never overwritten. Prepare the data under "
                "another --name, or delete that folder"
            )
        if found.get("weights_sha256") != (now := run.weights_sha256() if run.has_weights else None) and now:
            shutil.rmtree(folder)  # results of weights that are no longer the run's
            folder.mkdir()
    if not (folder / RECORD).is_file():
        weights = run.weights_sha256() if run.has_weights else None
        record = {"schema_version": SCHEMA_VERSION, "created": utc_now(), "run": run.name, "weights_sha256": weights}
        write_json(folder / RECORD, record | {"dataset": about})
    return open_elsewhere(run, folder.name)


def open_elsewhere(run: Run, name: str) -> Elsewhere:
    """The results of a run on the data set of a name; RunError if there are none or they cannot be read."""
    folder = run.path / FOLDER / check_name(name)
    if not (folder / RECORD).is_file():
        raise RunError(
            f"{run.name} was not evaluated on the data set {name}; run: python scripts/evaluate.py {run.name} "
            f"--data data/{name}"
        )
    found = read_json(folder / RECORD)
    about = found.get("dataset")
    if found.get("schema_version") != SCHEMA_VERSION or not isinstance(about, dict):
        raise RunError(f"{folder / RECORD}: no record of an evaluation; delete {folder} and evaluate again")
    texts = isinstance(about.get("fingerprint"), str) and isinstance(about.get("split_names"), dict)
    classes = about.get("classes")
    if not texts or not isinstance(classes, list) or not all(isinstance(each, str) for each in classes):
        raise RunError(f"{folder / RECORD}: fingerprint, split_names or classes are missing; evaluate again")
    names = {split: f"{about['split_names'].get(split, split)} of {name}" for split in SPLITS}
    return Elsewhere(folder, {**run.info, "dataset": {**about, "split_names": names}}, home=run)


def elsewhere(run: Run) -> tuple[list[Elsewhere], dict[str, str]]:
    """All results of a run on other data, by the data set's name, and name -> problem of those that cannot be read."""
    root, found, problems = run.path / FOLDER, [], {}
    names = sorted(path.name for path in root.iterdir() if path.is_dir()) if root.is_dir() else []
    for name in names:
        try:
            found.append(open_elsewhere(run, name))
        except (RunError, OSError) as error:
            problems[name] = str(error)
    return found, problems


def home_of(run: Run) -> Run:
    """The run that results belong to, which has the weights; a run itself is at home."""
    return run.home if isinstance(run, Elsewhere) else run


def told(predictions: Predictions, classes: Sequence[str], shared: Sequence[str]) -> Predictions:
    """Answers of a model that is told which classes there are: labels and probabilities (N, K) of the shared ones.

    An answer that gives none of them any probability becomes an even one.
    """
    columns = [list(classes).index(name) for name in shared]
    places = np.full(len(classes), -1)
    places[columns] = np.arange(len(columns))
    mass = predictions.probabilities[:, columns].astype(np.float64)
    sums = mass.sum(axis=1, keepdims=True)
    scaled = np.where(sums > 0, mass / np.where(sums > 0, sums, 1), 1 / len(columns))
    return Predictions(predictions.id, places[predictions.label], scaled.astype(np.float32))


def notes(
    results: Elsewhere,
    predictions: Predictions,
    not_asked: Mapping[str, int],
    has_copy: np.ndarray | None = None,
    **settings: Any,
) -> dict:
    """What metrics of another data set hold beside the figures of the free reading: the other reading, and of whom.

    Parameters
    ----------
    results, predictions
        Where they belong, and the answers for the images that were asked.
    not_asked
        Of `Asked`.
    has_copy
        bool (N,): which of the images have a copy among those that the run learned from; None where nobody knows.
    settings
        split, split_name and tta of `metrics.report`.
    """
    from fercore.evaluation.metrics import report  # brings scikit-learn: seconds, which stored results do not need

    shared, second = results.shared, None
    if len(shared) > 1:  # told of one class alone, every model says it
        own = told(predictions, results.classes, shared)
        second = report(own.label, own.probabilities, classes=shared, **settings)
    without = None
    if has_copy is not None and not has_copy.all():
        without = clean_report(predictions, has_copy, classes=results.classes, **settings)
    copies = None if has_copy is None else int(has_copy.sum())
    return {
        "reading": "free",
        "shared": list(shared),
        "not_asked": dict(not_asked),
        "told": second,
        "copies_in_training": copies,
        "without_copies": without,
    }
