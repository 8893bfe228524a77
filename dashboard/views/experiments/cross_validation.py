"""One cross-validation: how much folds differ, their accuracy together, and what their ensemble adds."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import pandas as pd
import streamlit as st

import state
from fercore.charts import experiments as charts
from fercore.charts.comparison import class_chart
from fercore.charts.experiments import REPORT, SCORES, spread_words
from fercore.charts.overview import reference_report
from fercore.charts.style import count, figure_words, points, range_words, with_range
from fercore.charts.training import run_legend
from fercore.evaluation.cross_validation import (
    CrossValidation,
    ensemble_gain,
    fold_scores,
    spread,
    stored_scores,
)
from fercore.evaluation.learning import seconds_left
from fercore.evaluation.published import published_accuracy, published_table
from fercore.evaluation.tables import PER_CLASS, classification_table
from fercore.runs import SPLITS, Run
from views.experiments.resume_commands import kfold_command, kfold_flags, planned_epochs
from widgets.downloads import download_table
from widgets.job_status import offer, spoken
from widgets.one_of import one_of
from wording import clean_score
from wording.figures import accuracy_words
from wording.lists import listed, told
from wording.markdown import code, escape

VERBS = {"running": "is", "failed": "has", "stopped": "was", "interrupted": "was"}
REPORT_NAME = "the report"
HELD_OUT_COPIES = (
    "Held-out images are all counted, although some have a copy in the folds that their model learned from."
)
OURS = {"train": "Out of fold", "val": "Ensemble on {}", "test": "Ensemble on {}"}


class Ensemble(NamedTuple):
    """The folds' models together on one split: accuracy, mean accuracy of one model, and the paired gain."""

    images: str
    together: dict[str, float]
    alone: pd.Series
    gain: dict[str, float] | None


def draw(found: CrossValidation, score: state.Score = state.Score.PUBLISHED) -> None:
    """Everything about a cross-validation, from the answer to the downloads; its score is published or clean."""
    clean = score == state.Score.CLEAN
    whole = found.whole if found.whole and found.whole.status == "finished" else None
    scores = read_scores(found, whole, clean)
    spreads, run = spread(scores), found.whole or next(iter(found.members.values()))
    held_out = f"held-out {state.split_name(run, 'train')}"
    names = {"train": held_out, **clean_score.split_names([run], clean)}
    scored = [split for split in ("val", "test") if (spreads["split"] == split).any()] if whole else []
    ensembles = {split: ensemble(found, whole, split, spreads, clean) for split in scored}
    state.draw_answer(reading(found, spreads, ensembles.get("test"), names["train"]))
    st.markdown(beside_the_report())
    say_what_is_left(found)
    if scores.empty:
        return
    draw_scores(scores, spreads, names, run)
    if clean and whole:
        st.caption(f"{clean_score.note([state.reports(whole, clean)])} {HELD_OUT_COPIES}")
    if ensembles:
        draw_ensembles(ensembles)
    if whole:
        draw_published(whole, clean)
    download_table("Download the folds", scores, f"folds_{found.name}.csv")


def read_scores(found: CrossValidation, whole: Run | None, clean: bool) -> pd.DataFrame:
    """Scores of the folds, as `fold_scores`; clean ones of test images come from the folds' own predictions."""
    published = stored_scores(whole) if whole else fold_scores(read_reports(found, False))
    if not clean:
        return published
    own = fold_scores(read_reports(found, True))
    return pd.concat([published[published["split"] == "train"], own], ignore_index=True)


def read_reports(found: CrossValidation, clean: bool) -> dict[int, dict[str, dict]]:
    """Fold -> split -> report, of the folds that can be read."""
    members = state.readable(partial(state.reports, score=clean), found.members.values())
    return {fold: members[run.name] for fold, run in found.members.items() if run.name in members}


def figure(spreads: pd.DataFrame, split: str, score: str) -> pd.Series:
    """The row of `spread` for one score on one split."""
    return spreads[(spreads["split"] == split) & (spreads["score"] == score)].iloc[0]


