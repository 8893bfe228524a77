"""Faces of many files, answered in batches: memory stays the same however many there are."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fercore.data.decode import UnreadableImage
from fercore.emotions import EMOTIONS
from fercore.inference.faces import Detector, Face, crop_face, find_faces
from fercore.inference.predictor import Answers, Predictor
from fercore.inference.sources import open_pictures

AT_ONCE = 64  # faces a batch
EDGES = ("left", "top", "right", "bottom")
COLUMNS = ("file", "time", "face", *EDGES, "score", *EMOTIONS, "label", "sure")


class Found(NamedTuple):
    """One face of one picture.

    Attributes
    ----------
    file, time
        Where it was found; seconds from the beginning of a video, None in a picture.
    number
        Of the face in its picture, counted from 1 in reading order.
    face, crop
        Its box and score, and uint8 (48, 48).
    """

    file: Path
    time: float | None
    number: int
    face: Face
    crop: np.ndarray


class Survey:
    """Looks for faces in files, and keeps account of what was there.

    Attributes
    ----------
    pictures, faceless
        Pictures and frames seen, and how many of them have no face.
    bad
        File -> what is wrong with it, in words.
    """

    def __init__(self, detector: Detector | None, fps: float = 1.0) -> None:
        self.pictures, self.faceless, self.bad = 0, 0, {}
        self._detector, self._fps = detector, fps

    def faces(self, files: Iterable[Path]) -> Iterator[Found]:
        """The faces of all files, in order; a file that cannot be read leaves the others standing."""
        for file in files:
            try:
                yield from self._of_file(file)
            except (UnreadableImage, OSError) as error:
                self.bad[file] = str(error)

    def _of_file(self, file: Path) -> Iterator[Found]:
        for picture in open_pictures(file, self._fps):
            faces = find_faces(picture.pixels, self._detector)
            self.pictures += 1
            self.faceless += not faces
            for number, face in enumerate(faces, 1):
                yield Found(file, picture.time, number, face, crop_face(picture.pixels, face))


def write_answers(file: io.BufferedIOBase, found: Iterable[Found], predictor: Predictor) -> int:
    """Write a CSV file with `COLUMNS`, one row a face; returns the number of faces."""
    # Names of files may hold bytes that are no text: they leave as they came.
    text = io.TextIOWrapper(file, encoding="utf-8", errors="surrogateescape", newline="", write_through=True)
    writer, count, found = csv.writer(text), 0, iter(found)
    writer.writerow(COLUMNS)
    while batch := list(islice(found, AT_ONCE)):
        writer.writerows(rows(batch, predictor.predict([one.crop for one in batch])))
        count += len(batch)
    text.detach()
    return count


def rows(found: Iterable[Found], answers: Answers) -> Iterator[tuple]:
    """Faces and their answers as rows with `COLUMNS`: pixels to a tenth, probabilities to a millionth."""
    for one, probabilities, label, sure in zip(found, answers.probabilities, answers.labels, answers.sure, strict=True):
        time = None if one.time is None else round(one.time, 3)
        edges = (round(edge, 1) for edge in one.face.box)
        score = None if one.face.score is None else round(one.face.score, 4)
        figures = (round(float(value), 6) for value in probabilities)
        yield (str(one.file), time, one.number, *edges, score, *figures, EMOTIONS[label], bool(sure))
