"""Faces of many files, answered in batches: memory stays the same however many there are."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fercore.data.decode import UnreadableImage
from fercore.data.fer2013 import SIZE
from fercore.emotions import EMOTIONS, class_columns
from fercore.inference.faces import Face
from fercore.inference.following import Follower
from fercore.inference.looking import Find, crop_faces, find_faces
from fercore.inference.predictor import Answers, Predictor
from fercore.inference.smoothing import TrackSmoother
from fercore.inference.sources import Picture, open_pictures
from fercore.inference.tracks import Tracker

AT_ONCE = 8  # faces a batch: more are hardly quicker on a CPU, and who cancels waits for one
MOST_NOTED = 20
EDGES = ("left", "top", "right", "bottom")
PLACE = ("file", "time", "face", *EDGES, "score", "found_by", "rotation")
WEBCAM = ("seconds", "run", "faces", "delay_ms", "model_ms", "emotion", "sure")  # of the webcam's, before the classes
# No class is called so in a table of answers: columns that may stand beside it, those that `fercore.inference.timeline`
# adds, its "not sure", and those of Py-Feat.
TAKEN = frozenset(
    [
        *(*PLACE, *WEBCAM, "track", "label", "smoothing", "answer", "probability", "end", "not sure"),
        *("frame", "FaceRectX", "FaceRectY", "FaceRectWidth", "FaceRectHeight", "FaceScore", "Identity", "input"),
        "approx_time",
    ]
)


def named(classes: Sequence[str]) -> tuple[str, ...]:
    """What tables of answers call some classes: "time (class)" where a class is called as a column is, see `TAKEN`."""
    return class_columns(classes, TAKEN)


def columns(classes: Sequence[str] = EMOTIONS, tracks: bool = False, smoothed: bool = False) -> tuple[str, ...]:
    """Columns of a table of faces, for a run with these classes, which are `named` there.

    "track" comes after "face" where faces are followed; "smoothing", seconds, is the last where answers are averaged.
    """
    place = (*PLACE[:3], "track", *PLACE[3:]) if tracks else PLACE
    return (*place, *named(classes), "label", "sure", *["smoothing"] * smoothed)


COLUMNS = columns()


class Found(NamedTuple):
    """One face of one picture, or that there is none.

    Attributes
    ----------
    file, time
        Where it was found; seconds from the beginning of a video, None in a picture.
    number
        Of the face in its picture, counted from 1 in reading order; 0 where the picture has none.
    face, crop
        Its box and score, and uint8 of the shape of the survey's crops; None where the picture has none.
    track
        Number of the person in the video, see `fercore.inference.tracks`; None where faces are not followed.
    """

    file: Path
    time: float | None
    number: int
    face: Face | None
    crop: np.ndarray | None = None
    track: int | None = None


class Survey:
    """Looks for faces in files, and keeps account of what was there.

    Parameters
    ----------
    detector
        As `fercore.inference.looking.find_faces` takes it. Frames of videos are not looked at turned.
    fps
        Frames looked at in a second of a video.
    faceless
        Tell of pictures and frames without a face as well.
    shape
        Of the crops, see `Predictor.shape`.
    tracks
        Follow the faces of each video, see `fercore.inference.tracks`.
    span
        Seconds of videos between which frames are looked at.
    look_every
        Faces of a video are looked for in every so many of these frames, and followed in the others, see
        `fercore.inference.following`.

    Attributes
    ----------
    pictures, faceless
        Pictures and frames seen, and how many of them have no face.
    bad
        File -> what is wrong with it, in words.
    notes
        The first `MOST_NOTED` files of which there is something to know -> what it is, in words.
    """

    def __init__(
        self,
        detector: Find | None,
        fps: float = 1.0,
        faceless: bool = False,
        shape: tuple[int, ...] = (SIZE, SIZE),
        tracks: bool = False,
        span: tuple[float, float] = (0.0, math.inf),
        look_every: int = 1,
    ) -> None:
        self.pictures, self.faceless = 0, 0
        self.bad: dict[Path, str] = {}
        self.notes: dict[Path, str] = {}
        self._detector, self._fps, self._tell_faceless, self._shape = detector, fps, faceless, shape
        self._tracks, self._span, self._look_every = tracks, span, look_every

    def faces(self, files: Iterable[Path]) -> Iterator[Found]:
        """The faces of all files, in order; a file that cannot be read leaves the others standing."""
        for file in files:
            try:
                yield from self._of_file(file)
            except (UnreadableImage, OSError) as error:
                self.bad[file] = str(error)

    def _of_file(self, file: Path) -> Iterator[Found]:
        follower, tracker = self.follower(), Tracker() if self._tracks else None
        for picture in open_pictures(file, self._fps, *self._span):
            yield from self.faces_of(picture, *((follower, tracker) if picture.time is not None else ()))

    def follower(self) -> Follower:
        """What finds the faces of one video, frame after frame."""
        return Follower(self._detector, self._look_every)

    def faces_of(
        self, picture: Picture, follower: Follower | None = None, tracker: Tracker | None = None
    ) -> Iterator[Found]:
        """The faces of one picture, or of the next frame of the video that `follower` and `tracker` know."""
        file, time, notes = picture.file, picture.time, picture.notes
        faces = follower(picture.pixels) if follower else find_faces(picture.pixels, self._detector)
        crops = crop_faces(picture.pixels, faces, self._shape)
        self.pictures += 1
        if notes and len(self.notes) < MOST_NOTED:
            self.notes[file] = "; ".join(notes)
        self.faceless += not faces
        tracks = tracker.update(time, [face.box for face in faces], picture.pixels) if tracker else [None] * len(faces)
        for number, (face, crop, track) in enumerate(zip(faces, crops, tracks, strict=True), 1):
            yield Found(file, time, number, face.scaled(picture.scale), crop, track)
        if self._tell_faceless and not faces:
            yield Found(file, time, 0, None, None)


def write_answers(
    file: io.BufferedIOBase,
    found: Iterable[Found],
    predictor: Predictor,
    tracks: bool = False,
    smoothing: float = 0.0,
) -> int:
    """Write a CSV file with `columns`, one row a face; returns the number of faces.

    `smoothing` is the time constant of `fercore.inference.smoothing.TrackSmoother`; 0 leaves answers as they are.
    """
    count, found = 0, iter(found)
    smoother = TrackSmoother(smoothing) if smoothing else None

    def answered() -> Iterator[tuple]:
        nonlocal count
        while batch := list(islice(found, AT_ONCE)):
            faces = [one for one in batch if one.face]
            answers = predictor.predict([one.crop for one in faces]) if faces else None
            if smoother and faces:
                answers = smoother.smooth(faces, answers, predictor.confidence)
            yield from rows(batch, answers, predictor.classes, tracks, smoothing)
            count += len(faces)

    write_rows(file, answered(), columns(predictor.classes, tracks, bool(smoothing)))
    return count


def write_rows(file: io.BufferedIOBase, lines: Iterable[tuple], header: Sequence[str]) -> None:
    """Write a CSV file of what `rows` gives, with its `columns`."""
    # Names of files may hold bytes that are no text: they leave as they came.
    text = io.TextIOWrapper(file, encoding="utf-8", errors="surrogateescape", newline="", write_through=True)
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows(lines)
    text.detach()


def rows(
    found: Iterable[Found],
    answers: Answers | None,
    classes: Sequence[str] = EMOTIONS,
    tracks: bool = False,
    smoothing: float = 0.0,
) -> Iterator[tuple]:
    """What was found and the answers as rows with `columns`: pixels to a tenth, probabilities to a millionth.

    Parameters
    ----------
    found
        Faces, and pictures without one, of which the row says so by empty cells and the number 0.
    answers
        For the faces, in order; None where there are none.
    classes
        In the order of the answers.
    tracks
        Whether there is the column "track".
    smoothing
        Seconds for the column "smoothing", of faces with a track; 0 for none.
    """
    number, names = 0, named(classes)
    for one in found:
        time = None if one.time is None else round(one.time, 3)
        if one.face is None:
            yield (str(one.file), time, one.number, *[None] * (len(columns(classes, tracks, bool(smoothing))) - 3))
            continue
        edges = (round(edge, 1) for edge in one.face.box)
        unscored = one.face.score is None or one.face.followed
        score = None if unscored else round(one.face.score, 4)
        figures = (round(float(value), 6) for value in answers.probabilities[number])
        label, sure = names[answers.labels[number]], bool(answers.sure[number]) and not one.face.doubtful
        person = (one.number, one.track) if tracks else (one.number,)
        place = (str(one.file), time, *person, *edges, score, one.face.found_by, round(one.face.rotation, 1))
        smoothed = [smoothing if one.track else None] * bool(smoothing)
        yield (*place, *figures, label, sure, *smoothed)
        number += 1