def reading(found: CrossValidation, spreads: pd.DataFrame, together: Ensemble | None, held_out: str) -> str:
    """One sentence: held-out accuracy with its spread, and what the ensemble adds."""
    name = escape(found.name)
    if not (spreads["split"] == "train").any():
        return f"{name} has no finished fold yet."
    row = figure(spreads, "train", "accuracy")
    over = f"{row['folds']} folds" if row["folds"] == found.folds else f"{row['folds']} of {found.folds} folds"
    sd = " (mean and standard deviation)" if pd.notna(row["sd"]) else ""
    accuracy = (
        f"Over {over}, {name} has accuracy {spread_words(row['mean'], row['sd'])} on the {escape(held_out)} images{sd}"
    )
    if together is None:
        return f"{accuracy}."
    more = f", {gain_words(together.gain)} than one of them on average" if together.gain else ""
    of_all = accuracy_words(together.together, escape(together.images))
    return f"{accuracy}; its {found.folds} models together have {of_all}{more}."


def beside_the_report() -> str:
    """What the report's own cross-validation came to."""
    published = reference_report()["kfold"]
    return (
        f"The report's {published['folds']} folds (section 5, figure 10) came to "
        f"{with_range(published_accuracy(published))} of {count(published['support'])} test images."
    )


def gain_words(gain: dict[str, float]) -> str:
    """ "1.9 points (1.2 to 2.6) more"."""
    sign = 1 if gain["value"] >= 0 else -1
    low, high = sorted((sign * gain["low"], sign * gain["high"]))
    between = range_words({"low": low, "high": high})
    return f"{points(sign * gain['value'])} ({between}) {'more' if sign > 0 else 'fewer'}"


def ensemble(found: CrossValidation, whole: Run, split: str, spreads: pd.DataFrame, clean: bool) -> Ensemble:
    """What the folds' models come to together on a split; without a gain where a fold's predictions are missing."""
    report, gain = state.metrics(whole, split, score=clean), None
    if len(found.members) == found.folds:
        answers = state.readable(partial(state.predictions, split=split, score=clean), found.members.values())
        if len(answers) == found.folds:
            gain = ensemble_gain(state.predictions(whole, split, score=clean), list(answers.values()))
    name = clean_score.split_names([whole], clean, [split])[split]
    return Ensemble(name, report["accuracy"], figure(spreads, split, "accuracy"), gain)


def say_what_is_left(found: CrossValidation) -> None:
    """Name the folds that run, stopped, failed or have not begun, and the command that goes on."""
    lines = unfinished(found)
    if not lines:
        return
    if any(run.status == "running" for run in found.members.values()):
        runs = [(run.status, state.history(run)) for run in found.members.values()]
        left = seconds_left(runs, found.folds, planned_epochs(next(iter(found.members.values()))))
        lines += [f"About {spoken(left)} left for all folds."] if left is not None else []
        st.info(told(lines, "This page follows it."), icon=":material/sync:")
    elif found.whole and found.whole.status == "finished":
        st.info(told(lines, "What is shown is stored with their sum."))
    else:
        st.warning(told(lines, "Go on with:"), icon=":material/pause_circle:")
        run = next(iter(found.members.values()), found.whole)
        command, flags = kfold_command(found.name, found.folds, run), kfold_flags(found.name, found.folds, run)
        if flags is None:
            st.code(command, language="bash", wrap_lines=True)
        else:
            offer("kfold", "Go on with it", flags=flags, effect="It trains the missing folds.", command=command)


def unfinished(found: CrossValidation) -> list[str]:
    """What is not finished or not there, a sentence each."""
    begun = {f"Fold {fold}": run for fold, run in sorted(found.members.items())}
    everything = begun | ({"The sum of the folds": found.whole} if found.whole else {})
    lines = [
        f"{what} ({code(run.name)}) {VERBS[status]} {status}."
        for what, run in everything.items()
        if (status := run.status) != "finished"
    ]
    missing = [str(fold) for fold in range(1, found.folds + 1) if fold not in found.members]
    if missing:
        lines.append(f"Not here: {'fold' if len(missing) == 1 else 'folds'} {listed(missing)} of {found.folds}.")
    return lines


