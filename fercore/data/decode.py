"""An image file of any size and colour -> pixels: in colour, or 48x48 gray ones as FER2013's own images are.

A file is judged by its header before anything is decoded, and large pictures are reduced while they are, so that no
file takes more than some 0.5 GB for a moment. Values of 16 bits are the business of `fercore.data.depth`.
"""

from __future__ import annotations

import functools
import io
import math
import warnings
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps

from fercore.data.depth import (
    WHITES,
    UnreadableImage,
    WhiteLevel,
    check_colours,
    declared_white,
    extremes,
    find_white,
    is_deep,
    raw_mode,
    to_8_bit,
)
from fercore.data.fer2013 import SIZE

MAX_PIXELS = 64_000_000  # a picture of more is refused before it is decoded
MAX_SIDE = 20_000  # pixels; panoramas of phones have up to 16,000
MAX_RATIO = 50  # of one side to the other
PHOTO_PIXELS = 16_000_000  # a picture of more is reduced: all that a phone's 12 million show is kept
MAX_FRAMES = 32  # looked at for one that shows something
FORMATS = ("JPEG", "PNG", "BMP", "GIF", "TIFF", "WEBP", "PPM")  # no format whose decoder starts other programs
_ANIMATED = {"GIF", "PNG", "TIFF", "WEBP"}
_FLAT = 8  # gray levels; a frame whose darkest and lightest pixel lie closer shows nothing
_STRIP = 256  # rows of the result that are made at once
# The family of formats that phones save besides JPEG, told by its brand at byte 8.
_PHONE_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis"}

Note = Callable[[str], None]


class Photo(NamedTuple):
    """A picture as it is looked at.

    Attributes
    ----------
    pixels
        uint8 array (H, W, 3): red, green, blue, 0 to 255; upright.
    scale
        Pixels of the file along a side of a pixel here: 1 unless the picture had over `PHOTO_PIXELS`. What is found at
        x lies at about x * scale in the file.
    notes
        What the reader should know, such as "frame 3 is shown, since those before it are blank".
    """

    pixels: np.ndarray
    scale: int
    notes: tuple[str, ...]


def read_photo(data: bytes) -> Photo:
    """Decode a photo of any size for looking at it, with little memory.

    Orientation (EXIF), transparency, values of 16 bits and frames are treated as by `decode_face`.

    Raises
    ------
    UnreadableImage
        As `decode_face`.
    """
    notes: list[str] = []
    image, scale = _decode(data, notes.append, PHOTO_PIXELS)
    return Photo(np.array(image.convert("RGB"), dtype=np.uint8), scale, tuple(notes))


def decode_face(
    data: bytes,
    size: int = SIZE,
    channels: int = 1,
    box: tuple[int, int, int, int] | None = None,
    *,
    white: WhiteLevel | None = None,
    note: Note | None = None,
) -> np.ndarray:
    """Decode one image file, or one face of it, to a square of pixels.

    The orientation noted by a camera (EXIF) is applied; transparent parts show white; in gray, colour becomes luma
    (ITU-R 601); the largest centred square is scaled with antialiasing (Lanczos). A gray image that has the wanted size
    already comes back unchanged. Of several frames, the first one counts that shows something.

    Parameters
    ----------
    data
        Content of the file.
    size
        Side of the result in pixels.
    channels
        1 for gray, 3 for colour.
    box
        Where the face is: left, top, right, bottom in pixels of the upright picture; what lies outside of the picture
        is cut off. None for the whole picture.
    white
        What white is in the pictures of 16 bits of the source that the file belongs to. Without it, one that does not
        tell by itself is refused.
    note
        Told in words what the reader should know.

    Returns
    -------
    numpy.ndarray
        uint8 array (size, size), 0 black to 255 white, or (size, size, 3): red, green, blue.

    Raises
    ------
    UnreadableImage
        If the bytes are no whole image of a known format, one of more than `MAX_PIXELS`, `MAX_SIDE` or `MAX_RATIO`, or
        one of which nothing says what white is; or if the box lies outside of the picture.
    """
    image, scale = _decode(data, note, PHOTO_PIXELS, white)
    if box is not None:
        image = _cropped(image, [round(side / scale) for side in box], box)
    image = image.convert("L" if channels == 1 else "RGB")
    if image.size != (size, size):
        image = ImageOps.fit(image, (size, size), Image.Resampling.LANCZOS)
    return np.array(image, dtype=np.uint8)


def _cropped(image: Image.Image, box: list[int], said: tuple[int, int, int, int]) -> Image.Image:
    left, top = max(box[0], 0), max(box[1], 0)
    right, bottom = min(box[2], image.width), min(box[3], image.height)
    if right - left < 1 or bottom - top < 1:
        raise UnreadableImage(f"the face's box {said} (left, top, right, bottom) lies outside of the picture")
    return image.crop((left, top, right, bottom))


