"""Training: how did each run learn, does it overfit, and what was set differently?"""

import pandas as pd
import streamlit as st

import state
from views.training import new_run, run_care
from views.training.curves import draw_curves, draw_summary
from views.training.new_run import draw_run_buttons
from views.training.overfitting import answer, clean_report, load, merit
from views.training.run_status import say_no_epochs, say_status
from views.training.settings import draw_settings
from widgets.downloads import download_table
from widgets.links import draw_comparison_link
from widgets.one_of import one_of
from widgets.page_title import page_title
from wording.contamination import contamination_badge

SHOWN = ("Trained runs", new_run.NEW)
REFRESH = "5s"  # how often a run that still trains is looked at


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
        draw_curves([run for run in runs if run.name in found], histories, found)
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
    elif not state.may_start_jobs():
        st.caption(state.why_no_jobs())
    names = [run.name for run in chosen]
    if any(run.status == "running" for run in chosen):
        follow(names, clean)
    else:
        draw(names, False, clean)


page_title("Training", "How did the models learn?")
default = None if new_run.was_asked_for() else SHOWN[0]
shown = one_of("Show", SHOWN, default=default, key="show", bind="query-params")
if shown == SHOWN[1] or not state.runs():
    new_run.draw()
else:
    draw_runs()
run_care.draw_put_away()
