"""What the channels of a run's model respond to over a whole split, kept in the run folder; imports no torch.

`features_<split>.npz` holds means and image ids, no pictures: it is small, can be shipped, and needs no data set.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fercore.runs import Run, RunError, read_npz, stem, write_npz

TOP = 8  # images kept for each channel


@dataclass(frozen=True)
class ChannelSummary:
    """The channels of one layer.

    Attributes
    ----------
    means
        float32 (C, K), mean strength on the images of each emotion, 0 and above; NaN for an emotion without images.
    top
        int64 (C, TOP), rows of `FeatureSummary.ids`: the images that drive the channel most, strongest first; -1 where
        fewer images drive it at all.
    top_strengths
        float32 (C, TOP), the strength on each of them, 0 where there is none.
    """

    means: np.ndarray
    top: np.ndarray
    top_strengths: np.ndarray


@dataclass(frozen=True)
class FeatureSummary:
    """All layers of a model over a split.

    Attributes
    ----------
    counts
        int64 (K,), images of each emotion in the split.
    ids
        str (M,), the images that drive some channel most.
    labels
        int64 (M,), their true classes.
    layers
        Layer name -> its channels, in the order of the pass.
    """

    counts: np.ndarray
    ids: np.ndarray
    labels: np.ndarray
    layers: dict[str, ChannelSummary]


def features_file(run: Run, split: str) -> Path:
    """Where a run keeps the summary of a split."""
    return run.path / f"features_{stem(split)}.npz"


def write_features(run: Run, split: str, summary: FeatureSummary) -> None:
    """Store a summary: all layers below each other, and how many channels each has."""
    channels = list(summary.layers.values())
    write_npz(
        features_file(run, split),
        layers=np.array(list(summary.layers), dtype=np.str_),
        channels=np.array([len(layer.means) for layer in channels], dtype=np.int64),
        means=np.concatenate([layer.means for layer in channels]).astype(np.float32),
        top=np.concatenate([layer.top for layer in channels]).astype(np.int32),
        top_strengths=np.concatenate([layer.top_strengths for layer in channels]).astype(np.float32),
        ids=np.asarray(summary.ids, dtype=np.str_),
        labels=summary.labels.astype(np.min_scalar_type(-len(summary.counts))),
        counts=summary.counts.astype(np.int64),
    )


def read_features(run: Run, split: str) -> FeatureSummary:
    """A stored summary, checked.

    Raises
    ------
    RunError
        If there is none, or it is damaged or not of this form.
    """
    path = features_file(run, split)
    if not path.is_file():
        raise RunError(f"{run.name} has no features; run: python scripts/features.py {run.name} --split {split}")
    arrays = read_npz(path)
    try:
        names, channels, means, top = (arrays[key] for key in ("layers", "channels", "means", "top"))
        strengths, ids, labels, counts = (arrays[key] for key in ("top_strengths", "ids", "labels", "counts"))
    except KeyError as error:
        raise RunError(f"{path}: array {error} is missing") from error
    if problem := _layers_problem(names, channels, means, len(run.classes)) or _images_problem(
        means, top, strengths, ids, labels, counts
    ):
        raise RunError(f"{path}: {problem}; run scripts/features.py again")
    ends = np.cumsum(channels)[:-1]
    parts = zip(
        np.split(means.astype(np.float32), ends),
        np.split(top.astype(np.int64), ends),
        np.split(strengths.astype(np.float32), ends),
        strict=True,
    )
    layers = {str(name): ChannelSummary(*part) for name, part in zip(names, parts, strict=True)}
    return FeatureSummary(counts.astype(np.int64), ids, labels.astype(np.int64), layers)


def _layers_problem(names: np.ndarray, channels: np.ndarray, means: np.ndarray, classes: int) -> str | None:
    if names.ndim != 1 or names.dtype.kind != "U" or not len(names) or len(set(names.tolist())) != len(names):
        return "expected layers (L,) of different texts"
    if channels.shape != names.shape or channels.dtype.kind not in "iu" or channels.min() < 1:
        return "expected channels (L,) of whole numbers from 1"
    if means.dtype.kind != "f" or means.shape != (sum(channels.tolist()), classes):
        return (
            f"expected means ({sum(channels.tolist())}, {classes}) of fractions, received {means.dtype} {means.shape}"
        )
    return None


def _images_problem(
    means: np.ndarray, top: np.ndarray, strengths: np.ndarray, ids: np.ndarray, labels: np.ndarray, counts: np.ndarray
) -> str | None:
    classes = means.shape[1]
    if counts.shape != (classes,) or counts.dtype.kind not in "iu" or counts.min() < 0:
        return f"expected counts ({classes},) of whole numbers from 0"
    seen = means[:, counts > 0]
    if not np.isfinite(seen).all() or (seen < 0).any() or not np.isnan(means[:, counts == 0]).all():
        return "expected finite means from 0, and NaN for emotions without images"
    if ids.dtype.kind != "U" or ids.ndim != 1 or labels.shape != ids.shape or labels.dtype.kind not in "iu":
        return "expected ids (M,) of text and labels (M,) of whole numbers"
    if len(labels) and not 0 <= labels.min() <= labels.max() < classes:
        return f"labels must lie in 0 to {classes - 1}"
    if top.shape != (len(means), TOP) or top.dtype.kind not in "iu" or not -1 <= top.min() <= top.max() < len(ids):
        return f"expected top ({len(means)}, {TOP}) of rows of ids, or -1"
    if strengths.shape != top.shape or strengths.dtype.kind != "f" or not np.isfinite(strengths).all():
        return f"expected finite top_strengths ({len(means)}, {TOP})"
    return None
