"""A training in one call, for notebooks and programs; `scripts/train.py` does the same from the command line."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from fercore.data.dataset import Dataset, open_dataset
from fercore.run_names import RUN_SETTINGS, run_name, runs_folder
from fercore.runs import Run
from fercore.training import session
from fercore.training.config import load_recipe


def train(
    recipe: str,
    dataset: Dataset | str | os.PathLike,
    name: str,
    *,
    root: Path | str | None = None,
    quiet: bool = False,
    **settings: Any,
) -> Run:
    """Train a model to its end and leave a run folder.

    It is fitted on the train split, its epoch is chosen on val, and test is scored once at the end.

    Parameters
    ----------
    recipe
        Name of a recipe that comes with the project ("report-cnn", "resnet18", ...), or a path to a TOML file.
    dataset
        A data set from `fercore.open_dataset`, or a path to one.
    name
        Of the run folder to be made.
    root
        Folder that it is made in: by default runs/ where you are, or what `FERCORE_RUNS` names.
    quiet
        Print nothing.
    settings
        What to do otherwise than the recipe: any of its settings, as `scripts/train.py --help` lists them, with "_"
        for "-": epochs=5, learning_rate=0.1.

    Returns
    -------
    Run
        The finished run, with weights, predictions and metrics of val and test.

    Raises
    ------
    ConfigError
        If a setting is unknown or out of its limits; the message names its flag.
    RunError
        If the name is taken or will not do.
    DataError
        If there is no data set there.
    """
    root = runs_folder() if root is None else Path(root)
    dataset = dataset if isinstance(dataset, Dataset) else open_dataset(dataset)
    settings |= {name: run_name(settings[name], root) for name in RUN_SETTINGS if settings.get(name)}
    config = load_recipe(recipe).override(**settings)
    return session.start(config, dataset, root, name, f"fercore.train({recipe!r}, ...)", quiet)
