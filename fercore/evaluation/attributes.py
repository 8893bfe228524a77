"""What images may be sliced by: an attribute names a group for each image, or none.

Those that the project knows of itself are how a picture looks (`fercore.data.picture_measures`), how far people agree
on it (FER+) and whether Training has a copy of it. Age, gender or skin are never guessed: they come from the user's own
file alone (`fercore.evaluation.slice_file`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from fercore.data.copies import with_copy_in_training
from fercore.data.dataset import Dataset
from fercore.data.ferplus import votes_on
from fercore.data.picture_measures import MEASURES, UNITS, measures_of

AGREEMENT, COPY = "agreement of people", "copy in Training"
PARTS = {3: ("low", "middle", "high"), 5: ("lowest", "low", "middle", "high", "highest")}
UNKNOWN = -1
_AGREE = ("5 of 10 or fewer", "6 or 7 of 10", "8 or 9 of 10", "10 of 10")
_COPIES = ("the same picture", "nearly the same or mirrored", "none")
_FEWEST = (6, 8, 10)  # people from which the second, third and last of them begins


@dataclass(frozen=True)
class Attribute:
    """A group for each of N images.

    Attributes
    ----------
    name
        What the attribute is called.
    values
        Names of the groups in the order in which they are shown.
    place
        int64 array (N,): position in `values`, -1 where the image has none.
    about
        What is measured, with its unit; may be empty.
    edges
        Of a measure that was cut: the ends between its groups, ascending.
    """

    name: str
    values: tuple[str, ...]
    place: np.ndarray
    about: str = ""
    edges: tuple[float, ...] = ()


def named(name: str, names: Sequence[str], about: str = "") -> Attribute:
    """An attribute from a name for each image, "" where it has none; groups in the alphabet's order."""
    values, place = np.unique(np.asarray(names, dtype=np.str_), return_inverse=True)
    return _without_empty(Attribute(name, tuple(values.tolist()), place.astype(np.int64), about), drop=("",))


def cut(name: str, measured: np.ndarray, parts: int = 3, about: str = "") -> Attribute:
    """An attribute from a number for each image: groups of about the same size, called by their edges.

    Parameters
    ----------
    name, about
        As of `Attribute`.
    measured
        Floats (N,); NaN where nothing is known.
    parts
        3 or 5 groups. There are fewer where many images have the same number.

    Returns
    -------
    Attribute
        Groups such as "low (under 116)", "middle (116 to 142)", "high (142 and more)". Edges are quantiles rounded to
        three significant digits, and the groups are cut at the rounded ones, so that their names say what they hold.
    """
    if parts not in PARTS:
        raise ValueError(f"parts: received {parts}, expected one of {', '.join(map(str, PARTS))}")
    measured = np.asarray(measured, dtype=np.float64)
    known = np.isfinite(measured)
    if not known.any():
        return Attribute(name, (), np.full(len(measured), UNKNOWN), about)
    quantiles = np.quantile(measured[known], np.arange(1, parts) / parts)
    edges = sorted({float(f"{edge:.3g}") for edge in quantiles})
    place = np.where(known, np.searchsorted(edges, measured, side="right"), UNKNOWN)
    words = PARTS[parts] if len(edges) == parts - 1 else [""] * (len(edges) + 1)
    ends = [f"{edge:g}" for edge in edges]
    spans = [f"under {ends[0]}", *(f"{a} to {b}" for a, b in pairwise(ends)), f"{ends[-1]} and more"]
    values = tuple(f"{word} ({span})" if word else span for word, span in zip(words, spans, strict=True))
    return _without_empty(Attribute(name, values, place, about, tuple(edges)))


