"""Run folders: what a training leaves on disk, and the only code that creates, lists and opens them.

A run folder may come from a stranger, so everything in it is read as hostile (`fercore.run_files`): types are checked,
names cannot leave the folder, nothing is unpickled. The weights of an added model are a link (`fercore.models.add`),
which is followed for reading alone. This module imports no torch: listing runs is fast.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from fercore.emotions import classes_problem
from fercore.histories import HISTORY_COLUMNS as HISTORY_COLUMNS
from fercore.histories import read_history
from fercore.predictions import Predictions as Predictions
from fercore.predictions import read_predictions
from fercore.run_files import RunError, read_json, read_npz, write_json, write_npz
from fercore.run_files import atomic_write as atomic_write  # what users of runs ask for too
from fercore.run_lock import is_locked
from fercore.temporary import prefix, remove_abandoned

SCHEMA_VERSION = 1
STATUSES = ("running", "finished", "failed", "stopped")
SPLITS = ("train", "val", "test")
TTAS = ("none", "flip")
MOST_MEMBERS = 32  # of an ensemble
# How `pretraining` begins where the first weights came from a file of which nobody knows what it learned from.
OWN_FILE = "file "
_MOST_ITEMS = 1000  # of a list or object in run.json, as the counts of its classes are: pages show whatever it holds
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


@dataclass(frozen=True)
class Run:
    """One readable run folder. `info` is the content of run.json, checked by `open_run`."""

    path: Path
    info: dict = field(repr=False)

    @cached_property
    def name(self) -> str:
        return self.path.name

    @property
    def status(self) -> str:
        """running, finished, failed, stopped, or interrupted: says running, but its process is gone."""
        if self.info["status"] != "running" or is_locked(self.path):
            return self.info["status"]
        try:
            now = read_json(self.path / "run.json", _MOST_ITEMS).get("status")
        except (RunError, OSError):
            now = None
        # Its training may have ended, and let go of the lock, since `info` was read.
        return now if now in STATUSES and now != "running" else "interrupted"

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of what the model answers, in the order of its outputs."""
        return tuple(self.info["classes"])

    @property
    def members(self) -> tuple[str, ...]:
        """Names of the runs beside it that an ensemble is made of; empty for any other run."""
        entry = self.info.get("ensemble")
        names = entry.get("members") if isinstance(entry, dict) else None
        valid = isinstance(names, list) and all(isinstance(name, str) and _NAME.fullmatch(name) for name in names)
        return tuple(names) if valid and len(names) <= MOST_MEMBERS else ()

    @property
    def model_files(self) -> tuple[Path, ...]:
        """What its model is read from, whether it is there or not: weights and config, of an ensemble its members'."""
        folders = [self.path.parent / name for name in self.members] or [self.path]
        return tuple(folder / name for folder in folders for name in ("model.safetensors", "config.json"))

    @property
    def has_weights(self) -> bool:
        return all(file.is_file() for file in self._weights())

    @property
    def weights_bytes(self) -> int | None:
        """Size of the weights' files; None for a run without weights."""
        try:
            return sum(file.stat().st_size for file in self._weights()) if self.has_weights else None
        except OSError:  # gone between the two looks
            return None

    @property
    def parameters(self) -> int | None:
        """Number of learned values; None where run.json gives none that can be one."""
        found = self.info.get("parameters")
        return found if type(found) is int and 0 <= found < 2**63 else None

    @cached_property
    def part_of(self) -> str | None:
        """Name of the study or cross-validation that the run is a point or a fold of; None for a run of its own.

        A run that several studies share is a part of the first.
        """
        study, kfold = self.info.get("study"), self.info.get("kfold")
        study = study[0] if isinstance(study, list) and study else study
        entry = study or (kfold if isinstance(kfold, dict) and "fold" in kfold else None)
        name = entry.get("name") if isinstance(entry, dict) else None
        return name if isinstance(name, str) else "something unnamed" if entry else None

    def check_dataset(self, fingerprint: str, place: Path) -> None:
        """Raise RunError if the data set in a folder is another than the one that this run's figures are about.

        A model that others trained is bound to no data set before it is evaluated for the first time.
        """
        own = self.info["dataset"].get("fingerprint")
        if self.info["dataset"] and fingerprint != own:
            raise RunError(
                f"the figures of {self.name} are about the data set {own}, but {place} holds {fingerprint}; results "
                "on other images would replace them. Give the run's own data set with --data"
            )

    def weights_sha256(self) -> str:
        """SHA-256 of the weights' file, by which a record can name them; of an ensemble, of its members' digests."""
        digests = []
        for path in self._weights():
            with path.open("rb") as file:
                digests.append(hashlib.file_digest(file, "sha256").hexdigest())
        return digests[0] if not self.members else hashlib.sha256("".join(digests).encode()).hexdigest()

    def _weights(self) -> list[Path]:
        return [file for file in self.model_files if file.suffix == ".safetensors"]

    def history(self) -> pd.DataFrame:
        """One row an epoch; see `fercore.histories.read_history`."""
        return read_history(self.path / "history.csv")

    def evaluations(self) -> list[tuple[str, str]]:
        """The (split, tta) pairs that have stored metrics, best known first: test before val before train."""
        found = []
        for split in reversed(SPLITS):
            for tta in TTAS:
                if (self.path / f"metrics_{stem(split, tta)}.json").is_file():
                    found.append((split, tta))
        return found

    def metrics(self, split: str, tta: str = "none") -> dict:
        """Stored metrics, as `fercore.evaluation.metrics.report` makes them; RunError if there are none."""
        path = self.path / f"metrics_{stem(split, tta)}.json"
        if not path.is_file():
            raise RunError(
                f"{self.name} has no metrics for {split}; run: python scripts/evaluate.py {self.name} --split {split}"
            )
        metrics = read_json(path)
        if not isinstance(metrics.get("accuracy"), dict) or not isinstance(metrics.get("confusion"), list):
            raise RunError(f"{path}: not a metrics file (accuracy or confusion missing); run scripts/evaluate.py again")
        own, measured_on = self.info["dataset"].get("fingerprint"), metrics.get("dataset_fingerprint")
        if own is not None and measured_on not in (None, own):
            raise RunError(
                f"{path}: measured on the data set {str(measured_on)[:80]}, but the figures of {self.name} are about "
                f"{str(own)[:80]}; run: python scripts/evaluate.py {self.name} --split {split} --tta {tta}"
            )
        return metrics

    def predictions(self, split: str, tta: str = "none") -> Predictions:
        """Stored predictions, checked; RunError if they are missing or broken."""
        path = self.path / f"predictions_{stem(split, tta)}.npz"
        if not path.is_file():
            raise RunError(
                f"{self.name} has no predictions for {split}; "
                f"run: python scripts/evaluate.py {self.name} --split {split}"
            )
        return read_predictions(path, len(self.classes))

    def average_faces(self) -> np.ndarray | None:
        """The mean training image of each class, uint8 (C, H, W) or (C, H, W, 3); None where the run holds none."""
        path = self.path / "average_faces.npz"
        if not path.is_file():
            return None
        faces = read_npz(path).get("faces")
        classes = len(self.classes)
        if faces is None or faces.dtype != np.uint8 or not _is_faces(faces.shape, classes):
            raise RunError(f"{path}: expected uint8 faces ({classes}, H, W) or ({classes}, H, W, 3)")
        return faces


