"""Two models side by side: which they are, and what they are called in short."""

from __future__ import annotations

import re

import streamlit as st

import state
from fercore.data.ferplus import votes_on
from fercore.evaluation.contamination import contamination
from fercore.evaluation.judged import judged
from fercore.export.record import read_record
from fercore.runs import Run, RunError

ALONE = "(none)"
ABOUT_ONNX = (
    "A run that holds an ONNX file answers with it instead of PyTorch: quicker. In 8-bit integers it now and then says "
    "something else; the page Which model? tells how often it is right."
)
WHY_FIRST = "The page opens with the models that agree with most people most often, by FER+ votes on PublicTest."
KINDS = {
    "cnn": "CNN",
    "plain": "CNN",
    "resnet18": "ResNet",
    "seresnet": "SE-ResNet",
    "vit": "ViT",
    "ensemble": "Ensemble",
}


def choose_pair() -> list[Run]:
    """Draw the choosers of one or two runs with weights; stops the page, with what to do, where there is none."""
    able = {run.name: run for run in state.with_weights(state.require_runs())}
    if not able:
        st.info("No run here holds weights (model.safetensors), so there is no model to ask. Train one:")
        st.code(state.command(state.HOW_TO_TRAIN), language="bash", wrap_lines=True)
        st.stop()
    first, second = default_pair(list(able.values()))
    names, bound = list(able), {"bind": "query-params", "width": 250}
    one = st.selectbox("First model", names, names.index(first.name), key="first", help=WHY_FIRST, **bound)
    others = [ALONE, *(name for name in names if name != one)]
    wanted = second.name if second and second.name in others else ALONE
    other = st.selectbox("Second model", others, others.index(wanted), key="second", **bound)
    return [able[one]] if other == ALONE else [able[one], able[other]]


def choose_runtimes(runs: list[Run]) -> dict[str, str]:
    """Run name -> what answers for it, "torch" or "onnx"; draws a switch where one of the runs holds an ONNX file."""
    records = state.readable(read_record, runs)
    able = {name for name, record in records.items() if record}
    fast = bool(able) and st.toggle("Use ONNX files", key="onnx", bind="query-params", help=ABOUT_ONNX)
    return {run.name: "onnx" if fast and run.name in able else "torch" for run in runs}


def default_pair(runs: list[Run]) -> tuple[Run, Run | None]:
    """The best CNN and the best ViT; where one kind is missing, the best two; where there is one run, that alone.

    Best is who says what most people say most often on the validation split (`people_merit`): a visitor's face has no
    label, and labels of FER2013 are often not what people see. Runs of which that is not known follow as ranked.

    Runs that are made of others come after those, since they take the time of all of them; those that learned from the
    validation split, or may have, come last: nobody knows how good they are.
    """
    merits = {run.name: people_merit(run) for run in runs}
    ranked = state.singles_first(runs)
    best = sorted(ranked, key=lambda run: (bool(run.members), contamination(run, "val") is not None, -merits[run.name]))
    convolutional = next((run for run in best if kind(run) != "ViT"), best[0])
    others = [run for run in best if run is not convolutional]
    transformer = next((run for run in others if kind(run) == "ViT"), None)
    return convolutional, transformer or next(iter(others), None)


def people_merit(run: Run) -> float:
    """How often a run says what most people say on the validation split, 0 to 1; 0 where that is not known."""
    if ("val", "none") not in run.evaluations():
        return 0.0
    try:
        found = state.predictions(run, "val")
    except RunError:  # said where its figures are shown
        return 0.0
    votes = votes_on(found.id)
    if votes is None:
        return 0.0
    seen, _ = judged(found, run.classes, votes)
    return float((seen.predicted == seen.label).mean()) if len(seen.id) else 0.0


def kind(run: Run) -> str:
    """ "CNN", "ViT" or another short name of an architecture, in letters that markdown and a video show as they are."""
    config = run.info["config"].get("model")
    known = str(config.get("type") if isinstance(config, dict) else "model")
    return KINDS.get(known) or re.sub("[^A-Za-z0-9]", "", known)[:12] or "model"


def labels(runs: list[Run]) -> list[str]:
    """A short name for each run: "CNN" and "ViT", or "CNN 1" and "CNN 2"."""
    kinds = [kind(run) for run in runs]
    return kinds if len(set(kinds)) == len(kinds) else [f"{name} {number}" for number, name in enumerate(kinds, 1)]
