"""Tiny synthetic data sets, written by the same code that writes the real one."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from fercore.data.dataset import SPLITS, Dataset
from fercore.data.fer2013 import OFFICIAL_SPLIT_NAMES, SIZE
from fercore.data.prepare import prepare
from fercore.data.records import OnBad, Record, Source
from fercore.emotions import EMOTIONS


def make_records(
    per_class: int = 4, seed: int = 0, classes: Sequence[str] = EMOTIONS, size: int = SIZE, channels: int = 1
) -> list[Record]:
    """`per_class` images of each class in each split, ordered by split and class.

    Each class is a bright bar at its own height on a noisy grey ground, so that a small model can learn it; in colour
    the bar is red.
    """
    generator = np.random.default_rng(seed)
    records = []
    for split in SPLITS:
        for label, emotion in enumerate(classes):
            for number in range(per_class):
                shape = (size, size) if channels == 1 else (size, size, channels)
                pixels = generator.integers(60, 140, shape, dtype=np.uint8)
                bar = pixels if channels == 1 else pixels[..., 0]
                bar[3 + 6 * label : 9 + 6 * label] += 100
                records.append(Record(f"{split}/{emotion}/{number}", label, split, pixels))
    return records


def make_dataset(
    folder: Path | str,
    per_class: int = 4,
    seed: int = 0,
    classes: Sequence[str] = EMOTIONS,
    size: int = SIZE,
    channels: int = 1,
) -> Dataset:
    """A prepared data set of 3 * `per_class` images of each class in `folder`, which gives it its name."""
    records = make_records(per_class, seed, classes, size, channels)

    def read(on_bad: OnBad) -> Iterator[Record]:
        return iter(records)

    source = Source("synthetic", "factory", OFFICIAL_SPLIT_NAMES, read, total=len(records))
    source = replace(source, classes=tuple(classes), size=size, channels=channels, dataset=Path(folder).name)
    return prepare(source, folder)


def png(pixels: np.ndarray, **options: object) -> bytes:
    """An array as a PNG file: (h, w) grey, (h, w, 3) colour, (h, w, 4) with transparency."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "png", **options)
    return file.getvalue()


def tree_files(records: list[Record], *, official: bool) -> dict[str, bytes]:
    """Path -> PNG file of each record, laid out as in the Kaggle archive (official) or as train/val/test without
    prefixes."""
    files = {}
    for number, record in enumerate(records):
        folder = {"val": "test"}.get(record.split, record.split) if official else record.split
        prefix = f"{OFFICIAL_SPLIT_NAMES[record.split]}_" if official else "img"
        files[f"{folder}/{EMOTIONS[record.label]}/{prefix}{number}.png"] = png(record.pixels)
    return files


def write_folder(root: Path, files: dict[str, bytes]) -> Path:
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
    return root


def write_zip(path: Path, files: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def write_csv(path: Path, records: list[Record], columns: tuple[str, ...] = ("emotion", "pixels", "Usage")) -> Path:
    """Records in the form of fer2013.csv, or of icml_face_data.csv with columns of its names and order."""
    lines = [",".join(columns)]
    for record in records:
        cells = {
            "emotion": str(record.label),
            "Usage": OFFICIAL_SPLIT_NAMES[record.split],
            "pixels": " ".join(map(str, record.pixels.ravel().tolist())),
        }
        lines.append(",".join(cells[column.strip()] for column in columns))
    path.write_text("\n".join(lines) + "\n")
    return path
