"""Caches, session state and what is chosen: the only module of the dashboard that holds any of them.

What pages may use
------------------
Folders
    `runs_root()`, `data_root()`: from `streamlit run dashboard/Home.py -- --runs DIR --data DIR`, else from the
    environment (FERCORE_RUNS, FERCORE_DATA), else runs/ and data/fer2013/ of this repository.
    `command(script)`: what to type, with these folders where they are not the default (folders.py).
Runs
    `runs()`, `problems()`, `find_run(name)`, `ranked(runs)` (best first); where there are none, `say_no_runs()` says
    what to do, and `require_runs()` says it and stops the page.
What runs hold, cached until their files change
    `history(run)`, `metrics(run, split, tta)`, `predictions(run, split, tta)`, `average_faces(run)`. They raise
    `RunError`; let it through and Home.py shows its message in the place of the page. Where one bad run must not blank
    the others, use `readable(load, runs)`. A fragment runs without Home.py: put its body under `errors_shown()`.
Choosers, drawn where they are called: directly under the page's title
    `choose_run()`, `choose_evaluation()` -> run, split and tta, `choose_runs()`. The choice is kept on all pages and
    in the URL; `select(run=..., split=..., tta=...)` chooses from code, before `st.switch_page`.
Data set
    `dataset()` -> Dataset or None, `dataset_problem()`, `dataset_matches(run)`, `image_rows(ids)`,
    `dataset_average_faces()`, `augmented(face, n, seed)`;
    `missing_dataset(what)` says what to run for pictures, `require_dataset(what)` says it and stops the page.
Words and looks
    `split_name(run, split)`; `escape(text)`, `code(text)` and `message(error)` (words.py) for every text that comes
    from a run folder or the URL; `dark()`; `chart(make, *args)`, cached; `show_others(key)`, a
    button that counts.

Values may be shared by all users of the server: change none of them (arrays are read-only, tables are copies).
Importing this module imports no torch; a page that needs it pays for it alone.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple, TypeVar

import altair as alt
import numpy as np
import pandas as pd
import streamlit as st
from folders import command, data_root, prepare_command, runs_root
from streamlit.runtime.pages_manager import PagesManager
from words import code, escape, message

from fercore.data.fer2013 import OFFICIAL_SPLIT_NAMES, DataError, Dataset, open_dataset
from fercore.data.fer2013 import average_faces as mean_faces
from fercore.evaluation.learning import check_history
from fercore.evaluation.tables import check_report
from fercore.runs import Predictions, Run, RunError, list_runs, stem

# Until Home.py has called st.navigation once, Streamlit takes the files of pages/ for pages of its own: whoever opens
# /training first after a start would get the bare file, without navigation. This sends them through Home.py.
if PagesManager.uses_pages_directory:
    PagesManager.uses_pages_directory = False
    st.rerun()

HOW_TO_TRAIN = "scripts/train.py --recipe report-cnn"
TTA_LABELS = {"none": "as it is", "flip": "averaged with its mirror image"}
T = TypeVar("T")


class Evaluation(NamedTuple):
    """A run with a split and a kind of test-time augmentation for which it has stored figures."""

    run: Run
    split: str
    tta: str


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


def ranked(candidates: list[Run]) -> list[Run]:
    """Finished runs by accuracy on the validation split, then the others, newest first."""

    def merit(run: Run) -> tuple[bool, float, str]:
        best = run.info.get("best")
        value = best.get("value") if isinstance(best, dict) and best.get("metric") == "val_accuracy" else None
        known = run.info["status"] == "finished" and isinstance(value, int | float) and 0 <= value <= 1
        return known, value if known else 0.0, run.info["created"]

    return sorted(candidates, key=merit, reverse=True)


def require_runs() -> list[Run]:
    """All readable runs; where there are none, says how to train one and stops the page."""
    found = runs()
    if not found:
        say_no_runs()
        st.stop()
    return found


def say_no_runs() -> None:
    """Say that there are no runs and how to train one."""
    st.info(f"There is no run in {code(runs_root())} yet. Train one, and it shows up here while it learns:")
    st.code(command(HOW_TO_TRAIN), language="bash", wrap_lines=True)


def _listed() -> tuple[list[Run], dict[str, str]]:
    root = runs_root()
    folders = sorted(path for path in root.iterdir() if path.is_dir()) if root.is_dir() else []
    files = [path / "run.json" for path in folders]
    return _shared("runs", str(root), _file_state(*files), lambda: list_runs(root))


# ---------------------------------------------------------------------------------------------------- what runs hold


def history(run: Run) -> pd.DataFrame:
    """One row an epoch; see `Run.history`."""
    return _copied(*_key(run.path / "history.csv"), lambda: _checked(check_history, run.history(), run.path))


def metrics(run: Run, split: str, tta: str = "none") -> dict:
    """Stored metrics; see `fercore.evaluation.metrics.report` for their form."""
    file = run.path / f"metrics_{stem(split, tta)}.json"
    return _copied(*_key(file), lambda: _checked(check_report, run.metrics(split, tta), file))


def predictions(run: Run, split: str, tta: str = "none") -> Predictions:
    """Stored predictions, read-only arrays."""
    return _shared(
        *_key(run.path / f"predictions_{stem(split, tta)}.npz"), lambda: _read_only(run.predictions(split, tta))
    )


def average_faces(run: Run) -> np.ndarray | None:
    """uint8 array (7, 48, 48), the mean training image of each emotion, or None where the run holds none."""
    return _copied(*_key(run.path / "average_faces.npz"), run.average_faces)


def readable(load: Callable[[Run], T], candidates: Iterable[Run]) -> dict[str, T]:
    """Run name -> what `load` gives for it; a run that cannot be read is left out with a warning that says why."""
    found = {}
    for run in candidates:
        try:
            found[run.name] = load(run)
        except RunError as error:
            st.warning(f"{code(run.name)} is left out: {message(error)}", icon=":material/folder_off:")
    return found


@contextlib.contextmanager
def errors_shown() -> Iterator[None]:
    """Show the message of a `RunError` or `DataError` raised inside, instead of a traceback."""
    try:
        yield
    except (RunError, DataError) as error:
        st.error(message(error), icon=":material/error:")


def _checked(check: Callable[[T], T], found: T, where: Path) -> T:
    try:
        return check(found)
    except ValueError as error:
        raise RunError(f"{where}: {error}") from error


def _read_only(found: Predictions) -> Predictions:
    for array in (found.id, found.label, found.probabilities):
        array.flags.writeable = False
    return found


# ---------------------------------------------------------------------------------------------------- caches


@st.cache_data(max_entries=1024, show_spinner=False)
def _copied(kind: str, where: str, state: str, _load: Callable[[], T]) -> T:
    """What `_load` reads, loaded again when the state of its files changes; everyone gets a copy."""
    return _load()


@st.cache_resource(max_entries=64, show_spinner=False)
def _shared(kind: str, where: str, state: str, _load: Callable[[], T]) -> T:
    """As `_copied`, for what is large: everyone gets the same object."""
    return _load()


def _key(file: Path) -> tuple[str, str, str]:
    return file.name, str(file.parent), _file_state(file)


def _file_state(*files: Path) -> str:
    """What changes when a file is written, replaced, made or removed; text, which is hashed fast."""
    states = []
    for file in files:
        try:
            found = os.stat(file)
            states.append((str(file), found.st_mtime_ns, found.st_size, found.st_ino))
        except OSError:
            states.append((str(file),))
    return repr(states)


# ---------------------------------------------------------------------------------------------------- choosers


def choose_run() -> Run:
    """Draw the run chooser; the run chosen on this or an earlier page, else the best one."""
    run = _chosen_run()
    _draw_run(run)
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


def choose_runs(count: int = 1) -> list[Run]:
    """Draw the chooser of several runs, in the order they were chosen; stops the page while none is chosen.

    The first choice is the run of `choose_run` and the best others, `count` in all.
    """
    found = {run.name: run for run in require_runs()}
    asked, kept = st.query_params.get_all("runs"), st.session_state.get("chosen_runs")
    for name in asked:
        if name not in found:
            st.warning(_ABSENT["run"].format(code(name[:100])) + ".")
    names = [name for name in dict.fromkeys(asked or kept or ()) if name in found]
    if not names and kept is None:
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
    "run": "There is no run {} here",
    "split": "This run has no stored figures of the split {}",
    "tta": "This run has no stored figures with the test-time augmentation {}",
}


def _chosen_run() -> Run:
    found = {run.name: run for run in require_runs()}
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


def _draw_run(run: Run) -> None:
    st.session_state["run_widget"] = run.name
    names = [other.name for other in runs()]
    st.selectbox("Run", names, key="run_widget", on_change=_keep, args=("run",), width=360)


def _draw_one(key: str, label: str, options: list[str], value: str, name_of: Callable[[str], str]) -> None:
    st.session_state[f"{key}_widget"] = value
    st.segmented_control(
        label, options, key=f"{key}_widget", format_func=name_of, on_change=_keep, args=(key,), required=True
    )


def _keep(key: str) -> None:
    select(**{key: st.session_state[f"{key}_widget"]})


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
    st.code(prepare_command(), language="bash", wrap_lines=True)


def require_dataset(what: str) -> Dataset:
    """The data set; where there is none, says what needs it and how to get it, and stops the page."""
    found = dataset()
    if found is None:
        missing_dataset(what)
        st.stop()
    return found


def image_rows(ids: Iterable[str]) -> np.ndarray:
    """Rows of the data set for image ids, int64 (N,); -1 for an id it does not hold."""
    index = _shared(*_dataset_key("ids"), lambda: pd.Index(_open_dataset().ids))
    return index.get_indexer(list(ids)).astype(np.int64)


def dataset_average_faces() -> np.ndarray:
    """uint8 (7, 48, 48), the mean of each emotion over the training split of the data set here."""
    return _copied(*_dataset_key("average faces"), lambda: mean_faces(_open_dataset()))


@st.cache_data(max_entries=64, show_spinner="Augmenting faces ...")
def augmented(face: np.ndarray, n: int, seed: int) -> list[tuple[str, str, np.ndarray]]:
    """Each augmentation's name, its flags for scripts/train.py, and `n` variants of a face, uint8 (n, 48, 48)."""
    from fercore.data.previews import PREVIEWS, flags, preview  # imports torch: seconds, once

    return [(name, flags(config), preview(face, config, n, seed)) for name, config in PREVIEWS.items()]