def draw_scores(scores: pd.DataFrame, spreads: pd.DataFrame, names: dict[str, str], run: Run) -> None:
    st.subheader("Fold by fold")
    color = state.run_looks([run])[run.name].color
    state.chart(charts.fold_chart, scores, spreads, names, color, state.dark(), alt="Scores of each fold")
    rows = []
    for score, label in {**SCORES, "log_loss": "Log loss (nats)"}.items():
        shown = spreads[spreads["score"] == score].set_index("split")
        words = {names[split]: score_words(score, *row) for split, row in shown[["mean", "sd"]].iterrows()}
        rows.append({"Mean ± standard deviation": label, **words})
    st.dataframe(pd.DataFrame(rows), hide_index=True)
    st.caption(
        "Each fold's model is fitted on the other folds; its epoch is chosen on the validation images, so that the "
        "images it held out took part in no choice. The standard deviation is the sample's (n - 1) over folds."
    )


def score_words(score: str, mean: float, sd: float) -> str:
    """Mean and standard deviation of a score, in per cent or in nats."""
    if score != "log_loss":
        return spread_words(mean, sd)
    return f"{mean:.3f}" if pd.isna(sd) else f"{mean:.3f} ± {sd:.3f}"


def draw_ensembles(found: dict[str, Ensemble]) -> None:
    st.subheader("The folds' models together")
    rows = [
        {
            "Images": one.images,
            "One model": spread_words(one.alone["mean"], one.alone["sd"]),
            "All together": with_range(one.together),
            "The ensemble's gain": gain_words(one.gain) if one.gain else "",
        }
        for one in found.values()
    ]
    st.dataframe(pd.DataFrame(rows), hide_index=True)
    st.caption(
        "One model: mean ± standard deviation. Together: the mean of the models' probabilities. Ranges are 95 % "
        "intervals: Wilson's for accuracies, for the gain a bootstrap over images that keeps their pairs together."
    )


def draw_published(whole: Run, clean: bool) -> None:
    st.subheader("Beside the report's figure 10")
    stored = [split for split in SPLITS if (split, "none") in whole.evaluations()]
    split = one_of(
        "Ours",
        stored,
        default=stored[0],
        key="beside",
        bind="query-params",
        format_func=lambda split: OURS[split].format(escape(state.split_name(whole, split))),
    )
    report = state.metrics(whole, split, score=clean and not state.no_clean_score(whole, split))
    published = reference_report()["kfold"]
    tables = {whole.name: classification_table(report), REPORT_NAME: published_table(published)}
    looks = {whole.name: state.run_looks([whole])[whole.name], REPORT_NAME: REPORT}
    state.chart(run_legend, looks, list(looks), state.dark(), alt="What is ours and what is the report's")
    for column, key in zip(st.columns(3), ("f1", "precision", "recall"), strict=True):
        with column:
            state.chart(class_chart, tables, key, looks, alt=f"{key} of each class beside the report's")
    shown = pd.DataFrame({"Class": tables[whole.name]["class"]})
    for key in PER_CLASS:
        for who, table in zip(("ours", REPORT_NAME), tables.values(), strict=True):
            columns = table[[key, f"{key}_low", f"{key}_high"]].itertuples(index=False)
            shown[f"{key.capitalize()}, {who}"] = [figure_words(*row) for row in columns]
    st.dataframe(shown, hide_index=True)
    st.caption(
        f"Ours: {clean_score.images_of(report)}, {clean_score.n_of(report)}. The report's test images have "
        f"PublicTest's class sizes ({count(published['support'])} images); it gives two digits and no intervals, so "
        "those shown are worked out from its rounded figures. Accuracy stands in the column of F1."
    )
