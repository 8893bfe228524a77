"""Experiments: what did varying one thing change, by more than noise?"""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import streamlit as st

import state
from fercore.evaluation.cross_validation import group_cross_validations
from fercore.evaluation.studies import group_studies
from fercore.runs import Run
from views.experiments import cross_validation, new_cross_validation, new_study, study
from widgets.job_status import offer
from widgets.page_title import page_title

NEW, NEW_FOLDS = "New study", "New cross-validation"
REFRESH = "10s"  # how often an experiment is looked at while one of its runs trains


class Experiment(NamedTuple):
    """The runs of a study or of a cross-validation, what draws them, and whether people can be their judges.

    Held-out folds are of Training, for which labels alone are stored beside the folds' answers.
    """

    runs: list[Run]
    draw: Callable[..., None]
    by_people: bool = False

    @property
    def is_running(self) -> bool:
        return any(run.status == "running" for run in self.runs)


def find_experiments() -> dict[str, Experiment]:
    """Studies, then cross-validations, as they are on disk now."""
    runs = state.runs()
    found = {
        name: Experiment(points, partial(study.draw, name, points), by_people=True)
        for name, points in group_studies(runs).items()
    }
    for name, folds in group_cross_validations(runs).items():
        known = f"{name} (folds)" if name in found else name
        parts = [*folds.members.values(), *([folds.whole] if folds.whole else [])]
        found[known] = Experiment(parts, partial(cross_validation.draw, folds))
    return found


def say_none() -> None:
    """Say that there are no experiments and how to begin one."""
    st.info("There is no study and no cross-validation here yet. Begin one, and it shows up here while it trains.")
    offer(
        "sweep",
        "Run the study of the kernel's size",
        subject="kernel-size",
        effect="It writes a run folder for each point.",
    )
    flags = {"recipe": "report-cnn", "folds": 3}
    offer("kfold", "Cross-validate", flags=flags, writes="kfold", effect="It writes a run folder for each fold.")


page_title("Experiments", "What did varying one thing change?")
experiments = find_experiments()
if not experiments:
    say_none()
first = next(iter(experiments), None)
settings = {"default": first, "required": first is not None, "key": "experiment", "bind": "query-params"}
chosen = st.pills("Experiment", [*experiments, NEW, NEW_FOLDS], **settings) or first  # "?experiment=" asks for none
following = chosen in experiments and experiments[chosen].is_running


@st.fragment(run_every=REFRESH if following else None)
def follow() -> None:
    with state.errors_shown():
        present = find_experiments().get(chosen)
        if not present or (following and not present.is_running):
            st.rerun()  # the whole page, which then stops following, or shows another where this one was put away
        present.draw(score=score)


if chosen == NEW:
    new_study.draw()
elif chosen == NEW_FOLDS:
    new_cross_validation.draw()
elif chosen:
    score = state.choose_score(experiments[chosen].runs, people=experiments[chosen].by_people)
    follow()
