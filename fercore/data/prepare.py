"""From a source of records to the data set on disk."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from fercore.data.dataset import (
    AUDIT,
    COLUMNS,
    DECISIONS,
    SCHEMA_VERSION,
    SPLITS,
    SUBJECT,
    DataError,
    Dataset,
    count_images,
    folder_name,
    open_dataset,
)
from fercore.data.fer2013_ids import put_in_order
from fercore.data.folders import replacing
from fercore.data.npy import NpyWriter, stored_images
from fercore.data.records import PLAIN_SPLIT_NAMES, BadRecord, Record, Source
from fercore.data.splits import SHARE, cut_split
from fercore.emotions import EMOTIONS, KNOWN

FILES = ("images.npy", "index.csv", "dataset.json", "votes.npy")
LISTED = 5_000  # bad records that dataset.json lists; all are counted


def prepare(
    source: Source,
    out: Path | str,
    *,
    name: str = "",
    skip_bad: bool = False,
    seed: int = 0,
    progress: bool = False,
) -> Dataset:
    """Write a source as a data set, all of it or nothing, in memory that does not grow with the number of pixels.

    Parameters
    ----------
    source
        What `fercore.data.sources.open_source` returns.
    out
        Folder of the data set. An earlier data set there is replaced at the very end, in one step; decisions on its
        images stay, its audit does not.
    name
        Of the data set; that of `out` where it is empty.
    skip_bad
        Leave bad records out and list them in dataset.json, rather than stop at the first.
    seed
        Of the splits that are cut where the source has none.
    progress
        Show a progress bar on stderr.

    Returns
    -------
    Dataset
        The data set as written, opened.

    Raises
    ------
    DataError
        If a record is bad and `skip_bad` is off, there is no image, or `out` cannot be written.
    """
    out = Path(out)
    bad = _Bad(skip_bad)
    try:
        with replacing(out, (*FILES, DECISIONS, AUDIT) if (out / "dataset.json").is_file() else FILES) as folder:
            bar = tqdm(source.read(bad), total=source.total, unit="image", disable=not progress, delay=0.2)
            with bar as records:
                index = _write_arrays(folder, records, source)
            if source.classes == EMOTIONS and source.channels == 1 and not source.votes:
                index = put_in_order(folder / "images.npy", index)
            _check_index(index, source)
            names, options = _cut(index, source, seed)
            info = {"schema_version": SCHEMA_VERSION, "name": name or folder_name(out.resolve().name)}
            info |= _describe(index, source, stored_images(folder / "images.npy"))
            info |= {"source": {"form": source.form, "name": source.name}}
            info["source"]["options"] = source.options | {"skip_bad": skip_bad} | options
            info |= {"split_names": names, "bad": bad.messages, "left_out": bad.images, "dropped": source.dropped}
            info |= {"notes": [*source.notes, *_crossing(index)], "licence": source.licence}
            _write_text(folder / "index.csv", index.to_csv(index=False))
            _write_text(folder / "dataset.json", json.dumps(info, indent=2, ensure_ascii=False) + "\n")
            if (out / DECISIONS).is_file():
                shutil.copy2(out / DECISIONS, folder)
    except OSError as error:
        raise DataError(
            f"cannot write the data set in {out}: {error}; make room there or choose another --out "
            "(an earlier data set is as it was)"
        ) from error
    return open_dataset(out)


def fingerprint(
    images: Iterable[np.ndarray],
    labels: Iterable[int],
    splits: Iterable[str],
    classes: Sequence[str] = EMOTIONS,
) -> str:
    """SHA-256 of a data set that depends on neither the order nor the ids of its images, nor on the order of classes.

    Parameters
    ----------
    images
        uint8 arrays, N of them: (size, size), or (size, size, 3) in colour.
    labels, splits
        Position in `classes` and split of each image, N of each.
    classes
        Names of the classes. The known eight count as their codes in `emotions.KNOWN`, others as their names.

    Returns
    -------
    str
        64 hexadecimal digits: the hash of the sorted hashes of "<split> <class> " and the pixels of each image.
    """
    codes = [str(KNOWN.index(name)) if name in KNOWN else name for name in classes]
    digests = sorted(
        hashlib.sha256(f"{split} {codes[label]} ".encode() + image.tobytes()).digest()
        for image, label, split in zip(images, labels, splits, strict=True)
    )
    return hashlib.sha256(b"".join(digests)).hexdigest()


class _Bad:
    """What becomes of bad records: the first one stops, or all are counted and the first of them kept in words."""

    def __init__(self, skip: bool) -> None:
        self.skip, self.messages, self.images = skip, [], 0

    def __call__(self, error: BadRecord) -> None:
        if not self.skip:
            raise DataError(f"{error}; mend or remove it, or leave bad ones out with --skip-bad") from error
        self.images += error.images
        if len(self.messages) < LISTED:
            self.messages.append(str(error))


def _write_arrays(folder: Path, records: Iterable[Record], source: Source) -> pd.DataFrame:
    """Stream pixels and votes to npy files; returns the index of the images."""
    shape = (source.size, source.size) if source.channels == 1 else (source.size, source.size, 3)
    rows: list[tuple[str, ...]] = []
    with NpyWriter(folder / "images.npy", np.uint8, shape) as images:
        for record in _voting(records, folder, source):
            images.write(record.pixels)
            rows.append((record.id, record.label, record.split, *map(record.extra.get, source.columns)))
    return pd.DataFrame(rows, columns=[*COLUMNS, *source.columns]).fillna("")


def _voting(records: Iterable[Record], folder: Path, source: Source) -> Iterator[Record]:
    """The records, whose votes are written on the way where the source has votes."""
    if not source.votes:
        yield from records
        return
    with NpyWriter(folder / "votes.npy", np.float32, (len(source.classes),)) as votes:
        for record in records:
            votes.write(record.votes)
            yield record


def _cut(index: pd.DataFrame, source: Source, seed: int) -> tuple[dict[str, str], dict]:
    """Cut the splits that the source lacks, in place; returns the names of the splits and the options that say so."""
    names, options = dict(source.split_names), {}
    together = SUBJECT if SUBJECT in index else source.together
    groups = index[together].to_numpy(dtype=str) if together else None
    for to in reversed(source.cut):  # test before val, whose share is of what training then has
        index["split"] = cut_split(index["label"].to_numpy(), index["split"].to_numpy(), seed, to, groups)
        names[to] = f"{PLAIN_SPLIT_NAMES[to]} (cut from train, seed {seed})"
        options = {"val_fraction": SHARE, "seed": seed}
    if source.cut:
        names["train"] += f" (without {' and '.join(PLAIN_SPLIT_NAMES[split] for split in source.cut)})"
    return names, options


def _crossing(index: pd.DataFrame) -> list[str]:
    """What to tell of people whose images the source itself has put into several splits."""
    if SUBJECT not in index:
        return []
    known = index[index[SUBJECT] != ""]
    people = int((known.groupby(SUBJECT)["split"].nunique() > 1).sum())
    return [f"{people:,} people are in more than one split, as the source has it"] if people else []


def _write_text(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _check_index(index: pd.DataFrame, source: Source) -> None:
    if index.empty:
        raise DataError(
            f"{source.name}: no usable image in it; expected images of {', '.join(source.classes)}"
            + f" (left out by your choices: {sum(source.dropped.values()):,})" * bool(source.dropped)
        )
    if len(twice := index["id"][index["id"].duplicated()]):
        raise DataError(f"{source.name}: the id {twice.iloc[0]!r} occurs twice; rename one of the two images")
    if empty := [split for split in source.expected if split not in set(index["split"])]:
        names = ", ".join(f"{source.split_names[split]} ({split})" for split in empty)
        raise DataError(
            f"{source.name}: no usable image for {names}; expected images in each of {', '.join(source.expected)}: "
            "complete the source, or download it again"
        )


def _describe(index: pd.DataFrame, source: Source, images: Iterable[np.ndarray]) -> dict:
    """The part of dataset.json that follows from images and index."""
    labels, splits = index["label"].to_numpy(), index["split"].to_numpy()
    sizes = Counter(splits)
    people = set(index[SUBJECT]) - {""} if SUBJECT in index else None
    return {
        "classes": list(source.classes),
        "size": source.size,
        "channels": source.channels,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "fingerprint": fingerprint(images, labels, splits, source.classes),
        "counts": count_images(labels, splits, source.classes),
        "split_sizes": {split: sizes[split] for split in SPLITS},
        "subjects": None if people is None else len(people),
    }
