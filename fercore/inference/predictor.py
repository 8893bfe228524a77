"""Faces in, answers out: the one path that uploads, camera, webcam and command line share."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps

from fercore.data.fer2013 import SIZE
from fercore.emotions import EMOTIONS
from fercore.evaluation.confidence import Confidence, run_confidence
from fercore.inference.faces import Face
from fercore.inference.onnx import load_onnx
from fercore.models.forward import probabilities
from fercore.models.hub import HubPreprocess
from fercore.models.registry import LoadedModel, load
from fercore.runs import TTAS, Run, RunError, open_run

RUNTIMES = ("torch", "onnx")
LARGEST = 1024  # pixels of a face's side, whatever a run says of its model


@dataclass(frozen=True)
class Answers:
    """What a model says of faces.

    Attributes
    ----------
    probabilities
        float32 (N, classes), rows sum to 1, columns in the order of the run's classes; scaled by its temperature.
    sure
        bool (N,): whether the largest probability reaches the run's threshold; True where the run has none.
    classes
        Names of the columns.
    """

    probabilities: np.ndarray
    sure: np.ndarray
    classes: tuple[str, ...] = EMOTIONS

    @property
    def labels(self) -> np.ndarray:
        """int64 (N,): the most probable class of each face, also where the model is not sure."""
        return self.probabilities.argmax(axis=1)

    @property
    def names(self) -> list[str]:
        """`labels` by name."""
        return [self.classes[label] for label in self.labels]

    def part(self, rows: slice | Sequence[int]) -> Answers:
        """The answers for some of the faces."""
        return replace(self, probabilities=self.probabilities[rows], sure=self.sure[rows])

    def of(self, faces: Sequence[Face]) -> Answers:
        """The same answers, none of them sure for a face that a detector looked for in vain."""
        return replace(self, sure=self.sure & ~np.array([face.doubtful for face in faces], bool))


class Predictor:
    """A run's model, ready to answer for any number of faces, from any thread.

    Parameters
    ----------
    loaded
        The model and its own preprocessing.
    confidence
        The run's temperature and threshold; None where it has none: probabilities are then as the model gives them,
        and it always counts as sure.
    tta
        "flip" averages each face and its mirror image.
    lock
        Held while the model works; give the one that other users of the same model hold.
    device
        Where the model is.
    classes
        Its classes, in the order of its answers.
    shape
        Of the faces that it is to be asked about, see `learned_shape`.
    """

    def __init__(
        self,
        loaded: LoadedModel,
        confidence: Confidence | None = None,
        tta: str = "none",
        lock: contextlib.AbstractContextManager | None = None,
        device: str = "cpu",
        classes: Sequence[str] = EMOTIONS,
        shape: tuple[int, ...] = (SIZE, SIZE),
    ) -> None:
        if tta not in TTAS:
            raise ValueError(f"tta: received {tta!r}, expected one of {', '.join(TTAS)}")
        self.confidence, self.classes, self.shape = confidence, tuple(classes), shape
        self._loaded, self._tta, self._device = loaded, tta, device
        self._lock = lock or threading.Lock()

    @classmethod
    def from_run(
        cls, run: Run | Path | str, tta: str = "none", device: str | None = None, runtime: str = "torch"
    ) -> Predictor:
        """The predictor of a run, or of the run in a folder.

        Parameters
        ----------
        run, tta
            Which model, and "none" or "flip".
        device
            By default a GPU where there is one.
        runtime
            "torch", or "onnx" for the run's ONNX file, on the CPU.

        Raises
        ------
        RunError
            If it is no run, or its model cannot be loaded.
        """
        run = run if isinstance(run, Run) else open_run(run)
        if runtime not in RUNTIMES:
            raise ValueError(f"runtime: received {runtime!r}, expected one of {', '.join(RUNTIMES)}")
        known = {"classes": run.classes, "shape": learned_shape(run)}
        if runtime == "onnx":
            return cls(load_onnx(run), run_confidence(run, tta), tta, **known)
        device = device or ("cuda" if torch.cuda.is_available() else "cpu")
        return cls(load(run, device), run_confidence(run, tta), tta, device=device, **known)

    def predict(self, crops: np.ndarray | Sequence[np.ndarray]) -> Answers:
        """Answers for faces.

        Parameters
        ----------
        crops
            uint8 (N, *shape), 0 black to 255 white, as `fercore.inference.faces.crop_face` gives them; or N gray faces
            (h, w) of any size, of which the largest centred square is scaled to that of `shape` with antialiasing.
            A model of colours takes (h, w, 3) as well: red, green, blue.

        Raises
        ------
        ValueError
            If they are no such uint8 pictures.
        RunError
            If the model answers with something that is no number.
        """
        faces = crops if self._takes(crops) else as_faces(crops, self.shape)
        with self._lock:
            settings = {"tta": self._tta, "device": self._device}
            found = probabilities(self._loaded.module, self._loaded.preprocess, faces, **settings)
        if not np.isfinite(found).all():
            raise RunError("the model answers with something that is no number: its weights are damaged, or overflow")
        confidence = self.confidence or Confidence()
        found = confidence.scale(found)
        return Answers(found, confidence.sure(found), self.classes)

    def _takes(self, crops: np.ndarray | Sequence[np.ndarray]) -> bool:
        """Whether faces go as they are to a model of others, whose processor resizes as its author meant it."""
        return (
            isinstance(self._loaded.preprocess, HubPreprocess)
            and isinstance(crops, np.ndarray)
            and crops.dtype == np.uint8
            and (crops.ndim == 3 or crops.shape[3:] == (3,))
            and bool(crops.size)
        )


def learned_shape(run: Run) -> tuple[int, ...]:
    """Shape of the faces that a run's model is to be asked about: (H, W) gray, (H, W, 3) in colour.

    It is that of the faces it learned from. Where the run does not hold them, as a model of others, it is that of the
    model's own input.
    """
    average = run.average_faces()
    if average is not None:
        return average.shape[1:]
    own = run.info.get("preprocess")
    size, channels = (own.get("size"), own.get("channels")) if isinstance(own, dict) else (None, None)
    if type(size) is not int or not 8 <= size <= LARGEST:
        return SIZE, SIZE
    return (size, size, 3) if channels == 3 else (size, size)


def as_faces(crops: np.ndarray | Sequence[np.ndarray], shape: tuple[int, ...] = (SIZE, SIZE)) -> np.ndarray:
    """Pictures as faces uint8 (N, *shape); see `Predictor.predict`."""
    faces = np.empty((len(crops), *shape), np.uint8)
    dimensions, mode = ((2,), "L") if len(shape) == 2 else ((2, 3), "RGB")
    for number, crop in enumerate(crops):
        right = isinstance(crop, np.ndarray) and crop.dtype == np.uint8 and crop.ndim in dimensions and crop.size
        if not right or crop.shape[2:] not in ((), (3,)):
            kind = f"{crop.dtype} {crop.shape}" if isinstance(crop, np.ndarray) else type(crop).__name__
            expected = "a gray picture uint8 (h, w)" + " or one in colour (h, w, 3)" * (mode == "RGB")
            raise ValueError(f"face {number}: received {kind}, expected {expected}")
        if crop.shape == shape:
            faces[number] = crop
        else:
            image = Image.fromarray(crop).convert(mode)
            faces[number] = ImageOps.fit(image, shape[1::-1], Image.Resampling.LANCZOS)
    return faces
