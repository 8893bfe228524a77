"""What is compared: runs that answered for the same images, their figures there, and which of them can be ranked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import streamlit as st

import state
from fercore.charts.style import RunStyle, count
from fercore.evaluation.calibration import Calibration, calibration
from fercore.evaluation.comparison import SharedAnswers, compare, share
from fercore.evaluation.contamination import contamination
from fercore.evaluation.judged import over_classes
from fercore.evaluation.metrics import report
from fercore.runs import Run
from widgets.job_status import offer
from wording import clean_score
from wording.contamination import CONTAMINATION_LEGEND, contamination_badge, with_contamination
from wording.lists import listed
from wording.markdown import code, escape


class Compared(NamedTuple):
    """Runs and what they come to on the images that all of them answered for.

    Attributes
    ----------
    runs
        Name -> run, in the order they were chosen.
    measurement
        Split, test-time augmentation and score.
    classes
        Names of the classes of the answers, those of all runs.
    answers
        What they answered.
    reports, calibrations
        Run name -> figures there.
    flagged
        Run name -> why its figures are not comparable; such runs are not ranked.
    ranked
        From `fercore.evaluation.comparison.compare`: the other runs.
    """

    runs: dict[str, Run]
    measurement: state.Measurement
    classes: tuple[str, ...]
    answers: SharedAnswers
    reports: dict[str, dict]
    calibrations: dict[str, Calibration]
    flagged: dict[str, str]
    ranked: pd.DataFrame

    @property
    def images(self) -> str:
        """What the images are called: "PrivateTest", or "PrivateTest without copies"."""
        split, _, clean = self.measurement
        return clean_score.split_names(list(self.runs.values()), clean, [split])[split]

    @property
    def looks(self) -> dict[str, RunStyle]:
        """Run name -> its look."""
        return state.run_looks(self.runs.values())

    def label(self, name: str) -> str:
        """A run's name, with a sign where it may have seen the images."""
        return with_contamination(name, self.flagged.get(name))


def load(runs: Sequence[Run], measurement: state.Measurement) -> Compared | None:
    """What can be compared, after saying what cannot; None where nothing can."""
    split, tta, score = measurement
    # People were asked about the images, whatever label a data set gives them.
    same, others = (list(runs), []) if score == state.Score.PEOPLE else state.of_one_data_set(list(runs))
    if others:
        names = ", ".join(code(run.name) for run in others)
        st.warning(f"Left out, because they were measured on another data set than the others: {names}.")
    found = state.readable(lambda run: state.checked_predictions(run, *measurement), same)
    if not found:
        return None
    named = {run.name: state.score_classes(run, score) for run in same if run.name in found}
    classes = tuple(dict.fromkeys(name for own in named.values() for name in own))
    answers = share({name: over_classes(own, named[name], classes) for name, own in found.items()})
    say_what_is_shared({name: len(one.id) for name, one in found.items()}, answers)
    kept = {run.name: run for run in runs if run.name in answers.probabilities}
    settings = (split, state.shared_split_name(list(kept.values()), split), tta, classes)
    figures = {
        name: state.worked_out(measure, answers.label, answers.probabilities[name], *settings, spinner="Comparing ...")
        for name in kept
    }
    reports, calibrations = ({name: pair[part] for name, pair in figures.items()} for part in (0, 1))
    flagged = {name: words for name, run in kept.items() if (words := contamination(run, split))}
    ranked = compare(answers, [name for name in kept if name not in flagged])
    return Compared(kept, measurement, classes, answers, reports, calibrations, flagged, ranked)


def measure(
    label: np.ndarray, probabilities: np.ndarray, split: str, split_name: str, tta: str, classes: tuple[str, ...]
) -> tuple[dict, Calibration]:
    """A run's report and calibration on some images."""
    figures = report(label, probabilities, split=split, split_name=split_name, tta=tta, classes=classes)
    return figures, calibration(label, probabilities)


def say_what_is_shared(sizes: dict[str, int], answers: SharedAnswers) -> None:
    """Name the runs that answered for other images, and say how many images are left to compare."""
    if answers.left_out:
        names = listed(map(code, answers.left_out))
        st.warning(f"Not compared, because none of the images they answered for is the others': {names}.")
    n = len(answers.id)
    if more := [f"{code(name)} {count(sizes[name])}" for name in answers.probabilities if sizes[name] > n]:
        images = "The image" if n == 1 else f"The {count(n)} images"
        st.info(
            f"{images} that all of these runs answered for {'is' if n == 1 else 'are'} compared, by id and true class. "
            f"Some answered for more: {listed(more)}.",
            icon=":material/join_inner:",
        )


def say_by_whom(found: Compared) -> None:
    """Where people judge, what is counted."""
    if found.measurement.score == state.Score.PEOPLE:
        st.caption(clean_score.people_note(len(found.answers.id), _size(found)))


def say_not_measured(runs: Sequence[Run]) -> None:
    """Say that no run has been evaluated, and how to do it."""
    st.info("None of these runs has been evaluated yet.")
    for run in runs:
        offer("evaluate", f"Evaluate {run.name}", subject=run.name, effect="It writes predictions and metrics.")


def say_flagged(found: Compared) -> None:
    """Name the runs that are shown apart, each with its badge."""
    if found.flagged:
        names = [
            f"{code(name)}{contamination_badge(found.runs[name], found.measurement.split)}" for name in found.flagged
        ]
        st.markdown(f"Shown apart and in no ranking: {listed(names)}")
        st.caption(CONTAMINATION_LEGEND)


def images_words(found: Compared) -> str:
    """The images and how they were put to the models, for markdown."""
    flip = ", each averaged with its mirror image" if found.measurement.tta == "flip" else ""
    return f"{escape(found.images)}{flip}"


def n_words(found: Compared) -> str:
    """How many images are compared: "3,009", or "3,009 of 3,589" where a score leaves some out."""
    n = count(len(found.answers.id))
    return f"{n} of {count(_size(found))}" if found.measurement.score else n


def _size(found: Compared) -> int:
    """Images of the whole split."""
    split, tta, _ = found.measurement
    return max(len(state.predictions(run, split, tta).id) for run in found.runs.values())
