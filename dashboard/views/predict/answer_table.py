"""Answers of models handed to their pictures, and as a table. Knows no Streamlit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from fercore.inference.batch import Found, columns, rows
from fercore.inference.predictor import Answers
from state.found_faces import Looked


class Answered(NamedTuple):
    """A picture and what each model says of its faces.

    Attributes
    ----------
    name
        Of the file; escape it in markdown.
    looked
        What is in it.
    answers
        Run name -> its answers, in the order of the faces.
    """

    name: str
    looked: Looked
    answers: dict[str, Answers]


def share_out(names: Sequence[str], looked: Sequence[Looked], answers: Mapping[str, Answers]) -> list[Answered]:
    """Answers for the faces of all pictures in a row, handed back to their pictures.

    Parameters
    ----------
    names, looked
        Of each picture.
    answers
        Run name -> answers for the faces of all pictures, one after the other.
    """
    ends = np.cumsum([len(one.faces) for one in looked])
    shared = []
    for name, one, end in zip(names, looked, ends, strict=True):
        part = slice(int(end) - len(one.faces), int(end))
        own = {run: all_.part(part).of(one.faces) for run, all_ in answers.items()}
        shared.append(Answered(name, one, own))
    return shared


def answer_table(answered: Sequence[Answered]) -> pd.DataFrame:
    """A row for each face and model: those of `scripts/predict.py` with the run's name after the face's number.

    There is a column for each class that one of the models knows; it is empty for those that do not.
    """
    table = []
    for picture in answered:
        faces = [Found(Path(picture.name), None, number, face) for number, face in enumerate(picture.looked.faces, 1)]
        of_runs = [
            [dict(zip(columns(own.classes), row, strict=True)) for row in rows(faces, own, own.classes)]
            for own in picture.answers.values()
        ]
        for of_face in zip(*of_runs, strict=True):
            table += [{"run": run, **row} for run, row in zip(picture.answers, of_face, strict=True)]
    known = columns(all_classes(answered[0].answers.values()) if answered else ())
    order = ["file", "face", "run", *(name for name in known if name not in ("file", "face", "time"))]
    return pd.DataFrame(table, columns=order)


def all_classes(answers: Iterable[Answers]) -> tuple[str, ...]:
    """Every class that one of the models knows, those of the first one first."""
    return tuple(dict.fromkeys(name for own in answers for name in own.classes))
