"""A trained model as `fercore.load` gives it: a picture in, its faces and what the model says of them out."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from fercore.charts import heatmaps
from fercore.charts.style import percent
from fercore.data.decode import UnreadableImage
from fercore.evaluation.confidence import UNKNOWN_CONFIDENCE, run_confidence
from fercore.explain.methods import METHODS, heat_map, unsuited
from fercore.inference.detectors import Detector, open_detector
from fercore.inference.looking import look
from fercore.inference.predictor import Predictor, learned_shape
from fercore.inference.sources import kind_of, open_pictures
from fercore.models.registry import LoadedModel
from fercore.models.registry import load as load_model
from fercore.run_names import find_run
from fercore.runs import Run

Picture = str | os.PathLike | np.ndarray | Image.Image


@dataclass(frozen=True, eq=False)
class FaceAnswer:
    """One face of a picture, and what a model says of it.

    Attributes
    ----------
    box
        Left, top, right and bottom edge in pixels of the picture.
    score
        The face detector's confidence, 0 to 1; None where the picture was taken for a face as a whole.
    probabilities
        Class name -> probability, float; they sum to 1 and are scaled by the run's temperature.
    sure
        Whether the largest probability reaches the run's threshold; True where the run has none. Never of a small
        square in which no face was found.
    crop
        The face as the model got it: uint8 (S, S) or (S, S, 3), 0 black to 255 white, of the size and in the
        colours of the faces that it learned from.
    found_by
        The face detector that found it, "yunet" or "mtcnn"; "nothing" where one looked in vain and a small square is
        taken for a crop of a face; "unsearched" where nobody looked.
    rotation
        Degrees clockwise by which the picture was rotated to set the face upright.
    """

    box: tuple[float, float, float, float]
    score: float | None
    probabilities: dict[str, float]
    sure: bool
    crop: np.ndarray = field(repr=False)
    found_by: str
    rotation: float

    @property
    def label(self) -> str:
        """The most probable class, also where the model is not sure."""
        return max(self.probabilities, key=self.probabilities.__getitem__)

    @property
    def probability(self) -> float:
        """Of the label, 0 to 1."""
        return self.probabilities[self.label]

    def __str__(self) -> str:
        left, top, right, bottom = (round(edge) for edge in self.box)
        certainty = "sure" if self.sure else "not sure"
        return f"{self.label} {percent(self.probability)} ({certainty}), from ({left}, {top}) to ({right}, {bottom})"


class Faces(tuple[FaceAnswer, ...]):
    """The faces of one picture in reading order: row by row, from left to right."""

    __slots__ = ()

    def __repr__(self) -> str:
        if not self:
            return "no face found"
        heading = "1 face found" if len(self) == 1 else f"{len(self)} faces found"
        return "\n".join([heading, *(f"  {number}. {face}" for number, face in enumerate(self, 1))])

    __str__ = __repr__


@dataclass(frozen=True, eq=False)
class HeatMap:
    """Which places of a face matter for a class.

    Attributes
    ----------
    values
        float32 (S, S), in `unit`. Where a method has signs, values below 0 speak against the class.
    label
        The class that was asked about.
    method
        A key of `fercore.explain.methods.METHODS`.
    face
        The face that is explained, uint8 (S, S), or (S, S, 3) in colour.
    """

    values: np.ndarray = field(repr=False)
    label: str
    method: str
    face: np.ndarray = field(repr=False)

    @property
    def unit(self) -> str:
        """Of the values, in words that follow a number."""
        return METHODS[self.method].unit

    @property
    def meaning(self) -> str:
        """What a value says, and what the colours of `picture` mean."""
        return METHODS[self.method].meaning

    def picture(self, side: int = 240) -> Image.Image:
        """The map over its face, `side` x `side` pixels; the strongest colour is 99 % of the way to the largest value
        (`fercore.charts.heatmaps.full_colour`)."""
        full = heatmaps.full_colour(self.values)
        pixels = heatmaps.over_face(self.face, self.values, full, METHODS[self.method].signed, side=side)
        return Image.fromarray(pixels)


class Model:
    """A trained model, ready to answer and to be explained. Made by `load`.

    Parameters
    ----------
    run
        The run that it comes from.
    tta
        "flip" averages the answers to each face and its mirror image; "none" does not.
    detector
        What finds faces, see `fercore.inference.detectors.open_detector`.

    Attributes
    ----------
    run
        The run, with all that was measured of it.
    classes
        Names of the classes in the order of their codes.
    loaded
        The torch module and its preprocessing, as the functions of `fercore.explain` take them.

    Raises
    ------
    RunError
        If the run has no weights, or they cannot be read.
    """

    def __init__(self, run: Run, tta: str = "none", detector: str | os.PathLike | None = None) -> None:
        self.run = run
        self.classes: tuple[str, ...] = run.classes
        self.loaded: LoadedModel = load_model(run)
        self._confidence = run_confidence(run, tta)
        self._predictor = Predictor(self.loaded, self._confidence, tta, classes=run.classes, shape=learned_shape(run))
        self._detector_named = detector

    def __repr__(self) -> str:
        kind = self.run.info["config"].get("model", {}).get("type", "model")
        size = f", {self.run.parameters:,} parameters" if self.run.parameters else ""
        return f"<fercore.Model {self.run.name}: {kind}{size}, {len(self.classes)} classes>"

    @property
    def confidence(self) -> str:
        """What "sure" means for this model, in a sentence with the measured figures."""
        return self._confidence.words() if self._confidence else UNKNOWN_CONFIDENCE

    @property
    def methods(self) -> tuple[str, ...]:
        """Methods by which `explain` can explain this model."""
        return tuple(name for name in METHODS if unsuited(self.loaded, name) is None)

    def predict(self, image: Picture, *, detect: bool = True) -> Faces:
        """Find the faces of a picture and say what each expresses.

        Parameters
        ----------
        image
            Path to a picture, a PIL image, or an array: uint8 (H, W) gray or (H, W, 3) red, green, blue, 0 to 255.
        detect
            Search for faces. A square picture of at most 64 pixels a side is used whole, whether or not one is found
            in it. With False every picture is, by its largest centred square. One that is blank or has fewer than 16
            pixels a side has no face.

        Returns
        -------
        Faces
            A tuple of `FaceAnswer`, empty where no face is found.

        Raises
        ------
        UnreadableImage
            If a file is no picture, or damaged; it is a ValueError.
        ValueError
            If the array is no picture.
        """
        pixels = _pixels(image)
        found, crops = look(pixels, self._detector if detect else None, shape=self._predictor.shape)
        if not found:
            return Faces()
        answers = self._predictor.predict(crops).of(found)
        told = zip(found, crops, answers.probabilities, answers.sure, strict=True)
        return Faces(
            FaceAnswer(
                face.box, face.score, self._by_name(values), bool(sure), crop, face.found_by, round(face.rotation, 1)
            )
            for face, crop, values, sure in told
        )

    def explain(self, face: FaceAnswer | np.ndarray, method: str = "hires-cam", label: str | None = None) -> HeatMap:
        """Say which places of a face matter for a class.

        Parameters
        ----------
        face
            A face of `predict`, or an array uint8 (S, S), or (S, S, 3) in colour.
        method
            One of `methods`. `fercore.explain.methods.METHODS` says of each where it comes from, what its numbers mean
            and where it fails.
        label
            The class to ask about; by default what the model says of this face.

        Returns
        -------
        HeatMap
            The map, float32 (S, S), with its unit and meaning.

        Raises
        ------
        ValueError
            If the method is unknown or does not suit this model, the class is none of `classes`, or the array is no
            face.
        """
        crop = face.crop if isinstance(face, FaceAnswer) else face
        if method not in METHODS:
            raise ValueError(f"method: received {method!r}, expected one of {', '.join(METHODS)}")
        if label is None and isinstance(face, FaceAnswer):
            label = face.label
        elif label is None:
            label = self.classes[self._predictor.predict([crop]).labels[0]]
        if label not in self.classes:
            raise ValueError(f"label: received {label!r}, expected one of {', '.join(self.classes)}")
        return HeatMap(heat_map(self.loaded, crop, method, self.classes.index(label)), label, method, crop)

    @cached_property
    def _detector(self) -> Detector:
        return open_detector(self._detector_named)

    def _by_name(self, probabilities: Sequence[float]) -> dict[str, float]:
        return dict(zip(self.classes, map(float, probabilities), strict=True))


def load(
    run: str | os.PathLike | Run,
    *,
    tta: str = "none",
    root: Path | str | None = None,
    detector: str | os.PathLike | None = None,
) -> Model:
    """Load the model of a run, on the CPU.

    Parameters
    ----------
    run
        Name of a run, a path to its folder, or a run from `fercore.open_run`.
    tta
        "flip" averages the answers to each face and its mirror image, at twice the time.
    root
        Folder in which names are looked up: by default runs/ where you are, or what `FERCORE_RUNS` names.
    detector
        What finds faces: YuNet's file, or "mtcnn". By default what `FERCORE_DETECTOR` names, else the file of YuNet
        that `scripts/get_detector.py` fetched, else MTCNN.

    Raises
    ------
    RunError
        If there is no such run, or it has no weights that can be read.
    """
    return Model(run if isinstance(run, Run) else find_run(run, root), tta, detector)


def _pixels(image: Picture) -> np.ndarray:
    """A picture as uint8 (H, W, 3), upright."""
    if isinstance(image, (str, os.PathLike)):
        return _read(Path(image))
    if isinstance(image, Image.Image):
        return np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
    if not isinstance(image, np.ndarray):
        raise ValueError(f"received {type(image).__name__}, expected a path, a PIL image or a uint8 array")
    # What is no picture is refused by `look`.
    return np.repeat(image[..., None], 3, axis=2) if image.ndim == 2 else image


def _read(path: Path) -> np.ndarray:
    if path.is_file() and kind_of(path) == "video":
        raise UnreadableImage(f"{path}: a video; its frames are read by scripts/predict.py")
    try:
        return next(open_pictures(path)).pixels
    except UnreadableImage as error:
        raise UnreadableImage(f"{path}: {error}") from error
