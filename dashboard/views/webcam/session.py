"""One visitor's webcam: frames come in, pictures with marked faces go out, and the page reads what was found.

Three threads meet here: the video's brings frames, the worker's answers, the page's reads. A picture is kept only as
long as it is the newest; what is recorded are numbers. Knows no Streamlit.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from views.webcam.answer_log import MINUTE, Answer, Record, agreement, table
from views.webcam.overlay import Mark, draw, marks
from views.webcam.smoothing import Smoother
from views.webcam.worker import Model, Reading, Worker, one_thread_each, read

if TYPE_CHECKING:
    import pandas as pd

    from fercore.inference.faces import Face

PATIENCE = 10.0  # seconds until a connection counts as not established
RECENT = 2.0  # seconds over which rates are measured, and after which a video without frames has stopped


@dataclass(frozen=True)
class Settings:
    """How frames are looked at; replaced as a whole, never changed.

    Attributes
    ----------
    models
        Asked about every face.
    find, crop
        As `live.read` takes them.
    mirror
        Show the video as a mirror does; models see it as it is.
    smoothing
        Time constant in seconds of `Smoother.smooth`.
    """

    models: tuple[Model, ...]
    find: Callable[[np.ndarray], Sequence[Face]]
    crop: Callable[[np.ndarray, Sequence[Face], tuple[int, ...]], np.ndarray]
    mirror: bool = True
    smoothing: float = 0.5


class Frame(NamedTuple):
    """A picture uint8 (H, W, 3), when it came, and how it is to be looked at."""

    picture: np.ndarray
    at: float
    settings: Settings


class Shown(NamedTuple):
    """The newest reading, the models that gave it, its probabilities smoothed, and what is drawn."""

    models: tuple[Model, ...]
    reading: Reading
    smooth: np.ndarray
    marks: list[Mark]


class Now(NamedTuple):
    """What the page shows.

    Attributes
    ----------
    shown
        The newest answer, None before the first and after the end.
    frame_rate, answer_rate
        Frames and answers a second, over the last `RECENT` seconds; no frames: the video stands.
    delay
        Median age in seconds of the answers of that time when they were given, NaN without any.
    agreement
        Share of the last minute's answers in which the models agree, NaN without any.
    last_minute
        Its answers, oldest first.
    at
        The moment, in seconds of the session's clock.
    problem
        What went wrong apart from a model, or None.
    """

    shown: Shown | None
    frame_rate: float
    answer_rate: float
    delay: float
    agreement: float
    last_minute: list[Answer]
    at: float
    problem: Exception | None


class Connecting:
    """Whether a connection takes too long.

    Parameters
    ----------
    clock
        Seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._since: float | None = None
        self._late = False

    def late(self, playing: bool, signalling: bool) -> bool:
        """Whether this or, until another begins, the last attempt was not established within `PATIENCE`."""
        if signalling and self._since is None:
            self._since, self._late = self._clock(), False
        if playing:
            self._since, self._late = None, False
        elif self._since is not None:
            self._late = self._late or self._clock() - self._since > PATIENCE
            self._since = self._since if signalling else None
        return self._late


class Session:
    """What is seen by one camera.

    Parameters
    ----------
    clock
        Seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.settings: Settings | None = None  # without any, the video passes through
        self.record, self.connecting = Record(), Connecting(clock)
        self._clock = clock
        self._worker = Worker(self._look, one_thread_each)
        self._lock = threading.Lock()
        self._smoother = Smoother()
        self._arrivals: deque[float] = deque(maxlen=256)
        self._shown: Shown | None = None
        self._fault: Exception | None = None

    def receive(self, picture: np.ndarray) -> np.ndarray:
        """Take a frame, uint8 (H, W, 3), RGB, and return what to show for it. Raises nothing: that would end the video.

        Called by the video's thread.
        """
        settings = self.settings
        if settings is None:
            return picture
        frame = Frame(picture, self._clock(), settings)
        self._worker.submit(frame)
        with self._lock:
            self._arrivals.append(frame.at)
            drawn = self._shown.marks if self._shown else []
        try:
            return draw(picture, drawn, settings.mirror)
        except Exception as error:
            self._fault = error
            return picture

    def stop(self) -> None:
        """Forget the picture and let the worker end; the numbers stay. Waits for nothing."""
        self._worker.stop()
        with self._lock:
            self._shown, self._fault, self._smoother = None, None, Smoother()
            self._arrivals.clear()

    def now(self) -> Now:
        """What there is to show at this moment."""
        at = self._clock()
        with self._lock:
            arrivals = [moment for moment in self._arrivals if moment > at - RECENT]
            last_minute, shown = self.record.since(at - MINUTE), self._shown
        recent = [answer.delay for answer in last_minute if answer.at > at - RECENT]
        return Now(
            shown,
            len(arrivals) / RECENT,
            len(recent) / RECENT,
            float(np.median(recent)) if recent else math.nan,
            agreement(last_minute),
            last_minute,
            at,
            self._worker.problem or self._fault,
        )

    def table(self) -> pd.DataFrame:
        """All answers as `webcam.record.table` gives them."""
        with self._lock:
            answers = self.record.since(-math.inf)
        return table(answers)  # takes its time, for which the video must not wait

    def _look(self, frame: Frame) -> None:
        """Answer for one frame; called by the worker's thread."""
        settings = frame.settings
        reading = read(frame.picture, settings.models, settings.find, settings.crop)
        names = tuple(model.name for model in settings.models)
        largest = reading.probabilities[:, 0] if reading.faces else None
        delay = self._clock() - frame.at
        limits = tuple(model.threshold for model in settings.models)
        answer = Answer(frame.at, delay, len(reading.faces), names, reading.seconds, largest, reading.classes, limits)
        with self._lock:
            self.record.add(answer)
            if self._worker.running:  # else it was stopped meanwhile, and nothing is to be shown any more
                smooth = self._smoother.smooth(reading, names, frame.at, settings.smoothing)
                self._shown = Shown(settings.models, reading, smooth, marks(reading, smooth, settings.models))