def known_attributes(
    ids: Sequence[str],
    split: str,
    fingerprint: str,
    *,
    dataset: Dataset | None = None,
    parts: int = 3,
    copies: Path | None = None,
) -> list[Attribute]:
    """All that the project knows of images by itself.

    Parameters
    ----------
    ids, split, fingerprint
        Image ids (N,) of a whole split, its key, and the fingerprint of their data set.
    dataset
        That data set, where it is here; without it only FER2013's test splits have brightness, contrast and sharpness.
    parts
        3 or 5 groups of each measure.
    copies
        A file of copies of the user's own, see `fercore.data.copies`.
    """
    found = []
    if (measures := measures_of(ids, dataset)) is not None:
        found += [cut(name, measures[name], parts, UNITS[name]) for name in MEASURES]
    if (counts := votes_on(ids)) is not None:
        found.append(agreement(counts))
    exact, near = (with_copy_in_training(fingerprint, split, ids, near=near, local=copies) for near in (False, True))
    if exact is not None and near is not None:
        found.append(copy_status(exact, near))
    return found


def agreement(counts: np.ndarray) -> Attribute:
    """How many people give the first answer, from FER+ votes (N, 10); images without votes have no group."""
    total = counts.sum(axis=1)
    people = np.rint(10 * counts.max(axis=1, initial=0) / np.maximum(total, 1))  # of ten, where fewer voted
    place = np.where(total > 0, np.searchsorted(_FEWEST, people, side="right"), UNKNOWN)
    return _without_empty(Attribute(AGREEMENT, _AGREE, place, "people of ten (FER+) who give the most frequent answer"))


def copy_status(exact: np.ndarray, near: np.ndarray) -> Attribute:
    """Whether Training has a copy of each image.

    `exact` and `near`, bool (N,), are what `fercore.data.copies.with_copy_in_training` says with `near` off and on.
    """
    place = np.where(exact, 0, np.where(near, 1, 2))
    return _without_empty(
        Attribute(COPY, _COPIES, place, "the same picture, or one that is nearly the same or its mirror image")
    )


def slice_names() -> list[str]:
    """Names of all slices that the project can know of itself, the same for every data set."""
    cuts = [f"{name}: {word} of {parts}" for name in MEASURES for parts, words in PARTS.items() for word in words]
    groups = [f"{name}: {value}" for name, values in ((AGREEMENT, _AGREE), (COPY, _COPIES)) for value in values]
    return cuts + groups


def slice_name(attribute: Attribute, value: str) -> str | None:
    """Which of `slice_names` one group of an attribute is; None for those of a user's file, and for unnamed groups."""
    cut_into = f" of {len(attribute.edges) + 1}" if attribute.edges else ""
    name = f"{attribute.name}: {value.partition(' (')[0] if cut_into else value}{cut_into}"
    return name if name in slice_names() else None


def parts_of(name: str) -> int:
    """Into how many groups the measure of one of `slice_names` is cut."""
    return next((parts for parts in PARTS if name.endswith(f" of {parts}")), min(PARTS))


def pair(one: Attribute, other: Attribute) -> Attribute:
    """Two attributes at once: a group for each two groups that occur together."""
    values = tuple(f"{a}, {b}" for a in one.values for b in other.values)
    known = (one.place >= 0) & (other.place >= 0)
    place = np.where(known, one.place * len(other.values) + other.place, UNKNOWN)
    return _without_empty(Attribute(f"{one.name} and {other.name}", values, place, ""))


def of_images(attribute: Attribute, rows: np.ndarray) -> Attribute:
    """The same of some images, bool (N,), in their order: groups keep their edges, and those of no image are gone."""
    kept = Attribute(attribute.name, attribute.values, attribute.place[rows], attribute.about, attribute.edges)
    return _without_empty(kept)


def _without_empty(attribute: Attribute, drop: Sequence[str] = ()) -> Attribute:
    """The same without groups of no image, and without those called as one of `drop`, whose images then have none."""
    counts = np.bincount(attribute.place[attribute.place >= 0], minlength=len(attribute.values))
    kept = [i for i, value in enumerate(attribute.values) if counts[i] and value not in drop]
    new = np.full(len(attribute.values) + 1, UNKNOWN)  # the last is where -1 points to
    new[kept] = np.arange(len(kept))
    values = tuple(attribute.values[i] for i in kept)
    return Attribute(attribute.name, values, new[attribute.place], attribute.about, attribute.edges)
