"""An image file of any size and colour -> pixels: in colour, or 48x48 gray ones as FER2013's own images are."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageOps

from fercore.data.fer2013 import SIZE

MAX_PIXELS = 64_000_000  # a picture of more is refused before it is decoded
FORMATS = ("JPEG", "PNG", "BMP", "GIF", "TIFF", "WEBP", "PPM")  # no format whose decoder starts other programs
# The family of formats that phones save besides JPEG, told by its brand at byte 8; read are none of them.
_PHONE_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1", b"avif", b"avis"}


class UnreadableImage(ValueError):
    """Bytes that are no image this project takes, with the reason in words."""


def decode_gray(data: bytes, size: int = SIZE) -> np.ndarray:
    """Decode one image file to a square of grey pixels.

    The orientation noted by a camera (EXIF) is applied; transparent parts show white; colour becomes luma (ITU-R 601);
    16-bit values are divided by 257; the largest centred square is scaled with antialiasing (Lanczos). A grey image
    that has the wanted size already comes back unchanged.

    Parameters
    ----------
    data
        Content of the file.
    size
        Side of the result in pixels.

    Returns
    -------
    numpy.ndarray
        uint8 array (size, size), 0 black to 255 white.

    Raises
    ------
    UnreadableImage
        If the bytes are no whole image of a known format, or one of more than `MAX_PIXELS`.
    """

    def squared(image: Image.Image) -> Image.Image:
        gray = _opaque(image).convert("L")
        return gray if gray.size == (size, size) else ImageOps.fit(gray, (size, size), Image.Resampling.LANCZOS)

    return _decode(data, squared)


def decode_rgb(data: bytes) -> np.ndarray:
    """Decode one image file in colour and in its own size.

    Orientation, transparency and 16-bit values are treated as by `decode_gray`; an animation gives its first frame.

    Parameters
    ----------
    data
        Content of the file.

    Returns
    -------
    numpy.ndarray
        uint8 array (H, W, 3): red, green, blue, 0 to 255.

    Raises
    ------
    UnreadableImage
        As `decode_gray`.
    """
    return _decode(data, lambda image: _opaque(image).convert("RGB"))


def _decode(data: bytes, finish: Callable[[Image.Image], Image.Image]) -> np.ndarray:
    """What `finish` makes of the upright image, as an array."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what Pillow only warns of is either harmless or refused below
        image = _open(data)
        try:
            return np.array(finish(ImageOps.exif_transpose(image)), dtype=np.uint8)
        except UnreadableImage:
            raise
        except Exception as error:  # decoders raise nearly anything when a file is damaged
            raise UnreadableImage(f"a damaged {image.format} image ({error})") from error


def _open(data: bytes) -> Image.Image:
    """Read the header only, and refuse what would fill the memory."""
    if not data:
        raise UnreadableImage("the file is empty")
    if data[4:8] == b"ftyp" and data[8:12] in _PHONE_BRANDS:
        raise UnreadableImage(
            "a HEIC or AVIF picture, as phones save them, which is not read here; save or share it as JPEG "
            "(iPhone: Settings, Camera, Formats, Most Compatible)"
        )
    try:
        image = Image.open(io.BytesIO(data), formats=FORMATS)
    except Image.DecompressionBombError as error:
        raise UnreadableImage(f"more than {MAX_PIXELS:,} pixels ({error})") from error
    except Exception as error:
        raise UnreadableImage(f"not an image of a known format ({', '.join(FORMATS)})") from error
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise UnreadableImage(f"{width} x {height} pixels, more than the {MAX_PIXELS:,} allowed")
    return image


def _opaque(image: Image.Image) -> Image.Image:
    """The image without transparency, and with 8 bits a value."""
    if image.mode == "I" or image.mode.startswith("I;16"):
        return _from_16_bit(np.asarray(image))
    if image.mode == "F":
        raise UnreadableImage("floating-point pixels, of which nothing says what black and white are")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image if image.mode == "L" else image.convert("RGB")


def _from_16_bit(values: np.ndarray) -> Image.Image:
    low, high = values.min(), values.max()
    if low < 0 or high > 65535:
        raise UnreadableImage(f"pixels from {low} to {high}, expected 0 to 65535")
    return Image.fromarray(np.rint(values / 257).astype(np.uint8))
