"""Answers of models handed to their pictures, and as a table. Knows no Streamlit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from fercore.inference.batch import COLUMNS, Found, rows
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
        own = {run: Answers(all_.probabilities[part], all_.sure[part]).of(one.faces) for run, all_ in answers.items()}
        shared.append(Answered(name, one, own))
    return shared


def answer_table(answered: Sequence[Answered]) -> pd.DataFrame:
    """A row for each face and model: those of `scripts/predict.py` with the run's name after the face's number."""
    table = []
    for picture in answered:
        faces = [
            Found(Path(picture.name), None, number, face, crop)
            for number, (face, crop) in enumerate(zip(picture.looked.faces, picture.looked.crops, strict=True), 1)
        ]
        of_runs = [rows(faces, own) for own in picture.answers.values()]
        for of_face in zip(*of_runs, strict=True):
            table += [(run, *row) for run, row in zip(picture.answers, of_face, strict=True)]
    columns = ["file", "face", "run", *(name for name in COLUMNS if name not in ("file", "face", "time"))]
    return pd.DataFrame(table, columns=["run", *COLUMNS])[columns]
