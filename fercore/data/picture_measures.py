"""Brightness, contrast and sharpness of each picture of a data set, measured once and kept beside it.

Those of FER2013's PublicTest and PrivateTest (as the Kaggle archive has them) come with the project, so that slices of
the shipped runs need no data set: three numbers an image, from which no picture can be made.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Sequence
from importlib import resources
from pathlib import Path

import numpy as np
import pandas as pd

from fercore.data.dataset import SPLITS, Dataset
from fercore.data.fer2013_ids import known
from fercore.run_files import RunError, read_npz, write_npz

BRIGHTNESS, CONTRAST, SHARPNESS = MEASURES = ("brightness", "contrast", "sharpness")
UNITS = {
    BRIGHTNESS: "mean gray level, 0 to 255",
    CONTRAST: "standard deviation of gray levels",
    SHARPNESS: "variance of the Laplacian, gray levels squared",
}
FILE = "picture_measures.npz"  # in the data set's folder
SHIPPED = Path(str(resources.files("fercore") / "data" / "fer2013_picture_measures.npz"))
_LUMA = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601
_AT_ONCE = 1024  # pictures of which intermediate arrays are held


def measure(images: np.ndarray) -> dict[str, np.ndarray]:
    """Measure each picture.

    Parameters
    ----------
    images
        uint8 (N, H, W) or (N, H, W, 3), perhaps a memory map; colours are weighted to gray (ITU-R BT.601). Sides of at
        least 3.

    Returns
    -------
    dict
        Each of `MEASURES` -> float32 (N,). Brightness is the mean gray level and contrast the standard deviation, both
        over all pixels. Sharpness is the variance of the Laplacian (Pech-Pacheco et al. 2000,
        https://doi.org/10.1109/ICPR.2000.903548), here of the four neighbours and without the outermost pixels. It
        grows with contrast too, and depends on the size of the pictures.
    """
    found = {name: np.empty(len(images), np.float32) for name in MEASURES}
    for start in range(0, len(images), _AT_ONCE):
        part = np.asarray(images[start : start + _AT_ONCE])
        gray = part.astype(np.float64) if part.ndim == 3 else part @ _LUMA
        inner = gray[:, 1:-1, 1:-1]
        neighbours = gray[:, :-2, 1:-1] + gray[:, 2:, 1:-1] + gray[:, 1:-1, :-2] + gray[:, 1:-1, 2:]
        rows = slice(start, start + len(part))
        found[BRIGHTNESS][rows] = gray.mean(axis=(1, 2))
        found[CONTRAST][rows] = gray.std(axis=(1, 2))
        found[SHARPNESS][rows] = (neighbours - 4 * inner).var(axis=(1, 2))
    return found


def dataset_measures(dataset: Dataset) -> dict[str, np.ndarray]:
    """Those of all images of a data set, float32 (N,) each, in its order: read from its folder, or made and kept there.

    A file of other images, or a damaged one, is made again. A folder that nobody may write to is no error: the measures
    are then made each time.
    """
    file = dataset.path / FILE
    bound = f"{dataset.info['fingerprint']} {dataset.order}"
    if (found := _read(file, bound, len(dataset.ids))) is None:
        found = measure(dataset.images)
        with contextlib.suppress(OSError):
            write_npz(file, images=np.array(bound), **found)
    return found


def measures_of(ids: Sequence[str], dataset: Dataset | None = None) -> dict[str, np.ndarray] | None:
    """Those of images by their ids.

    Parameters
    ----------
    ids
        Image ids (N,).
    dataset
        The data set that the images are of; without it those that come with the project are looked up.

    Returns
    -------
    dict or None
        Each of `MEASURES` -> float32 (N,); None where not all images are known.
    """
    index, found = _shipped() if dataset is None else (pd.Index(dataset.ids), dataset_measures(dataset))
    rows = index.get_indexer(list(ids))
    return {name: values[rows] for name, values in found.items()} if len(rows) and (rows >= 0).all() else None


def shipped_ids() -> np.ndarray:
    """Ids str (M,) of the images whose measures come with the project, in the order of the file."""
    table = known()
    return table.ids[table.split != SPLITS.index("train")]


@functools.cache
def _shipped() -> tuple[pd.Index, dict[str, np.ndarray]]:
    with np.load(SHIPPED, allow_pickle=False) as file:
        return pd.Index(shipped_ids()), {name: file[name] for name in MEASURES}


def _read(file: Path, bound: str, n: int) -> dict[str, np.ndarray] | None:
    """The measures in a file, None if there are none of these images."""
    try:
        stored = read_npz(file)
        own = stored["images"].item() == bound
        found = {name: stored[name] for name in MEASURES}
    except (OSError, RunError, ValueError, KeyError):
        return None
    fit = all(values.dtype == np.float32 and values.shape == (n,) for values in found.values())
    return found if own and fit else None
