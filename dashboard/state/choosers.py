"""What is chosen: kept on all pages and in the URL, so that a view can be shared."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import streamlit as st

from fercore.runs import Run
from folders import command
from state.stored import ranked, require_runs, runs, split_name
from words import code, escape

TTA_LABELS = {"none": "as it is", "flip": "averaged with its mirror image"}


class Evaluation(NamedTuple):
    """A run with a split and a kind of test-time augmentation for which it has stored figures."""

    run: Run
    split: str
    tta: str


def choose_run(among: list[Run] | None = None) -> Run:
    """Draw the run chooser; the run chosen on this or an earlier page, else the best one.

    A page that cannot show every run gives those it can show, at least one, as `among`.
    """
    run = _chosen_run(among)
    _draw_run(run, among)
    return run


def choose_evaluation() -> Evaluation:
    """Draw the choosers of run, split and test-time augmentation, for what the run has stored figures of.

    Says what to run and stops the page where the run has none. The first choice is the test split without augmentation.
    """
    run = _chosen_run()
    stored = run.evaluations()
    if not stored:
        _draw_run(run)
        st.info(f"{code(run.name)} has not been evaluated yet. Evaluate it with:")
        st.code(command(f"scripts/evaluate.py {run.name}"), language="bash", wrap_lines=True)
        st.stop()
    splits = list(dict.fromkeys(split for split, _ in stored))
    split = _resolve("split", splits, splits[0])
    ttas = [tta for known, tta in stored if known == split]
    tta = _resolve("tta", ttas, ttas[0])
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        _draw_run(run)
        _draw_one("split", "Split", splits, split, lambda key: escape(split_name(run, key)))
        if len(ttas) > 1:
            _draw_one("tta", "Each image", ttas, tta, TTA_LABELS.__getitem__)
    return Evaluation(run, split, tta)


def choose_runs(count: int = 1, among: list[Run] | None = None) -> list[Run]:
    """Draw the chooser of several runs, in the order they were chosen; stops the page while none is chosen.

    The first choice is the run of `choose_run` and the best others, `count` in all. A page that cannot show every run
    gives those it can show as `among`.
    """
    found = {run.name: run for run in (require_runs() if among is None else among)}
    asked, kept = st.query_params.get_all("runs"), st.session_state.get("chosen_runs")
    for name in asked:
        if name not in found:
            st.warning(_ABSENT["run"].format(code(name[:100])) + ".")
    names = [name for name in dict.fromkeys(asked or kept or ()) if name in found]
    if not names and kept != []:
        one = [name for name in (st.query_params.get("run"), st.session_state.get("chosen_run")) if name in found]
        best = [run.name for run in ranked(list(found.values()))]
        names = list(dict.fromkeys(one[:1] + best))[:count]
    if names:
        st.session_state["chosen_runs"] = names
        if not asked:
            st.query_params["runs"] = names
    st.session_state["runs_widget"] = names
    st.multiselect("Runs", list(found), key="runs_widget", on_change=_keep, args=("runs",), placeholder="Choose runs")
    if not names:
        st.info("Choose at least one run.")
        st.stop()
    return [found[name] for name in names]


def select(**choice: str | list[str]) -> None:
    """Choose from code: `select(run="a", split="test")`, `select(runs=["a", "b"])`."""
    for key, value in choice.items():
        st.session_state[f"chosen_{key}"] = value
        st.query_params[key] = value


_ABSENT = {
    "run": "There is no run {} to show here",
    "split": "This run has no stored figures of the split {}",
    "tta": "This run has no stored figures with the test-time augmentation {}",
}


def _chosen_run(among: list[Run] | None = None) -> Run:
    found = {run.name: run for run in (require_runs() if among is None else among)}
    return found[_resolve("run", list(found), ranked(list(found.values()))[0].name)]


def _resolve(key: str, options: list[str], default: str) -> str:
    """What the URL asks for, else what was chosen before, else the default; the answer goes into the URL.

    Keyed widget state is lost on pages which do not draw the widget, hence a state of our own. A choice that the
    present run does not offer stays kept for one that does.
    """
    asked, kept = st.query_params.get(key), st.session_state.get(f"chosen_{key}")
    value = next((choice for choice in (asked, kept) if choice in options), default)
    if asked in options or kept is None:
        st.session_state[f"chosen_{key}"] = value
    if asked is None:
        st.query_params[key] = value
    elif asked not in options:
        st.warning(f"{_ABSENT[key].format(code(asked[:100]))}; shown is {code(value)}.")
    return value


def _draw_run(run: Run, among: list[Run] | None = None) -> None:
    st.session_state["run_widget"] = run.name
    names = [other.name for other in (runs() if among is None else among)]
    st.selectbox("Run", names, key="run_widget", on_change=_keep, args=("run",), width=360)


def _draw_one(key: str, label: str, options: list[str], value: str, name_of: Callable[[str], str]) -> None:
    st.session_state[f"{key}_widget"] = value
    st.segmented_control(
        label, options, key=f"{key}_widget", format_func=name_of, on_change=_keep, args=(key,), required=True
    )


def _keep(key: str) -> None:
    select(**{key: st.session_state[f"{key}_widget"]})
