"""From a source of records to the data set on disk: images.npy, index.csv and dataset.json."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
from tqdm import tqdm

from fercore.data.fer2013 import AUDIT, DECISIONS, SCHEMA_VERSION, SIZE, SPLITS, DataError, Dataset, open_dataset
from fercore.data.fer2013_ids import put_in_order
from fercore.data.folders import replacing
from fercore.data.records import BadRecord, Record, Source
from fercore.emotions import EMOTIONS

VAL_FRACTION = 0.1  # of train, where a validation split has to be cut
FILES = ("images.npy", "index.csv", "dataset.json")


def prepare(
    source: Source, out: Path | str, *, skip_bad: bool = False, seed: int = 0, progress: bool = False
) -> Dataset:
    """Write a source as a data set, all of it or nothing.

    Parameters
    ----------
    source
        What `fercore.data.sources.open_source` returns.
    out
        Folder of the data set. An earlier data set there is replaced at the very end, in one step; decisions on its
        images stay, its audit does not.
    skip_bad
        Leave bad records out and list them in dataset.json, rather than stop at the first.
    seed
        Of the validation split that is cut where the source has none.
    progress
        Show a progress bar on stderr.

    Returns
    -------
    Dataset
        The data set as written, opened.

    Raises
    ------
    DataError
        If a record is bad and `skip_bad` is off, a split is without images, or `out` cannot be written.
    """
    out = Path(out)
    bad: list[str] = []

    def on_bad(error: BadRecord) -> None:
        if not skip_bad:
            raise DataError(f"{error}; mend or remove it, or leave bad ones out with --skip-bad") from error
        bad.append(str(error))

    try:
        with replacing(out, (*FILES, DECISIONS, AUDIT) if (out / "dataset.json").is_file() else FILES) as folder:
            bar = tqdm(source.read(on_bad), total=source.total, unit="image", disable=not progress, delay=0.2)
            with bar as records:
                index = _write_images(folder / "images.npy", records)
            index = put_in_order(folder / "images.npy", index)
            names, options = source.split_names, source.options | {"skip_bad": skip_bad}
            if source.cut_val:
                index["split"] = cut_validation(index["label"].to_numpy(), index["split"].to_numpy(), seed)
                names = names | {
                    "train": f"{names['train']} (without validation)",
                    "val": f"validation (cut from train, seed {seed})",
                }
                options = options | {"val_fraction": VAL_FRACTION, "seed": seed}
            _check_index(index, source)
            info = _describe(index, np.load(folder / "images.npy", mmap_mode="r"))
            info |= {"source": {"form": source.form, "name": source.name, "options": options}}
            info |= {"split_names": names, "bad": bad}
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


def fingerprint(images: np.ndarray, labels: Iterable[int], splits: Iterable[str]) -> str:
    """SHA-256 of a data set that depends on neither the order nor the ids of its images.

    Parameters
    ----------
    images
        uint8 array (N, 48, 48).
    labels, splits
        Class 0 to 6 and split of each image, N of each.

    Returns
    -------
    str
        64 hexadecimal digits: the hash of the sorted hashes of "<split> <label> " and the pixels of each image.
    """
    digests = sorted(
        hashlib.sha256(f"{split} {label} ".encode() + image.tobytes()).digest()
        for image, label, split in zip(images, labels, splits, strict=True)
    )
    return hashlib.sha256(b"".join(digests)).hexdigest()


def cut_validation(labels: np.ndarray, splits: np.ndarray, seed: int) -> np.ndarray:
    """Move a stratified tenth of train to val.

    Parameters
    ----------
    labels
        int array (N,), classes.
    splits
        str array (N,), "train" or "test".
    seed
        Of the choice; the same seed and order of images give the same split.

    Returns
    -------
    numpy.ndarray
        str array (N,), the new splits.

    Raises
    ------
    DataError
        If train is too small to give every class an image in both splits.
    """
    from sklearn.model_selection import train_test_split  # here, because few data sets need it and it takes seconds

    train = np.flatnonzero(splits == "train")
    try:
        _, chosen = train_test_split(train, test_size=VAL_FRACTION, random_state=seed, stratify=labels[train])
    except ValueError as error:
        raise DataError(
            f"the source has no validation images, and none can be cut from its {len(train)} training images "
            f"({error}); add training images, or a folder val/ with images of every class"
        ) from error
    splits = splits.copy()
    splits[chosen] = "val"
    return splits


def _write_images(path: Path, records: Iterator[Record]) -> pd.DataFrame:
    """Stream the pixels to an npy file; returns id, label and split of each image."""
    rows = []
    with path.open("wb") as file:
        _write_header(file, 0)
        start = file.tell()
        for record in records:
            file.write(record.pixels.tobytes())
            rows.append((record.id, record.label, record.split))
        file.seek(0)
        _write_header(file, len(rows))  # numpy pads the header so that the first dimension can grow
        if file.tell() != start:
            raise RuntimeError(f"the npy header grew from {start} to {file.tell()} bytes and overwrote pixels")
        file.flush()
        os.fsync(file.fileno())
    return pd.DataFrame(rows, columns=["id", "label", "split"])


def _write_header(file, n: int) -> None:
    np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": (n, SIZE, SIZE)})


def _write_text(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _check_index(index: pd.DataFrame, source: Source) -> None:
    if index.empty:
        raise DataError(f"{source.name}: no usable image in it; expected {', '.join(SPLITS)} images of the 7 emotions")
    if len(twice := index["id"][index["id"].duplicated()]):
        raise DataError(f"{source.name}: the id {twice.iloc[0]!r} occurs twice; rename one of the two images")
    if empty := [split for split in SPLITS if split not in set(index["split"])]:
        names = ", ".join(f"{source.split_names[split]} ({split})" for split in empty)
        raise DataError(
            f"{source.name}: no usable image for {names}; expected images in each of {', '.join(SPLITS)}: "
            "complete the source, or download it again"
        )


def _describe(index: pd.DataFrame, images: np.ndarray) -> dict:
    """The part of dataset.json that follows from images and index."""
    counts = {
        split: {
            emotion: int(((index["split"] == split) & (index["label"] == code)).sum())
            for code, emotion in enumerate(EMOTIONS)
        }
        for split in SPLITS
    }
    return {
        "schema_version": SCHEMA_VERSION,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "fingerprint": fingerprint(images, index["label"], index["split"]),
        "counts": counts,
        "split_sizes": {split: sum(counts[split].values()) for split in SPLITS},
    }
