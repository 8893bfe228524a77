"""The parts of the training page: what a run is doing, curves, figures, settings."""

import pandas as pd
import streamlit as st

import clean_score
import seen
import state
from downloads import download_table
from fercore.charts import training as charts
from fercore.charts.style import count, duration, points, with_range
from fercore.evaluation.contamination import contamination
from fercore.evaluation.learning import Learning, config_table, curve_table, differences, epoch_table
from fercore.runs import Run
from words import code

HOW = (
    "Training images are measured while the weights still move, with augmentation and dropout on, so the gap starts "
    "below zero and understates overfitting; from 10 points on we call it strong. The best epoch is chosen by its "
    "validation accuracy, which is therefore a little optimistic. Intervals are Wilson's at 95 %. These are the "
    "training's own figures; other pages measure the stored answers, which the kept weights gave in full precision, so "
    "a few images may differ."
)
WHOLE = (
    " Curves and gaps are of all validation images: only of the best epoch the single answers are kept, without which "
    "copies cannot be left out."
)


def say_status(run: Run, found: Learning | None) -> None:
    """What a run that is not finished is doing, and how to go on with it."""
    done, name = found.epochs if found else 0, code(run.name)
    if run.status == "running":
        planned = run.info["config"].get("training", {}).get("epochs")
        of = f" of {planned}" if type(planned) is int else ""
        st.info(f"{name} is training: {done}{of} epochs are finished. This page follows it.", icon=":material/sync:")
    elif run.status != "finished":
        words = f"after epoch {done}" if done else "before its first epoch ended"
        st.warning(f"{name} {'was' if run.status != 'failed' else 'has'} {run.status} {words}. Go on with:")
        st.code(state.command(f"scripts/train.py --resume {run.name}"), language="bash")


def say_no_epochs(run: Run) -> None:
    """Why a run has no epochs of its own, and where what it sums up is shown."""
    if "source" in run.info:
        st.info(f"{code(run.name)} was trained by others; how is not recorded here.", icon=":material/link:")
        return
    ensemble = run.info["ensemble"]
    members = ensemble.get("members") if isinstance(ensemble, dict) else None
    named = [code(name[:100]) for name in members if isinstance(name, str)][:10] if isinstance(members, list) else []
    choose = f" Choose them to see how each learned: {', '.join(named)}." if named else ""
    st.info(f"{code(run.name)} sums up other runs and has no epochs of its own.{choose}", icon=":material/functions:")
    if "kfold" in run.info:
        query = {"experiment": run.name}
        st.page_link(
            "pages/experiments.py", label="See them fold by fold", icon=":material/science:", query_params=query
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


def draw_curves(histories: dict[str, pd.DataFrame], found: dict[str, Learning]) -> None:
    """Accuracy, loss, overfitting gap and learning rate by epoch."""
    styles = state.run_looks(map(state.find_run, histories))
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
    accuracy = f"Right on {names.pop() if len(names) == 1 else 'validation'}"
    rows = [
        {
            "Run": run.name,
            "Status": run.status,
            "Best epoch": f"{found[run.name].best_epoch} of {found[run.name].epochs}",
            accuracy: seen.warned(with_range(found[run.name].val_accuracy), contamination(run, "val")),
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
        st.caption(seen.LEGEND)
    st.caption(HOW + (WHOLE if clean is not None else ""))


def clean_words(run: Run, reports: dict[str, dict]) -> str:
    """The clean accuracy of a run's best epoch with its number of images; empty where there is none."""
    report = reports.get(run.name)
    if report is None:
        return ""
    return f"{seen.warned(with_range(report['accuracy']), contamination(run, 'val'))}, {clean_score.n_of(report)}"


def draw_comparison_link(runs: list[Run]) -> None:
    """Where several runs are told apart by more than noise: intervals of two runs that overlap do not say."""
    if len(runs) > 1:
        query = {"runs": [run.name for run in runs]}
        label = "Do they differ by more than noise?"
        st.page_link("pages/compare.py", label=label, icon=":material/balance:", query_params=query)


def draw_settings(runs: list[Run]) -> None:
    table = config_table({run.name: run.info["config"] for run in runs})
    if len(runs) > 1:
        st.subheader("What was set differently")
        if differences(table).empty:
            st.markdown("These runs have the same settings.")
        else:
            st.dataframe(differences(table))
            download_table("Download the differences", differences(table).reset_index(), "settings.csv")
    with st.expander("All settings"):
        st.dataframe(table)
