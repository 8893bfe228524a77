"""YuNet's network in onnxruntime, where that is installed: the boxes of OpenCV's own pass, in about half its time.

What is done with the outputs is OpenCV's (`FaceDetectorYNImpl::postProcess`, modules/objdetect/src/face_detect.cpp): of
each cell of three grids the score is the root of class and object, a box lies about its cell, and of boxes that overlap
the likeliest stays.
"""

from __future__ import annotations

import hashlib

import numpy as np

from fercore.inference.detector_file import SHA256

_STRIDES = (8, 16, 32)  # pixels from cell to cell; the picture's sides are filled up to the largest
_POINTS = 5  # of a face: eyes, nose and corners of the mouth


def opens(content: bytes) -> bool:
    """Whether this is the one file whose outputs are known here, and onnxruntime is installed."""
    try:
        import onnxruntime  # noqa: F401
    except ImportError:
        return False
    return hashlib.sha256(content).hexdigest() == SHA256


class OnnxYuNet:
    """Finds faces in a picture.

    Parameters
    ----------
    content
        Of the file, see `opens`.
    least
        Smallest score.
    overlap
        Intersection over union from which two boxes are one face.
    most
        Boxes that are looked at, the likeliest.
    """

    def __init__(self, content: bytes, least: float, overlap: float, most: int) -> None:
        import cv2
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = max(cv2.getNumThreads(), 1)  # as many as OpenCV takes for its own pass
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # the other core is others' meanwhile
        self._session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        self._names = [output.name for output in self._session.get_outputs()]
        self._least, self._overlap, self._most = least, overlap, most

    def detect(self, picture: np.ndarray) -> np.ndarray:
        """Faces of a picture uint8 (H, W, 3), red, green, blue, the likeliest first.

        Returns
        -------
        numpy.ndarray
            float32 (faces, 15): left, top, width, height, x and y of each of the five points, score.
        """
        import cv2

        height, width = picture.shape[:2]
        high, wide = (-(-side // _STRIDES[-1]) * _STRIDES[-1] for side in (height, width))
        pixels = np.zeros((1, 3, high, wide), np.float32)
        pixels[0, :, :height, :width] = picture[..., ::-1].transpose(2, 0, 1)
        outputs = dict(zip(self._names, self._session.run(None, {"input": pixels}), strict=True))
        rows = np.concatenate([self._of_grid(outputs, stride, wide // stride) for stride in _STRIDES])
        if len(rows) == 0:
            return rows
        boxes = rows[:, :4].astype(int).tolist()  # whole pixels, as OpenCV compares them
        kept = cv2.dnn.NMSBoxes(boxes, rows[:, 14].tolist(), self._least, self._overlap, top_k=self._most)
        return rows[np.asarray(kept, int).ravel()]

    def _of_grid(self, outputs: dict[str, np.ndarray], stride: int, across: int) -> np.ndarray:
        """Boxes, points and scores of the cells of one grid that are likely enough."""
        shares = (outputs[f"{kind}_{stride}"][0, :, 0].clip(0, 1) for kind in ("cls", "obj"))
        scores = np.sqrt(np.multiply(*shares))
        (cells,) = np.nonzero(scores >= self._least)
        place = np.stack([cells % across, cells // across], axis=1).astype(np.float32)
        box, points = outputs[f"bbox_{stride}"][0, cells], outputs[f"kps_{stride}"][0, cells]
        size = np.exp(box[:, 2:]) * stride
        corner = (place + box[:, :2]) * stride - size / 2
        places = (points + np.tile(place, _POINTS)) * stride
        return np.concatenate([corner, size, places, scores[cells, None]], axis=1).astype(np.float32)
