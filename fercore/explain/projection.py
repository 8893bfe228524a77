"""Faces as a model sees them, on a plane: projections of features, their neighbours, and the file they are kept in.

`embedding_<split>.npz` in a run folder holds places, ids and counts, no pictures: it is small, can be shipped, and
needs neither data set nor weights. This module imports no torch, and scikit-learn only where something is computed.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fercore.runs import Run, RunError, read_npz, stem, write_npz

METHODS = {"tsne": "t-SNE", "pca": "PCA"}
NEIGHBOURS = 10  # of each image are looked at
DIMENSIONS = 50  # of the features' principal components go into t-SNE
PERPLEXITY = 30  # of t-SNE: about as many neighbours count for each image
SEED = 0
_FEWEST = 2 * NEIGHBOURS  # images, so that neighbours can be near or far


@dataclass(frozen=True)
class Embedding:
    """The images of a split, and some of Training among which they lie, as a model's features place them.

    Attributes
    ----------
    ids
        str (N,), first the M images of the split, then those of Training.
    labels, predicted
        int64 (N,), true and most probable class, positions among the model's C classes.
    confidence
        float32 (N,), the probability of the latter.
    places
        Method of `METHODS` -> float32 (N, 2), from -1 to 1; directions and scale mean nothing.
    neighbours
        int64 (M, C): of the `NEIGHBOURS` images of the split that are nearest to each in the features, how many have
        each label.
    kept
        Method -> int64 (M,): how many of the nearest neighbours in the picture are among those in the features.
    explained
        float (2,), share of the features' variance in each direction of PCA.
    dimensions
        Of the features.
    """

    ids: np.ndarray
    labels: np.ndarray
    predicted: np.ndarray
    confidence: np.ndarray
    places: dict[str, np.ndarray]
    neighbours: np.ndarray
    kept: dict[str, np.ndarray]
    explained: np.ndarray
    dimensions: int

    @property
    def size(self) -> int:
        """M, the number of images of the split."""
        return len(self.neighbours)

    @property
    def own(self) -> np.ndarray:
        """int64 (M,): how many of each image's nearest neighbours have its label."""
        return np.take_along_axis(self.neighbours, self.labels[: self.size, None], 1)[:, 0]


def embed(
    features: np.ndarray,
    ids: np.ndarray,
    labels: np.ndarray,
    probabilities: np.ndarray,
    size: int,
    seed: int = SEED,
) -> Embedding:
    """Project features to the plane, and count neighbours in both.

    Parameters
    ----------
    features
        float32 (N, D).
    ids, labels, probabilities
        str (N,), integers (N,) and floats (N, C).
    size
        M: the first M images are those of the split. Neighbours are looked for among them only.
    seed
        Of everything random.

    Raises
    ------
    RunError
        If there are too few images or features, or features are not finite.
    """
    if size < _FEWEST or features.shape[1] < 2:
        raise RunError(
            f"received {size} images with {features.shape[1]} features each, expected at least {_FEWEST} images and "
            "2 features; choose a larger split"
        )
    if not np.isfinite(features).all():
        raise RunError("the features of this model are not finite numbers: this training went wrong")
    components, shares = principal_components(features, seed)
    places = {"tsne": _fitted(tsne(components, seed)), "pca": _fitted(components[:, :2])}
    near = nearest(features[:size])
    return Embedding(
        ids=np.asarray(ids, dtype=np.str_),
        labels=np.asarray(labels, dtype=np.int64),
        predicted=probabilities.argmax(axis=1),
        confidence=probabilities.max(axis=1).astype(np.float32),
        places=places,
        neighbours=np.stack([(labels[near] == code).sum(axis=1) for code in range(probabilities.shape[1])], axis=1),
        kept={method: _shared(near, nearest(plane[:size])) for method, plane in places.items()},
        explained=shares[:2],
        dimensions=features.shape[1],
    )


def principal_components(features: np.ndarray, seed: int = SEED) -> tuple[np.ndarray, np.ndarray]:
    """The directions of most variance, at most `DIMENSIONS` of them (Pearson 1901).

    Returns
    -------
    components, shares
        float32 (N, K), and the share of all variance in each, float (K,); 0 where features do not vary.
    """
    from sklearn.decomposition import PCA

    found = PCA(min(DIMENSIONS, *features.shape), random_state=seed)
    with np.errstate(invalid="ignore"):  # features that do not vary
        components = found.fit_transform(features).astype(np.float32)
    return components, np.nan_to_num(found.explained_variance_ratio_)


def tsne(components: np.ndarray, seed: int = SEED) -> np.ndarray:
    """t-SNE (van der Maaten and Hinton 2008, https://jmlr.org/papers/v9/vandermaaten08a.html), float32 (N, 2).

    It starts from the first two components, which keeps more of how clusters lie to each other than a random start
    (Kobak and Linderman 2021, https://doi.org/10.1038/s41587-020-00809-z).
    """
    from sklearn.manifold import TSNE

    perplexity = min(PERPLEXITY, (len(components) - 1) / 3)
    return TSNE(2, perplexity=perplexity, init="pca", random_state=seed).fit_transform(components).astype(np.float32)


