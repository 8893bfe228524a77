"""Make a run's folder smaller: its large matrices as 8-bit integers, and all its figures measured again with them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pandas as pd
from safetensors.torch import load_file, save_file

from fercore.data.dataset import Dataset
from fercore.evaluation.elsewhere import FOLDER
from fercore.models.compact import to_int8
from fercore.models.hub import is_hub_config
from fercore.run_files import read_json
from fercore.run_lock import training_lock
from fercore.runs import Run, RunError, open_run, update_run, utc_now
from fercore.temporary import temporary_folder
from fercore.training.evaluate import evaluate_run

MOST_LOST = 0.001  # of accuracy on the val split
_WEIGHTS = "model.safetensors"


def compact_run(run: Run, dataset: Dataset, progress: bool = False) -> pd.DataFrame:
    """Store a run's large matrices in a byte a weight, and everything that it was scored on again.

    Counts on disturbed pictures and results on other data are of the earlier weights, and are deleted. run.json then
    says under `compacted` when it was, and which weights they were (`weights_sha256`): runs that these weights taught
    know them by that.

    Parameters
    ----------
    run
        A finished run with its own weights, scored on val.
    dataset
        What it was scored on.
    progress
        Show a bar on stderr where that is a terminal.

    Returns
    -------
    pandas.DataFrame
        split, tta, and accuracy before and after, a row for each stored evaluation.

    Raises
    ------
    RunError
        If the data set is not the run's own, there is nothing to gain, or accuracy on val changes by more than
        `MOST_LOST`; the run is then as it was.
    """
    run.check_dataset(dataset.info["fingerprint"], dataset.path)
    with training_lock(run.path), temporary_folder(run.path.parent) as folder:
        trial = Path(shutil.copytree(run.path, folder / run.name, symlinks=True))
        save_file(_smaller(run), trial / _WEIGHTS)
        update_run(open_run(trial), compacted={"date": utc_now(), "weights_sha256": run.weights_sha256()})
        rows = [_row(run, open_run(trial), dataset, split, tta, progress) for split, tta in run.evaluations()]
        table = pd.DataFrame(rows, columns=["split", "tta", "before", "after"])
        _check_loss(run, table)
        for outdated in run.path.glob("robustness_*.npz"):  # first: a kill leaves no counts of other weights
            outdated.unlink()
        if not (run.path / FOLDER).is_symlink():
            shutil.rmtree(run.path / FOLDER, ignore_errors=True)
        # The weights last: after a kill between two files the same command does it all again.
        for path in sorted(trial.iterdir(), key=lambda path: path.name == _WEIGHTS):
            if path.name in (_WEIGHTS, "run.json") or path.name.startswith(("metrics_", "predictions_")):
                os.replace(path, run.path / path.name)
    return table


def _smaller(run: Run) -> dict:
    path = run.path / _WEIGHTS
    if run.members or path.is_symlink() or not run.has_weights:
        raise RunError(f"{run.name} has no weights of its own to make smaller")
    if is_hub_config(read_json(run.path / "config.json")):
        raise RunError(
            f"{run.name} is laid out for the Hugging Face hub, and transformers, which opens such folders, "
            "knows no matrices in 8 bits of ours; its weights are left as they are"
        )
    state = load_file(path)
    smaller = to_int8(state)
    if smaller.keys() == state.keys():
        raise RunError(f"{run.name} has no large matrices, or they are stored as 8-bit integers already")
    return smaller


def _row(run: Run, trial: Run, dataset: Dataset, split: str, tta: str, progress: bool) -> tuple:
    before, after = run.metrics(split, tta), evaluate_run(trial, dataset, split, tta, progress)
    return split, tta, before["accuracy"]["value"], after["accuracy"]["value"]


def _check_loss(run: Run, table: pd.DataFrame) -> None:
    val = table[table["split"] == "val"]
    if val.empty:
        raise RunError(f"{run.name} is not scored on val; run: python scripts/evaluate.py {run.name} --split val")
    change = (val["after"] - val["before"]).abs().max()
    if change > MOST_LOST:
        raise RunError(
            f"{run.name}: 8-bit matrices would change its accuracy on val by {100 * change:.2f} points, expected at "
            f"most {100 * MOST_LOST:.1f}; its weights are left as they are"
        )
