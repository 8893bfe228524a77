"""Synthetic run folders, complete and written by the real writers, for tests of pages and scripts."""

from __future__ import annotations

import functools
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

from fercore.data.dataset import Dataset, average_faces
from fercore.data.fer2013 import OFFICIAL_SPLIT_NAMES
from fercore.emotions import EMOTIONS
from fercore.evaluation.metrics import report
from fercore.explain.projection import Embedding, embed, write_embedding
from fercore.runs import (
    HISTORY_COLUMNS,
    Predictions,
    Run,
    create_run,
    stem,
    update_run,
    write_json,
    write_npz,
    write_predictions,
)


def make_run(
    root: Path,
    name: str = "toy",
    epochs: int = 3,
    n: int = 70,
    status: str = "finished",
    seed: int = 0,
    accuracy: float = 0.6,
    splits: tuple[str, ...] = ("val", "test"),
    *,
    tta: tuple[str, ...] = ("none",),
    dataset: Dataset | None = None,
    recipe: str = "toy",
    weights: bool | str = False,
) -> Run:
    """Write a run folder and return it as it is on disk.

    Parameters
    ----------
    root, name
        Where the folder is made.
    epochs
        Lines of history.csv; 0 leaves a run without a finished epoch.
    n
        Images in each of `splits`, an equal number of each emotion as far as n allows.
    status
        running, finished, failed or stopped. A "running" run that nobody locks reads as interrupted: hold
        `fercore.run_lock.training_lock(run.path)` around the test of a running one.
    seed
        Seed of everything random in it.
    accuracy
        Share of right predictions in each split, exactly round(accuracy * images) of them.
    splits, tta
        Evaluated splits and test-time augmentations: each pair gets predictions and metrics.
    dataset
        Ids, labels, average faces and fingerprint come from it; without one they are made up.
    recipe
        Name of the recipe in its config.
    weights
        Save the random weights of a tiny CNN (True or "cnn") or ViT ("vit").
    """
    rng, kind = np.random.default_rng(seed), weights if isinstance(weights, str) else "cnn"
    history = _history(epochs, accuracy, rng)
    run = create_run(root, name, _info(n, seed, dataset, recipe, kind))
    if epochs:
        history.to_csv(run.path / "history.csv", index=False)
        best = int(history["val_accuracy"].idxmax())
        figures = {"epoch": best + 1, "metric": "val_accuracy", "value": float(history["val_accuracy"][best])}
        run = update_run(run, best=figures)
    finished = "2024-05-20T12:00:00+00:00" if status == "finished" else None
    run = update_run(run, status=status, created="2024-05-20T11:00:00+00:00", finished=finished)
    faces = average_faces(dataset) if dataset else rng.integers(60, 200, (len(EMOTIONS), 48, 48)).astype(np.uint8)
    write_npz(run.path / "average_faces.npz", faces=faces)
    for split in splits:
        for augmentation in tta:
            _evaluate(run, split, augmentation, _predictions(split, n, accuracy, dataset, rng))
    if weights:
        for name, content in _weights(kind, seed).items():
            (run.path / name).write_bytes(content)
    return run


def make_embedding(run: Run, dataset: Dataset, split: str = "test", seed: int = 0) -> Embedding:
    """Keep an embedding of a split in a run folder, from features in which emotions are crowds that touch."""
    rows, rng = dataset.indices(split), np.random.default_rng(seed)
    labels = dataset.labels[rows]
    features = rng.normal(size=(len(rows), 8)) + 2 * np.eye(8)[labels]
    answers = rng.dirichlet(np.ones(len(EMOTIONS)), len(rows))
    found = embed(features.astype(np.float32), dataset.ids[rows], labels, answers, len(rows))
    write_embedding(run, split, found)
    return found


@functools.cache
def _weights(kind: str, seed: int) -> dict[str, bytes]:
    """The files of a tiny model: to build a ViT takes a third of a second."""
    import torch  # seconds, which tests of pages without a model do not spend

    from fercore.data.transforms import Preprocess
    from fercore.models.registry import build, config_class, save_model

    config = config_class(kind)(**_TINY[kind])
    with torch.random.fork_rng(), tempfile.TemporaryDirectory() as folder:
        torch.manual_seed(seed)
        save_model(Path(folder), kind, config, build(kind, config).state_dict(), Preprocess())
        return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


