"""What a user decided about single images, and how a training applies it: the data set itself is never changed.

Decisions are a small CSV, `id,decision,label`, written by the dashboard's Audit page or by hand: "keep" (looked at, and
it is fine), "drop" (training leaves the image out) or "relabel" (training takes `label` for it).
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from fercore.data.dataset import DataError, Dataset
from fercore.emotions import LONGEST_NAME, UnknownEmotion, emotion_index
from fercore.fields import ConfigError
from fercore.runs import atomic_write
from fercore.untrusted import UntrustedError, read_file

KINDS = ("keep", "drop", "relabel")
LEFT_OUT = ""  # the split of an image that a training must not see; none of the data set's names
_COLUMNS = ("id", "decision", "label")
_MOST_BYTES = 32 << 20


@dataclass(frozen=True)
class Decision:
    """One of `KINDS`; `label` is the class of a relabelled image, else empty."""

    kind: str
    label: str = ""


def read_decisions(file: Path) -> dict[str, Decision]:
    """Image id -> decision; a later line on the same image counts. No file means no decisions.

    Raises
    ------
    DataError
        If it is no such CSV; the message names the line.
    """
    try:
        if not file.exists():
            return {}
        rows = csv.reader(io.StringIO(read_file(file, _MOST_BYTES).decode("utf-8-sig")))
        if (header := next(rows, None)) != list(_COLUMNS):
            raise DataError(f"{file} line 1: received {header}, expected {','.join(_COLUMNS)}")
        return {row[0]: _decision(row, f"{file} line {rows.line_num}") for row in rows if row}
    except (OSError, UnicodeDecodeError, UntrustedError, csv.Error) as error:
        raise DataError(f"{file}: not a readable CSV ({error}); mend it, or delete it to begin anew") from error


def write_decisions(file: Path, decisions: Mapping[str, Decision]) -> None:
    """Write all decisions, ordered by image, to a temporary file and then rename it."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    writer.writerows((id_, own.kind, own.label) for id_, own in sorted(decisions.items()))
    atomic_write(file, lambda stream: stream.write(text.getvalue().encode("utf-8")))


def apply_decisions(dataset: Dataset, exclude: str, relabel: str) -> tuple[Dataset, dict | None]:
    """The data set as a training is to see it.

    Parameters
    ----------
    dataset
        As prepared. Only its train split is affected: what models are chosen and measured on stays what others have.
    exclude, relabel
        Files of decisions: the images that one says to drop leave the train split, those that the other says to relabel
        get their new label; both may name one file, and an empty name does nothing.

    Returns
    -------
    dataset
        With other splits and labels in memory.
    record
        What run.json keeps: excluded and relabelled (numbers of train images), and sha256 of all that was applied,
        which does not depend on the order of the lines. None where both names are empty.

    Raises
    ------
    ConfigError
        If a file is absent, names an image that the data set does not hold, or leaves nothing to train on.
    DataError
        If a file is damaged.
    """
    if not exclude and not relabel:
        return dataset, None
    dropped = _chosen(dataset, exclude, "exclude", "drop")
    changed = {id_: own for id_, own in _chosen(dataset, relabel, "relabel", "relabel").items() if id_ not in dropped}
    splits, labels = dataset.splits.copy(), dataset.labels.copy()
    rows = {id_: row for row, id_ in enumerate(dataset.ids.tolist())}
    splits[[rows[id_] for id_ in dropped]] = LEFT_OUT
    for id_, own in changed.items():
        labels[rows[id_]] = _code(own.label, dataset, relabel)
    applied = [f"{id_}\t{own.kind}\t{own.label}\n" for id_, own in sorted((dropped | changed).items())]
    if not (splits == "train").any():
        raise ConfigError(f"--exclude {exclude}: it drops every training image; keep some")
    sha256 = hashlib.sha256("".join(applied).encode()).hexdigest()
    record = {"excluded": len(dropped), "relabelled": len(changed), "sha256": sha256}
    return replace(dataset, splits=splits, labels=labels), record


def _chosen(dataset: Dataset, name: str, flag: str, kind: str) -> dict[str, Decision]:
    """The decisions of one kind on images of the train split."""
    if not name:
        return {}
    if not Path(name).is_file():
        raise ConfigError(f"--{flag}: there is no file {name}; make decisions on the dashboard's Audit page")
    decisions = read_decisions(Path(name))
    if unknown := sorted(decisions.keys() - set(dataset.ids.tolist())):
        raise ConfigError(
            f"--{flag} {name}: {dataset.path} holds no image {unknown[0]!r} ({len(unknown)} of {len(decisions)} ids "
            "are unknown); expected decisions on this data set, in the form it was prepared from"
        )
    train = set(dataset.ids[dataset.splits == "train"].tolist())
    return {id_: own for id_, own in decisions.items() if own.kind == kind and id_ in train}


def _code(label: str, dataset: Dataset, name: str) -> int:
    """Code of a class of the data set by its name, or by another usual one of a known class."""
    try:
        return dataset.classes.index(label) if label in dataset.classes else emotion_index(label, dataset.classes)
    except UnknownEmotion as error:
        raise ConfigError(f"--relabel {name}: {error}") from error


def _decision(row: list[str], where: str) -> Decision:
    if len(row) != len(_COLUMNS):
        raise DataError(f"{where}: received {len(row)} fields, expected {','.join(_COLUMNS)}")
    _, kind, label = row
    if kind not in KINDS:
        raise DataError(f"{where}: received the decision {kind[:40]!r}, expected one of {', '.join(KINDS)}")
    try:
        if (kind == "relabel") != bool(label):
            raise UnknownEmotion("a new label belongs to relabel, and to nothing else")
        if label and not (label.isprintable() and len(label) <= LONGEST_NAME):
            raise UnknownEmotion(f"received the label {label[:40]!r}, expected the name of a class")
    except UnknownEmotion as error:
        raise DataError(f"{where}: {error}") from error
    return Decision(kind, label)