def stem(split: str, tta: str = "none") -> str:
    """Middle of a metrics or predictions file name: "test", or "test_flip" with flip averaging."""
    if split not in SPLITS or tta not in TTAS:
        raise ValueError(f"received split {split!r} and tta {tta!r}; expected one of {SPLITS} and one of {TTAS}")
    return split if tta == "none" else f"{split}_{tta}"


def check_name(name: str) -> str:
    """The name itself if it can be a run's folder name, else RunError."""
    if not _NAME.fullmatch(name):
        raise RunError(
            f"run name {name!r} will not do: use letters, digits, '.', '_' and '-', begin with a letter or digit, "
            "at most 100 characters"
        )
    return name


def list_runs(root: Path | str) -> tuple[list[Run], dict[str, str]]:
    """All runs under a folder.

    Returns
    -------
    runs
        The readable runs, by name. No root folder means no runs.
    problems
        Folder name -> what is wrong with it in words, for each folder that cannot be read as a run.
    """
    from fercore.run_index import index_of  # here, because it is built upon this module

    return index_of(root).list()


def open_run(path: Path | str) -> Run:
    """Open one run folder; RunError says what is wrong with it."""
    path = Path(path)
    file = path / "run.json"
    try:  # no look before: lists of runs open ten thousand
        info = read_json(file, _MOST_ITEMS)
    except OSError as error:
        if file.is_file():  # which may not be read
            raise
        if not path.is_dir():
            raise RunError(f"there is no run folder {path}; see what there is in {path.parent}/") from error
        check_name(path.name)
        raise RunError(f"{path} holds no run.json, so it is not a run folder") from error
    check_name(path.name)
    _check_info(file, info)
    return Run(path, info)