def nearest(points: np.ndarray) -> np.ndarray:
    """Rows of the `NEIGHBOURS` nearest other points of each point, by Euclidean distance: int64 (N, NEIGHBOURS)."""
    from sklearn.neighbors import NearestNeighbors

    return NearestNeighbors(n_neighbors=NEIGHBOURS).fit(points).kneighbors(return_distance=False)


def _fitted(plane: np.ndarray) -> np.ndarray:
    """Points (N, 2), moved and scaled, alike in both directions, so that they just fit between -1 and 1."""
    low, high = plane.min(axis=0), plane.max(axis=0)
    return (plane - (low + high) / 2) / ((high - low).max() / 2 or 1)


def _shared(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """How many entries the rows of two arrays (N, K) share; no row holds an entry twice."""
    return (first[:, :, None] == second[:, None, :]).sum(axis=(1, 2))


def embedding_file(run: Run, split: str) -> Path:
    """Where a run keeps the embedding of a split."""
    return run.path / f"embedding_{stem(split)}.npz"


def write_embedding(run: Run, split: str, found: Embedding) -> None:
    """Store an embedding in the run folder."""
    methods = {
        f"{kind}_{method}": array for kind in ("places", "kept") for method, array in getattr(found, kind).items()
    }
    types = {"places": np.float16, "kept": np.uint8}  # a screen has fewer places than half precision
    kind = np.min_scalar_type(-found.neighbours.shape[1])  # int8 up to 128 classes
    write_npz(
        embedding_file(run, split),
        ids=found.ids,
        labels=found.labels.astype(kind),
        predicted=found.predicted.astype(kind),
        confidence=found.confidence.astype(np.float16),
        neighbours=found.neighbours.astype(np.uint8),
        explained=found.explained.astype(np.float32),
        dimensions=np.int64(found.dimensions),
        **{name: array.astype(types[name.partition("_")[0]]) for name, array in methods.items()},
    )


def read_embedding(run: Run, split: str) -> Embedding:
    """A stored embedding, checked.

    Raises
    ------
    RunError
        If there is none, or it is damaged or not of this form.
    """
    path = embedding_file(run, split)
    if not path.is_file():
        raise RunError(f"{run.name} has no embedding; run: python scripts/embedding.py {run.name} --split {split}")
    arrays = read_npz(path)
    try:
        found = Embedding(
            ids=arrays["ids"],
            labels=arrays["labels"],
            predicted=arrays["predicted"],
            confidence=arrays["confidence"],
            places={method: arrays[f"places_{method}"] for method in METHODS},
            neighbours=arrays["neighbours"],
            kept={method: arrays[f"kept_{method}"] for method in METHODS},
            explained=arrays["explained"],
            dimensions=arrays["dimensions"],
        )
    except KeyError as error:
        raise RunError(f"{path}: array {error} is missing") from error
    if problem := _problem(found, len(run.classes)):
        raise RunError(f"{path}: {problem}; run scripts/embedding.py again")
    return _widened(found)


def _problem(found: Embedding, count: int) -> str | None:
    """What is wrong with the arrays of a file, in words."""
    n = found.ids.size
    if found.ids.dtype.kind != "U" or found.ids.shape != (n,):
        return "expected ids (N,) of text"
    for name, classes in {"labels": found.labels, "predicted": found.predicted}.items():
        if classes.shape != (n,) or classes.dtype.kind not in "iu" or not np.isin(classes, range(count)).all():
            return f"expected {name} ({n},) of whole numbers from 0 to {count - 1}"
    floats = {"confidence": (found.confidence, (n,)), "explained": (found.explained, (2,))}
    floats |= {f"places_{method}": (plane, (n, 2)) for method, plane in found.places.items()}
    for name, (array, shape) in floats.items():
        if array.shape != shape or array.dtype.kind != "f" or not np.isfinite(array).all():
            return f"expected {name} {shape} of finite fractions"
    size = len(found.neighbours) if found.neighbours.ndim else -1
    counts = {"neighbours": (found.neighbours, (size, count))}
    counts |= {f"kept_{method}": (kept, (size,)) for method, kept in found.kept.items()}
    for name, (array, shape) in counts.items():
        if array.shape != shape or array.dtype.kind not in "iu" or not ((array >= 0) & (array <= NEIGHBOURS)).all():
            return f"expected {name} {shape} of whole numbers from 0 to {NEIGHBOURS}"
    if not _FEWEST <= size <= n or (found.neighbours.sum(axis=1) != NEIGHBOURS).any():
        return f"expected {NEIGHBOURS} neighbours of each of {_FEWEST} to {n} images"
    if found.dimensions.shape != () or found.dimensions.dtype.kind not in "iu" or found.dimensions < 2:
        return "expected dimensions, a whole number from 2"
    return None


def _widened(found: Embedding) -> Embedding:
    """The arrays of a file in the types that `Embedding` promises."""
    return Embedding(
        ids=found.ids,
        labels=found.labels.astype(np.int64),
        predicted=found.predicted.astype(np.int64),
        confidence=found.confidence.astype(np.float32),
        places={method: plane.astype(np.float32) for method, plane in found.places.items()},
        neighbours=found.neighbours.astype(np.int64),
        kept={method: kept.astype(np.int64) for method, kept in found.kept.items()},
        explained=found.explained.astype(np.float64),
        dimensions=int(found.dimensions),
    )
