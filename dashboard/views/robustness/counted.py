"""What was counted of runs, and a button that counts where nothing was yet."""

from __future__ import annotations

import streamlit as st

import state
from fercore.charts.style import count
from fercore.evaluation.elsewhere import elsewhere
from fercore.evaluation.robustness import Robustness, robustness_file
from fercore.runs import SPLITS, Run, RunError
from widgets.job_status import offer
from widgets.one_of import one_of
from wording.markdown import code, message

EFFECT = "It writes counts of right and sure answers, by kind and strength, into the run's folder."


def known(run: Run) -> bool:
    """Whether a run was measured on disturbed pictures, its own or of other data."""
    return any(_splits(one) for one in (run, *elsewhere(run)[0]))


def choose(shown: list[Run]) -> tuple[str, str]:
    """Draw the choosers of split and data set, where there is a choice; the names of both."""
    places = [(run, one) for run in shown for one in (run, *elsewhere(run)[0]) if _splits(one)]
    data = list(dict.fromkeys(_data(one) for _, one in places))
    splits = [split for split in reversed(SPLITS) if any(split in _splits(one) for _, one in places)]
    bound = {"bind": "query-params"}
    with st.container(horizontal=True, gap="medium"):
        split, chosen = splits[0], data[0]
        if len(splits) > 1:
            settings = {"default": split, "key": "robustness_split"}
            split = one_of("Split", splits, **settings, **bound)
        if len(data) > 1:
            chosen = st.selectbox("Data set", data, key="robustness_data", width=240, **bound)
    return split, chosen


def results_of(shown: list[Run], split: str, data: str) -> dict[str, Robustness]:
    """Run name -> its counts, of the runs that have some; says which files cannot be read."""
    found = {}
    for run in shown:
        for one in (run, *elsewhere(run)[0]):
            if _data(one) == data and split in _splits(one):
                try:
                    found[run.name] = state.robustness(one, split)
                except RunError as error:
                    st.warning(message(error), icon=":material/folder_off:")
    return found


def measured_on(run: Run, data: str) -> Run:
    """A run, or its results on the data set that is chosen."""
    return next(one for one in (run, *elsewhere(run)[0]) if _data(one) == data)


def warn_of_samples(results: dict[str, Robustness]) -> None:
    """Say where runs were not asked about the same images."""
    if len({found.about["fingerprint"] for found in results.values()}) > 1:
        st.warning("These runs have data sets of their own: their lines are of other images or labels.")
    drawn = {run: found for run, found in results.items() if found.n < found.about["split_size"]}
    if drawn:
        sizes = ", ".join(f"{code(run)} {count(found.n)}" for run, found in drawn.items())
        st.caption(f"Asked about some images only, drawn by a fixed seed, the same for every run: {sizes}.")


def offer_first(runs: list[Run]) -> None:
    """Say that nothing was measured yet, and offer to."""
    st.info("No run here was measured on disturbed pictures yet.")
    able = [run for run in state.with_weights(state.ranked(runs)) if run.info["dataset"]]
    if able and state.dataset() is not None and state.dataset_matches(able[0]):
        offer("robustness", "Measure it", subject=able[0].name, effect=EFFECT)
        return
    name = able[0].name if able else "RUN"
    st.code(state.command(f"scripts/robustness.py {name}"), language="bash", wrap_lines=True)
    st.caption("It needs the run's weights and its data set.")


def offer_more(others: list[Run]) -> None:
    """A button for one more run that was not measured yet, where it can be."""
    able = [run for run in state.with_weights(others) if run.part_of is None and state.dataset_matches(run)]
    if not able or state.dataset() is None:
        return
    with st.expander(f"Measure another run ({len(able)})", icon=":material/add:"):
        chosen = st.selectbox("Run to measure", [run.name for run in able], key="measured_run", width=360)
        offer("robustness", "Measure it", subject=chosen, effect=EFFECT)


def _splits(one: Run) -> list[str]:
    return [split for split in SPLITS if robustness_file(one, split).is_file()]


def _data(one: Run) -> str:
    return getattr(one, "dataset_name", state.OWN)
