"""Runs on disk, and what they hold."""

from __future__ import annotations

import contextlib
import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import streamlit as st

from fercore.data.dataset import DataError
from fercore.data.fer2013 import OFFICIAL_SPLIT_NAMES
from fercore.evaluation.contamination import contamination
from fercore.evaluation.learning import check_history
from fercore.evaluation.robustness import Robustness, read_robustness, robustness_file
from fercore.evaluation.speeds import FILE as SPEEDS
from fercore.evaluation.speeds import Speed, SpeedRecord, read_speeds
from fercore.explain.projection import Embedding, embedding_file, read_embedding
from fercore.explain.selectivity import layer_table, preference_table
from fercore.explain.summary import FeatureSummary, features_file, read_features
from fercore.export.record import ONNX_FILE, RECORD_FILE, OnnxRecord, read_record
from fercore.index_store import default_folder
from fercore.run_facets import Facets
from fercore.run_facets import facets as facets_of
from fercore.run_index import RunIndex, index_of
from fercore.run_notes import NO_NOTES, NOTE_FILE, Notes, read_notes
from fercore.runs import Run, RunError
from state.background_jobs import may_start_jobs, why_no_jobs
from state.caches import copied, key, shared
from state.folders import command, runs_root
from widgets.links import link
from wording.markdown import code, message

HOW_TO_TRAIN = "scripts/train.py --recipe report-cnn"
T, U = TypeVar("T"), TypeVar("U")
Listing = tuple[list[Run], dict[str, str]]
# What a page has listed already: one look at the disk serves one drawing of a page, see `errors_shown`.
_seen: ContextVar[dict[Path, Listing] | None] = ContextVar("seen", default=None)


def runs() -> list[Run]:
    """All readable runs as they are on disk now, by name; points of studies and folds after the others."""
    return _listed()[0]


def problems() -> dict[str, str]:
    """Folder name -> what is wrong with it, in words, for folders that cannot be read as a run. Escape both."""
    return _listed()[1]


def find_run(name: str) -> Run | None:
    """The run of this name as it is on disk now, or None."""
    return index().find(name)


def index() -> RunIndex:
    """What is known of the runs here, shared by all sessions and kept from one start of the server to the next."""
    found = index_of(runs_root())
    found.keep_in(default_folder())
    return found


def ranked(candidates: list[Run]) -> list[Run]:
    """Finished runs by accuracy on the validation split, then the others, newest first; parts of studies come last.

    A run that learned from the validation split, or may have, is not ranked by it. Runs of another data set than most
    come after those of the same, since their figures are about other images or labels.
    """
    alike = {run.name for run in of_one_data_set(candidates)[0]}

    def merit(run: Run) -> tuple[bool, bool, bool, float, str]:
        known = ranks(run)
        value = run.info["best"]["value"] if known else 0.0
        return run.part_of is None, run.name in alike, known, value, run.info["created"]

    return sorted(candidates, key=merit, reverse=True)


def ranks(run: Run) -> bool:
    """Whether run.json gives a finished run's accuracy in validation, by which it can be ranked."""
    best = run.info.get("best")
    value = best.get("value") if isinstance(best, dict) and best.get("metric") == "val_accuracy" else None
    known = run.info["status"] == "finished" and isinstance(value, int | float) and 0 <= value <= 1
    return known and contamination(run, "val") is None


def of_one_data_set(candidates: list[Run]) -> tuple[list[Run], list[Run]]:
    """The runs whose figures are about one data set, the one that most of them learned from, and the others.

    A run that was never measured counts to the first. Both keep their order.
    """
    prints = [run.info["dataset"].get("fingerprint") for run in candidates]
    known = Counter(found for run, found in zip(candidates, prints, strict=True) if found and run.part_of is None)
    most = known.most_common(1)[0][0] if known else None
    same = [run for run, found in zip(candidates, prints, strict=True) if most is None or found in (None, most)]
    names = {run.name for run in same}
    return same, [run for run in candidates if run.name not in names]


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
        st.caption(why_no_jobs())


