"""Caches, session state and what is chosen: the only module of the dashboard that holds any of them.

What pages may use
------------------
Folders
    `runs_root()`, `data_root()`: from `streamlit run dashboard/Home.py -- --runs DIR --data DIR`, else from the
    environment (FERCORE_RUNS, FERCORE_DATA), else runs/ and data/fer2013/ of this repository.
Runs
    `runs()`, `problems()`, `find_run(name)`, `best_run(runs)`; `require_runs()` draws what to do and stops the page
    where there are none.
What runs hold, cached until their files change
    `history(run)`, `metrics(run, split, tta)`, `predictions(run, split, tta)`, `average_faces(run)`. They raise
    `RunError`; let it through and Home.py shows its message in the place of the page. Where one bad run must not blank
    the others, use `readable(load, runs)`. A fragment runs without Home.py: put its body under `errors_shown()`.
Choosers, drawn where they are called: directly under the page's title
    `choose_run()`, `choose_evaluation()` -> run, split and tta, `choose_runs()`. The choice is kept on all pages and
    in the URL; `select(run=..., split=..., tta=...)` chooses from code, before `st.switch_page`.
Data set
    `dataset()` -> Dataset or None, `dataset_problem()`, `dataset_matches(run)`, `image_rows(ids)`;
    `missing_dataset(what)` says what to run for pictures, `require_dataset(what)` says it and stops the page.
Words
    `split_name(run, split)`; `escape(text)` and `code(text)` for every text that comes from a run folder or the URL.

Values may be shared by all users of the server: change none of them (arrays are read-only, tables are copies).
Importing this module imports no torch; a page that needs it pays for it alone.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, TypeVar

import numpy as np
import pandas as pd
import streamlit as st

from fercore.data.fer2013 import HOW_TO_PREPARE, OFFICIAL_SPLIT_NAMES, DataError, Dataset, open_dataset
from fercore.runs import Predictions, Run, RunError, list_runs, stem

REPOSITORY = Path(__file__).resolve().parents[1]
HOW_TO_TRAIN = "python scripts/train.py --recipe report-cnn"
TTA_LABELS = {"none": "as it is", "flip": "averaged with its mirror image"}
T = TypeVar("T")


class Evaluation(NamedTuple):
    """A run with a split and a kind of test-time augmentation for which it has stored figures."""

    run: Run
    split: str
    tta: str


# ---------------------------------------------------------------------------------------------------- folders


@dataclass(frozen=True)
class _Roots:
    runs: Path
    data: Path


def runs_root() -> Path:
    """Folder whose subfolders are runs."""
    return _roots().runs


def data_root() -> Path:
    """Folder of the prepared data set."""
    return _roots().data


def _roots() -> _Roots:
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    parser.add_argument("--runs", default=os.environ.get("FERCORE_RUNS") or REPOSITORY / "runs", type=Path)
    parser.add_argument("--data", default=os.environ.get("FERCORE_DATA") or REPOSITORY / "data/fer2013", type=Path)
    # Under pytest the arguments belong to pytest.
    arguments = sys.argv[1:] if Path(sys.argv[0]).name == "Home.py" else []
    try:
        known, unknown = parser.parse_known_args(arguments)
    except argparse.ArgumentError as error:
        known, unknown = None, [str(error)]
    if unknown:
        st.error(f"The dashboard cannot use {code(' '.join(unknown))}. Start it like this:")
        st.code("streamlit run dashboard/Home.py -- --runs runs --data data/fer2013", language="bash")
        st.stop()
    return _Roots(known.runs, known.data)


def _file_state(*paths: Path) -> tuple:
    """What changes when a file is written, replaced, made or removed."""
    states = []
    for path in paths:
        try:
            found = path.stat()
            states.append((found.st_mtime_ns, found.st_size, found.st_ino))
        except OSError:
            states.append(None)
    return tuple(states)


# ---------------------------------------------------------------------------------------------------- runs


def runs() -> list[Run]:
    """All readable runs, by name, as they are on disk now."""
    return _listed()[0]


def problems() -> dict[str, str]:
    """Folder name -> what is wrong with it, in words, for folders that cannot be read as a run. Escape both."""
    return _listed()[1]


def find_run(name: str) -> Run | None:
    """The run of this name as it is on disk now, or None."""
    return next((run for run in runs() if run.name == name), None)


def best_run(candidates: list[Run]) -> Run:
    """The finished run with the highest accuracy on the validation split; without one, the newest run."""
    return ranked(candidates)[0]


def ranked(candidates: list[Run]) -> list[Run]:
    """Finished runs by accuracy on the validation split, then the others, newest first."""

    def merit(run: Run) -> tuple[bool, float, str]:
        best = run.info.get("best")
        value = best.get("value") if isinstance(best, dict) and best.get("metric") == "val_accuracy" else None
        known = run.info["status"] == "finished" and isinstance(value, int | float)
        return known, value if known else 0.0, run.info["created"]

    return sorted(candidates, key=merit, reverse=True)


def require_runs() -> list[Run]:
    """All readable runs; where there are none, says how to train one and stops the page."""
    found = runs()
    if not found:
        st.info(f"There is no run in {code(runs_root())} yet. Train one, and it shows up here while it learns:")
        st.code(HOW_TO_TRAIN, language="bash")
        st.stop()
    return found


def _listed() -> tuple[list[Run], dict[str, str]]:
    root = runs_root()
    folders = sorted(path for path in root.iterdir() if path.is_dir()) if root.is_dir() else []
    return _list_runs(str(root), tuple((path.name, *_file_state(path / "run.json")) for path in folders))


@st.cache_resource(max_entries=8, show_spinner=False)
def _list_runs(root: str, state: tuple) -> tuple[list[Run], dict[str, str]]:
    return list_runs(root)


# ---------------------------------------------------------------------------------------------------- what runs hold


def history(run: Run) -> pd.DataFrame:
    """One row an epoch; see `Run.history`."""
    return _history(str(run.path), _file_state(run.path / "history.csv"), run)


def metrics(run: Run, split: str, tta: str = "none") -> dict:
    """Stored metrics; see `fercore.evaluation.metrics.report` for their form."""
    return _metrics(str(run.path), split, tta, _file_state(run.path / f"metrics_{stem(split, tta)}.json"), run)


def predictions(run: Run, split: str, tta: str = "none") -> Predictions:
    """Stored predictions, read-only arrays."""
    file = run.path / f"predictions_{stem(split, tta)}.npz"
    return _predictions(str(run.path), split, tta, _file_state(file), run)


def average_faces(run: Run) -> np.ndarray | None:
    """uint8 array (7, 48, 48), the mean training image of each emotion, or None where the run holds none."""
    return _average_faces(str(run.path), _file_state(run.path / "average_faces.npz"), run)


def readable(load: Callable[[Run], T], candidates: Iterable[Run]) -> dict[str, T]:
    """Run name -> what `load` gives for it; a run that cannot be read is left out with a warning that says why."""
    found = {}
    for run in candidates:
        try:
            found[run.name] = load(run)
        except RunError as error:
            st.warning(f"{code(run.name)} is left out: {escape(error)}", icon=":material/folder_off:")
    return found


@contextlib.contextmanager
def errors_shown() -> Iterator[None]:
    """Show the message of a `RunError` or `DataError` raised inside, instead of a traceback."""
    try:
        yield
    except (RunError, DataError) as error:
        st.error(escape(error), icon=":material/error:")


# The file state is part of the key; the run itself is not hashed (leading underscore).


@st.cache_data(max_entries=256, show_spinner=False)
def _history(path: str, state: tuple, _run: Run) -> pd.DataFrame:
    return _run.history()


@st.cache_data(max_entries=512, show_spinner=False)
def _metrics(path: str, split: str, tta: str, state: tuple, _run: Run) -> dict:
    return _run.metrics(split, tta)


@st.cache_resource(max_entries=64, show_spinner=False)
def _predictions(path: str, split: str, tta: str, state: tuple, _run: Run) -> Predictions:
    found = _run.predictions(split, tta)
    for array in (found.id, found.label, found.probabilities):
        array.flags.writeable = False
    return found


@st.cache_data(max_entries=64, show_spinner=False)
def _average_faces(path: str, state: tuple, _run: Run) -> np.ndarray | None:
    return _run.average_faces()


# ---------------------------------------------------------------------------------------------------- choosers


def choose_run(label: str = "Run") -> Run:
    """Draw the run chooser; the run chosen on this or an earlier page, else the best one."""
    found = {run.name: run for run in require_runs()}
    name = _resolve("run", list(found), lambda: best_run(list(found.values())).name)
    st.session_state["run_widget"] = name
    st.selectbox(label, list(found), key="run_widget", on_change=_keep, args=("run",), width=360)
    return found[name]


def choose_evaluation() -> Evaluation:
    """Draw the choosers of run, split and test-time augmentation, for what the run has stored figures of.

    Says what to run and stops the page where the run has none. The first choice is the test split without augmentation.
    """
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        run = choose_run()
        stored = run.evaluations()
        splits = list(dict.fromkeys(split for split, _ in stored))
        if splits:
            split = _choose_one("split", "Split", splits, lambda key: escape(split_name(run, key)))
            ttas = [tta for known, tta in stored if known == split]
            tta = _choose_one("tta", "Each image", ttas, TTA_LABELS.__getitem__) if len(ttas) > 1 else ttas[0]
    if not splits:
        st.info(f"{code(run.name)} has not been evaluated yet. Evaluate it with:")
        st.code(f"python scripts/evaluate.py {run.name}", language="bash")
        st.stop()
    return Evaluation(run, split, tta)


def choose_runs(label: str = "Runs", count: int = 1) -> list[Run]:
    """Draw the chooser of several runs, in the order they were chosen; stops the page while none is chosen.

    The first choice is the run of `choose_run` and the best others, `count` in all.
    """
    found = {run.name: run for run in require_runs()}
    asked = st.query_params.get_all("runs")
    for name in [name for name in asked if name not in found]:
        _warn_unknown("run", name)
    names = [name for name in asked if name in found] or [
        n for n in st.session_state.get("chosen_runs", []) if n in found
    ]
    if not names and "chosen_runs" not in st.session_state:
        first = [name for name in (st.query_params.get("run"), st.session_state.get("chosen_run")) if name in found]
        names = list(dict.fromkeys([*first[:1], *(run.name for run in ranked(list(found.values())))]))[:count]
    if not asked and names:
        st.query_params["runs"] = names
    if names:
        st.session_state["chosen_runs"] = names
    st.session_state["runs_widget"] = names
    st.multiselect(label, list(found), key="runs_widget", on_change=_keep, args=("runs",), placeholder="Choose runs")
    if not names:
        st.info("Choose at least one run.")
        st.stop()
    return [found[name] for name in names]


def select(**choice: str | list[str]) -> None:
    """Choose from code: `select(run="a", split="test")`, `select(runs=["a", "b"])`."""
    for key, value in choice.items():
        st.session_state[f"chosen_{key}"] = value
        st.query_params[key] = value


def _choose_one(key: str, label: str, options: list[str], name_of: Callable[[str], str]) -> str:
    value = _resolve(key, options, lambda: options[0])
    st.session_state[f"{key}_widget"] = value
    st.segmented_control(
        label, options, key=f"{key}_widget", format_func=name_of, on_change=_keep, args=(key,), required=True
    )
    return value


def _resolve(key: str, options: list[str], default: Callable[[], str]) -> str:
    """What the URL asks for, else what was chosen before, else the default; the answer goes into the URL.

    Keyed widget state is lost on pages which do not draw the widget, hence a state of our own. A choice that the
    present run does not offer stays kept for one that does.
    """
    asked, kept = st.query_params.get(key), st.session_state.get(f"chosen_{key}")
    value = next((choice for choice in (asked, kept) if choice in options), None) or default()
    if asked in options or kept is None:
        st.session_state[f"chosen_{key}"] = value
    if asked is None:
        st.query_params[key] = value
    elif asked not in options:
        _warn_unknown(key, asked)
    return value


def _keep(key: str) -> None:
    select(**{key: st.session_state[f"{key}_widget"]})


def _warn_unknown(key: str, value: str) -> None:
    what = {"run": "run", "split": "evaluated split", "tta": "kind of test-time augmentation"}[key]
    st.warning(f"The address asks for the {what} {code(value[:100])}, which is not there; choose another.")


# ---------------------------------------------------------------------------------------------------- data set


def dataset() -> Dataset | None:
    """The prepared data set, or None where it is absent or damaged; `dataset_problem` says which."""
    try:
        return _open_dataset()
    except DataError:
        return None


def dataset_problem() -> str | None:
    """Why there is no data set and the command that makes it, or None where all is well. Escape it."""
    try:
        _open_dataset()
    except DataError as error:
        return str(error)
    return None


def dataset_matches(run: Run) -> bool:
    """Whether the data set here is the one the run was trained on, image for image."""
    found = dataset()
    return found is not None and run.info["dataset"].get("fingerprint") == found.info["fingerprint"]


def missing_dataset(what: str) -> None:
    """Say that something needs the pictures and how to get them: `missing_dataset("The gallery")`."""
    st.info(f"{what} needs the pictures of FER2013, which are not in {code(data_root())}. Prepare them once:")
    st.code(HOW_TO_PREPARE, language="bash")


def require_dataset(what: str) -> Dataset:
    """The data set; where there is none, says what needs it and how to get it, and stops the page."""
    found = dataset()
    if found is None:
        missing_dataset(what)
        st.stop()
    return found


def image_rows(ids: Iterable[str]) -> np.ndarray:
    """Rows of the data set for image ids, int64 (N,); -1 for an id it does not hold."""
    root = data_root()
    return _id_index(str(root), _dataset_state(root)).get_indexer(list(ids)).astype(np.int64)


def _dataset_state(root: Path) -> tuple:
    return _file_state(root / "dataset.json", root / "images.npy", root / "index.csv")


def _open_dataset() -> Dataset:
    root = data_root()
    return _cached_dataset(str(root), _dataset_state(root))


@st.cache_resource(max_entries=2, show_spinner=False)
def _cached_dataset(root: str, state: tuple) -> Dataset:
    return open_dataset(root)


@st.cache_resource(max_entries=2, show_spinner=False)
def _id_index(root: str, state: tuple) -> pd.Index:
    return pd.Index(open_dataset(root).ids)


# ---------------------------------------------------------------------------------------------------- words


def split_name(run: Run, split: str) -> str:
    """What the data set of a run calls a split, "PrivateTest" for "test". Escape it in markdown."""
    names = run.info["dataset"].get("split_names")
    name = names.get(split) if isinstance(names, dict) else None
    return name if isinstance(name, str) else OFFICIAL_SPLIT_NAMES[split]


def escape(text: object) -> str:
    """The text with every mark of markdown made harmless, on one line."""
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", " ".join(str(text).split()))


def code(text: object) -> str:
    """The text as inline code, in which markdown, links and icons mean nothing."""
    words = " ".join(str(text).split()) or " "
    longest = max((len(marks) for marks in re.findall("`+", words)), default=0)
    fence = "`" * (longest + 1)
    return f"{fence} {words} {fence}" if longest else f"`{words}`"
