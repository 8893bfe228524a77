"""Ask a run's model about pictures made worse, one kind and strength after another; a stop loses only the last of them.

Answers are kept in `robustness_<split>.parts/` beside the result until all are there, so that the same command goes on
where it was stopped. What belongs to other weights, pictures or kinds is measured again.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from tqdm import tqdm

from fercore.data.dataset import Dataset
from fercore.evaluation.calibration import calibration_of
from fercore.evaluation.confidence import Confidence, run_confidence
from fercore.evaluation.contamination import split_name
from fercore.evaluation.disturbances import KINDS, digest, disturb
from fercore.evaluation.elsewhere import Asked, asked, place
from fercore.evaluation.robustness import CLEAN, Robustness, conditions, robustness_file, write_robustness
from fercore.export.record import read_record
from fercore.inference.onnx import load_onnx
from fercore.models.forward import images_a_pass, probabilities
from fercore.models.registry import LoadedModel, load
from fercore.run_files import own_folder
from fercore.runs import Run, RunError, read_npz, utc_now, write_npz


class Answers:
    """Predicted class, int16 (N,), and its scaled probability, float32 (N,)."""

    def __init__(self, predicted: np.ndarray, confidence: np.ndarray) -> None:
        self.predicted, self.confidence = predicted, confidence


def measure(
    run: Run, dataset: Dataset, split: str = "test", images: int | None = None, progress: bool = False
) -> Robustness:
    """Disturb every image of a split in every kind and strength, count what the run answers, and keep the counts.

    Parameters
    ----------
    run
        A run with weights or an ONNX file; the file answers where there is one.
    dataset
        Its own data set, or another: classes meet by name, see `fercore.evaluation.elsewhere`.
    split
        "train", "val" or "test".
    images
        Disturb only so many of the split's images, drawn by a fixed seed: the same for every run.
    progress
        Show a bar on stderr where that is a terminal.

    Raises
    ------
    RunError
        If the run has no usable weights, was never evaluated, or shares no class with the data.
    DataError
        If the split has no images.
    """
    if not run.info["dataset"]:
        raise RunError(f"{run.name} is bound to no data set yet; run: python scripts/evaluate.py {run.name}")
    rows = dataset.some_indices(split)
    chosen, results = asked(run, dataset, _sample(rows, images)), place(run, dataset)
    model, device, answering = _model(run)
    confidence = run_confidence(run)
    about = {
        **{"fingerprint": dataset.info["fingerprint"], "order": dataset.order, "split": split},
        **{"weights_sha256": answering["weights_sha256"], "engine": answering["engine"], "kinds": digest()},
        **{"temperature": confidence.temperature if confidence else 1.0},
        "threshold": min(confidence.threshold, 2.0) if confidence else None,  # one that is never reached is 2
    }
    parts = own_folder(robustness_file(results, split).with_suffix(".parts"))
    found = {}
    with tqdm(total=len(conditions()) * len(chosen.rows), unit="image", disable=None if progress else True) as bar:
        for condition in conditions():
            bar.set_postfix_str(f"{condition[0]} {condition[1]}", refresh=False)
            found[condition] = _answers(
                condition, parts, about | answering, dataset, chosen, model, device, confidence, bar
            )
    about |= {"created": utc_now(), "split_name": split_name(results, split), "split_size": len(rows)}
    counted = count(found, chosen.labels, np.searchsorted(rows, chosen.rows), about, confidence)
    write_robustness(results, split, counted)
    shutil.rmtree(parts)
    return counted


def count(
    found: dict[tuple[str, int], Answers],
    labels: np.ndarray,
    rows: np.ndarray,
    about: dict,
    confidence: Confidence | None,
) -> Robustness:
    """The counts of answers, by kind and strength, for images of true classes (N,) at places (N,) of their split."""
    clean = found[CLEAN, 0]
    right_clean, wrong = clean.predicted == labels, np.zeros((len(labels), len(KINDS)), np.uint8)
    counts = []
    for (kind, strength), answers in found.items():
        right = answers.predicted == labels
        sure = (confidence or Confidence()).sure(answers.confidence[:, None])
        calibrated = calibration_of(right, answers.confidence)
        counts.append(
            {
                **{"kind": kind, "strength": strength, "right": right.sum()},
                **{"flips": (answers.predicted != clean.predicted).sum(), "lost": (right_clean & ~right).sum()},
                **{"sure": sure.sum(), "sure_right": (sure & right).sum()},
                **{"confidence": answers.confidence.mean(dtype=np.float64)},
                **{"confidence_sd": answers.confidence.std(dtype=np.float64)},
                **{"calibration_error": calibrated.error, "calibration_by_chance": calibrated.by_chance},
            }
        )
        if kind in KINDS:
            wrong[:, list(KINDS).index(kind)] += ~right
    return Robustness(about, pd.DataFrame(counts), rows, wrong, ~right_clean)


def _sample(rows: np.ndarray, images: int | None) -> np.ndarray:
    """Some rows drawn by a fixed seed, ascending; all where there are no more."""
    if images is None or images >= len(rows):
        return rows
    if images < 1:
        raise RunError(f"--images: received {images}, expected at least 1")
    return np.sort(np.random.default_rng(0).choice(rows, images, replace=False))


def _model(run: Run) -> tuple[LoadedModel, str, dict[str, str]]:
    """The model, where it computes, and what answers: the run's ONNX file if it has one, which one file alone is."""
    if record := read_record(run):
        file = {"weights_sha256": record.weights_sha256, "made": record.created}
        model = load_onnx(run, threads=min(4, os.cpu_count() or 1))  # one makes pictures, but their answers take longer
        return model, "cpu", {"engine": f"onnx {record.precision}", **file}
    device = "cuda" if torch.cuda.is_available() else "cpu"
    return load(run, device), device, {"engine": "torch fp32", "weights_sha256": run.weights_sha256()}


