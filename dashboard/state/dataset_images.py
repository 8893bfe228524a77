"""The data set here, if there is one, and what is made of its pictures."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd
import streamlit as st

from fercore.data.dataset import DataError, Dataset, open_dataset
from fercore.data.dataset import average_faces as mean_faces
from fercore.data.sources import KAGGLE_DATASET
from fercore.evaluation.elsewhere import Elsewhere
from fercore.runs import Run
from state.background_jobs import may_start_jobs, why_no_jobs
from state.caches import copied, file_state, shared
from state.folders import data_root, prepare_command
from widgets.links import link
from wording.markdown import code


def dataset(run: Run | None = None) -> Dataset | None:
    """The prepared data set, or None where it is absent or damaged; `dataset_problem` says which.

    Of a run's results on other data, it is that data set, which lies beside.
    """
    try:
        return _open_dataset(run)
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
    found = dataset(run)
    return found is not None and run.info["dataset"].get("fingerprint") == found.info["fingerprint"]


def data_flags(run: Run) -> dict[str, str]:
    """Flags that name the data of a run's results to a script; none where it is the run's own."""
    return {"data": str(_folder(run))} if isinstance(run, Elsewhere) else {}


def missing_dataset(what: str) -> None:
    """Say that something needs the pictures and how to get them: `missing_dataset("The gallery")`."""
    st.info(
        f"{what} needs the pictures of FER2013, which are not in {code(data_root())}. Prepare them once, from "
        f"[Kaggle's archive](https://www.kaggle.com/datasets/{KAGGLE_DATASET}) or another form of it; "
        f"{code('--kaggle')} in the place of its path downloads it:"
    )
    st.code(prepare_command(), language="bash", wrap_lines=True)
    if may_start_jobs():
        link("dataset", "Or bring it in the browser", ":material/upload:")
    else:
        st.caption(why_no_jobs())


def image_rows(ids: Iterable[str], run: Run | None = None) -> np.ndarray:
    """Rows of the data set (of a run's results) for image ids, int64 (N,); -1 for an id it does not hold."""
    index = shared(*_dataset_key("ids", run), lambda: pd.Index(_open_dataset(run).ids))
    return index.get_indexer(list(ids)).astype(np.int64)


def dataset_average_faces() -> np.ndarray:
    """uint8 (C, H, W) or (C, H, W, 3), the mean of each class over the training split of the data set here."""
    return copied(*_dataset_key("average faces"), lambda: mean_faces(_open_dataset()))


@st.cache_data(max_entries=64, show_spinner="Augmenting faces ...")
def augmented(face: np.ndarray, n: int, seed: int) -> list[tuple[str, str, np.ndarray]]:
    """Each augmentation's name, its flags for scripts/train.py, and `n` variants of a face, uint8 (n, *its shape)."""
    from fercore.data.previews import PREVIEWS, flags, preview  # imports torch: seconds, once

    return [(name, flags(config), preview(face, config, n, seed)) for name, config in PREVIEWS.items()]


def _open_dataset(run: Run | None = None) -> Dataset:
    return shared(*_dataset_key("dataset", run), lambda: open_dataset(_folder(run)))


def _folder(run: Run | None) -> Path:
    return data_root().parent / run.dataset_name if isinstance(run, Elsewhere) else data_root()


def _dataset_key(kind: str, run: Run | None = None) -> tuple[str, str, str]:
    root = _folder(run)
    return kind, str(root), file_state(root / "dataset.json", root / "images.npy", root / "index.csv")
