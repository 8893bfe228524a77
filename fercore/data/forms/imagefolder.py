"""Hugging Face's `imagefolder`: pictures with metadata.csv or metadata.jsonl that say file_name and label."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from importlib.resources.abc import Traversable

from fercore.data.choices import Choices
from fercore.data.dataset import COLUMNS
from fercore.data.forms.finding import below, child, lines
from fercore.data.listing import Listed, Listing, split_counts
from fercore.data.members import children
from fercore.data.records import Source
from fercore.data.trees import SPLIT_FOLDERS

FILES = ("metadata.csv", "metadata.jsonl")
LABELS = ("label", "labels", "emotion", "expression", "class")  # names of the column that says the class
MOST_COLUMNS = 50


def fits(folder: Traversable, _: Choices) -> bool:
    """Whether metadata with file names and labels lies in it or in its folders of splits."""
    return any(_names_labels(file) for _, _, file in _tables(folder))


def open_it(folder: Traversable, name: str, container: str, choices: Choices) -> Source:
    """The pictures that metadata names."""
    listing = Listing(name, choices)
    for inside, root, file in _tables(folder):
        for where, row in _rows(file, f"{inside}{file.name}"):
            _take(listing, root, inside, where, row)
    found = split_counts(listing.images)
    alone = not (found["val"] or found["test"])
    return listing.source_of(
        f"pictures with {'/'.join(sorted({file.name for _, _, file in _tables(folder)}))} in a {container}",
        dataset=name,
        cut=("val", "test") if alone else () if found["val"] or not found["train"] else ("val",),
        options=choices.options(),
    )


def _tables(folder: Traversable) -> list[tuple[str, Traversable, Traversable]]:
    """Path below the root, folder and file of each metadata."""
    places = [("", folder)]
    places += [
        (f"{entry.name}/", entry)
        for entry in children(folder)
        if entry.name.lower() in SPLIT_FOLDERS and entry.is_dir()
    ]
    found = [(inside, place, child(place, *FILES)) for inside, place in places]
    return [(inside, place, file) for inside, place, file in found if file is not None and file.is_file()]


def _names_labels(file: Traversable) -> bool:
    _, row = next(_rows(file, file.name), ("", {}))
    return "file_name" in row and any(name in row for name in LABELS)


def _rows(file: Traversable, where: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Where each row is, and its columns as text."""
    numbered = lines(file, where)
    if file.name.lower().endswith(".csv"):
        _, header = next(numbered, (0, ""))
        names = [name.strip() for name in next(csv.reader([header]), [])]
        for number, line in numbered:
            cells = next(csv.reader([line]), [])
            yield f"{where} line {number}", dict(zip(names, cells, strict=False))
        return
    for number, line in numbered:
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = None
        row = row if isinstance(row, dict) else {}
        yield f"{where} line {number}", {str(key): str(value) for key, value in row.items()}


def _take(listing: Listing, root: Traversable, inside: str, where: str, row: dict[str, str]) -> None:
    label = next((row[name] for name in LABELS if name in row), None)
    path = row.get("file_name", "")
    if label is None or not path or not path.isprintable():
        listing.add_bad(f"{where}: expected a file_name and a label ({', '.join(LABELS)})")
    elif (file := below(root, path)) is None:
        listing.add_bad(f"{where}: there is no picture {path[:80]!r}")
    elif chosen := listing.class_of(label, where, 1):
        first = (inside + path).replace("\\", "/").partition("/")[0].lower()
        extra = {key: value for key, value in row.items() if key not in ("file_name", *LABELS, *COLUMNS)}
        extra = dict(list(extra.items())[:MOST_COLUMNS])
        listing.add(Listed(file, inside + path, chosen, SPLIT_FOLDERS.get(first, "train"), extra))
