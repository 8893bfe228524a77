"""One study: which value did best, by more than noise or not, and how each point learned."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import pandas as pd
import streamlit as st

import state
from fercore.charts import experiments as charts
from fercore.charts import training as training_charts
from fercore.charts.experiments import spread_words
from fercore.charts.style import RunStyle, figure_words
from fercore.evaluation.learning import curve_table, seconds_left
from fercore.evaluation.studies import BEST, WITHIN, Point, point_table, ranking, read_point, right_answers
from fercore.runs import Predictions, Run
from views.experiments import over_seeds, point_cells
from views.experiments.report_findings import beside_the_report
from views.experiments.resume_commands import is_shipped, planned_epochs, study_subject, sweep_command
from views.experiments.study_budget import budget_words
from widgets.downloads import download_table
from widgets.job_status import offer, spoken
from wording import clean_score
from wording.figures import accuracy_words
from wording.lists import listed, told
from wording.markdown import code, escape, message
from wording.verdicts import beside_the_best

METHOD = (
    "{val} and {test}: accuracy of the point's best epoch. That epoch and the best point are "
    "chosen on {val}, so the best figure there is a little optimistic; {test} took part in no choice. Ranges are 95 % "
    "intervals (Wilson). All points answered for the same images, so each is compared with the best image by image: "
    "McNemar's exact test; p is corrected for the number of pairs, any of which could have been the best and another "
    "(Holm), and below 0.05 we call a difference more than noise. Ranges of differences are not corrected."
)


class Loaded(NamedTuple):
    """A point with what its run folder holds; no reports or answers before it is finished."""

    point: Point
    history: pd.DataFrame
    reports: dict[str, dict]
    answers: Predictions | None


def draw(name: str, runs: Sequence[Run], score: state.Score = state.Score.PUBLISHED) -> None:
    """Everything about a study, from the answer to the downloads, by a score."""
    with st.spinner("Measuring ..."):
        loaded = state.readable(partial(load, study=name, score=score), runs)
    if not loaded:
        return
    found = [one.point for one in loaded.values()]
    table = point_table(
        found,
        {run: one.history for run, one in loaded.items()},
        {run: one.reports for run, one in loaded.items()},
    )
    table = table.assign(name=display_names(table))
    right, others = right_answers({run: one.answers for run, one in loaded.items() if one.answers is not None})
    ranked, planned = ranking(table, right), max(point.planned for point in found)
    images = {"train": state.split_name(found[0].run, "train"), **clean_score.split_names([found[0].run], score)}
    state.draw_answer(reading(name, ranked, len(right), planned, images["val"]))
    if said := beside_the_report(name, ranked):
        st.markdown(said)
    st.caption(f"{escape(found[0].description)} {escape(budget_words(found[0], images['train']))}")
    say_what_is_wrong(found, others)
    say_what_is_left(name, list(loaded.values()), table, planned)
    if table["seed"].nunique() > 1:
        over_seeds.draw(table, ranked, found, {run: one.history for run, one in loaded.items()}, images)
    else:
        looks = looks_of(table, found)
        draw_summary(table, ranked, looks, images["val"], found[0].run.info.get("device"))
        draw_curves({row.name: loaded[row.run].history for row in table.itertuples(index=False)}, looks)
        draw_table(table, ranked, found, images)
    if said := clean_score.note(one.reports for one in loaded.values()):
        st.caption(said)
    draw_downloads(name, table, ranked, loaded)


def load(run: Run, study: str, score: state.Score = state.Score.PUBLISHED) -> Loaded:
    point, history = read_point(run, study), state.history(run)
    reports = state.reports(run, score) if run.status == "finished" else {}
    answers = state.predictions(run, "val", score=score) if "val" in reports else None
    return Loaded(point, history, reports, answers)


def display_names(table: pd.DataFrame) -> list[str]:
    """What to call each run: its point, with the seed where there are several; its folder where these repeat."""
    seeds = table["seed"].nunique() > 1
    names = [f"{row.point}, seed {row.seed}" if seeds else row.point for row in table.itertuples()]
    return names if len(set(names)) == len(names) else list(table["run"])


def reading(study: str, ranked: pd.DataFrame, finished: int, planned: int, images: str) -> str:
    """One sentence: which point did best, and whether the others differ from it by more than noise."""
    name = escape(study)
    if not len(ranked):
        none = "has no finished point yet" if not finished else "has no seed that two finished points share"
        return f"{name} {none}, so there is nothing to compare."
    best, others = ranked[ranked["verdict"] == BEST].iloc[0], ranked[ranked["verdict"] != BEST]
    label, accuracy = escape(best["point"]), point_accuracy(best, escape(images))
    so_far = f"So far, with {finished} of {planned} runs finished: " if finished < planned else ""
    if not len(others):
        return f"{so_far}{name} {label} has {accuracy}; there is no other point to compare it with yet."
    beside = beside_the_best(others)
    if (others["verdict"] == WITHIN).all():
        return f"{so_far}No value of {name} stands out: {label} is ahead with {accuracy}, but {beside}."
    return f"{so_far}{name} {label} does best with {accuracy}; {beside}."


def point_accuracy(row: pd.Series, images: str) -> str:
    """Accuracy with its interval, or with its spread over several seeds."""
    if row["seeds"] == 1:
        return accuracy_words({"value": row["accuracy"], "low": row["low"], "high": row["high"]}, images)
    spread = spread_words(row["accuracy"], row["sd"])
    return f"accuracy {spread} on {images} (mean and standard deviation of {row['seeds']} seeds)"


def say_what_is_wrong(found: Sequence[Point], others: Sequence[str]) -> None:
    """Warn of what makes a comparison unfair."""
    if any(point.budget != found[0].budget for point in found):
        st.warning("These points were not all trained on the same budget, so they cannot be compared fairly.")
    if others:
        names = listed(map(code, others))
        st.warning(f"Not compared, because the images they answered for are not those of the others: {names}.")


def say_what_is_left(name: str, loaded: Sequence[Loaded], table: pd.DataFrame, planned: int) -> None:
    """Name the points that run, stopped, failed or have not begun, and the command that goes on."""
    lines = [status_words(row) for row in table.itertuples() if row.status != "finished"]
    if (missing := planned - len(table)) > 0:
        labels = not_started(name, set(table["point"]))
        named = f": {listed(map(escape, labels))}" if labels else ""
        lines.append(f"{missing} of {planned} runs {'has' if missing == 1 else 'have'} not begun{named}.")
    if not lines:
        return
    if "running" in set(table["status"]):
        runs = [(one.point.run.status, one.history) for one in loaded]
        left = seconds_left(runs, planned, planned_epochs(loaded[0].point.run))
        lines += [f"About {spoken(left)} left for the whole study."] if left is not None else []
        st.info(told(lines, "This page follows it."), icon=":material/sync:")
        return
    st.warning(told(lines, "Go on with:"), icon=":material/pause_circle:")
    failed = "failed" in set(table["status"])
    command = sweep_command(name, loaded[0].point.run, retry=failed)
    subject = study_subject(name)
    if subject is None:  # its file lies where the user keeps it
        st.code(command, language="bash", wrap_lines=True)
        return
    flags, effect = {"retry": True} if failed else {}, "It trains the runs that are missing."
    offer("sweep", "Go on with it", subject=subject, flags=flags, writes=name, effect=effect, command=command)


def status_words(row: NamedTuple) -> str:
    """A row of `point_table` that is not finished, in words."""
    done = f"{row.epochs} epochs" if row.epochs != 1 else "1 epoch"
    if row.status == "running":
        return f"Point {code(row.name)} is training: {done} finished."
    if row.status == "failed":
        return f"Point {code(row.name)} has failed after {done}" + (f": {message(row.problem)}" if row.problem else ".")
    return f"Point {code(row.name)} was {row.status} after {done}."


def not_started(study: str, found: set[str]) -> list[str]:
    """Labels of the points that have no run yet, where the study file comes with the project."""
    if not is_shipped(study):
        return []
    with st.spinner("Reading the study file ..."):
        from fercore.training.study import load_study  # imports torch: seconds, once

    return [point.label for point in load_study(study).points if point.label not in found]


def looks_of(table: pd.DataFrame, found: Sequence[Point]) -> dict[str, RunStyle]:
    """Display name -> the look that its run has on every page."""
    runs = {point.run.name: point.run for point in found}
    styles = state.run_looks(runs[name] for name in table["run"])
    return {row.name: styles[row.run] for row in table.itertuples(index=False)}


def draw_summary(
    table: pd.DataFrame, ranked: pd.DataFrame, looks: dict[str, RunStyle], images: str, device: object
) -> None:
    scored, timed = table.dropna(subset="val_accuracy"), table.dropna(subset="seconds_per_epoch")
    with st.container(horizontal=True, gap="large"):  # two charts beside each other where they fit
        if len(scored):
            settings = {"width": 500, "alt": "Accuracy of each point"}  # wide enough for the words at its points
            state.chart(charts.accuracy_chart, scored, ranked, looks, images, state.dark(), **settings)
        if len(timed):
            state.chart(charts.time_chart, timed, looks, state.dark(), alt="Time of an epoch of each point")
    if len(timed):
        on = f" on {escape(device[:80])}" if isinstance(device, str) else ""
        st.caption(
            f"Times are medians over epochs{on}, validation included; other work on the machine makes them longer."
        )


def draw_curves(histories: dict[str, pd.DataFrame], looks: dict[str, RunStyle]) -> None:
    begun = {name: history for name, history in histories.items() if len(history)}
    if not begun:
        return
    curves = curve_table(begun)
    with point_cells.learning(looks, list(begun)):
        for quantity in point_cells.QUANTITIES:
            state.chart(training_charts.curves, curves, looks, quantity, False, alt=f"{quantity} by epoch")
    st.caption(
        "Solid: validation. Dashed: training, measured during the epoch, with augmentation and dropout. A ring marks "
        "the best epoch."
    )


def draw_table(table: pd.DataFrame, ranked: pd.DataFrame, found: Sequence[Point], images: dict[str, str]) -> None:
    st.subheader("The points")
    varied = {point.run.name: point_cells.varied_words(point) for point in found}
    beside = ranked.set_index("point").reindex(table["point"])
    shown = pd.DataFrame({"Point": table["name"], "Status": table["status"]})
    for split in ("val", "test"):
        columns = table[[f"{split}_{part}" for part in ("accuracy", "low", "high")]]
        shown[images[split]] = [figure_words(*row) for row in columns.itertuples(index=False)]
    shown = shown.assign(**point_cells.below_the_best(beside))
    shown["Best epoch"] = [f"{row.best_epoch} of {row.epochs}" if row.epochs else "" for row in table.itertuples()]
    shown["An epoch"] = point_cells.epoch_words(table)
    shown = shown.assign(Parameters=table["parameters"], Varied=[varied[run] for run in table["run"]])
    parameters = st.column_config.NumberColumn("Parameters", format="%,d")
    st.dataframe(telling(shown), column_config={"Parameters": parameters}, hide_index=True)
    st.caption(METHOD.format(val=escape(images["val"]), test=escape(images["test"])))


def telling(shown: pd.DataFrame) -> pd.DataFrame:
    """The table without a status that only says finished and a number of parameters that all share: it is wide."""
    silent = {"Status": (shown["Status"] == "finished").all(), "Parameters": shown["Parameters"].nunique() == 1}
    return shown.drop(columns=[name for name, says_nothing in silent.items() if says_nothing])


def draw_downloads(name: str, table: pd.DataFrame, ranked: pd.DataFrame, loaded: dict[str, Loaded]) -> None:
    rows = table.drop(columns="name").merge(ranked.drop(columns=["low", "high"]), on="point", how="left")
    history = pd.concat([one.history.assign(run=run) for run, one in loaded.items()], ignore_index=True)
    with st.container(horizontal=True):
        download_table("Download the points", rows, f"study_{name}.csv")
        download_table("Download the histories", history, f"study_{name}_history.csv")
