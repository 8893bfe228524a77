"""The audit of a data set: everything found, image by image, and the counts it comes to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from fercore.data.audit.groups import copy_groups, partner_splits, picture_numbers
from fercore.data.audit.looks import ODD, looks
from fercore.data.audit.similarity import near_pairs
from fercore.data.audit.small import small
from fercore.data.copies import Copies
from fercore.data.dataset import SPLITS, Dataset

EXACT, NEAR = "exact copies", "near copies"  # findings of a whole group; those of single images are `looks.ODD`
COLUMNS = (
    "finding",
    "group",
    "id",
    "split",
    "label",
    "group_splits",
    "conflict",
    "similarity",
    "mirrored",
    "brightness",
    "contrast",
    "suggested",
    "confidence",
)


@dataclass(frozen=True)
class Audit:
    """What is wrong with a data set.

    Attributes
    ----------
    table
        One row for each image and finding, with the columns `COLUMNS`: finding (`EXACT`, `NEAR`, one of `looks.ODD`, or
        whose doubts about a label they are), group (number of the group of copies, 0 for other findings), id, split,
        label (emotion), group_splits ("train, test"), conflict (whether the group's labels differ), similarity and
        mirrored (of the image's nearest near copy), brightness and contrast (gray levels), suggested and confidence
        (another label, and how probable it is). Groups of near copies hold at least one pair that is not exact, and
        the exact copies of its members. What a finding does not have is empty.
    copies
        Test images with a copy in Training, and all counts.
    """

    table: pd.DataFrame
    copies: Copies


def audit(dataset: Dataset, step: Callable[[str], None] = lambda _: None) -> Audit:
    """Look through a whole data set for copies, conflicting labels, blank and odd pictures.

    Parameters
    ----------
    dataset
        Of any classes, size and colour; the time grows about as the number of images, the memory with it. Exact copies
        have the same pixels; all else is judged in gray at 48 x 48 pixels.
    step
        Told what begins, in words.
    """
    step("exact copies")
    pictures, first = picture_numbers(dataset.images)
    step("near and mirrored copies")
    pairs = near_pairs(small(dataset.images, first))
    step("blank and odd pictures")
    found = looks(small(dataset.images))
    exact, near = copy_groups(pictures), copy_groups(pictures, pairs)
    partners = {
        "exact": partner_splits(pictures, dataset.splits),
        "near": partner_splits(pictures, dataset.splits, pairs),
    }
    only_exact = np.isin(near, near[np.isin(pictures, pairs[["first", "second"]])], invert=True)
    table = pd.concat(
        [
            _group_rows(dataset, exact).assign(finding=EXACT),
            _group_rows(dataset, _renumbered(np.where(only_exact, 0, near)))
            .assign(finding=NEAR)
            .merge(_nearest(dataset, pictures, pairs), on="id", how="left"),
            _odd_rows(dataset, found),
        ],
        ignore_index=True,
    )
    counts = {f"{split}_images": len(dataset.indices(split)) for split in SPLITS}
    counts |= _copy_counts(dataset, "exact", exact, partners["exact"])
    counts |= _copy_counts(dataset, "near", near, partners["near"])
    counts |= {"near_pairs": len(pairs), "mirrored_pairs": int(pairs["mirrored"].sum())}
    counts |= {key: int((found["oddity"] == key).sum()) for key in ODD}
    copies = Copies(dataset.info["fingerprint"], _ids_in_training(dataset, partners), counts)
    return Audit(with_columns(table), copies)


def with_columns(table: pd.DataFrame) -> pd.DataFrame:
    """A table of findings with all `COLUMNS` in their order and of one type; what is missing is empty."""
    table = table.reindex(columns=list(COLUMNS))
    texts = {key: table[key].astype(object).fillna("").astype(str) for key in ("group_splits", "suggested")}
    flags = {key: table[key].astype("boolean").fillna(False).astype(bool) for key in ("conflict", "mirrored")}
    return table.assign(group=table["group"].fillna(0).astype(np.int64), **texts, **flags)


def _group_rows(dataset: Dataset, groups: np.ndarray) -> pd.DataFrame:
    """One row for each image in a group, group by group, Training last within each."""
    rows = np.flatnonzero(groups)
    table = _rows(dataset, rows).assign(group=groups[rows])
    order = table["split"].map({split: place for place, split in enumerate(reversed(SPLITS))})
    table = table.assign(order=order).sort_values(["group", "order", "id"]).drop(columns="order")
    by_group = table.groupby("group")
    present = {split: by_group["split"].transform(lambda own, split=split: split in set(own)) for split in SPLITS}
    joined = [", ".join(s for s in SPLITS if row[s]) for row in pd.DataFrame(present).to_dict("records")]
    return table.assign(group_splits=joined, conflict=by_group["label"].transform("nunique") > 1)


def _renumbered(groups: np.ndarray) -> np.ndarray:
    """Group numbers (N,) without gaps, in the same order; 0 stays 0."""
    return np.unique(np.append(0, groups), return_inverse=True)[1][1:]


def _nearest(dataset: Dataset, pictures: np.ndarray, pairs: pd.DataFrame) -> pd.DataFrame:
    """id, similarity and mirrored: of the most similar near copy of each image that has one."""
    ends = [pairs.assign(picture=pairs[end])[["picture", "similarity", "mirrored"]] for end in ("first", "second")]
    best = pd.concat(ends).sort_values("similarity", ascending=False).drop_duplicates("picture")
    images = pd.DataFrame({"id": dataset.ids, "picture": pictures})
    return images.merge(best, on="picture").drop(columns="picture")


def _odd_rows(dataset: Dataset, found: pd.DataFrame) -> pd.DataFrame:
    order = found["oddity"].map({oddity: place for place, oddity in enumerate(ODD)}).dropna().sort_values(kind="stable")
    own = found.loc[order.index]
    return _rows(dataset, order.index.to_numpy()).assign(
        finding=own["oddity"].to_numpy(), brightness=own["brightness"].to_numpy(), contrast=own["contrast"].to_numpy()
    )


def _rows(dataset: Dataset, rows: np.ndarray) -> pd.DataFrame:
    labels = np.array(dataset.classes, dtype=object)[dataset.labels[rows]]
    return pd.DataFrame({"id": dataset.ids[rows], "split": dataset.splits[rows], "label": labels})


def _copy_counts(dataset: Dataset, kind: str, groups: np.ndarray, partners: np.ndarray) -> dict[str, int]:
    """Groups, images and surplus (images beyond the first of each group), conflicts, and images by split pair."""
    labels = pd.Series(dataset.labels).groupby(groups).nunique().drop(0, errors="ignore")
    images = int((groups > 0).sum())
    counts = {
        f"{kind}_groups": len(labels),
        f"{kind}_images": images,
        f"{kind}_surplus": images - len(labels),
        f"{kind}_conflicts": int((labels > 1).sum()),
    }
    for split in SPLITS:
        for place, other in enumerate(SPLITS):
            counts[f"{kind}_{split}_in_{other}"] = int(partners[dataset.splits == split, place].sum())
    return counts


def _ids_in_training(dataset: Dataset, partners: dict[str, np.ndarray]) -> dict[str, dict[str, list[str]]]:
    training = SPLITS.index("train")
    exact, near = (partners[kind][:, training] for kind in ("exact", "near"))
    return {
        kind: {split: sorted(dataset.ids[chosen & (dataset.splits == split)].tolist()) for split in ("val", "test")}
        for kind, chosen in (("exact", exact), ("near", near & ~exact))
    }


def with_doubts(found: Audit, dataset: Dataset, doubts: pd.DataFrame, finding: str) -> Audit:
    """An audit with doubts about labels added to its table.

    Parameters
    ----------
    found, dataset
        The audit, and what it is of.
    doubts
        id, suggested and confidence, in the order to review them in; ids that the data set lacks are left out.
    finding
        Whose doubts they are.
    """
    rows = pd.Index(dataset.ids).get_indexer(doubts["id"])
    own = doubts[rows >= 0]
    table = _rows(dataset, rows[rows >= 0]).assign(
        finding=finding, suggested=own["suggested"].to_numpy(), confidence=own["confidence"].to_numpy()
    )
    return Audit(with_columns(pd.concat([found.table, table], ignore_index=True)), found.copies)
