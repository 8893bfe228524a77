"""What runs answered and what it comes to: as published, without images that have a copy in training, or as most
people see it."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from pathlib import Path

import numpy as np

from fercore.charts.weak_points import weak_cells
from fercore.data.audit.files import COPIES
from fercore.data.copies import SHIPPED, with_copy_in_training
from fercore.data.dataset import AUDIT, DataError
from fercore.data.ferplus import verdict, votes_on
from fercore.evaluation.clean import clean_report, kept
from fercore.evaluation.elsewhere import Elsewhere
from fercore.evaluation.judged import judged, judged_classes, judged_report
from fercore.evaluation.metrics import MetricsError, check_predictions
from fercore.evaluation.robustness import BASELINE, robustness_file
from fercore.evaluation.tables import check_report
from fercore.evaluation.weak_points import WeakPoints
from fercore.evaluation.weak_points import weak_points as find_weak_points
from fercore.runs import Predictions, Run, RunError, stem
from state.caches import copied, file_state, key, shared
from state.folders import command, data_root
from state.run_folders import checked, index, split_name
from wording.markdown import code, message


class Score(IntEnum):
    """Which images and labels a figure is of. The published one counts as false: nothing is left out."""

    PUBLISHED = 0
    CLEAN = 1  # without images that have a copy in training
    PEOPLE = 2  # what most people say in place of the label, where they agree


SUMMARY = ("accuracy", "n", "split_name", "copies", "judged")  # of a report, what tables show
AUDIT_SCRIPT = "scripts/audit.py"
COPIES_ELSEWHERE = (
    "On other data copies are counted among the images that the run learned from: Evaluation and Other data tell how "
    "many there are, and the score without them."
)
UNKNOWN_COPIES = (
    "Which test images have a copy in training is not known for the data set of this run. Where that data set is, "
    "{} finds out."
)


def predictions(run: Run, split: str, tta: str = "none", score: Score = Score.PUBLISHED) -> Predictions:
    """Stored predictions, read-only arrays; of the images, and with the labels, that a score asks for.

    Their classes are `score_classes`.
    """
    if score == Score.PEOPLE:
        return judged(predictions(run, split, tta), run.classes, _votes(run, split, tta))[0]
    if score == Score.CLEAN:
        return kept(predictions(run, split, tta), ~_known_copies(run, split, tta))
    file = run.path / f"predictions_{stem(split, tta)}.npz"
    return shared(*key(file), lambda: _read_only(run.predictions(split, tta)))


def score_classes(run: Run, score: Score = Score.PUBLISHED) -> tuple[str, ...]:
    """Names of the classes of a run's predictions; judged by people, they have more answers than some models."""
    return judged_classes(run.classes) if score == Score.PEOPLE else run.classes


def checked_predictions(run: Run, split: str, tta: str = "none", score: Score = Score.PUBLISHED) -> Predictions:
    """The same, if figures can be computed from them; RunError otherwise."""
    found = predictions(run, split, tta, score)
    try:
        check_predictions(found.label, found.probabilities, len(score_classes(run, score)))
    except MetricsError as error:
        raise RunError(f"{run.path}: {error}; run scripts/evaluate.py again") from error
    return found


def metrics(run: Run, split: str, tta: str = "none", score: Score = Score.PUBLISHED) -> dict:
    """Stored metrics; see `fercore.evaluation.metrics.report` for their form.

    The clean score is of the images without a copy in training (`fercore.evaluation.clean`), the score against people
    of those on which they agree (`fercore.evaluation.judged`). RunError where nobody knows which images these are.
    """
    if not score:
        file = run.path / f"metrics_{stem(split, tta)}.json"
        return copied(*key(file), lambda: _published(checked(check_report, run.metrics(split, tta), file)))
    settings = {"split": split, "split_name": split_name(run, split), "tta": tta}

    def measured(found: Predictions) -> dict:
        return clean_report(found, _known_copies(run, split, tta), classes=run.classes, **settings)

    if score == Score.PEOPLE:
        return _judged_metrics(run, split, tta, settings)
    where, files = _copies_key(run, split, tta)
    return copied("clean metrics", where, files, lambda: checked(measured, predictions(run, split, tta), Path(where)))