def _listed() -> Listing:
    root, seen = runs_root(), _seen.get()
    if seen is not None and root in seen:
        return seen[root]
    found, problems = index().list()
    listing = sorted(found, key=lambda run: (run.part_of is not None, run.name)), problems
    if seen is not None:
        seen[root] = listing
    return listing


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


def learned(run: Run) -> tuple[int, float] | None:
    """Number of epochs and the seconds of all together; None before the first one ends. Kept until they change."""

    def summed() -> list:
        found = checked(check_history, run.history(), run.path)
        return [len(found), float(found["seconds"].sum())]

    epochs, seconds = index().kept(run, "history", [run.path / "history.csv"], summed)
    return (epochs, seconds) if epochs else None


def notes(run: Run) -> Notes:
    """What users said of a run: none where that cannot be read."""
    if not os.path.exists(f"{run.path}/{NOTE_FILE}"):  # most have none, and tables ask all
        return NO_NOTES

    def content() -> list:
        found = read_notes(run)
        return [found.note, list(found.tags)]

    try:
        note, tags = index().kept(run, NOTE_FILE, [run.path / NOTE_FILE], content)
    except RunError:
        return NO_NOTES
    return Notes(note, tuple(tags))


def facets(run: Run) -> Facets:
    """What a run is searched and filtered by."""
    return facets_of(run, notes(run))


def is_timed(run: Run) -> bool:
    """Whether its speed was measured, or an ONNX file made of it."""
    return any(os.path.isfile(f"{run.path}/{name}") for name in (SPEEDS, RECORD_FILE))


def speeds(run: Run) -> SpeedRecord | None:
    """How fast it is, where that was measured; see `fercore.evaluation.speeds.read_speeds`."""
    found = _record(run, [run.path / SPEEDS], read_speeds)
    return found and SpeedRecord(**found | {"engines": {name: Speed(**one) for name, one in found["engines"].items()}})


def onnx_record(run: Run) -> OnnxRecord | None:
    """What is known of its ONNX file; see `fercore.export.record.read_record`."""
    found = _record(run, [run.path / RECORD_FILE, run.path / ONNX_FILE], read_record)
    return found and OnnxRecord(**found)


def _record(run: Run, files: list[Path], read: Callable[[Run], Any]) -> dict | None:
    def content() -> dict | None:
        found = read(run)
        return found and asdict(found)

    return index().kept(run, files[0].name, files, content) if files[0].is_file() else None


def features(run: Run) -> tuple[str, FeatureSummary] | None:
    """A split, and what each channel of the model responds to over it: the validation split first; None without any."""
    split = next((split for split in ("val", "train", "test") if features_file(run, split).is_file()), None)
    if split is None:
        return None
    return split, _summary(run, split)


def layer_tables(run: Run, split: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """How selective the layers of a run are and what they prefer, see `layer_table` and `preference_table` of
    `fercore.explain.selectivity`; of a run that has `features` of this split."""

    def tables() -> tuple[pd.DataFrame, pd.DataFrame]:
        summary = _summary(run, split)
        return layer_table(summary), preference_table(summary, run.classes)

    return copied(f"layers {run.classes}", *key(features_file(run, split))[1:], tables)


def _summary(run: Run, split: str) -> FeatureSummary:
    return shared(*key(features_file(run, split)), lambda: read_features(run, split))


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


@contextlib.contextmanager
def errors_shown() -> Iterator[None]:
    """Show the message of a `RunError`, a `DataError` or an error of the disk raised inside, instead of a traceback.

    Whatever is drawn inside looks at the folder of runs once.
    """
    token = _seen.set({})
    try:
        yield
    except (RunError, DataError) as error:
        st.error(message(error), icon=":material/error:")
    except OSError as error:  # a full disk, a folder that may not be read or written, a run put away meanwhile
        st.error(f"A file cannot be read or written: {message(error)}.", icon=":material/error:")
    finally:
        _seen.reset(token)


def checked(check: Callable[[T], U], found: T, where: Path) -> U:
    """`check(found)`, whose complaint becomes a RunError that names the file."""
    try:
        return check(found)
    except ValueError as error:
        raise RunError(f"{where}: {error}") from error
