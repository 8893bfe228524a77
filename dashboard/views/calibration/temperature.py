"""A run's probabilities as it gives them and after temperature scaling, and what both come to."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

import state
from fercore.charts.style import percent, points
from fercore.evaluation.calibration import Calibration, calibration
from fercore.evaluation.confidence import Confidence
from fercore.evaluation.metrics import log_losses
from fercore.evaluation.paired import paired_difference
from wording import clean_score
from wording.figures import accuracy_words
from wording.markdown import code, escape

PLAIN = "As it answers"
RESAMPLES = 500
BY_LABELS = "Temperature and threshold were fitted to labels, not to what people say."


class View(NamedTuple):
    """One way to read a run's confidence.

    Attributes
    ----------
    name
        What it is called.
    probabilities
        float32 (N, C).
    calibration
        What they come to.
    losses
        Log loss of each image, nats (N,).
    """

    name: str
    probabilities: np.ndarray
    calibration: Calibration
    losses: np.ndarray


def views(evaluation: state.Evaluation, chosen: Confidence | None) -> tuple[np.ndarray, list[View]]:
    """True classes int64 (N,); the probabilities as they are and, where a temperature is known, scaled by it."""
    run, split, tta, clean = evaluation
    found = state.checked_predictions(run, split, tta, clean)
    named = {PLAIN: found.probabilities}
    if chosen is not None:
        own = slice(len(run.classes))  # classes that people alone know have no probability, and get none
        scaled = found.probabilities.copy()
        scaled[:, own] = chosen.scale(found.probabilities[:, own])
        named[f"With temperature {chosen.temperature:.2f}"] = scaled
    return found.label, [_view(name, found.label, given) for name, given in named.items()]


def _view(name: str, labels: np.ndarray, probabilities: np.ndarray) -> View:
    measured = state.worked_out(calibration, labels, probabilities)
    return View(name, probabilities, measured, log_losses(labels, probabilities))


def answer(evaluation: state.Evaluation, report: dict, measured: Calibration) -> str:
    """One sentence: whether a run is too sure, by more than chance makes."""
    name = code(evaluation.run.name)
    accuracy = accuracy_words(report["accuracy"], clean_score.images_of(report), clean_score.n_of(report))
    claims = percent(report["accuracy"]["value"] + measured.overconfidence)
    says = f"mean confidence {claims}, {accuracy}."
    if within_chance(measured):
        return f"{name} is well calibrated, as far as these images can tell: {says}"
    if not measured.tilt:
        return f"{name} is too sure at some confidences and not sure enough at others, on the whole neither: {says}"
    return f"{name} is {measured.tilt} by {points(abs(measured.overconfidence))}: {says}"


def reading(found: list[View], fitted_on: str) -> str:
    """The calibration error, beside what chance makes of it, and what a temperature changes."""
    plain = found[0].calibration
    beside = "no more than" if within_chance(plain) else "more than"
    words = (
        f"Its calibration error is **{percent(plain.error)}**, {beside} the {percent(plain.by_chance)} that chance "
        "alone makes of a model that is right exactly as often as it says."
    )
    if len(found) == 1:
        return words
    scaled, name = found[1].calibration, f"{found[1].name[0].lower()}{found[1].name[1:]}"
    words += f" It is **{percent(scaled.error)}** {name}, fitted on {escape(fitted_on)}"
    if within_chance(plain) and within_chance(scaled):
        return f"{words}: no difference that these images can tell."
    return f"{words}, {'no more than' if within_chance(scaled) else 'still more than'} chance makes."


def within_chance(measured: Calibration) -> bool:
    """Whether chance alone may make such an error."""
    return measured.error <= measured.by_chance


def table(found: list[View]) -> pd.DataFrame:
    """The figures of each view: fractions, the log loss in nats, and its change from the first view (95 %, paired)."""
    rows = [
        {
            "probabilities": view.name,
            "calibration_error": view.calibration.error,
            "by_chance": view.calibration.by_chance,
            "overconfidence": view.calibration.overconfidence,
            "log_loss": float(view.losses.mean()),
            **_change(view, found[0]),
        }
        for view in found
    ]
    return pd.DataFrame(rows)


def _change(view: View, first: View) -> dict[str, float | None]:
    if view is first:
        return dict.fromkeys(("change", "change_low", "change_high"))
    difference = state.worked_out(loss_change, view.losses, first.losses)
    return {"change": difference["value"], "change_low": difference["low"], "change_high": difference["high"]}


def loss_change(losses: np.ndarray, before: np.ndarray) -> dict[str, float]:
    """Change of the mean log loss, image by image; fewer resamples than elsewhere, since each value is another one."""
    return paired_difference(losses, before, resamples=RESAMPLES)
