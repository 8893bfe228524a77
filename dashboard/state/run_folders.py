"""Runs on disk, and what they hold."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd
import streamlit as st

from fercore.data.fer2013 import OFFICIAL_SPLIT_NAMES, DataError
from fercore.evaluation.contamination import contamination
from fercore.evaluation.learning import check_history
from fercore.evaluation.robustness import Robustness, read_robustness, robustness_file
from fercore.explain.projection import Embedding, embedding_file, read_embedding
from fercore.explain.summary import FeatureSummary, features_file, read_features
from fercore.runs import Run, RunError, list_runs
from state.background_jobs import WHY_NO_JOBS, may_start_jobs
from state.caches import copied, file_state, key, shared
from state.folders import command, runs_root
from widgets.links import link
from wording.markdown import code, message

HOW_TO_TRAIN = "scripts/train.py --recipe report-cnn"
T, U = TypeVar("T"), TypeVar("U")


def runs() -> list[Run]:
    """All readable runs as they are on disk now, by name; points of studies and folds after the others."""
    return _listed()[0]


def problems() -> dict[str, str]:
    """Folder name -> what is wrong with it, in words, for folders that cannot be read as a run. Escape both."""
    return _listed()[1]


def find_run(name: str) -> Run | None:
    """The run of this name as it is on disk now, or None."""
    return next((run for run in runs() if run.name == name), None)


def ranked(candidates: list[Run]) -> list[Run]:
    """Finished runs by accuracy on the validation split, then the others, newest first; parts of studies come last.

    A run that learned from the validation split, or may have, is not ranked by it. Runs of another data set than most
    come after those of the same, since their figures are about other images or labels.
    """
    alike = {run.name for run in of_one_data_set(candidates)[0]}

    def merit(run: Run) -> tuple[bool, bool, bool, float, str]:
        best = run.info.get("best")
        value = best.get("value") if isinstance(best, dict) and best.get("metric") == "val_accuracy" else None
        known = run.info["status"] == "finished" and isinstance(value, int | float) and 0 <= value <= 1
        known = known and contamination(run, "val") is None
        return run.part_of is None, run.name in alike, known, value if known else 0.0, run.info["created"]

    return sorted(candidates, key=merit, reverse=True)


def of_one_data_set(candidates: list[Run]) -> tuple[list[Run], list[Run]]:
    """The runs whose figures are about one data set, the one that most of them learned from, and the others.

    A run that was never measured counts to the first. Both keep their order.
    """
    prints = [run.info["dataset"].get("fingerprint") for run in candidates]
    known = Counter(found for run, found in zip(candidates, prints, strict=True) if found and run.part_of is None)
    most = known.most_common(1)[0][0] if known else None
    same = [run for run, found in zip(candidates, prints, strict=True) if most is None or found in (None, most)]
    return same, [run for run in candidates if run not in same]


def singles_first(candidates: list[Run]) -> list[Run]:
    """As `ranked`, with runs that are made of others behind those that have epochs, layers and features of their own.

    For what a page shows before anybody chooses.
    """
    return sorted(ranked(candidates), key=lambda run: (run.part_of is not None, bool(run.members)))


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
    if may_start_jobs():
        link("training", "Or train one in the browser", ":material/play_arrow:")
    else:
        st.caption(WHY_NO_JOBS)


def _listed() -> tuple[list[Run], dict[str, str]]:
    root = runs_root()
    folders = sorted(path for path in root.iterdir() if path.is_dir()) if root.is_dir() else []
    files = [path / "run.json" for path in folders]
    return shared("runs", str(root), file_state(*files), lambda: _in_order(*list_runs(root)))


def _in_order(found: list[Run], problems: dict[str, str]) -> tuple[list[Run], dict[str, str]]:
    return sorted(found, key=lambda run: (run.part_of is not None, run.name)), problems


def split_name(run: Run, split: str) -> str:
    """What the data set of a run calls a split, "PrivateTest" for "test". Escape it in markdown."""
    names = run.info["dataset"].get("split_names")
    name = names.get(split) if isinstance(names, dict) else None
    return name if isinstance(name, str) else OFFICIAL_SPLIT_NAMES[split]


def shared_split_name(runs: list[Run], split: str) -> str:
    """What to call a split of several runs: "PrivateTest", or "test split" where they differ. Escape it in markdown."""
    names = {split_name(run, split) for run in runs}
    return names.pop() if len(names) == 1 else f"{split} split"


def history(run: Run) -> pd.DataFrame:
    """One row an epoch; see `Run.history`."""
    return copied(*key(run.path / "history.csv"), lambda: checked(check_history, run.history(), run.path))


def features(run: Run) -> tuple[str, FeatureSummary] | None:
    """A split, and what each channel of the model responds to over it: the validation split first; None without any."""
    split = next((split for split in ("val", "train", "test") if features_file(run, split).is_file()), None)
    if split is None:
        return None
    return split, shared(*key(features_file(run, split)), lambda: read_features(run, split))


def embedding(run: Run, split: str) -> Embedding | None:
    """Where the images of a split lie as the run's model sees them; None where nobody has found out."""
    file = embedding_file(run, split)
    return shared(*key(file), lambda: read_embedding(run, split)) if file.is_file() else None


def robustness(run: Run, split: str) -> Robustness | None:
    """What was counted of a run on disturbed pictures of a split; None where nothing was."""
    file = robustness_file(run, split)
    return copied(*key(file), lambda: read_robustness(run, split)) if file.is_file() else None


def average_faces(run: Run) -> np.ndarray | None:
    """The mean training image of each class, uint8 (C, H, W) or (C, H, W, 3); None where the run holds none."""
    return copied(*key(run.path / "average_faces.npz"), run.average_faces)


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


def checked(check: Callable[[T], U], found: T, where: Path) -> U:
    """`check(found)`, whose complaint becomes a RunError that names the file."""
    try:
        return check(found)
    except ValueError as error:
        raise RunError(f"{where}: {error}") from error
