"""Other data: how does every run do on every data set, and how far does it fall from home?"""

import pandas as pd
import streamlit as st

import state
from fercore.charts.style import percent, points, range_words, with_range
from fercore.evaluation.elsewhere import READINGS
from fercore.evaluation.other_data import HOME, SCORES, matrix
from views.other_data import cells
from widgets.one_of import one_of
from widgets.page_title import page_title
from wording.lists import listed
from wording.markdown import code, escape, message

HOW = "scripts/evaluate.py RUN --data data/NAME"


def answer(away: pd.DataFrame, score: str) -> str:
    """Which run is ahead on most other images, how far it falls there, and which may be as good.

    Ranked are runs that never saw these images and were asked about the same ones.
    """
    known = away[away["seen"] == ""]
    if known.empty:
        return "No run here is known never to have seen the other data that it was measured on, so none is ranked."
    most = known.loc[known["n"].idxmax()]
    alike = known[(known["fingerprint"] == most["fingerprint"]) & (known["n"] == most["n"])]
    best = alike.loc[alike["value"].idxmax()]
    figure = with_range({key: best[key] for key in ("value", "low", "high")})
    fallen = ""
    if not pd.isna(best["drop"]):
        interval = range_words({"low": best["drop_low"], "high": best["drop_high"]})
        fallen = f", {points(best['drop'])} ({interval}) below its {cells.spoken(score)} at home"
    return (
        f"{code(best['run'])} is ahead on {escape(best['data'])}: {cells.spoken(score)} {figure} on "
        f"{int(best['n']):,} images{fallen}.{as_good(alike, best)}"
    )


def guessing(away: pd.DataFrame) -> str:
    """The accuracy of even guesses among the classes that are asked, those that model and data share."""
    shared = away.groupby("data")["shared"].unique()
    chance = [
        f"{escape(name)} {' or '.join(percent(1 / n) for n in sorted(own, reverse=True))}"
        for name, own in shared.items()
    ]
    return f"By guessing evenly among the classes that model and data share: {', '.join(chance)}."


def as_good(alike: pd.DataFrame, best: pd.Series) -> str:
    """Which runs the intervals do not tell from the first; empty where there are none."""
    close = alike[(alike["run"] != best["run"]) & (alike["high"] >= best["low"])]
    if close.empty:
        return ""
    named = listed(map(code, close["run"]))
    return f" Its interval overlaps with that of {named}: more images could turn the order."


cells.follow()
page_title("Other data", "How accurate is every model on every data set, and how far does it fall from home?")
with st.container(horizontal=True, gap="medium"):
    bound = {"bind": "query-params"}
    split = one_of("Split", ["test", "val", "train"], default="test", key="other_split", **bound)
    score = one_of("Score", list(SCORES), format_func=SCORES.get, default="accuracy", key="by", **bound)
    reading = one_of("Answers read", list(READINGS), format_func=READINGS.get, default="free", key="reading", **bound)
runs = [run for run in state.require_runs() if run.part_of is None]
table, problems = matrix(runs, split, score, reading)
away = table[table["data"] != HOME]
for where, problem in problems.items():
    st.warning(f"{code(where)} is left out: {message(problem)}", icon=":material/folder_off:")
if away.empty:
    st.info("No run has been evaluated on another data set yet. Prepare one and evaluate a run on it:")
    st.code(f"python scripts/prepare_data.py SOURCE --name NAME\npython {HOW}", language="bash")
else:
    state.draw_answer(answer(away, score))
    known = table[table["run"].isin(away["run"])]
    cells.draw_matrix(known)
    cells.draw_table(known, score)
    st.markdown(
        f"**Free**: an answer that is none of the data's classes is wrong. **{READINGS['told'].capitalize()}**: the "
        "probabilities of the classes that model and data share, scaled to sum to 1. Temperature and threshold are "
        "always those of the run's own validation split."
    )
    if len(away["fingerprint"].unique()) > len(away["data"].unique()):
        st.warning("Some data sets of one name differ in their images, so their columns do not compare.")
    if score == "accuracy":  # of macro-F1 it depends on how many images each class has
        st.caption(guessing(away))