def create_run(root: Path | str, name: str, info: dict) -> Run:
    """Make a new run folder with status running.

    Raises
    ------
    RunError
        If the name will not do or is taken.
    """
    with created_whole(root, name, info) as run:
        pass
    return Run(Path(root) / name, run.info)


@contextlib.contextmanager
def created_whole(root: Path | str, name: str, info: dict) -> Iterator[Run]:
    """As `create_run`, for a run that is made in one go: a kill or an error in the block leaves nothing of its name.

    The block's run lies in a temporary folder beside its place; open it anew afterwards.
    """
    path = Path(root) / check_name(name)
    if path.exists():
        if not (path / "run.json").is_file():
            raise RunError(f"{path} exists but is no run; delete it, or choose another name with --name")
        raise RunError(
            f"run {name!r} exists in {root}; continue it with --resume {name}, or choose another name with --name"
        )
    info = {
        "schema_version": SCHEMA_VERSION,
        "name": name,
        "status": "running",
        "created": utc_now(),
        "finished": None,
        **info,
    }
    _check_info(path / "run.json", info)
    path.parent.mkdir(parents=True, exist_ok=True)
    remove_abandoned(path.parent)
    building = path.with_name(f"{prefix()}{secrets.token_hex(4)}")
    building.mkdir()
    try:
        write_json(building / "run.json", info)
        yield Run(building, info)
        os.rename(building, path)
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise


def update_run(run: Run, **changes: object) -> Run:
    """Rewrite run.json with some entries changed; returns the run as it is now."""
    info = {**run.info, **changes}
    write_json(run.path / "run.json", info)
    return Run(run.path, info)


def write_predictions(run: Run, split: str, tta: str, predictions: Predictions) -> None:
    """Store what a model answered for a split."""
    write_npz(
        run.path / f"predictions_{stem(split, tta)}.npz",
        id=np.asarray(predictions.id, dtype=np.str_),
        label=predictions.label.astype(np.int64),
        probabilities=predictions.probabilities.astype(np.float32),
    )


def utc_now() -> str:
    """Current time in UTC, to the second, as ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _check_info(path: Path, info: dict) -> None:
    expected = {"name": str, "status": str, "created": str, "config": dict, "classes": list, "dataset": dict}
    for key, kind in expected.items():
        if not isinstance(info.get(key), kind):
            raise RunError(f"{path}: {key!r} is missing or no {kind.__name__}; this is no run of ours or it is damaged")
    if info.get("schema_version") != SCHEMA_VERSION:
        raise RunError(
            f"{path}: schema_version {info.get('schema_version')!r}, this version reads {SCHEMA_VERSION}; "
            "update the project or train the run again"
        )
    if info["status"] not in STATUSES:
        raise RunError(f"{path}: status {info['status']!r}, expected one of {', '.join(STATUSES)}")
    if problem := classes_problem(info["classes"]):
        raise RunError(f"{path}: 'classes' {problem}")


def _is_faces(shape: tuple[int, ...], count: int) -> bool:
    """Whether an array holds one square picture, gray or in colour, of each of `count` classes."""
    return len(shape) in (3, 4) and shape[0] == count and 1 <= shape[1] == shape[2] <= 1024 and shape[3:] in ((), (3,))
