"""What is chosen: kept on all pages and in the URL, so that a view can be shared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import streamlit as st

from fercore.evaluation.elsewhere import Elsewhere, elsewhere
from fercore.runs import SPLITS, TTAS, Run, stem
from state.results import Score, no_clean_score, no_people_score
from state.run_folders import require_runs, runs, shared_split_name, singles_first
from wording.markdown import code, escape

SAMPLED = 5  # runs of each data set that are asked which scores they have
OWN = "its own"  # what the chooser of data sets calls the one that a run was trained for
TTA_LABELS = {"none": "as it is", "flip": "averaged with its mirror image"}
SCORES = {"published": "as published", "clean": "without copies", "people": "as most people see it"}
WHAT_IS_CLEAN = (
    "Some test images have a copy in training: the same picture, nearly the same, or its mirror image. A model may "
    "remember them. Without them its score says what it does with pictures it has not seen."
)
WHAT_PEOPLE_SEE = (
    "As most people see it: what more than half of ten people say (FER+) takes the place of the label; images on which "
    "they do not agree are left out."
)


class Evaluation(NamedTuple):
    """A run with a split and a kind of test-time augmentation for which it has stored figures.

    `score` asks for figures of other images or labels than the published ones, which then are known.
    """

    run: Run
    split: str
    tta: str
    score: Score = Score.PUBLISHED

    @property
    def stem(self) -> str:
        """How files about it are called: "my-run_test_flip_clean", "my-run_rafdb_test"."""
        ending = f"_{self.score.name.lower()}" if self.score else ""
        data = f"{self.run.dataset_name}_" if isinstance(self.run, Elsewhere) else ""
        return f"{self.run.name}_{data}{stem(self.split, self.tta)}{ending}"


class Measurement(NamedTuple):
    """What several runs are measured on: a split, a kind of test-time augmentation, and a score."""

    split: str
    tta: str
    score: Score


def choose_run(among: list[Run] | None = None) -> Run:
    """Draw the run chooser; the run chosen on this or an earlier page, else the best of one model.

    A page that cannot show every run gives those it can show, at least one, as `among`.
    """
    run = _chosen_run(among)
    _draw_run(run, among)
    return run


def choose_evaluation() -> Evaluation:
    """Draw the choosers of run, split, test-time augmentation and score, for what the run has stored figures of.

    Says what to run and stops the page where the run has none. The first choice is the published score of the test
    split without augmentation.
    """
    home = _chosen_run()
    run = _on_chosen_data(home)
    stored = run.evaluations()
    if not stored:
        _draw_run(run)
        from widgets.job_status import offer  # here, because it asks this package for the jobs

        st.info(f"{code(run.name)} has not been evaluated yet.")
        offer("evaluate", "Evaluate it", subject=run.name, effect="It writes predictions and metrics into its folder.")
        st.stop()
    measurement = _resolve_measurement(stored)
    with st.container(horizontal=True, gap="medium"):
        _draw_run(run)
        _draw_data(home, run)
        _draw_measurement(stored, *measurement, [run])
        people = no_people_score(run, *measurement) is None
        score = _draw_score(no_clean_score(run, *measurement), people=people)
    return Evaluation(run, *measurement, score)


def choose_run_and_split(among: list[Run], splits_of: Callable[[Run], list[str]]) -> tuple[Run, str, Score]:
    """Draw the choosers of a run, a split and a score, for a page that shows other splits than a run has figures of.

    Parameters
    ----------
    among
        The runs that the page can show, at least one.
    splits_of
        Run, or its results on other data -> splits to choose from, at least one; the first is the first choice.

    Returns
    -------
    tuple
        The run or, where other data is chosen, its results there; the split; and the score, of which none is offered
        where there are no figures of the split.
    """
    home = _chosen_run(among)
    run = _on_chosen_data(home)
    splits = splits_of(run)
    split = _resolve("split", splits, splits[0])
    with st.container(horizontal=True, gap="medium"):
        _draw_run(run, among)
        _draw_data(home, run)
        _draw_one("split", "Split", splits, split, lambda key: escape(shared_split_name([run], key)))
        known = (split, "none") in run.evaluations()
        score = _draw_score(no_clean_score(run, split)) if known else Score.PUBLISHED
    return run, split, score


def choose_score(among: Iterable[Run], splits: Sequence[str] = SPLITS, *, people: bool = False) -> Score:
    """Draw the chooser of scores for a page with figures of several runs; that against people is offered if asked for.

    Names the runs that have no clean score. Where there are no figures at all, there is no chooser.
    """
    asked = [(run, _measured(run, splits)) for run in _some_of_each_data_set(among, splits)]
    problems = {run.name: _shared_problem([run], *measured) for run, measured in asked}
    if not problems:
        return Score.PUBLISHED
    without = {name: problem for name, problem in problems.items() if problem}
    found = people and any(no_people_score(run, split) is None for run, measured in asked for split in measured)
    problem = None if len(without) < len(problems) else next(iter(without.values()))
    score = _draw_score(problem, people=found)
    if score == Score.CLEAN and without:
        st.caption(f"Without a clean score: {', '.join(map(code, without))}. {next(iter(without.values()))}")
    return score


def choose_measurement(runs: list[Run]) -> Measurement | None:
    """Draw the choosers of split, test-time augmentation and score of several runs; None without stored figures.

    Offered is what two of the runs have figures of, or else any; the first choice is the test split as it is.
    """
    found = Counter(one for run in runs for one in run.evaluations())
    order = [(split, tta) for split in reversed(SPLITS) for tta in TTAS]  # as of a single run
    stored = [one for one in order if found[one] > 1] or [one for one in order if found[one]]
    if not stored:
        return None
    split, tta = _resolve_measurement(stored)
    with st.container(horizontal=True, gap="medium"):
        _draw_measurement(stored, split, tta, runs)
        people = any(no_people_score(run, split, tta) is None for run in runs)
        return Measurement(split, tta, _draw_score(_shared_problem(runs, split, tta=tta), people=people))


def choose_runs(count: int = 1, among: list[Run] | None = None) -> list[Run]:
    """Draw the chooser of several runs, in the order they were chosen; stops the page while none is chosen.

    The first choice is the run of `choose_run` and the best others, `count` in all; where another page left fewer
    chosen, the best others join them. A page that cannot show every run gives those it can show as `among`.
    """
    found = {run.name: run for run in (require_runs() if among is None else among)}
    asked, kept = st.query_params.get_all("runs"), st.session_state.get("chosen_runs")
    for name in asked:
        if name not in found:
            st.warning(_ABSENT["run"].format(code(name[:100])) + ".")
    names = [name for name in dict.fromkeys(asked or kept or ()) if name in found]
    if (not names and kept != []) or (not asked and 0 < len(names) < count):
        one = [name for name in (st.query_params.get("run"), st.session_state.get("chosen_run")) if name in found]
        best = [run.name for run in singles_first(list(found.values()))]
        names = list(dict.fromkeys([*names, *one[:1], *best]))[:count]
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
    "data": "This run was not evaluated on the data set {}",
    "split": "There are no stored figures of the split {} to show here",
    "tta": "There are no stored figures with the test-time augmentation {} to show here",
    "score": "There is no {} score here",
}


def _chosen_run(among: list[Run] | None = None) -> Run:
    found = {run.name: run for run in (require_runs() if among is None else among)}
    return found[_resolve("run", list(found), singles_first(list(found.values()))[0].name)]


def _on_chosen_data(run: Run) -> Run:
    """The run itself, or its results on the data set that is chosen; without such results there is no choice."""
    found = {one.dataset_name: one for one in elsewhere(run)[0]}
    if not found and st.query_params.get("data") in (None, OWN):
        return run
    return found.get(_resolve("data", [OWN, *found], OWN), run)


def _draw_data(home: Run, shown: Run) -> None:
    names = [OWN, *(one.dataset_name for one in elsewhere(home)[0])]
    if len(names) > 1:
        st.session_state["data_widget"] = shown.dataset_name if isinstance(shown, Elsewhere) else OWN
        st.selectbox("Data set", names, key="data_widget", on_change=_keep, args=("data",), width=180)


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


def _resolve_measurement(stored: list[tuple[str, str]]) -> tuple[str, str]:
    """Split and test-time augmentation, of those that there are figures of."""
    splits = list(dict.fromkeys(split for split, _ in stored))
    split = _resolve("split", splits, splits[0])
    ttas = [tta for known, tta in stored if known == split]
    return split, _resolve("tta", ttas, ttas[0])


def _draw_measurement(stored: list[tuple[str, str]], split: str, tta: str, runs: list[Run]) -> None:
    splits = list(dict.fromkeys(known for known, _ in stored))
    _draw_one("split", "Split", splits, split, lambda key: escape(shared_split_name(runs, key)))
    ttas = [other for known, other in stored if known == split]
    if len(ttas) > 1:
        _draw_one("tta", "Each image", ttas, tta, TTA_LABELS.__getitem__)


def _shared_problem(runs: Iterable[Run], *splits: str, tta: str = "none") -> str | None:
    """Why none of several runs has a clean score on any of these splits; None where one has."""
    problems = [no_clean_score(run, split, tta) for run in runs for split in splits]
    return None if None in problems else problems[0]


def _draw_run(run: Run, among: list[Run] | None = None) -> None:
    st.session_state["run_widget"] = run.name
    names = [other.name for other in (runs() if among is None else among)]
    st.selectbox("Run", names, key="run_widget", on_change=_keep, args=("run",), width=360)


def _some_of_each_data_set(among: Iterable[Run], splits: Sequence[str]) -> list[Run]:
    """The first measured runs of each data set: which scores there are follows from its images."""
    found: dict[object, list[Run]] = {}
    for run in among:
        alike = found.setdefault(run.info["dataset"].get("fingerprint"), [])
        if len(alike) < SAMPLED and _measured(run, splits):
            alike.append(run)
    return [run for alike in found.values() for run in alike]


def _measured(run: Run, splits: Sequence[str]) -> list[str]:
    """Those of some splits that a run has figures of."""
    return [split for split, tta in run.evaluations() if tta == "none" and split in splits]


def _draw_score(problem: str | None, *, people: bool = False) -> Score:
    """The score that is chosen; `problem` is why there is no clean one, `people` whether one is against people."""
    offered = ["published", *(["clean"] * (problem is None)), *(["people"] * people)]
    value = _resolve("score", offered, "published")
    shown = offered if len(offered) > 1 else ["published", "clean"]
    help_words = " ".join(filter(None, [problem or WHAT_IS_CLEAN, WHAT_PEOPLE_SEE if people else None]))
    _draw_one("score", "Score", shown, value, SCORES.__getitem__, disabled=len(offered) == 1, help=help_words)
    if problem:
        st.caption(problem, width="content")
    return Score[value.upper()]


def _draw_one(
    key: str, label: str, options: list[str], value: str, name_of: Callable[[str], str], **settings: object
) -> None:
    st.session_state[f"{key}_widget"] = value
    asked = {"key": f"{key}_widget", "format_func": name_of, "on_change": _keep, "args": (key,), "required": True}
    st.segmented_control(label, options, **asked, **settings)


def _keep(key: str) -> None:
    select(**{key: st.session_state[f"{key}_widget"]})