def reports(run: Run, score: Score = Score.PUBLISHED) -> dict[str, dict]:
    """Split -> metrics without test-time augmentation, for every split that has some of this score."""
    return {split: metrics(run, split, score=score) for split in scored(run, score)}


def scored(run: Run, score: Score = Score.PUBLISHED) -> list[str]:
    """The splits of which a run has figures of a score, without test-time augmentation."""
    missing = {Score.PUBLISHED: lambda *_: None, Score.CLEAN: no_clean_score, Score.PEOPLE: no_people_score}[score]
    return [split for split, tta in run.evaluations() if tta == "none" and missing(run, split) is None]


def weak_points(run: Run) -> WeakPoints:
    """Where a run fails: its weakest slice, the worst disturbance, other data; kept until one of its files changes."""
    files = _weak_files(run)
    return copied("weak points", str(run.path), file_state(*files), lambda: find_weak_points(run))


def weak_words(run: Run) -> dict[str, str]:
    """The same as a table shows it, see `fercore.charts.weak_points.weak_cells`; quick to have of many runs."""
    return index().kept(run, "weak points", _weak_files(run), lambda: weak_cells(find_weak_points(run)))


def _weak_files(run: Run) -> list[Path]:
    home = run.path
    baseline = robustness_file(Run(home.parent / BASELINE, {}), "test")
    away = sorted(home.glob("evaluations/*/metrics_test.json"))
    return [home / "predictions_test.npz", robustness_file(run, "test"), baseline, *away]


def copies(run: Run, split: str, tta: str = "none") -> np.ndarray | None:
    """Which of a run's predictions are of images with a copy in training, bool (N,); None where nobody knows.

    A copy is the same picture, nearly the same, or its mirror image. Of other data than the run's own only the copies
    within that data are known by image, which say nothing of what the run learned from.
    """
    if split == "train" or isinstance(run, Elsewhere):
        return None
    return shared("copies", *_copies_key(run, split, tta), lambda: _find_copies(run, split, tta))


def no_clean_score(run: Run, split: str, tta: str = "none") -> str | None:
    """Why a run has no clean score on a split, as markdown; None where it has one."""
    if split == "train":
        return "Images that models learn from have no clean score."
    if isinstance(run, Elsewhere):
        return COPIES_ELSEWHERE

    def known() -> bool | str:
        try:
            return copies(run, split, tta) is not None
        except (RunError, DataError) as error:
            return message(error)

    files = _measured_files(run, split, tta)
    found = index().kept(run, f"clean score {stem(split, tta)}", files, known, also=f"{_trained_on(run)}")
    return None if found is True else found or UNKNOWN_COPIES.format(code(command(AUDIT_SCRIPT)))


def no_people_score(run: Run, split: str, tta: str = "none") -> str | None:
    """Why a run has no score against people on a split, as markdown; None where it has one."""

    def known() -> bool:
        found = votes_on(predictions(run, split, tta).id)
        return found is not None and bool((verdict(found) >= 0).any())

    files = [run.path / f"predictions_{stem(split, tta)}.npz"]
    try:
        if index().kept(run, f"people score {stem(split, tta)}", files, known, also=" ".join(run.classes)):
            return None
    except RunError as error:
        return message(error)
    return "People voted on images of FER2013 alone (FER+), and these are others."


def summaries(run: Run, score: Score = Score.PUBLISHED) -> dict[str, dict]:
    """As `reports`, of each report only what tables show, which is quick to have of many runs.

    Returns
    -------
    dict
        Split -> accuracy {"value", "low", "high"}, n, split_name, and, where the score leaves images out, copies or
        judged. RunError as `metrics`.
    """
    return {split: summary(run, split, score) for split in scored(run, score)}


