"""One video of a visitor, looked at in short pieces of work. Knows no Streamlit.

The file stays in memory and goes with this object, as do the crops of its faces.
"""

from __future__ import annotations

import io
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from fercore.data.decode import UnreadableImage
from fercore.inference.annotate import Overlay, annotate
from fercore.inference.batch import AT_ONCE, Found, Survey, columns, rows, write_rows
from fercore.inference.faces import crop_face
from fercore.inference.looking import Find
from fercore.inference.predictor import Answers, Predictor
from fercore.inference.smoothing import TrackSmoother
from fercore.inference.sources import Picture, kind_of_bytes
from fercore.inference.tracks import Tracker
from fercore.inference.video import Clip, describe, pass_frames
from views.predict.clip_answers import ClipAnswers
from views.predict.pieces import InPieces

MOST_SECONDS = 1800  # of a video that are looked at
MOST_FACES = 20_000  # kept with their crops: some 60 MB


class Asked(NamedTuple):
    """What is done with a video.

    Attributes
    ----------
    fps
        Looks a second.
    start, end
        Seconds between which it is looked at; the end is infinity where that is its own.
    tta, runtimes, detect
        As the page's choosers give them; runtimes as pairs of a run's name and "torch" or "onnx".
    look_every
        Of these looks, in which faces are looked for: in the others they are followed.
    """

    fps: float
    start: float
    end: float
    tta: str
    runtimes: tuple[tuple[str, str], ...]
    detect: bool
    look_every: int = 1

    @property
    def step(self) -> float:
        """Seconds from look to look."""
        return 1 / self.fps


def checked(data: bytes) -> Clip:
    """What a video says of itself; `UnreadableImage` with the reason where it is none."""
    kind = kind_of_bytes(data[:512])
    if not data:
        raise UnreadableImage("the file is empty")
    if kind != "video":
        raise UnreadableImage("it is a picture: choose Upload for it" if kind else "not a video of a known form")
    return describe(io.BytesIO(data))


