"""Which test images have a copy in Training, known by image id so that the data set itself is not needed.

A file of copies is what `fercore.data.audit` found in one data set, named by its fingerprint. That of FER2013 comes
with the project (ids as in the Kaggle archive) and holds for every form of it, see `fercore.data.fer2013_ids`; `python
scripts/audit.py` leaves one beside any other data set.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from importlib import resources
from pathlib import Path

import numpy as np

from fercore.data.dataset import SPLITS, DataError
from fercore.data.fer2013_ids import known as known_images
from fercore.untrusted import load_json

SCHEMA_VERSION = 1
KINDS = ("exact", "near")
SHIPPED = Path(str(resources.files("fercore") / "data" / "fer2013_copies.json"))
_MOST_BYTES = 32 << 20


@dataclass(frozen=True)
class Copies:
    """What is known of the copies in one data set.

    Attributes
    ----------
    fingerprint
        Of the data set, see `fercore.data.prepare.fingerprint`.
    ids
        Kind -> split ("val", "test") -> ids of its images with a copy in Training. "exact": the same pixels; "near":
        a near or mirrored copy, and no exact one.
    counts
        The audit's counts, see `fercore.data.audit.counts`.
    """

    fingerprint: str
    ids: dict[str, dict[str, list[str]]]
    counts: dict[str, int] = field(default_factory=dict)

    def to_json(self) -> dict:
        """What the file holds; `read_copies` reads it."""
        return {"schema_version": SCHEMA_VERSION, **asdict(self)}


def with_copy_in_training(
    fingerprint: str, split: str, ids: Sequence[str], *, near: bool = True, local: Path | None = None
) -> np.ndarray | None:
    """Which images of a split have a copy in Training.

    Parameters
    ----------
    fingerprint
        Of the data set: run.json's dataset.fingerprint, or `Dataset.info["fingerprint"]`.
    split
        "val" or "test".
    ids
        Image ids (N,) of the whole split, as predictions_<split>.npz and `Dataset.ids` have them.
    near
        Count near and mirrored copies too, not only those with exactly the same pixels.
    local
        A file of copies that an audit of the user's own wrote, looked into first; it need not exist.

    Returns
    -------
    ndarray or None
        bool (N,), or None where no file knows this data set with ids of this form: run scripts/audit.py.

    Raises
    ------
    DataError
        If `local` exists and is no file of copies.
    """
    for file in (local, SHIPPED):
        known = _known(file) if file is not None and file.is_file() else None
        if known is None or not (known.fingerprint == fingerprint or (file == SHIPPED and _is_fer2013(split, ids))):
            continue
        found = {id_ for kind in KINDS[: 1 + near] for id_ in known.ids[kind].get(split, [])}
        if split in known.ids["exact"] and found <= set(ids):
            return np.isin(np.asarray(ids, dtype=np.str_), sorted(found))
    return None


def _is_fer2013(split: str, ids: Sequence[str]) -> bool:
    """Whether these are FER2013's images of a split, as fer2013.csv has them too: other pixels, the same copies."""
    if split not in SPLITS:
        return False
    own = known_images()
    return len(ids) == (of_split := own.split == SPLITS.index(split)).sum() and set(own.ids[of_split]) == set(ids)


def read_copies(file: Path) -> Copies:
    """A file of copies, checked; DataError says what is wrong with it."""
    try:
        content = load_json(file, _MOST_BYTES)
        if content.get("schema_version") != SCHEMA_VERSION:
            raise ValueError(f"no object of schema_version {SCHEMA_VERSION}")
        ids, counts = content.get("ids"), content.get("counts")
        if not isinstance(ids, dict) or not all(_are_ids(ids.get(kind)) for kind in KINDS):
            raise ValueError("ids: expected exact and near, each split -> list of ids")
        if not isinstance(counts, dict) or not all(type(n) is int and n >= 0 for n in counts.values()):
            raise ValueError("counts: expected whole numbers from 0")
    except (OSError, ValueError) as error:
        raise DataError(f"{file}: no file of copies ({error}); make it again with: python scripts/audit.py") from error
    return Copies(str(content.get("fingerprint")), {kind: ids[kind] for kind in KINDS}, counts)


def _are_ids(by_split: object) -> bool:
    if not isinstance(by_split, dict):
        return False
    return all(isinstance(ids, list) and all(isinstance(id_, str) for id_ in ids) for ids in by_split.values())


def _known(file: Path) -> Copies:
    return _read_once(file, file.stat().st_mtime_ns)


@functools.lru_cache(maxsize=8)
def _read_once(file: Path, changed: int) -> Copies:
    return read_copies(file)
