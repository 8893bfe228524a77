"""Training: how did each run learn, does it overfit, and what was set differently?"""

import pandas as pd
import streamlit as st

import state
from fercore.charts.style import points
from fercore.evaluation.contamination import contamination
from fercore.evaluation.learning import Learning, learning
from fercore.runs import Run, RunError
from views.training import new_run, run_care
from views.training.curves import draw_curves, draw_summary
from views.training.new_run import draw_run_buttons
from views.training.run_status import say_no_epochs, say_status
from views.training.settings import draw_settings
from widgets.downloads import download_table
from widgets.links import draw_comparison_link
from widgets.page_title import page_title
from wording import clean_score
from wording.contamination import contamination_badge
from wording.figures import accuracy_words
from wording.markdown import code, escape

SHOWN = ("Trained runs", "New run")
REFRESH = "5s"  # how often a run that still trains is looked at
VERDICTS = {"none": "no overfitting to see", "mild": "it overfits a little", "strong": "strong overfitting"}


def load(run: Run) -> tuple[pd.DataFrame, Learning | None]:
    """A run's history and what it comes to; None before the first epoch ends."""
    history, sizes = state.history(run), run.info["dataset"].get("split_sizes")
    if history.empty:
        return history, None
    images = sizes.get("val") if isinstance(sizes, dict) else None
    if type(images) is not int or images < 1:
        raise RunError(f"{run.path / 'run.json'}: dataset.split_sizes has no size of the val split")
    return history, learning(history, images)


def answer(run: Run, found: Learning, report: dict | None) -> str:
    """One sentence: best epoch, accuracy, overfitting; `report` is the clean one, if it is asked for and known."""
    whole = escape(state.split_name(run, "val"))
    accuracy, than = accuracy_words(found.val_accuracy, whole), ""
    if report:
        than = f" than on the whole of {whole}"  # of single epochs nobody knows which images were right
        accuracy = accuracy_words(report["accuracy"], clean_score.images_of(report), clean_score.n_of(report))
    so_far = "so far " if run.status == "running" else ""
    gap = f"{points(abs(found.gap))} {'higher' if found.gap >= 0 else 'lower'}"
    return (
        f"{code(run.name)} is best {so_far}after epoch {found.best_epoch} of {found.epochs}: {accuracy}. "
        f"Its accuracy on the training images is {gap}{than}: {VERDICTS[found.verdict]}."
    )


def merit(run: Run, found: Learning) -> tuple[bool, float]:
    """What the best run has most of: accuracy in validation, after all runs that have not seen its images."""
    return contamination(run, "val") is None, found.val_accuracy["value"]


def clean_report(run: Run) -> dict | None:
    """Clean figures of a run's best epoch on the validation split; None where there are none."""
    known = ("val", "none") in run.evaluations() and state.copies(run, "val") is not None
    return state.metrics(run, "val", score=state.Score.CLEAN) if known else None


def draw(names: list[str], following: bool, clean: bool) -> None:
    """Everything below the choosers; drawn again and again while one of the runs trains."""
    runs = [run for name in names if (run := state.find_run(name))]
    if following and not any(run.status == "running" for run in runs):
        st.rerun()  # the whole page, which then stops following
    loaded = state.readable(load, runs)
    histories = {name: history for name, (history, _) in loaded.items()}
    found = {name: figures for name, (_, figures) in loaded.items() if figures}
    read = state.readable(clean_report, [run for run in runs if run.name in found]) if clean else {}
    reports = {name: report for name, report in read.items() if report}
    if found:
        best = max((run for run in runs if run.name in found), key=lambda run: merit(run, found[run.name]))
        state.draw_answer(answer(best, found[best.name], reports.get(best.name)), contamination_badge(best, "val"))
    bare = [
        run for run in runs if run.name in loaded.keys() - found.keys() and {"ensemble", "source"} & run.info.keys()
    ]
    for run in runs:
        if run in bare:
            say_no_epochs(run)
        elif run.name in loaded:
            say_status(run, found.get(run.name))
    if not found and len(bare) < len(loaded):
        st.info("There is nothing to draw before the first epoch ends.")
    if found:
        draw_curves({name: histories[name] for name in found}, found)
        draw_summary(runs, found, reports if clean else None)
        draw_comparison_link([run for run in runs if run.evaluations()])
        table = pd.concat([history.assign(run=name) for name, history in histories.items()], ignore_index=True)
        download_table("Download the history", table, "history.csv")
    draw_settings(runs)


@st.fragment(run_every=REFRESH)
def follow(names: list[str], clean: bool) -> None:
    """Draw runs of which one still trains, again and again."""
    with state.errors_shown():
        draw(names, True, clean)


def draw_runs() -> None:
    """Choosers, what can be done with the chosen runs, and everything about them."""
    chosen = state.choose_runs()
    clean = state.choose_score(chosen, ("val",))
    for run in chosen:
        draw_run_buttons(run)
    if len(chosen) == 1:
        run_care.draw(chosen[0])
    names = [run.name for run in chosen]
    if any(run.status == "running" for run in chosen):
        follow(names, clean)
    else:
        draw(names, False, clean)


page_title("Training", "How did the models learn?")
shown = st.segmented_control("Show", SHOWN, default=SHOWN[0], required=True, key="show", bind="query-params")
if shown == SHOWN[1] or not state.runs():
    new_run.draw()
else:
    draw_runs()
