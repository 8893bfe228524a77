"""What stands in a report: texts, tables and drawings, in the order of the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from fercore.charts import evaluation as charts
from fercore.charts import training as training_charts
from fercore.charts.people import judged_chart, judged_words, sides_words
from fercore.charts.reliability import reliability_diagram
from fercore.charts.style import count, duration, figure_words, percent, points, range_words, run_styles, with_range
from fercore.charts.weak_points import weak_sentences
from fercore.evaluation.contamination import UNKNOWN
from fercore.evaluation.intervals import wilson
from fercore.evaluation.learning import Learning, check_history, curve_table, epoch_table, learning
from fercore.evaluation.reliability import reliability_table
from fercore.evaluation.tables import (
    averaged_words,
    class_table,
    classification_table,
    confused_pairs,
    shares,
    weakest_class,
)
from fercore.evaluation.weak_points import weak_points
from fercore.report import drawing
from fercore.report.facts import split_name, told
from fercore.report.figures import Measured, scaled
from fercore.runs import Run, RunError

FIGURES = {
    "accuracy": "Accuracy",
    "balanced_accuracy": "Balanced accuracy",
    "macro_f1": "Macro-F1",
    "weighted_f1": "Weighted F1",
    "log_loss": "Log loss (nats)",
}
TTAS = {"none": "", "flip": ", each image averaged with its mirror image"}
SHORT_TTAS = {"none": "", "flip": " + mirror image"}


@dataclass(frozen=True)
class Section:
    """What a split shows of a model: sentences, tables and drawings; a drawing is missing where there is nothing."""

    key: str
    title: str
    sentences: list[str]
    warning: str | None
    confusion: list[dict]
    classes: list[list[str]]
    drawings: list[str]
    intervals: str


def answer(run: Run, measured: Sequence[Measured]) -> str:
    """The report in a sentence or two."""
    if not measured:
        return "It has not been measured yet, so its accuracy is not known."
    first = measured[0]
    weakest = weakest_class(first.report)
    taken = f", most often taken for {weakest.taken_for}" if weakest.taken_for else ""
    clean = ""
    if first.clean and first.clean["copies"]["n"]:
        clean = f" {clean_sentence(first)}"
    return f"{_accuracy(first)}; {weakest.emotion} is its weakest class{taken}.{clean}"


def clean_sentence(found: Measured) -> str:
    """What is left without the images that have a copy in training, with both numbers of images."""
    accuracy, copies = found.clean["accuracy"], found.clean["copies"]
    return (
        f"Without the {count(copies['n'])} images of which training has a copy it is {with_range(accuracy)}, "
        f"n = {count(found.clean['n'])}; on those {count(copies['n'])} {with_range(copies['accuracy'])}."
    )


def weaknesses(run: Run) -> list[str]:
    """Where it fails: its weakest slice, the worst disturbance, other data; a sentence each."""
    return weak_sentences(weak_points(run), split_name(run, "test"))


def warning(run: Run, found: Measured) -> str | None:
    """What a split's figures are worth, where the model has seen its images or was chosen by them."""
    name = found.report["split_name"]
    if found.seen == UNKNOWN:
        return (
            f"What this model learned from is not known. It may have seen the images of {name}, and then these figures "
            "say what it remembers, not what it can do."
        )
    if found.seen:
        return f"The model learned from {name}, so these figures say what it remembers, not what it can do."
    if found.split == "val" and "source" not in run.info:  # nobody knows on what others chose theirs
        return f"Epochs and settings are chosen on {name}, so these figures are optimistic; the test split's are not."
    return None


def score_rows(measured: Sequence[Measured]) -> list[dict]:
    """One row for each split, test-time augmentation and score: name, n, figures with their ranges, and a mark."""
    rows = []
    for found in measured:
        name = f"{found.report['split_name']}{SHORT_TTAS[found.tta]}"
        mark = "" if not found.seen else "perhaps contaminated" if found.seen == UNKNOWN else "contaminated"
        scores = {"as published": found.report, "without copies": found.clean}
        rows += [
            {"name": name, "score": score, "mark": mark, **_figures(report)}
            for score, report in scores.items()
            if report
        ]
    return rows


