"""Slices of the user's own: a table of image ids, names and values, such as who is shown or where a picture is from."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from fercore.data.dataset import DataError
from fercore.evaluation.attributes import Attribute, cut, named
from fercore.untrusted import UntrustedError, read_file

COLUMNS = ("id", "name", "value")
EXPECTED = "expected a CSV file with the columns id, name, value, such as: test/angry/PrivateTest_10131736,glasses,yes"
MOST_BYTES = 64 << 20
MOST_NAMES, MOST_VALUES, MOST_LETTERS = 20, 50, 80
NUMBERS = 10  # different numbers from which a name's values are cut into five groups
CAUTION = (
    "{} may tell groups of people apart. Differences between them say how the model and these labels treat people, not "
    "what people are like. Before drawing conclusions, check who assigned the values, and how, and how many images "
    "each group has."
)
_PERSONAL = re.compile(
    r"(?<![a-z])(?:(?:ages?|sex|races?|racial)(?![a-z])|gender|skin|ethnic|religio|disab|nationalit|fitzpatrick|monk)"
)


class Sliced(NamedTuple):
    """What a user's file says of some images.

    Attributes
    ----------
    attributes
        One for each name in the file that says something of these images.
    notes
        What the user should know, in sentences: ids that are no images of these, and the caution.
    """

    attributes: list[Attribute]
    notes: list[str]


def read_slices(file: Path, ids: Sequence[str]) -> Sliced:
    """As `parse_slices`, from a file; DataError where it cannot be read."""
    try:
        content = read_file(file, MOST_BYTES)
    except (OSError, UntrustedError) as error:
        raise DataError(f"{file}: {error}; {EXPECTED}") from error
    return parse_slices(content, ids, str(file))


def parse_slices(content: bytes, ids: Sequence[str], where: str = "the file") -> Sliced:
    """Attributes of images from the content of a CSV file.

    Parameters
    ----------
    content
        The file's bytes: a heading id,name,value and a line for each image and name. Values are taken as names of
        groups; more than ten different numbers are cut into five groups of about the same size.
    ids
        Image ids (N,).
    where
        What the file is called in messages.

    Raises
    ------
    DataError
        If it is no such table, an image has two values of one name, it has more names or values than can be looked at,
        or it says nothing of these images.
    """
    table = _read(content, where)
    index = pd.Index(list(ids))
    rows = index.get_indexer(table["id"])
    if not (rows >= 0).any():
        raise DataError(
            f"{where}: none of its ids is one of these images; its first is {table['id'].iloc[0][:80]!r}, "
            f"expected ids such as {index[0]!r}"
        )
    own = table[rows >= 0].assign(row=rows[rows >= 0])
    if len(names := own["name"].unique()) > MOST_NAMES:
        raise DataError(f"{where}: {len(names)} different names, expected at most {MOST_NAMES}")
    if (twice := own.duplicated(["row", "name"])).any():
        first = own[twice].iloc[0]
        received = f"{first['id'][:80]!r} has two values of {first['name']!r}"
        raise DataError(f"{where}: {received}, expected one")
    attributes = [_attribute(name, part, len(index), where) for name, part in own.groupby("name", sort=False)]
    return Sliced(attributes, _notes(names, int((rows < 0).sum()), len(table)))


def _read(content: bytes, where: str) -> pd.DataFrame:
    if len(content) > MOST_BYTES:
        raise DataError(f"{where}: {len(content):,} bytes, more than the {MOST_BYTES:,} allowed")
    try:
        table = pd.read_csv(io.BytesIO(content), dtype=str, na_filter=False, encoding="utf-8-sig")
    except (ValueError, pd.errors.ParserError) as error:  # UnicodeDecodeError is a ValueError
        raise DataError(f"{where}: no table ({error}); {EXPECTED}") from error
    if missing := [name for name in COLUMNS if name not in table]:
        raise DataError(f"{where}: no column {missing[0]!r}; {EXPECTED}")
    table = table[list(COLUMNS)].apply(lambda column: column.str.strip())
    table = table[table["value"] != ""]
    if table.empty:
        raise DataError(f"{where}: no line with a value; {EXPECTED}")
    for column in ("name", "value"):
        long = table[column].str.len() > MOST_LETTERS
        if long.any():
            text = table.loc[long, column].iloc[0][:MOST_LETTERS]
            raise DataError(f"{where}: the {column} {text!r} ... is longer than {MOST_LETTERS} letters")
    return table


def _attribute(name: str, part: pd.DataFrame, images: int, where: str) -> Attribute:
    different, numbers = part["value"].nunique(), pd.to_numeric(part["value"], errors="coerce").to_numpy(np.float64)
    if different > NUMBERS and np.isfinite(numbers).all():
        measured = np.full(images, np.nan)
        measured[part["row"]] = numbers
        return cut(name, measured, 5)
    if different > MOST_VALUES:
        received = f"{name!r} has {different} different values"
        raise DataError(f"{where}: {received}, expected numbers or at most {MOST_VALUES}")
    names = np.full(images, "", dtype=object)
    names[part["row"]] = part["value"]
    return named(name, names)


def _notes(names: Sequence[str], unknown: int, lines: int) -> list[str]:
    found = []
    if unknown:
        found.append(f"{unknown:,} of {lines:,} lines are of other images and were left out.")
    if personal := [name for name in names if _PERSONAL.search(name.lower())]:
        found.append(CAUTION.format(", ".join(personal)))
    return found
