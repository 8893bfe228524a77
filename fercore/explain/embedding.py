"""Features of faces, taken in by the last layer of a model, and where they lie: what the model takes for alike."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from fercore.data.dataset import Dataset
from fercore.evaluation.elsewhere import Asked, asked, place
from fercore.explain.hooks import captured
from fercore.explain.projection import SEED, Embedding, embed, write_embedding
from fercore.models.ensemble import Ensemble
from fercore.models.forward import probabilities
from fercore.models.registry import LoadedModel, load
from fercore.runs import Run, RunError

MOST = 3600  # images of the split, and
TRAINING = 1000  # images of Training among which they lie: more points make a browser slow


def head(module: nn.Module) -> str:
    """Name of the layer that turns features into logits: the last linear one; RunError where there is none."""
    if isinstance(module, Ensemble):
        raise RunError("an ensemble has no features of its own; choose one of its members")
    names = [name for name, part in module.named_modules() if isinstance(part, nn.Linear)]
    if not names:
        raise RunError("this model has no linear layer, so its features cannot be told from its answers")
    return names[-1]


def features(
    loaded: LoadedModel, images: np.ndarray, device: str | torch.device = "cpu", progress: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """What the last layer of a model sees of faces, and what it answers, in one pass.

    Parameters
    ----------
    loaded
        The model.
    images
        uint8 (N, H, W) or (N, H, W, 3).
    device
        Where the model is.
    progress
        Show a bar on stderr where that is a terminal.

    Returns
    -------
    features, probabilities
        float32 (N, D) and (N, C).
    """
    name, parts = head(loaded.module), []

    def keep(taken: torch.Tensor) -> None:
        parts.append(taken.flatten(1).float().cpu())

    with captured(loaded.module, [name], keep, inputs=True):
        answers = probabilities(loaded.module, loaded.preprocess, images, device=device, progress=progress)
    if sum(map(len, parts)) != len(images):
        raise RunError(f"the layer {name} does not see each image once, so what it sees is no feature of images")
    return torch.cat(parts).numpy(), answers


def choose_rows(dataset: Dataset, split: str, seed: int = SEED) -> tuple[np.ndarray, int]:
    """Rows of a data set to embed: a split's, at most `MOST`, then some of Training, at most `TRAINING`.

    Returns
    -------
    rows, size
        int64 (N,), each part drawn by the seed where there are more, in ascending order; and how many are the split's.

    Raises
    ------
    DataError
        If the split has no images.
    """
    rng = np.random.default_rng(seed)
    parts = [(dataset.some_indices(split), MOST)]
    if split != "train":
        parts.append((dataset.indices("train"), TRAINING))
    drawn = [rows if len(rows) <= most else np.sort(rng.choice(rows, most, replace=False)) for rows, most in parts]
    return np.concatenate(drawn), len(drawn[0])


def choose_images(run: Run, dataset: Dataset, split: str, seed: int = SEED) -> tuple[Asked, int]:
    """Of the images of `choose_rows` those that a run's model can be asked about, and how many are the split's.

    Raises
    ------
    RunError
        If model and data share no class.
    DataError
        If the split has no images.
    """
    rows, size = choose_rows(dataset, split, seed)
    chosen = asked(run, dataset, rows)
    return chosen, int(np.isin(rows[:size], chosen.rows).sum())


def embed_run(run: Run, dataset: Dataset, split: str, progress: bool = False) -> Embedding:
    """`embed` for a run's weights and a split of a data set, kept in the run's folder for this data set.

    Raises
    ------
    RunError
        If the run has no usable weights, its features cannot be projected, model and data share no class, or another
        data set has this one's name.
    DataError
        If the split has no images.
    """
    chosen, size = choose_images(run, dataset, split)
    results = place(run, dataset)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    taken, answers = features(load(run, device), dataset.images[chosen.rows], device, progress)
    found = embed(taken, dataset.ids[chosen.rows], chosen.labels, answers, size)
    write_embedding(results, split, found)
    return found