class ClipSurvey(InPieces):
    """Who shows what in a video, as `scripts/predict.py --tracks` finds it, a piece at a time.

    Parameters
    ----------
    name, data
        Of the file.
    asked
        What to do.
    predictors
        Run name -> its model.
    detector
        See `fercore.inference.looking.look`.
    length
        Of the video in seconds, as it says; None where it does not.

    Attributes
    ----------
    time, until
        Seconds of the video up to which it has been looked at, and up to which it will be.
    problem
        What is wrong with the file, in words; what was found before stays.
    full
        Whether it ended since `MOST_FACES` were found or `MOST_SECONDS` were looked at.
    """

    def __init__(
        self,
        name: str,
        data: bytes,
        asked: Asked,
        predictors: Mapping[str, Predictor],
        detector: Find | None,
        length: float | None = None,
    ) -> None:
        super().__init__()
        self.name, self.data, self.asked = name, data, asked
        self.until = min(asked.end, length or asked.start + MOST_SECONDS)
        self.time, self.problem, self.full = asked.start, "", False
        self._last_look = asked.start
        self.found: list[Found] = []
        self._predictors, self._waiting = dict(predictors), []
        self._answers: dict[str, list[Answers]] = {run: [] for run in predictors}
        self._tables: dict[tuple[str, float], pd.DataFrame] = {}
        self._shape = next(iter(self._predictors.values())).shape
        self._survey = Survey(detector, asked.fps, shape=self._shape, look_every=asked.look_every)
        self._follower, self._tracker = self._survey.follower(), Tracker()
        self._frames = pass_frames(io.BytesIO(data), asked.fps, asked.start, asked.end)
        self._began = time.monotonic()

    @property
    def looks(self) -> int:
        """How many frames were looked at."""
        return self._survey.pictures

    @property
    def end(self) -> float:
        """Up to which second its answers hold: all that was asked for, or where it ended before that."""
        ended = self.cancelled or self.full
        return min(self._last_look + self.asked.step, self.asked.end) if ended else self.asked.end

    @property
    def fraction(self) -> float:
        """Share of the work that is done, 0 to 1, as far as the video's length is known."""
        return _share(self.asked.start, self.time, self.until)

    @property
    def seconds_left(self) -> float:
        """How long the rest will take, as the work has gone so far."""
        gone = time.monotonic() - self._began
        return gone * (1 / self.fraction - 1) if self.fraction else float("inf")

    def _step(self) -> None:
        """Go on by one frame, which may be one that is only passed on the way."""
        try:
            self.time, pixels = next(self._frames)
        except StopIteration:
            self._finish()
        except UnreadableImage as error:
            self.problem = str(error)
            self._finish()
        else:
            if pixels is None:
                return
            self._last_look = self.time
            picture = Picture(Path(self.name), self.time, pixels)
            for found in self._survey.faces_of(picture, self._follower, self._tracker):
                self._waiting.append((found, {run: self._crop(run, pixels, found) for run in self._predictors}))
                self.found.append(found)
            self._answer(AT_ONCE)
            if len(self.found) >= MOST_FACES or self.time - self.asked.start > MOST_SECONDS:
                self.full = True
                self._finish()

    def _crop(self, run: str, pixels: np.ndarray, found: Found) -> np.ndarray:
        shape = self._predictors[run].shape
        return found.crop if shape == self._shape else crop_face(pixels, found.face, shape[0], *shape[2:])

    def _answer(self, least: int) -> None:
        """Ask the models in the batches of the command line, so that their answers are the same to the last digit."""
        while self._waiting and len(self._waiting) >= least:
            batch, self._waiting = self._waiting[:AT_ONCE], self._waiting[AT_ONCE:]
            for run, predictor in self._predictors.items():
                own = predictor.predict([crops[run] for _, crops in batch])
                self._answers[run].append(own)

    def _finish(self) -> None:
        self._frames.close()
        self._answer(1)
        self.finished = True

    @property
    def runs(self) -> list[str]:
        """Names of the runs whose models answer."""
        return list(self._predictors)

    def classes(self, run: str) -> tuple[str, ...]:
        """Classes of a run."""
        return self._predictors[run].classes

    def answers(self, run: str, smoothing: float = 0.0) -> Answers:
        """A run's answers for all faces, averaged over time where there is a time constant, in seconds."""
        parts, predictor = self._answers[run], self._predictors[run]
        probabilities = np.concatenate([part.probabilities for part in parts])
        sure = np.concatenate([part.sure for part in parts])
        own = Answers(probabilities, sure, predictor.classes)
        if not smoothing:
            return own
        return TrackSmoother(smoothing).smooth(self.found, own, predictor.confidence)

    def csv(self, run: str, smoothing: float = 0.0) -> bytes:
        """The table of a run's answers, byte for byte that of `scripts/predict.py --tracks --smooth SECONDS`."""
        file = io.BytesIO()
        own, classes = self.answers(run, smoothing) if self.found else None, self.classes(run)
        lines = rows(self.found, own, classes, tracks=True, smoothing=smoothing)
        write_rows(file, lines, columns(classes, tracks=True, smoothed=bool(smoothing)))
        return file.getvalue()

    def table(self, run: str, smoothing: float = 0.0) -> pd.DataFrame:
        """`csv` as a table; once the work is finished."""
        if (run, smoothing) not in self._tables:
            self._tables[run, smoothing] = pd.read_csv(io.BytesIO(self.csv(run, smoothing)))
        return self._tables[run, smoothing]

    def told(self, labels: Mapping[str, str], smoothing: float = 0.0) -> ClipAnswers:
        """All tables, once the work is finished; `labels` are the runs' short names."""
        tables = {run: self.table(run, smoothing) for run in self._predictors}
        return ClipAnswers(self.name, tables, labels, self.asked.step, self.looks)

    def at(self, moment: float, smoothing: float = 0.0) -> tuple[list[Found], dict[str, Answers]]:
        """The faces of the look at a time of the table, and each model's answers for them."""
        here = [number for number, found in enumerate(self.found) if round(found.time, 3) == moment]
        faces = [self.found[number] for number in here]
        own = {run: self.answers(run, smoothing).part(here) for run in self._predictors}
        return faces, {run: answers.of([one.face for one in faces]) for run, answers in own.items()}

    def moments(self) -> list[float]:
        """Times, as in the table, of the looks at which there are faces."""
        return sorted({round(found.time, 3) for found in self.found})


class Annotation(InPieces):
    """The annotated video of a finished survey, as far as that came, drawn in short pieces of work.

    Attributes
    ----------
    run, smoothing
        Whose answers it shows, and the time constant with which they were averaged, 0 for none.
    content
        The MP4 file, once all is drawn; empty where the visitor ended the work or nothing could be drawn.
    """

    def __init__(self, survey: ClipSurvey, run: str, smoothing: float = 0.0) -> None:
        super().__init__()
        self.run, self.smoothing, self.content, self.problem = run, smoothing, b"", ""
        self._survey, self._file, self._time = survey, io.BytesIO(), survey.asked.start
        overlay = Overlay(survey.table(run, smoothing), survey.asked.step)
        self._frames: Iterator[float] = annotate(
            io.BytesIO(survey.data), self._file, overlay, survey.asked.start, survey.end
        )

    @property
    def fraction(self) -> float:
        """Share of the work that is done, 0 to 1."""
        return _share(self._survey.asked.start, self._time, min(self._survey.end, self._survey.until))

    def _step(self) -> None:
        try:
            self._time = next(self._frames)
        except StopIteration:
            self.content, self.finished = self._file.getvalue(), True
        except UnreadableImage as error:
            self.problem, self.finished = str(error), True

    def _finish(self) -> None:
        self._frames.close()
        self.finished = True


def _share(start: float, time: float, end: float) -> float:
    return min(max((time - start) / (end - start), 0.0), 1.0) if end > start else 1.0
