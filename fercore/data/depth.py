"""Values of 16 bits -> 8: what is white where a file does not say it.

A file of 16 bits often holds values of 12 (0 to 4,095), as cameras and microscopes give them, and taken for 16 they are
nearly black. One picture cannot tell a dark one of 16 bits from a bright one of 12; all pictures of a source together
can, since some of them have something bright. So the range is taken from the whole source, a picture that lies far
outside it is refused, and a single picture is refused unless its values leave no doubt.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable

import numpy as np
from PIL import Image

BITS = (8, 10, 12, 14, 16)  # that devices give
WHITES = tuple(2**bits - 1 for bits in BITS)
_TOO_DARK = 16  # a picture whose lightest value lies below this share of white shows nothing, or has another range
_PHOTOMETRIC = 262  # tag of TIFF: 0 where zero is white


class UnreadableImage(ValueError):
    """Bytes that are no image this project takes, with the reason in words."""


class WhiteLevel:
    """What is white in the pictures of 16 bits of one source, found when the first of them is met.

    Parameters
    ----------
    largest
        Gives the largest value of each picture of the source, see `fercore.data.decode.largest_value`.
    """

    def __init__(self, largest: Callable[[], Iterable[int]]) -> None:
        self._largest = largest

    @functools.cached_property
    def value(self) -> int:
        """The smallest of `WHITES` that no value of the source exceeds."""
        self.seen = max(self._largest(), default=0)
        return next(white for white in WHITES if white >= self.seen)

    @property
    def notes(self) -> list[str]:
        """What was found, in words; nothing where no picture asked."""
        if "value" not in vars(self):
            return []
        bits = BITS[WHITES.index(self.value)]
        return [f"pictures of 16 bits: their largest value is {self.seen:,}, so white is {self.value:,} ({bits} bits)"]


def raw_mode(image: Image.Image) -> str:
    """How the values lie in the file of an image that was not decoded yet, in Pillow's words: "RGB;16B"."""
    arguments = image.tile[0].args if image.tile else ""
    return str(arguments[0] if isinstance(arguments, tuple) else arguments or "")


def is_deep(image: Image.Image) -> bool:
    """Whether the values are grays of more than 8 bits."""
    return image.mode == "I" or image.mode.startswith("I;16")


def extremes(image: Image.Image) -> tuple[int, int]:
    """The smallest and the largest value of grays of more than 8 bits."""
    values = np.asarray(image)  # Pillow's own getextrema does not know "I;16B"
    return int(values.min()), int(values.max())


def declared_white(image: Image.Image, raw: str) -> int | None:
    """What the file itself says: PGM names its largest value, to which Pillow scales, and TIFF knows 12 bits."""
    if image.format == "PPM":
        return WHITES[-1]
    return 4095 if raw == "I;12" else None


def find_white(image: Image.Image, raw: str, source: WhiteLevel | None) -> int:
    """What is white in a picture of grays of 16 bits.

    Raises
    ------
    UnreadableImage
        If nothing says it, or the source has another range.
    """
    low, high = extremes(image)
    if low < 0 or high > WHITES[-1]:
        raise UnreadableImage(f"pixels from {low} to {high}, expected 0 to {WHITES[-1]}")
    if image.format == "TIFF" and image.tag_v2.get(_PHOTOMETRIC) == 0:
        raise UnreadableImage("a TIFF of 16 bits in which 0 is white; save it with 8 bits a value")
    if (declared := declared_white(image, raw)) or not high:
        return declared or WHITES[-1]
    if source is None and high <= WHITES[-2]:
        raise UnreadableImage(_doubtful(high))
    white = WHITES[-1] if source is None else source.value
    if high * _TOO_DARK < white:
        raise UnreadableImage(
            f"values of 16 bits up to {high:,}, while white is {white:,} in others of the same source; expected one "
            "range: save it with 8 bits a value"
        )
    return white


def check_colours(image: Image.Image, raw: str) -> None:
    """Refuse colours of 16 bits, of which Pillow keeps the upper 8, where these may not be all that there is.

    Raises
    ------
    UnreadableImage
        If no value lies above those of 14 bits.
    """
    if ";16" not in raw or is_deep(image) or image.mode not in ("RGB", "RGBA", "LA"):
        return
    ranges = np.atleast_2d(image.getextrema())[: 1 if image.mode == "LA" else 3]
    if (high := int(ranges[:, 1].max()) * 256 + 255) <= WHITES[-2]:
        raise UnreadableImage(_doubtful(high))


def to_8_bit(image: Image.Image, white: int) -> Image.Image:
    """Grays of more than 8 bits as mode L: 0 stays 0, `white` becomes 255."""
    return Image.fromarray(np.rint(np.asarray(image) * (255.0 / white)).astype(np.uint8))


def _doubtful(high: int) -> str:
    likely = next(white for white in WHITES if white >= high)
    return (
        f"values of 16 bits up to {high:,}, of which nothing says whether white is {likely:,} or {WHITES[-1]:,}; "
        "save it with 8 bits a value"
    )