def _open_dataset() -> Dataset:
    return _shared(*_dataset_key("dataset"), lambda: open_dataset(data_root()))


def _dataset_key(kind: str) -> tuple[str, str, str]:
    root = data_root()
    return kind, str(root), _file_state(root / "dataset.json", root / "images.npy", root / "index.csv")


# ---------------------------------------------------------------------------------------------------- words, looks


def split_name(run: Run, split: str) -> str:
    """What the data set of a run calls a split, "PrivateTest" for "test". Escape it in markdown."""
    names = run.info["dataset"].get("split_names")
    name = names.get(split) if isinstance(names, dict) else None
    return name if isinstance(name, str) else OFFICIAL_SPLIT_NAMES[split]


def dark() -> bool:
    """Whether this user looks at the dark theme."""
    return st.context.theme.type == "dark"


def chart(make: Callable[..., alt.TopLevelMixin], *args: object, **settings: object) -> None:
    """Draw the chart `make(*args)` with settings of `st.altair_chart`; it is made again only when an argument changes.

    To build and to check one chart takes Altair 50 ms, which is most of what a page needs when it is drawn again.
    """
    st.vega_lite_chart(_specification(f"{make.__module__}.{make.__qualname__}", args, make), **settings)


@st.cache_data(max_entries=512, show_spinner=False)
def _specification(name: str, args: tuple, _make: Callable[..., alt.TopLevelMixin]) -> dict:
    return _make(*args).to_dict()


def show_others(key: str, label: str = "Show others") -> int:
    """Draw a button and return how often it was pressed in this session: the seed of a random choice."""

    def count() -> None:
        st.session_state[f"count_{key}"] = st.session_state.get(f"count_{key}", 0) + 1

    st.button(label, key=f"others_{key}", icon=":material/shuffle:", on_click=count)
    return st.session_state.get(f"count_{key}", 0)