_TINY = {
    "cnn": {"first_filters": 4, "conv_layers": 2, "dense": (8,)},
    "vit": {"patch_size": 12, "hidden_size": 16, "layers": 2, "heads": 2},
}


def _info(n: int, seed: int, dataset: Dataset | None, recipe: str, kind: str) -> dict:
    return {
        "command": f"python scripts/train.py --recipe {recipe} --seed {seed}",
        "versions": {"python": "3.11.9", "torch": "2.15.0"},
        "git_commit": "0" * 40,
        "device": "cpu, bf16",
        "threads": 2,
        "seed": seed,
        "classes": list(EMOTIONS),
        "parameters": 123_456,
        "config": {
            "recipe": recipe,
            "model": {"type": kind, "filters": 8, "layers": 2},
            "augment": {"flip": True},
            "training": {"optimizer": "adamw", "learning_rate": 0.001, "batch_size": 32, "seed": seed},
        },
        "preprocess": {"size": 48, "channels": 1, "mean": [0.508], "std": [0.255]},
        "dataset": dataset.summary() if dataset else _summary(n),
        "trained_on": {"dataset": "FER2013", "splits": ["train"], "extra_data": [], "pretraining": None},
        "best": None,
    }


def _summary(n: int) -> dict:
    counts = dict(zip(EMOTIONS, np.bincount(_labels(n), minlength=len(EMOTIONS)).tolist(), strict=True))
    return {
        "fingerprint": "f" * 64,
        "source": "synthetic",
        "counts": dict.fromkeys(OFFICIAL_SPLIT_NAMES, counts),
        "split_names": OFFICIAL_SPLIT_NAMES,
        "split_sizes": dict.fromkeys(OFFICIAL_SPLIT_NAMES, n),
    }


def _labels(n: int) -> np.ndarray:
    return np.arange(n) % len(EMOTIONS)


def _history(epochs: int, accuracy: float, rng: np.random.Generator) -> pd.DataFrame:
    """Curves that rise to about `accuracy` on validation and well above it in training, as overfitting does."""
    done = np.arange(1, epochs + 1) / max(epochs, 1)
    train = 0.2 + (min(accuracy + 0.25, 1) - 0.2) * done
    val = 0.2 + (accuracy - 0.2) * done ** np.float64(0.5) + rng.normal(0, 0.003, epochs)
    columns = (np.arange(1, epochs + 1), 2 - 1.6 * done, train, 2 - 1.1 * done**0.5, val, val - 0.03)
    table = dict(zip(HISTORY_COLUMNS[:6], columns, strict=True))
    return pd.DataFrame({**table, "learning_rate": 0.001 * (1.01 - done), "seconds": np.full(epochs, 12.5)})


def _predictions(split: str, n: int, accuracy: float, dataset: Dataset | None, rng: np.random.Generator) -> Predictions:
    if dataset:
        rows = dataset.indices(split)
        ids, labels = dataset.ids[rows], dataset.labels[rows]
    else:
        ids, labels = np.array([f"{split}-{i:05d}" for i in range(n)]), _labels(n)
    count, classes = len(labels), len(EMOTIONS)
    wrong = rng.permutation(count) >= round(accuracy * count)
    predicted = np.where(wrong, (labels + rng.integers(1, classes, count)) % classes, labels)
    top = rng.uniform(0.55, 0.95, count)
    probabilities = rng.dirichlet(np.ones(classes), count) * (1 - top)[:, None]  # every other class stays below 0.45
    probabilities[np.arange(count), predicted] += top
    return Predictions(ids, labels, probabilities.astype(np.float32))


def _evaluate(run: Run, split: str, tta: str, predictions: Predictions) -> None:
    write_predictions(run, split, tta, predictions)
    split_name = run.info["dataset"]["split_names"][split]
    metrics = report(
        predictions.label, predictions.probabilities, split=split, split_name=split_name, tta=tta, resamples=100
    )
    write_json(run.path / f"metrics_{stem(split, tta)}.json", metrics)
