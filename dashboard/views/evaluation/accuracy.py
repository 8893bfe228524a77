"""The accuracy of a run on a split: the answer, what to know before believing it, and the headline figures."""

from __future__ import annotations

import streamlit as st

import state
from fercore.charts.style import count, percent, range_words, with_range
from fercore.evaluation.elsewhere import Elsewhere
from fercore.evaluation.tables import averaged_words, weakest_class
from wording import clean_score
from wording.figures import accuracy_words
from wording.markdown import code, escape

FIGURES = {
    "accuracy": ("Accuracy", "Share of images whose class is predicted"),
    "balanced_accuracy": ("Balanced accuracy", "Mean recall of the classes: rare ones count as much as common ones"),
    "macro_f1": ("Macro-F1", "Mean F1 of the classes that occur"),
    "weighted_f1": ("Weighted F1", "Mean F1 of the classes, weighted by their number of images"),
    "log_loss": ("Log loss", "Mean of minus the logarithm of the true class's probability, in nats; lower is better"),
}
OPTIMISTIC = "The run's epoch was chosen on {}, so these figures are optimistic; the test split's are not."


def answer(run_name: str, report: dict, tta: str) -> str:
    """One sentence: the accuracy, and the weakest class."""
    accuracy, weakest = report["accuracy"], weakest_class(report)
    flip = ", each image averaged with its mirror image" if tta == "flip" else ""
    taken = f", most often taken for {weakest.taken_for}" if weakest.taken_for else ""
    figure = accuracy_words(accuracy, clean_score.images_of(report), clean_score.n_of(report))
    return f"{code(run_name)} has {figure}{flip}; {weakest.emotion} is its weakest class{taken}."


def draw_notes(evaluation: state.Evaluation, report: dict) -> None:
    """What to know before believing the figures."""
    run, split, tta, score = evaluation
    away = isinstance(run, Elsewhere)
    if split == "val" and "source" not in run.info and not away:  # nobody knows on what others chose their epoch
        st.info(OPTIMISTIC.format(escape(report["split_name"])), icon=":material/info:")
    published = state.metrics(run, split, tta)
    if away:
        st.caption(elsewhere_words(run, published))
    for name, mass in published.get("left_out", {}).items():
        st.caption(
            f"Here the model gives {percent(mass)} of its probability to {name}, which is none of its classes. "
            "The figures are of its classes, whose probabilities are scaled to sum to 1."
        )
    if report.get("absent"):
        absent = escape(", ".join(report["absent"]))
        st.caption(f"Averages are over {averaged_words(report)}: there is no image of {absent}, so it has no figures.")
    if score == state.Score.PEOPLE:
        st.caption(clean_score.people_note(report["n"], report["judged"]["of"]))
    elif score and report["copies"]["n"]:
        st.caption(clean_score.beside(report, published))
    elif not score and (hint := clean_score.hint(run, split, tta)):
        st.caption(hint)


def elsewhere_words(run: Elsewhere, metrics: dict) -> str:
    """Who is asked on a data set that is not the run's own, and how the answers are read."""
    words = (
        f"{code(run.dataset_name)} is not the run's own data. Answers are read free: one that is none of its classes "
        f"is wrong. Model and data share {len(run.shared)} classes."
    )
    if not_asked := metrics.get("not_asked"):
        counts = ", ".join(f"{count(number)} of {escape(name)}" for name, number in not_asked.items())
        words += f" Not asked, since the model does not know these classes: {counts}."
    if (copies := metrics.get("copies_in_training")) is not None:
        words += f" {copies_words(copies, metrics.get('without_copies'))}"
    if told := metrics.get("told"):
        words += f" Told which classes there are, its accuracy is {with_range(told['accuracy'])}."
    return words


def copies_words(copies: int, without: dict | None) -> str:
    """How many images have a copy among those that the run learned from, and its accuracy without them."""
    has = "image has" if copies == 1 else "images have"
    said = f"{count(copies)} {has} a copy among those that the run learned from"
    if not copies or without is None:
        return f"{said}."
    return f"{said}; without them its accuracy is {with_range(without['accuracy'])}, n = {count(without['n'])}."


def draw_figures(report: dict) -> None:
    """The headline figures with their intervals."""
    with st.container(horizontal=True):
        for key, (label, meaning) in FIGURES.items():
            figure = report[key]
            logarithmic = key == "log_loss"
            value = f"{figure['value']:.3f}" if logarithmic else percent(figure["value"])
            interval = f"{figure['low']:.3f} to {figure['high']:.3f}" if logarithmic else range_words(figure)
            st.metric(label, value, interval, "off", delta_arrow="off", help=meaning, border=True)
