"""Hugging Face's parquet files: a column of pictures as files, and one of labels, whose names the schema says.

They are read a few rows at a time, so that memory does not depend on their size.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from importlib.resources.abc import Traversable
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

from fercore.data.choices import Choices
from fercore.data.dataset import DataError
from fercore.data.decode import UnreadableImage, decode_face
from fercore.data.forms.imagefolder import LABELS
from fercore.data.listing import Listing
from fercore.data.members import MAX_IMAGE_BYTES, READ_ERRORS, children
from fercore.data.records import PLAIN_SPLIT_NAMES, BadRecord, OnBad, Record, Source
from fercore.data.trees import SPLIT_FOLDERS

if TYPE_CHECKING:
    from pyarrow.parquet import ParquetFile

IMAGES = ("image", "img", "images")
_BATCH = 64  # rows in memory


def fits(folder: Traversable, _: Choices) -> bool:
    """Whether it, or its folder data/, holds parquet files."""
    return bool(_files(folder))


def open_parquet(folder: Traversable, name: str, container: str, choices: Choices) -> Source:
    """The rows of all parquet files of a folder."""
    files = _files(folder) if folder.is_dir() else [(folder.name, folder)]
    listing = Listing(name, choices)
    if not files:
        raise DataError(f"{name}: no parquet file in it or in data/; expected some as train-00000-of-00001.parquet")
    splits = {path: _split(path) for path, _ in files}
    found, chosen, total = set(), {}, 0  # splits with images, label -> class, rows
    for path, file in files:
        for label, n in _count_labels(file, f"{name}: {path}").items():
            total += n
            if own := listing.class_of(label.name, f"{path}: {n:,} images", n, label.code):
                chosen[label] = own
                found.add(splits[path])
    classes = choices.order(listing.classes)

    def read(on_bad: OnBad) -> Iterator[Record]:
        for error in listing.bad:
            on_bad(error)
        for path, file in files:
            split = choices.as_split or splits[path]
            for row, label, data in _rows(file, f"{name}: {path}"):
                if label not in chosen:  # left out, or counted as bad before
                    continue
                try:
                    pixels = decode_face(_bytes(data), choices.size, choices.channels)
                except UnreadableImage as error:
                    on_bad(BadRecord(f"{name}: {path} row {row}: {error}; expected a whole image file"))
                else:
                    yield Record(f"{path.rpartition('.')[0]}/{row}", classes.index(chosen[label]), split, pixels)

    return Source(
        f"parquet files in a {container}",
        name,
        choices.split_names(PLAIN_SPLIT_NAMES),
        read,
        total=total,
        cut=() if choices.as_split else _cuts(found),
        classes=classes,
        size=choices.size,
        channels=choices.channels,
        dropped=dict(listing.dropped),
        notes=choices.notes(),
        dataset=name,
        options=choices.options(),
    )


class _Label(NamedTuple):
    """A label by its name, and by its code where it is a number."""

    name: str
    code: str


def _count_labels(file: Traversable, where: str) -> Counter[_Label]:
    with _opened(file, where) as table:
        column, names, counts = _column(table, LABELS, where), _label_names(table), Counter()
        for (values,) in _batches(table, [column], where):
            counts.update(_label(value, names) for value in values)
    return counts


def _rows(file: Traversable, where: str) -> Iterator[tuple[int, _Label, object]]:
    """Number from 1, label and picture of each row."""
    with _opened(file, where) as table:
        names, row = _label_names(table), 0
        columns = [_column(table, kinds, where) for kinds in (IMAGES, LABELS)]
        for batch in _batches(table, columns, where):
            for picture, value in zip(*batch, strict=True):
                row += 1
                yield row, _label(value, names), picture


def _files(folder: Traversable) -> list[tuple[str, Traversable]]:
    """Path and file of all parquet files, those of data/ and of folders of configurations and splits too."""
    found = []
    for entry in children(folder):
        if entry.is_file() and entry.name.lower().endswith(".parquet"):
            found.append((entry.name, entry))
        elif entry.is_dir() and (entry.name.lower() in ("data", "default") or entry.name.lower() in SPLIT_FOLDERS):
            found += [(f"{entry.name}/{path}", file) for path, file in _files(entry)]
    return found


def _split(path: str) -> str:
    """The split that a path says: data/train-00000-of-00002.parquet, or default/test/0000.parquet."""
    words = [word for word in re.split(r"[^A-Za-z_]+", path) if word.lower() in SPLIT_FOLDERS]
    return SPLIT_FOLDERS[words[-1].lower()] if words else "train"


def _cuts(found: set[str]) -> tuple[str, ...]:
    if found == {"train"}:
        return ("val", "test")
    return ("val",) if "train" in found and "val" not in found else ()


@contextlib.contextmanager
def _opened(file: Traversable, where: str) -> Iterator[ParquetFile]:
    from pyarrow.parquet import ParquetFile  # here, because only this form needs it and it takes a while

    try:
        with file.open("rb") as stream:
            table = _table(ParquetFile, stream, where)
            yield table
    except READ_ERRORS as error:
        raise DataError(f"{where}: cannot be read ({error}); download it again") from error


def _table(kind: type[ParquetFile], stream: BinaryIO, where: str) -> ParquetFile:
    from pyarrow import ArrowException

    try:
        return kind(stream)
    except (ArrowException, ValueError) as error:
        raise DataError(f"{where}: not a parquet file ({error}); download it again") from error


def _batches(table: ParquetFile, columns: list[str], where: str) -> Iterator[list[list]]:
    """The values of each column, some rows at a time; they are made here, since texts may be none."""
    from pyarrow import ArrowException

    try:
        for batch in table.iter_batches(_BATCH, columns=columns):
            yield [batch.column(column).to_pylist() for column in columns]
    except (ArrowException, ValueError) as error:
        raise DataError(f"{where}: cannot be read to its end ({error}); download it again") from error


def _column(table: ParquetFile, names: tuple[str, ...], where: str) -> str:
    """The first of these names that is a column."""
    found = {name.lower(): name for name in table.schema_arrow.names}
    if column := next((found[name] for name in names if name in found), ""):
        return column
    raise DataError(f"{where}: columns {', '.join(list(found)[:8])}; expected one of {', '.join(names)}")


def _label_names(table: ParquetFile) -> list[str]:
    """Names of the labels' codes, as Hugging Face's datasets keep them in the schema; [] where it says none."""
    try:
        features = json.loads((table.schema_arrow.metadata or {})[b"huggingface"])["info"]["features"]
        column = next(name for name in features if name.lower() in LABELS)
        return [str(name) for name in features[column]["names"]]
    except (KeyError, ValueError, TypeError, StopIteration, RecursionError):
        return []


def _label(value: object, names: list[str]) -> _Label:
    """A label, whose name is that of its code where the schema names codes."""
    if isinstance(value, int):
        return _Label(names[value] if 0 <= value < len(names) else str(value), str(value))
    return _Label(str(value), "")


def _bytes(picture: object) -> bytes:
    """The file in a cell: bytes, or {"bytes": ..., "path": ...}."""
    data = picture.get("bytes") if isinstance(picture, dict) else picture
    if not isinstance(data, bytes):
        raise UnreadableImage("no picture in this row")
    if len(data) > MAX_IMAGE_BYTES:
        raise UnreadableImage(f"more than the {MAX_IMAGE_BYTES:,} bytes allowed for one image")
    return data
