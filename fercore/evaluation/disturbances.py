"""Pictures made worse, in kinds and strengths: to see what a model answers when they are not as those it learned from.

The idea is that of Hendrycks and Dietterich 2019 (https://arxiv.org/abs/1903.12261): the same kinds for every model,
at five strengths each. Kinds and strengths are our own, for faces: what cameras, compression and light do, what a
detector does that cuts a face too tight, too loose or beside, and what people wear. Each picture draws its own
direction, noise and place from its id and the kind, whatever its batch, its place in it or the strength. Pixel work is
OpenCV's.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from fercore.evaluation.occlusions import cover_with_glasses, cover_with_hand, cover_with_mask

STRENGTHS = 5
Make = Callable[[np.ndarray, float, np.random.Generator], np.ndarray]  # a picture, a level, its own randomness


@dataclass(frozen=True)
class Kind:
    """A way in which pictures get worse.

    Attributes
    ----------
    name
        What it is called.
    levels
        What each strength, from 1 on, comes to, in `unit`; most kinds have five.
    unit
        What a level measures, for a reader.
    make
        Makes a picture, uint8 (H, W) or (H, W, 3), worse: the same shape, uint8.
    """

    name: str
    levels: tuple[float, ...]
    unit: str
    make: Make


def disturb(images: np.ndarray, ids: Sequence[str], kind: str, strength: int) -> np.ndarray:
    """Pictures as a kind of disturbance leaves them.

    Parameters
    ----------
    images
        uint8 (N, H, W) or, in colour, (N, H, W, 3).
    ids
        Their ids (N,), from which each draws what is random.
    kind
        A key of `KINDS` or `TINY`.
    strength
        0, the pictures as they are, bit for bit; or from 1 to the number of the kind's levels.

    Returns
    -------
    numpy.ndarray
        uint8 of the same shape.
    """
    found = {**KINDS, **TINY}.get(kind)
    if found is None:
        raise ValueError(f"kind: received {kind!r}, expected one of {', '.join((*KINDS, *TINY))}")
    if images.dtype != np.uint8 or images.ndim not in (3, 4) or images.shape[3:] not in ((), (3,)):
        raise ValueError(f"received {images.dtype} {images.shape}, expected uint8 images (N, H, W) or (N, H, W, 3)")
    if len(ids) != len(images):
        raise ValueError(f"received {len(ids)} ids of {len(images)} images, expected one of each")
    if strength not in range(len(found.levels) + 1):
        raise ValueError(f"strength: received {strength!r}, expected 0 to {len(found.levels)} of {kind}")
    if strength == 0:
        return images
    level = found.levels[strength - 1]
    made = [found.make(image, level, _randomness(kind, id_)) for image, id_ in zip(images, ids, strict=True)]
    return np.stack(made) if made else images


def digest() -> str:
    """16 hexadecimal digits that name kinds, levels and `VERSION`: results of other ones are not comparable."""
    known = [VERSION, *([one.name, one.levels] for one in (*KINDS.values(), *TINY.values()))]
    return hashlib.sha256(json.dumps(known).encode()).hexdigest()[:16]


def _randomness(kind: str, id_: str) -> np.random.Generator:
    seed = hashlib.sha256(f"{kind}\0{id_}".encode()).digest()[:16]
    return np.random.Generator(np.random.PCG64(int.from_bytes(seed, "little")))


def _clipped(values: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def _side(image: np.ndarray) -> int:
    return min(image.shape[:2])


def _noise(image: np.ndarray, sd: float, random: np.random.Generator) -> np.ndarray:
    return _clipped(image + sd * random.standard_normal(image.shape, dtype=np.float32))


def _blur(image: np.ndarray, share: float, random: np.random.Generator) -> np.ndarray:
    return cv2.GaussianBlur(image, (0, 0), share * _side(image), borderType=cv2.BORDER_REPLICATE)


def _motion(image: np.ndarray, share: float, random: np.random.Generator) -> np.ndarray:
    """The mean along a line in a drawn direction: a camera or a head that moves."""
    length, angle = share * _side(image), random.uniform(0, np.pi)
    half = int(np.ceil(length / 2))
    ends = length / 2 * np.array([np.cos(angle), np.sin(angle)])
    points = np.linspace(half - ends, half + ends, 8 * half + 1)  # (points, 2), each shared out among four pixels
    kernel = np.zeros((2 * half + 2,) * 2, np.float32)
    first = points.astype(int)
    for step in ((0, 0), (1, 0), (0, 1), (1, 1)):
        column, row = (first + step).T
        np.add.at(kernel, (row, column), np.abs(1 - np.abs(points - (first + step))).prod(axis=1))
    kernel = kernel[:-1, :-1]  # what lies beyond has got nothing
    return cv2.filter2D(image, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REPLICATE)


def _jpeg(image: np.ndarray, quality: float, random: np.random.Generator) -> np.ndarray:
    colour = image.ndim == 3
    _, file = cv2.imencode(".jpg", image[..., ::-1] if colour else image, [cv2.IMWRITE_JPEG_QUALITY, int(quality)])
    found = cv2.imdecode(file, cv2.IMREAD_COLOR if colour else cv2.IMREAD_GRAYSCALE)
    return found[..., ::-1] if colour else found


def _low_resolution(image: np.ndarray, share: float, random: np.random.Generator) -> np.ndarray:
    height, width = image.shape[:2]
    size = (max(1, round(share * width)), max(1, round(share * height)))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)


def _light(image: np.ndarray, factor: float, random: np.random.Generator) -> np.ndarray:
    return _clipped(image.astype(np.float32) * factor)


def _contrast(image: np.ndarray, factor: float, random: np.random.Generator) -> np.ndarray:
    mean = image.mean()
    return _clipped(mean + factor * (image - mean))


def _gamma(image: np.ndarray, exponent: float, random: np.random.Generator) -> np.ndarray:
    power = exponent if random.random() < 0.5 else 1 / exponent
    return cv2.LUT(image, _clipped(255 * (np.arange(256) / 255) ** power))


def _equalised(image: np.ndarray, share: float, random: np.random.Generator) -> np.ndarray:
    if image.ndim == 2:
        even = cv2.equalizeHist(image)
    else:
        parts = cv2.cvtColor(image, cv2.COLOR_RGB2YCrCb)
        parts[..., 0] = cv2.equalizeHist(np.ascontiguousarray(parts[..., 0]))
        even = cv2.cvtColor(parts, cv2.COLOR_YCrCb2RGB)
    return _clipped((1 - share) * image + share * even.astype(np.float32))


def _moved(image: np.ndarray, turn: float = 0.0, zoom: float = 1.0, right: float = 0.0, down: float = 0.0):
    """Turned about its middle by degrees, enlarged and moved by pixels; its edge goes on where it ends."""
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), turn, zoom)
    matrix[:, 2] += right, down
    settings = {"flags": cv2.INTER_LINEAR, "borderMode": cv2.BORDER_REPLICATE}
    return cv2.warpAffine(image, matrix, (width, height), **settings)


def _rotated(image: np.ndarray, degrees: float, random: np.random.Generator) -> np.ndarray:
    return _moved(image, turn=degrees if random.random() < 0.5 else -degrees)


def _tight(image: np.ndarray, share: float, random: np.random.Generator) -> np.ndarray:
    return _moved(image, zoom=1 / (1 - 2 * share))


def _loose(image: np.ndarray, share: float, random: np.random.Generator) -> np.ndarray:
    return _moved(image, zoom=1 / (1 + 2 * share))


def _shifted(image: np.ndarray, share: float, random: np.random.Generator) -> np.ndarray:
    distance, angle = share * _side(image), random.uniform(0, 2 * np.pi)
    return _moved(image, right=distance * np.cos(angle), down=distance * np.sin(angle))


def _mirrored(image: np.ndarray, level: float, random: np.random.Generator) -> np.ndarray:
    return image[:, ::-1]


VERSION = 1  # counts up when a kind makes something else of a picture
_ALL = (
    Kind("noise", (6, 12, 20, 30, 45), "standard deviation in gray levels of 255", _noise),
    Kind("blur", (0.01, 0.02, 0.03, 0.04, 0.06), "standard deviation as a share of the side", _blur),
    Kind("motion blur", (0.06, 0.1, 0.15, 0.2, 0.27), "length as a share of the side", _motion),
    Kind("JPEG", (50, 30, 20, 12, 6), "quality", _jpeg),
    Kind("low resolution", (0.67, 0.5, 0.375, 0.29, 0.21), "share of the side that is left", _low_resolution),
    Kind("darker", (0.8, 0.6, 0.45, 0.3, 0.2), "share of the light", _light),
    Kind("brighter", (1.15, 1.3, 1.5, 1.75, 2.1), "times the light, cut at white", _light),
    Kind("low contrast", (0.75, 0.55, 0.4, 0.28, 0.18), "share of the contrast", _contrast),
    Kind("gamma", (1.25, 1.5, 1.9, 2.4, 3.0), "exponent, or one over it", _gamma),
    Kind("equalised", (0.2, 0.4, 0.6, 0.8, 1.0), "share of the histogram-equalised picture", _equalised),
    Kind("rotation", (5, 10, 15, 22, 30), "degrees, either way", _rotated),
    Kind("too tight", (0.04, 0.08, 0.12, 0.16, 0.2), "share of the side cut off at each edge", _tight),
    Kind("too loose", (0.05, 0.1, 0.15, 0.2, 0.3), "share of the side added at each edge", _loose),
    Kind("shifted", (0.04, 0.08, 0.12, 0.16, 0.22), "share of the side, in any direction", _shifted),
    Kind("mirrored", (1,), "left and right changed", _mirrored),
    Kind("mask", (0.9, 0.8, 0.7, 0.6, 0.5), "height of its upper edge, from the top", cover_with_mask),
    Kind("glasses", (0, 0.25, 0.5, 0.75, 0.95), "darkness of the lenses; the rims grow too", cover_with_glasses),
    Kind("hand", (0.2, 0.27, 0.34, 0.42, 0.5), "half its length as a share of the side", cover_with_hand),
)
KINDS = {one.name: one for one in _ALL}
TINY = {  # so small that no person would answer otherwise
    one.name: one
    for one in (
        Kind("one pixel of 48 aside", (1 / 48,), "share of the side, in any direction", _shifted),
        Kind("turned by 1 degree", (1,), "degrees, either way", _rotated),
        Kind("noise of 2 gray levels", (2,), "standard deviation in gray levels of 255", _noise),
        Kind("2 % brighter", (1.02,), "times the light, cut at white", _light),
        Kind("JPEG of quality 95", (95,), "quality", _jpeg),
    )
}