def _answers(
    condition: tuple[str, int],
    parts: Path,
    about: dict,
    dataset: Dataset,
    chosen: Asked,
    model: LoadedModel,
    device: str,
    confidence: Confidence | None,
    bar: tqdm,
) -> Answers:
    """Those that are kept already, or new ones, which are kept."""
    key = hashlib.sha256(json.dumps([about, condition, chosen.rows.tolist()]).encode()).hexdigest()
    file = parts / f"{key[:32]}.npz"
    if kept := _kept(file, len(chosen.rows)):
        bar.update(len(chosen.rows))
        return kept
    predicted, sure = [], []
    for batch in _batches(condition, dataset, chosen, images_a_pass(model.preprocess.size)):
        found = probabilities(model.module, model.preprocess, batch, device=device)
        predicted.append(found.argmax(axis=1).astype(np.int16))
        sure.append((confidence or Confidence()).scale(found).max(axis=1))
        bar.update(len(batch))
    made = Answers(np.concatenate(predicted), np.concatenate(sure))
    write_npz(file, predicted=made.predicted, confidence=made.confidence)
    return made


def _kept(file: Path, n: int) -> Answers | None:
    """The answers in a file; None where there is none, or it is no such file."""
    if not file.is_file():
        return None
    try:
        found = read_npz(file)
        answers = Answers(found["predicted"], found["confidence"])
    except (RunError, KeyError):
        return None
    shapes = answers.predicted.shape, answers.confidence.shape
    return answers if shapes == ((n,), (n,)) and np.isfinite(answers.confidence).all() else None


def _batches(condition: tuple[str, int], dataset: Dataset, chosen: Asked, size: int) -> Iterator[np.ndarray]:
    """The disturbed images, batch by batch; the next one is made while the model looks at the last."""
    kind, strength = condition

    def made(start: int) -> np.ndarray:
        rows = chosen.rows[start : start + size]
        images = dataset.images[rows]
        return images if kind == CLEAN else disturb(images, dataset.ids[rows], kind, strength)

    starts = range(0, len(chosen.rows), size)
    with ThreadPoolExecutor(1) as ahead:
        waiting = ahead.submit(made, 0)
        for start in (*starts[1:], None):
            batch = waiting.result()
            waiting = None if start is None else ahead.submit(made, start)
            yield batch
