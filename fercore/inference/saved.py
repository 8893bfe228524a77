"""Answers that were saved as CSV, opened again: those of a video with tracks, and those of the webcam."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from fercore.inference.batch import TAKEN, WEBCAM, columns
from fercore.inference.timeline import classes_of

MOST_ROWS = 200_000
MOST_SECONDS = 1e7  # of a video: some months
_FORMS = (
    "expected what scripts/predict.py --tracks writes, the page Predict offers as faces (CSV), or the page Webcam saves"
)


class UnreadableAnswers(ValueError):
    """A file that holds no answers; says why in words."""


class Saved(NamedTuple):
    """What was opened.

    Attributes
    ----------
    tables
        Name -> table of the answers for one video, with `fercore.inference.batch.columns`: of the webcam one for each
        run; else one, named "".
    step
        Seconds from look to look, a median.
    looks
        Moments of which there are answers.
    webcam
        Whether it is the webcam's: one face at each moment, the largest, whosever it is.
    """

    tables: dict[str, pd.DataFrame]
    step: float
    looks: int
    webcam: bool


def read_saved(data: bytes) -> Saved:
    """Open the answers in a CSV file.

    Raises
    ------
    UnreadableAnswers
        If it is something else, or holds answers for several videos or for none.
    """
    try:
        table = pd.read_csv(io.BytesIO(data), encoding_errors="replace", low_memory=False, nrows=MOST_ROWS + 1)
    except (ValueError, OverflowError) as error:
        raise UnreadableAnswers(f"not a table of comma-separated values; {_FORMS}") from error
    if len(table) > MOST_ROWS:
        raise UnreadableAnswers(f"more than {MOST_ROWS:,} rows; save a part of the video")
    webcam = tuple(table.columns[: len(WEBCAM)]) == WEBCAM
    tables = _of_webcam(table) if webcam else {"": _of_video(table)}
    if not tables or not all(map(len, tables.values())):
        raise UnreadableAnswers("no answer for a face in a video")
    times = np.unique(np.concatenate([own["time"].to_numpy(float) for own in tables.values()]))
    return Saved(tables, float(np.median(np.diff(times))) if len(times) > 1 else 1.0, len(times), webcam)


def _of_video(table: pd.DataFrame) -> pd.DataFrame:
    names = list(table.columns)
    if "time" in names and "label" in names and "track" not in names:
        raise UnreadableAnswers("a table of faces without the column track: write it with --tracks")
    known = "rotation" in names and "label" in names
    classes = classes_of(table) if known else ()
    _check_names(classes)
    if not classes or tuple(names) not in {columns(classes, True), columns(classes, True, True)}:
        raise UnreadableAnswers(f"other columns than those of answers; {_FORMS}")
    table = table[table["track"].notna()].reset_index(drop=True)
    if table["file"].nunique() > 1:
        raise UnreadableAnswers(f"answers for {table['file'].nunique():,} videos; save those for each by themselves")
    smoothing = ["smoothing"] if "smoothing" in table else []
    checked = _checked(table, classes, ["time", "track", *smoothing])
    if (checked["track"] % 1 != 0).any() or not checked["track"].between(1, MOST_ROWS).all():
        raise UnreadableAnswers(f"tracks that are no whole numbers from 1 to {MOST_ROWS:,}")
    return checked.astype({"track": int})


def _of_webcam(table: pd.DataFrame) -> dict[str, pd.DataFrame]:
    classes = tuple(table.columns[len(WEBCAM) :])
    _check_names(classes)
    found = table[table["emotion"].notna()].rename(columns={"seconds": "time", "emotion": "label"})
    found = found.assign(file="webcam", face=1, track=1)
    tables = {}
    for run, own in found.groupby("run", sort=False):
        known = [name for name in classes if own[name].notna().any()]
        whole = own.reindex(columns=list(columns(known, tracks=True))).reset_index(drop=True)
        tables[str(run)] = _checked(whole, known, ["time"])
    return tables


def _check_names(classes: Sequence[str]) -> None:
    if taken := sorted(TAKEN.intersection(classes)):
        raise UnreadableAnswers(
            f"a class is called {taken[0]!r}, as a column of these tables is; rename it to '{taken[0]} (class)' there"
        )


def _checked(table: pd.DataFrame, classes: Sequence[str], numbers: Sequence[str]) -> pd.DataFrame:
    """The table with figures as floats; tells of the first row in which one is none."""
    # As text, since whole numbers of hundreds of digits are no floats.
    figures = table[[*numbers, *classes]].astype(str).apply(pd.to_numeric, errors="coerce").astype(float)
    shares = figures[list(classes)]
    bad = ~np.isfinite(figures).all(axis=1) | ((shares < 0) | (shares > 1)).any(axis=1)
    bad |= ~figures["time"].between(0, MOST_SECONDS)
    bad |= ~table["label"].isin(list(classes)) | ~table["sure"].astype(str).isin(["True", "False"])
    if bad.any():
        raise UnreadableAnswers(
            f"row {int(bad.to_numpy().argmax()) + 1} of its faces holds something else than answers"
        )
    return table.assign(**figures, sure=table["sure"].astype(str) == "True")
