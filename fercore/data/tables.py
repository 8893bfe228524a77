"""fer2013.csv and icml_face_data.csv: one image a row, pixels as text."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from importlib.resources.abc import Traversable

import numpy as np

from fercore.data.dataset import SPLITS, DataError
from fercore.data.fer2013 import OFFICIAL_SPLIT_NAMES, SIZE, USAGES
from fercore.data.members import READ_ERRORS
from fercore.data.records import BadRecord, OnBad, Record, Source
from fercore.emotions import EMOTIONS

COLUMNS = ("emotion", "pixels", "usage")
MAX_LINE = 1 << 17  # characters; a row of FER2013 has at most 9,240
MAX_LINES = 1_000_000  # of a table; FER2013 has 35,888
MAX_BYTES = 4 << 30  # of a table, unpacked; FER2013 has 301 million
_LEVELS = {str(level): level for level in range(256)}
_LABELS = {str(code): code for code in range(len(EMOTIONS))}


def open_table(file: Traversable, name: str, form: str) -> Source:
    """Open a table with the columns emotion, pixels and Usage, in any order and with blanks around their names.

    Parameters
    ----------
    file
        The csv.
    name, form
        For messages and dataset.json.

    Returns
    -------
    Source
        Its records come in the order of the file, with the ids row_1, row_2, ...

    Raises
    ------
    DataError
        If a column is missing or the file cannot be read.
    """
    lines = _count_lines(file, name)
    _, header = next(_lines(file, name), (0, []))
    columns = _columns(header, name)

    def read(on_bad: OnBad) -> Iterator[Record]:
        lines = _lines(file, name)
        next(lines)  # the header
        for row, (line, fields) in enumerate(lines, start=1):
            try:
                record = _record(fields, columns, row, len(header))
            except BadRecord as error:
                on_bad(BadRecord(f"{name} row {row} (line {line}): {error}"))
            else:
                yield record

    return Source(form, name, OFFICIAL_SPLIT_NAMES, read, total=lines - 1, expected=SPLITS)


def _lines(file: Traversable, name: str) -> Iterator[tuple[int, list[str]]]:
    """Line number and fields of every row that is not blank, the header first."""
    try:
        with io.TextIOWrapper(file.open("rb"), encoding="utf-8-sig", errors="replace", newline="") as stream:
            rows = csv.reader(_bounded(stream, name))
            for fields in rows:
                if fields:
                    yield rows.line_num, fields
    except (*READ_ERRORS, csv.Error) as error:
        raise DataError(f"{name}: cannot be read to its end ({error}); download it again") from error


def _bounded(stream: io.TextIOBase, name: str) -> Iterator[str]:
    """The lines of a text, none of them long enough to fill the memory."""
    for number, line in enumerate(iter(lambda: stream.readline(MAX_LINE), ""), start=1):
        if len(line) == MAX_LINE:
            raise DataError(f"{name} line {number}: {MAX_LINE:,} characters or more; expected {SIZE * SIZE:,} pixels")
        yield line


def _count_lines(file: Traversable, name: str) -> int:
    lines = size = 0
    try:
        with file.open("rb") as stream:
            for block in iter(lambda: stream.read(1 << 20), b""):
                lines, size = lines + block.count(b"\n"), size + len(block)
                if lines > MAX_LINES or size > MAX_BYTES:
                    much = f"{MAX_LINES:,} lines" if lines > MAX_LINES else f"{MAX_BYTES:,} bytes"
                    raise DataError(f"{name}: more than the {much} allowed; is it FER2013, which has 35,888 lines?")
    except READ_ERRORS as error:
        raise DataError(f"{name}: cannot be read to its end ({error}); download it again") from error
    return lines


def _columns(header: list[str], name: str) -> dict[str, int]:
    """Position of each of `COLUMNS`."""
    names = [column.strip().lower() for column in header]
    if any(names.count(column) != 1 for column in COLUMNS):
        received = ", ".join(column[:40] for column in header[:8]) or "an empty file"
        raise DataError(f"{name}: received the columns {received}; expected emotion, pixels and Usage, each once")
    return {column: names.index(column) for column in COLUMNS}


def _record(fields: list[str], columns: dict[str, int], row: int, width: int) -> Record:
    if len(fields) != width:
        raise BadRecord(f"{len(fields)} fields, expected {width}")
    emotion, pixels, usage = (fields[columns[column]].strip() for column in COLUMNS)
    if emotion not in _LABELS:
        raise BadRecord(f"emotion {emotion[:40]!r}, expected 0 to 6")
    if usage.lower() not in USAGES:
        raise BadRecord(f"Usage {usage[:40]!r}, expected {', '.join(OFFICIAL_SPLIT_NAMES.values())}")
    return Record(f"row_{row}", _LABELS[emotion], USAGES[usage.lower()], _pixels(pixels))


def _pixels(text: str) -> np.ndarray:
    """uint8 array (48, 48) from blank-separated numbers; each is looked up, so that none is rounded or wrapped."""
    values = text.split()
    if len(values) != SIZE * SIZE:
        raise BadRecord(f"{len(values):,} pixels, expected {SIZE * SIZE:,}")
    try:
        levels = bytes(map(_LEVELS.__getitem__, values))
    except KeyError as error:
        raise BadRecord(f"pixel {str(error.args[0])[:40]!r}, expected whole numbers from 0 to 255") from error
    return np.frombuffer(levels, dtype=np.uint8).reshape(SIZE, SIZE)