def summary(run: Run, split: str, score: Score = Score.PUBLISHED) -> dict:
    """What tables show of a report, see `summaries`; kept until the run's files change."""
    settings = {"split": split, "split_name": split_name(run, split), "tta": "none"}
    also = f"{_trained_on(run)} {settings['split_name']} {' '.join(run.classes)}"
    # Averages over classes are not shown here, so they need no resamples, which take most of a report's time.
    settings |= {"resamples": 1}

    def measured() -> dict:
        if not score:
            report = _published(checked(check_report, run.metrics(split), run.path / f"metrics_{split}.json"))
        elif score == Score.CLEAN:
            has_copy = _known_copies(run, split, "none")
            report = _measured(run, split, lambda found: clean_report(found, has_copy, classes=run.classes, **settings))
        else:
            votes = _votes(run, split, "none")
            report = _measured(run, split, lambda found: judged_report(found, run.classes, votes, **settings))
        return {key: report[key] for key in SUMMARY if key in report}

    return index().kept(run, f"{score.name.lower()} {split}", _measured_files(run, split, "none"), measured, also=also)


def _measured(run: Run, split: str, make: Callable[[Predictions], dict]) -> dict:
    return checked(make, predictions(run, split), run.path / f"predictions_{split}.npz")


def _judged_metrics(run: Run, split: str, tta: str, settings: dict) -> dict:
    def measured(found: Predictions) -> dict:
        return judged_report(found, run.classes, _votes(run, split, tta), **settings)

    file = run.path / f"predictions_{stem(split, tta)}.npz"
    where, state = f"{file} {settings['split_name']}", file_state(file)
    return copied("judged metrics", where, state, lambda: checked(measured, predictions(run, split, tta), file))


def _votes(run: Run, split: str, tta: str) -> np.ndarray:
    found = votes_on(predictions(run, split, tta).id)
    if found is None:
        raise RunError(f"{run.name}: nobody voted on the images of {split}; choose another score")
    return found


def _copies_key(run: Run, split: str, tta: str) -> tuple[str, str]:
    """Which file is measured, and the state of all that decides which of its images have copies."""
    files = _measured_files(run, split, tta)
    return str(files[0]), f"{_trained_on(run)} {file_state(*files)}"


def _measured_files(run: Run, split: str, tta: str) -> list[Path]:
    """Predictions, metrics, and what says which images have copies."""
    kinds = (("predictions", ".npz"), ("metrics", ".json"))
    own = [run.path / f"{kind}_{stem(split, tta)}{end}" for kind, end in kinds]
    return [*own, _local_copies(), SHIPPED]


def _find_copies(run: Run, split: str, tta: str) -> np.ndarray | None:
    # A run may be measured on other data than it learned from: what counts is the copies there.
    measured_on = metrics(run, split, tta).get("dataset_fingerprint", _trained_on(run))
    found = with_copy_in_training(measured_on, split, predictions(run, split, tta).id, local=_local_copies())
    if found is not None:
        found.flags.writeable = False
    return found


def _trained_on(run: Run) -> object:
    return run.info["dataset"].get("fingerprint")


def _local_copies() -> Path:
    return data_root() / AUDIT / COPIES


def _known_copies(run: Run, split: str, tta: str) -> np.ndarray:
    found = copies(run, split, tta)
    if found is None:
        raise RunError(
            f"{run.name}: which images of {split} have a copy in training is not known; {command(AUDIT_SCRIPT)}"
        )
    return found


def _published(report: dict) -> dict:
    """A stored report without what only a clean one may say."""
    return {name: value for name, value in report.items() if name != "copies"}


def _read_only(found: Predictions) -> Predictions:
    for array in (found.id, found.label, found.probabilities):
        array.flags.writeable = False
    return found