def largest_value(data: bytes) -> int:
    """The largest value of a picture of grays of 16 bits that does not say what white is; 0 for any other file."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = open_image(data)
            if not is_deep(image) or declared_white(image, raw_mode(image)):
                return 0
            return min(max(extremes(image)[1], 0), WHITES[-1])
    except Exception:  # whatever is wrong with it is said when it is decoded
        return 0


def _decode(
    data: bytes, note: Note | None, most_pixels: int, white: WhiteLevel | None = None
) -> tuple[Image.Image, int]:
    """The upright image in mode L or RGB with at most `most_pixels`, and by how much it was reduced."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what Pillow only warns of is either harmless or refused below
        image = open_image(data)
        name, raw = image.format, raw_mode(image)
        try:
            _choose_frame(image, note)
            factor, drafted = math.ceil(math.sqrt(image.width * image.height / most_pixels)), 1
            orientation = image.getexif().get(_ORIENTATION, 1)
            if factor > 1:  # a JPEG can be decoded at a half, a quarter or an eighth of its size
                width = image.width
                image.draft(None, (width // factor, image.height // factor))
                drafted = round(width / image.width)
            rest = math.ceil(factor / drafted)
            plain = _reduced(image, rest, _to_plain(image, raw, white))
            plain.getexif()[_ORIENTATION] = orientation
            return ImageOps.exif_transpose(plain), drafted * rest
        except UnreadableImage:
            raise
        except Exception as error:  # decoders raise nearly anything when a file is damaged
            raise UnreadableImage(f"a damaged {name} image ({error})") from error


_ORIENTATION = 0x0112  # tag of EXIF


def open_image(data: bytes) -> Image.Image:
    """Read the header only, and refuse what would fill the memory."""
    if not data:
        raise UnreadableImage("the file is empty")
    formats = FORMATS
    if data[4:8] == b"ftyp" and data[8:12] in _PHONE_BRANDS:
        formats = phone_formats()
    try:
        image = Image.open(io.BytesIO(data), formats=formats)
    except Image.DecompressionBombError as error:
        raise UnreadableImage(f"more than {MAX_PIXELS:,} pixels ({error})") from error
    except Exception as error:
        raise UnreadableImage(f"not an image of a known format ({', '.join(formats)})") from error
    _check_size(image)
    return image


def _check_size(image: Image.Image) -> None:
    (short, long), said = sorted(image.size), f"{image.width} x {image.height} pixels"
    if short * long > MAX_PIXELS:
        raise UnreadableImage(f"{said}, more than the {MAX_PIXELS:,} allowed")
    if long > MAX_SIDE:
        raise UnreadableImage(f"{said}, a side longer than the {MAX_SIDE:,} allowed")
    if long > MAX_RATIO * short:
        raise UnreadableImage(f"{said}, one side more than {MAX_RATIO} times the other: no face fits into it")


@functools.cache
def phone_formats() -> tuple[str, ...]:
    """HEIC by the package pillow-heif, and AVIF by Pillow itself; UnreadableImage where the package is missing."""
    try:
        import pillow_heif  # here, because few pictures need it
    except ImportError as error:
        raise UnreadableImage(
            "a HEIC or AVIF picture, as phones save them, which takes the package pillow-heif; install it with: pip "
            "install pillow-heif, or save or share it as JPEG (iPhone: Settings, Camera, Formats, Most Compatible)"
        ) from error
    pillow_heif.register_heif_opener()
    return ("HEIF", "AVIF")


def _choose_frame(image: Image.Image, note: Note | None) -> None:
    """Turn to the first frame that shows something; the first of all where none does."""
    if image.format not in _ANIMATED or not getattr(image, "is_animated", False):
        return
    for number in range(MAX_FRAMES):
        try:
            image.seek(number)
        except EOFError:
            break
        _check_size(image)
        if not _is_blank(image):
            if number and note:
                before = "those before it are" if number > 1 else "the one before it is"
                note(f"frame {number + 1} is taken, since {before} blank")
            return
    image.seek(0)


def _is_blank(image: Image.Image) -> bool:
    if is_deep(image) or image.mode == "F":
        low, high = extremes(image)
        return low == high
    low, high = _opaque(image).convert("L").getextrema()
    return high - low < _FLAT


def _to_plain(image: Image.Image, raw: str, white: WhiteLevel | None) -> Callable[[Image.Image], Image.Image]:
    """What turns the image, or a part of it, to mode L or RGB."""
    if is_deep(image):
        level = find_white(image, raw, white)
        return lambda part: to_8_bit(part, level)
    check_colours(image, raw)
    return _opaque


def _reduced(image: Image.Image, factor: int, plain: Callable[[Image.Image], Image.Image]) -> Image.Image:
    """The image as `plain` makes it, each pixel the mean of `factor` times `factor`.

    Made strip by strip, so that a large picture is there only once, in the form its decoder gives it.
    """
    if factor == 1:
        return plain(image)
    step, strips = factor * _STRIP, []
    for top in range(0, image.height, step):
        strip = image.crop((0, top, image.width, min(top + step, image.height)))
        strips.append(plain(strip).reduce(factor))
    whole = Image.new(strips[0].mode, (strips[0].width, sum(strip.height for strip in strips)))
    for number, strip in enumerate(strips):
        whole.paste(strip, (0, number * _STRIP))
    return whole


def _opaque(image: Image.Image) -> Image.Image:
    """The image in mode L or RGB, on white where it is transparent."""
    if image.mode == "F":
        raise UnreadableImage("floating-point pixels, of which nothing says what black and white are")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image if image.mode == "L" else image.convert("RGB")