def no_clean_notes(measured: Sequence[Measured]) -> list[str]:
    """Why splits other than that of training have no clean score."""
    return list(dict.fromkeys(one.no_clean for one in measured if one.no_clean and one.split != "train"))


def section(run: Run, found: Measured) -> Section:
    """Confusions and classes of one split."""
    report, pairs = found.report, confused_pairs(found.report)
    name = f"{report['split_name']}{TTAS[found.tta]}"
    bars = charts.class_bars(class_table(report), "f1")
    drawings = [drawing.svg(bars, f"F1 of each class on {name}", 330)]
    if len(pairs):
        drawings.append(
            drawing.svg(
                charts.pair_bars(pairs, classes=report["classes"]), f"Most confused pairs of classes on {name}", 330
            )
        )
    sentences = [f"{_accuracy(found)}."]
    if found.people:
        drawings.append(drawing.svg(judged_chart(found.people), f"Agreement with most people on {name}", 330))
    sentences += [clean_sentence(found)] if found.clean and found.clean["copies"]["n"] else []
    sentences += [
        f"Here the model gives {percent(mass)} of its probability to {other}, which is none of its classes; the "
        "figures are of these, whose probabilities are scaled to sum to 1."
        for other, mass in report.get("left_out", {}).items()
    ]
    if found.people:
        sentences += [f"{judged_words(found.people, report['split_name'])} {sides_words(found.people)}".strip()]
    return Section(
        key=f"{found.split}-{found.tta}",
        title=name,
        sentences=[*sentences, *([found.note] if found.note else [])],
        warning=warning(run, found),
        confusion=confusion_rows(report),
        classes=class_rows(report),
        drawings=drawings,
        intervals=intervals(report),
    )


def confusion_rows(report: dict) -> list[dict]:
    """Rows of the confusion matrix: true class, its images, and cells with count, share of the row and colours."""
    counts = np.array(report["confusion"])
    of_true = shares(counts, axis=1)
    styles = np.array(drawing.shades(np.nan_to_num(of_true)), dtype=object).reshape(counts.shape)
    return [
        {
            "true": emotion,
            "images": count(int(counts[row].sum())),
            "cells": [
                {"count": count(number), "share": "" if np.isnan(share) else percent(share, 0), "style": style}
                for number, share, style in zip(
                    *(array[row].tolist() for array in (counts, of_true, styles)), strict=True
                )
            ],
        }
        for row, emotion in enumerate(report["classes"])
    ]


def class_rows(report: dict) -> list[list[str]]:
    """The classification report: class, precision, recall, F1 with their intervals, images."""
    table = classification_table(report)
    figures = [
        [figure_words(*row) for row in table[[key, f"{key}_low", f"{key}_high"]].itertuples(index=False)]
        for key in ("precision", "recall", "f1")
    ]
    return [list(row) for row in zip(table["class"], *figures, map(count, table["support"]), strict=True)]


def intervals(report: dict) -> str:
    """What the intervals are, from the report's own account."""
    ways = [f"{name.replace('_', ' ')}: {told(way)}" for name, way in report["interval"].items() if name != "level"]
    averaged = f"Averages are over {averaged_words(report)}."
    return f"Ranges are {percent(report['interval']['level'], 0)} intervals. {'; '.join(ways)}. {averaged}"


def learning_part(run: Run) -> dict:
    """Sentences and curves of how the run learned; only a note where it holds no epochs or they cannot be read."""
    try:
        history = check_history(run.history())
    except (RunError, ValueError) as error:
        return {"sentences": [str(error)], "drawings": []}
    sizes = run.info["dataset"].get("split_sizes")
    images = sizes.get("val") if isinstance(sizes, dict) else None
    if history.empty or type(images) is not int or images < 1:
        return {"sentences": ["It holds no epochs of its own."], "drawings": []}
    return {"sentences": [_learned(learning(history, images))], "drawings": _curves(run, history)}


