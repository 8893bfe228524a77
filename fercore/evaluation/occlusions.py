"""What covers faces: a mask, glasses, a hand. Drawn where eyes and mouth are in the average face of FER2013.

Shapes are drawn four times as large as the picture and made smaller, so that their edges are smooth at any size. They
cover what they cover and look like what they are; they are no photographs.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

EYES, EYES_APART = 0.36, 0.18  # height of the eyes, and how far each is from the middle, as shares of the side
_FINER = 4
_FULL = 255
_MASKS = (235, 190, 60)  # gray levels: white, light blue, dark
_FRAME = 25
_PLACES = ((0.5, 0.8), (0.2, 0.65), (0.8, 0.65), (0.22, 0.32), (0.78, 0.32), (0.5, 0.15))  # mouth, cheeks, eyes, brow


def cover_with_mask(image: np.ndarray, top: float, random: np.random.Generator) -> np.ndarray:
    """A mask from a height `top`, 0 the upper and 1 the lower edge, down to the chin; white, light or dark."""
    level = _MASKS[random.integers(len(_MASKS))]
    return _blend(image, _mask(image.shape[:2], top), level)


def cover_with_glasses(image: np.ndarray, darkness: float, random: np.random.Generator) -> np.ndarray:
    """Glasses with dark rims; lenses let 1 minus `darkness` of the light through."""
    rims, lenses = _glasses(image.shape[:2], darkness)
    return _blend(_blend(image, darkness * lenses, _FRAME), rims, _FRAME)


def cover_with_hand(image: np.ndarray, size: float, random: np.random.Generator) -> np.ndarray:
    """A hand that comes from the nearest edge to a drawn place of the face, in the face's own mean colour."""
    height, width = image.shape[:2]
    place = np.array(_PLACES[random.integers(len(_PLACES))]) + random.normal(0, 0.03, 2)
    alpha, shade = _hand((height, width), place, size, random.normal(0, 0.35))
    middle = image[height // 4 : height - height // 4, width // 4 : width - width // 4]
    skin = middle.reshape(-1, *image.shape[2:]).mean(axis=0)
    return _blend(image, alpha, skin * (shade if image.ndim == 2 else shade[..., None]))


def _blend(image: np.ndarray, alpha: np.ndarray, level: np.ndarray | float) -> np.ndarray:
    alpha = alpha if image.ndim == 2 else alpha[..., None]
    return np.clip(np.rint(image * (1 - alpha) + level * alpha), 0, 255).astype(np.uint8)


def _canvas(shape: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """An empty picture in which to draw, and its size (width, height) in pixels."""
    fine = np.zeros((shape[0] * _FINER, shape[1] * _FINER), np.uint8)
    return fine, np.array(fine.shape[::-1])


def _small(fine: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    return cv2.resize(fine, shape[::-1], interpolation=cv2.INTER_AREA).astype(np.float32) / _FULL


def _pixels(points: np.ndarray, size: np.ndarray) -> np.ndarray:
    return np.rint(np.asarray(points) * size).astype(np.int32)


@lru_cache(maxsize=64)
def _mask(shape: tuple[int, int], top: float) -> np.ndarray:
    fine, size = _canvas(shape)
    half = 0.4 if top < 0.75 else 0.52 - 0.16 * top / 0.75  # cheeks are narrower further down
    across = np.linspace(-1, 1, 9)
    upper = [(0.5 + half * x, top + 0.06 * x**2) for x in across]  # highest over the nose
    cv2.fillPoly(fine, [_pixels([*upper, (0.76, 1.01), (0.24, 1.01)], size)], _FULL)
    return _small(fine, shape)


@lru_cache(maxsize=64)
def _glasses(shape: tuple[int, int], darkness: float) -> tuple[np.ndarray, np.ndarray]:
    (rims, size), (lenses, _) = _canvas(shape), _canvas(shape)
    thick = max(1, round((0.02 + 0.03 * darkness) * min(size)))
    axes = _pixels((0.14, 0.11), size)
    for sign in (-1, 1):
        centre = _pixels((0.5 + sign * EYES_APART, EYES + 0.01), size)
        cv2.ellipse(lenses, centre.tolist(), axes.tolist(), 0, 0, 360, _FULL, -1)
        cv2.ellipse(rims, centre.tolist(), axes.tolist(), 0, 0, 360, _FULL, thick)
        ends = _pixels([(0.5 + sign * (EYES_APART + 0.14), EYES), (0.5 + sign * 0.5, EYES - 0.02)], size)
        cv2.line(rims, ends[0].tolist(), ends[1].tolist(), _FULL, thick)
    bridge = _pixels([(0.5 - EYES_APART + 0.14, EYES), (0.5 + EYES_APART - 0.14, EYES)], size)
    cv2.line(rims, bridge[0].tolist(), bridge[1].tolist(), _FULL, thick)
    return _small(rims, shape), _small(lenses, shape)


def _hand(shape: tuple[int, int], place: np.ndarray, size: float, turn: float) -> tuple[np.ndarray, np.ndarray]:
    """Where a hand covers (H, W), 0 to 1, and its shade, 1 the skin's own and less between the fingers."""
    (alpha, extent), (shade, _) = _canvas(shape), _canvas(shape)
    shade += _FULL
    to_face = np.array([0.5, 0.45]) - place
    angle = np.arctan2(to_face[1], to_face[0] * 2) + turn  # fingers point to the middle of the face
    along, aside = np.array([np.cos(angle), np.sin(angle)]), np.array([-np.sin(angle), np.cos(angle)])

    def capsule(start: np.ndarray, end: np.ndarray, width: float) -> None:
        one, other = (tuple(map(int, _pixels(point, extent))) for point in (start, end))
        thick = max(1, round(width * min(extent)))
        cv2.line(alpha, one, other, _FULL, thick)
        cv2.line(shade, one, other, 0.6 * _FULL, thick)  # an edge that is darker, and the finger in it
        cv2.line(shade, one, other, _FULL, max(1, round(0.72 * thick)))

    capsule(place - 2.2 * size * along, place - 0.35 * size * along, 0.95 * size)  # wrist and palm
    capsule(place - 0.4 * size * along, place + size * (0.1 * along + 0.75 * aside), 0.28 * size)  # thumb
    for finger, reach in zip((-0.36, -0.12, 0.12, 0.36), (0.7, 0.95, 1.0, 0.85), strict=True):
        capsule(place + size * finger * aside, place + size * (finger * aside + reach * along), 0.25 * size)
    return _small(alpha, shape), _small(shade, shape)
