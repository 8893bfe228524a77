"""The webcam's worker: a thread that always looks at the newest frame. Knows no Streamlit and no camera.

Frames wait in one place, and a newer one takes the place of one that nobody has looked at yet: a slow model costs
answers, never delay. Frames stay in memory, two at most (the one looked at and the one that waits), and go with it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

import numpy as np

from fercore.data.fer2013 import SIZE
from fercore.emotions import EMOTIONS

if TYPE_CHECKING:
    from fercore.inference.faces import Face

IDLE = 5.0  # seconds without a frame after which the thread ends by itself: a camera sends 15 a second
MOST_FACES = 8  # of one picture are looked at, the largest ones
T = TypeVar("T")


class Worker(Generic[T]):
    """Hands the newest item to a function, in a thread that lives only while items come.

    The first item starts the thread; `stop` ends it, and so does silence, for the case that nobody says that a stream
    has ended. A later item starts another.

    Parameters
    ----------
    work
        Called with an item. What it raises is kept as `problem`, and the next item is taken.
    prepare
        Called first in each thread.
    idle
        Seconds of silence after which the thread ends.
    """

    def __init__(
        self, work: Callable[[T], object], prepare: Callable[[], object] = lambda: None, idle: float = IDLE
    ) -> None:
        self._work, self._prepare, self._idle = work, prepare, idle
        self._changed = threading.Condition()
        self._waiting: list[T] = []  # one item or none
        self._thread: threading.Thread | None = None  # a thread that finds another one here ends
        self.problem: Exception | None = None

    @property
    def running(self) -> bool:
        """Whether there is a thread that waits for items or works on one."""
        return self._thread is not None

    def submit(self, item: T) -> None:
        """Hand over an item, in place of one that still waits; returns at once."""
        with self._changed:
            self._waiting = [item]
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="webcam worker", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def stop(self, timeout: float | None = 0) -> None:
        """End the thread after the item it works on, and forget the one that waits.

        Parameters
        ----------
        timeout
            Seconds to wait for the end, None for as long as it takes. 0 waits for nothing: callers that serve others,
            such as an event loop, must not.
        """
        with self._changed:
            thread, self._thread, self._waiting = self._thread, None, []
            self._changed.notify_all()
        if thread and timeout != 0 and thread is not threading.current_thread():
            thread.join(timeout)

    def _run(self) -> None:
        self._guarded(self._prepare)
        while taken := self._next():
            self._guarded(self._work, taken.pop())

    def _guarded(self, function: Callable[..., object], *arguments: T) -> None:
        try:
            function(*arguments)
            self.problem = None
        except Exception as error:  # whatever it is, the user reads it on the page and the video goes on
            self.problem = error

    def _next(self) -> list[T]:
        """The newest item, in a list; an empty list where the thread must end."""
        me = threading.current_thread()
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._thread is not me, self._idle)
            if self._thread is not me:
                return []
            taken, self._waiting = self._waiting, []
            if not taken:
                self._thread = None
            return taken


@dataclass(frozen=True)
class Model:
    """Something that answers for faces.

    Attributes
    ----------
    name
        Of its run.
    label, color
        What stands beside a face on the video, short and ASCII: "CNN"; and the run's colour, "#RRGGBB".
    predict
        uint8 faces (N, *shape) -> probabilities (N, classes); called by one thread of each session.
    classes
        What it knows, in the order of its answers.
    shape
        Of the faces it is asked about: (size, size) gray, (size, size, 3) in colour.
    threshold
        Smallest probability at which it counts as sure, see `fercore.evaluation.confidence.Confidence`.
    """

    name: str
    label: str
    color: str
    predict: Callable[[np.ndarray], np.ndarray]
    classes: tuple[str, ...] = EMOTIONS
    shape: tuple[int, ...] = (SIZE, SIZE)
    threshold: float = 0.0


def all_classes(models: Sequence[Model]) -> tuple[str, ...]:
    """Every class that one of the models knows, those of the first one first."""
    return tuple(dict.fromkeys(name for model in models for name in model.classes))


class Reading(NamedTuple):
    """What models say of the faces of one picture.

    Attributes
    ----------
    faces
        The largest face first, at most `MOST_FACES`.
    crops
        Shape -> their crops, uint8 (faces, *shape), for each shape that a model is asked about; none without faces.
    probabilities
        float32 (models, faces, classes), NaN of a model that failed, and of a class that a model does not know.
    seconds
        float (models,), the time of each answer, NaN where there is none.
    problems
        For each model what it raised, else None.
    classes
        Every class that one of the models knows.
    """

    faces: tuple[Face, ...]
    crops: dict[tuple[int, ...], np.ndarray]
    probabilities: np.ndarray
    seconds: np.ndarray
    problems: tuple[Exception | None, ...]
    classes: tuple[str, ...] = EMOTIONS


def read(
    picture: np.ndarray,
    models: Sequence[Model],
    find: Callable[[np.ndarray], Sequence[Face]],
    crop: Callable[[np.ndarray, Sequence[Face], tuple[int, ...]], np.ndarray],
) -> Reading:
    """Find the faces of a picture and ask each model about all of them.

    Parameters
    ----------
    picture
        uint8 (H, W, 3), RGB.
    models
        Asked one after the other; one that raises leaves the others' answers standing.
    find, crop
        Picture -> faces; picture, faces, shape -> uint8 (faces, *shape).

    Returns
    -------
    Reading
    """
    faces = tuple(sorted(find(picture), key=_area, reverse=True)[:MOST_FACES])
    classes = all_classes(models)
    probabilities = np.full((len(models), len(faces), len(classes)), np.nan, np.float32)
    seconds, problems = np.full(len(models), np.nan), [None] * len(models)
    if not faces:
        return Reading((), {}, probabilities, seconds, tuple(problems), classes)
    crops = {shape: crop(picture, faces, shape) for shape in {model.shape for model in models}}
    for number, model in enumerate(models):
        started, known = time.perf_counter(), [classes.index(name) for name in model.classes]
        try:
            probabilities[number][:, known] = model.predict(crops[model.shape])
            seconds[number] = time.perf_counter() - started
        except Exception as error:  # a stranger's model may raise anything
            problems[number] = error
    return Reading(faces, crops, probabilities, seconds, tuple(problems), classes)


def _area(face: Face) -> float:
    left, top, right, bottom = face.box
    return (right - left) * (bottom - top)


def one_thread_each() -> None:
    """Let torch use one thread in the calling thread, and OpenCV everywhere.

    With more of them, models answer two to four times slower beside a video that is decoded and encoded. torch's
    setting is read by each thread at its first use and then kept, so it is put back for all later ones.
    """
    import cv2
    import torch

    cv2.setNumThreads(1)
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    others = threading.Thread(target=torch.set_num_threads, args=(before,))
    others.start()
    others.join()