def calibration_part(run: Run, found: Measured) -> dict | None:
    """What confidence is worth on a split, before and after temperature scaling; None without predictions."""
    if found.calibration is None:
        return None
    own = found.predictions
    table, plain = reliability_table(own.label, own.probabilities), found.calibration
    tilt = f"it is {plain.tilt} by {points(abs(plain.overconfidence))}"
    if not plain.tilt:
        tilt = "its mean confidence is no further from its accuracy than chance makes"
    sentences = [
        f"Its confidence differs from how often it is right by {points(plain.error)} on average (expected calibration "
        f"error, 15 bins). For a model that is right exactly as often as it says, that would be below "
        f"{points(plain.by_chance)} in 95 % of samples of this size, by chance alone. On the whole {tilt}."
    ]
    return {
        "name": found.report["split_name"],
        "sentences": [*sentences, *_scaled_words(run, found)],
        "drawing": drawing.svg(reliability_diagram(table), "Share of right answers by their confidence", 330),
        "rows": [
            [f"{percent(row[0], 0)} to {percent(row[1], 0)}", count(row[2]), percent(row[3]), figure_words(*row[4:])]
            for row in table.itertuples(index=False)
        ],
    }


def _scaled_words(run: Run, found: Measured) -> list[str]:
    after = scaled(run, found)
    if after is None:
        return ["A temperature cannot be fitted: that takes predictions of validation images that it has not seen."]
    temperature = after.confidence.temperature
    words = [
        f"Divided by a temperature of {temperature:.2f}, fitted on the validation split, its logits give an error of "
        f"{points(after.calibration.error)} (by chance below {points(after.calibration.by_chance)})."
    ]
    if not after.given:
        return [*words, "It is never sure enough that four of five answers would be right."]
    answers, right = wilson(after.given, found.report["n"]), wilson(after.right, after.given)
    return [
        *words,
        f"Where it answers only from a confidence of {percent(after.confidence.threshold)} on, chosen so that four of "
        f"five answers are right on validation images, it answers for {with_range(answers)} of "
        f"{found.report['split_name']} with an accuracy of {with_range(right)} on these.",
    ]


def _accuracy(found: Measured) -> str:
    report = found.report
    return (
        f"Its accuracy is {percent(report['accuracy']['value'])} on {report['split_name']} "
        f"(95 % interval {range_words(report['accuracy'])}), n = {count(report['n'])}{TTAS[found.tta]}"
    )


def _figures(report: dict) -> dict:
    """n, and every headline figure with its range, in words."""
    pairs = []
    for key in FIGURES:
        figure = report[key]
        words = (percent(figure["value"]), range_words(figure))
        plain = (f"{figure['value']:.3f}", f"{figure['low']:.3f} to {figure['high']:.3f}")
        pairs.append(plain if key == "log_loss" else words)
    return {"n": count(report["n"]), "figures": pairs}


def _learned(found: Learning) -> str:
    more = "more" if found.gap >= 0 else "fewer"
    accuracy = with_range(found.val_accuracy)
    return (
        f"It is best after epoch {found.best_epoch} of {found.epochs}, with an accuracy of {accuracy} on the "
        f"validation images; of its training images it gets {points(abs(found.gap))} {more} right. All epochs took "
        f"{duration(found.seconds)}."
    )


def _curves(run: Run, history: pd.DataFrame) -> list[str]:
    styles, histories = run_styles([run.name]), {run.name: history}
    curves, epochs = curve_table(histories), epoch_table(histories)
    charts_ = {
        "Accuracy by epoch": training_charts.curves(curves, styles, "accuracy"),
        "Loss by epoch": training_charts.curves(curves, styles, "loss"),
        "Overfitting gap by epoch": training_charts.gap(epochs, styles),
        "Learning rate by epoch": training_charts.learning_rate(epochs, styles),
    }
    return [drawing.svg(chart, label, 330) for label, chart in charts_.items()]
