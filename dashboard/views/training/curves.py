"""Curves by epoch, and what they come to in a table."""

import pandas as pd
import streamlit as st

import state
from fercore.charts import training as charts
from fercore.charts.style import count, duration, points, with_range
from fercore.evaluation.contamination import contamination
from fercore.evaluation.learning import Learning, curve_table, epoch_table
from fercore.runs import Run
from wording import clean_score
from wording.contamination import CONTAMINATION_LEGEND, with_contamination
from wording.markdown import code

HOW = (
    "Training images are measured during the epoch, with augmentation and dropout, so the gap starts "
    "below zero and understates overfitting; from 10 points on we call it strong. The best epoch is chosen by its "
    "validation accuracy, which is therefore a little optimistic. Intervals are Wilson's at 95 %. These are the "
    "training's own figures; other pages measure the stored answers, which the kept weights gave in full precision, so "
    "a few images may differ."
)
WHOLE = (
    " Curves and gaps are of all validation images: only of the best epoch the single answers are kept, without which "
    "copies cannot be left out."
)


def say_decisions(run: Run) -> None:
    """Which training images of a run were left out or relabelled by a user's decisions, if any were."""
    trained_on = run.info.get("trained_on")
    record = trained_on.get("decisions") if isinstance(trained_on, dict) else None
    if not isinstance(record, dict):
        return
    excluded, relabelled = (record.get(key) for key in ("excluded", "relabelled"))
    if type(excluded) is int and type(relabelled) is int and isinstance(record.get("sha256"), str):
        st.caption(
            f"{code(run.name)} was trained without {count(excluded)} images that its user dropped and with "
            f"{count(relabelled)} new labels (decisions {code(record['sha256'][:12])}); its figures are on all images."
        )


def draw_curves(runs: list[Run], histories: dict[str, pd.DataFrame], found: dict[str, Learning]) -> None:
    """Accuracy, loss, overfitting gap and learning rate by epoch."""
    styles, histories = state.run_looks(runs), {run.name: histories[run.name] for run in runs}
    curves, epochs = curve_table(histories), epoch_table(histories)
    if len(histories) > 1:
        state.chart(charts.run_legend, styles, list(histories), state.dark())
    with st.container(horizontal=True, gap="large"):  # two charts beside each other where they fit
        intervals = {name: one.val_accuracy for name, one in found.items()}
        state.chart(charts.curves, curves, styles, "accuracy", False, intervals, alt="Accuracy by epoch")
        state.chart(charts.curves, curves, styles, "loss", False, alt="Loss by epoch")
    with st.container(horizontal=True, gap="large"):
        state.chart(charts.gap, epochs, styles, False, alt="Overfitting gap by epoch")
        state.chart(charts.learning_rate, epochs, styles, False, alt="Learning rate by epoch")
    st.caption(
        "Solid: validation. Dashed: train. A ring marks the best epoch, a whisker its 95 % interval in validation. "
        "Gap: train minus validation accuracy."
    )


def draw_summary(runs: list[Run], found: dict[str, Learning], clean: dict[str, dict] | None) -> None:
    """A row a run; `clean` are the clean reports on the validation split where they are asked for."""
    shown = [run for run in runs if run.name in found]
    names = {state.split_name(run, "val") for run in shown}
    accuracy = f"Accuracy on {names.pop() if len(names) == 1 else 'validation'}"
    rows = [
        {
            "Run": run.name,
            "Status": run.status,
            "Best epoch": f"{found[run.name].best_epoch} of {found[run.name].epochs}",
            accuracy: with_contamination(with_range(found[run.name].val_accuracy), contamination(run, "val")),
            **({} if clean is None else {"Without copies": clean_words(run, clean)}),
            "Gap at best epoch": points(found[run.name].gap),
            "Gap at the end": points(found[run.name].last_gap),
            "An epoch": duration(found[run.name].seconds_per_epoch),
            "All epochs": duration(found[run.name].seconds),
        }
        for run in shown
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True)
    for run in shown:
        say_decisions(run)
    if any(contamination(run, "val") for run in shown):
        st.caption(CONTAMINATION_LEGEND)
    st.caption(HOW + (WHOLE if clean is not None else ""))


def clean_words(run: Run, reports: dict[str, dict]) -> str:
    """The clean accuracy of a run's best epoch with its number of images; empty where there is none."""
    report = reports.get(run.name)
    if report is None:
        return ""
    return (
        f"{with_contamination(with_range(report['accuracy']), contamination(run, 'val'))}, {clean_score.n_of(report)}"
    )
