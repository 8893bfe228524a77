"""An image file of any size and colour -> 48x48 grey pixels, as FER2013's own images are."""

from __future__ import annotations

import io
import warnings

import numpy as np
from PIL import Image, ImageOps

from fercore.data.fer2013 import SIZE

MAX_PIXELS = 64_000_000  # a picture of more is refused before it is decoded
FORMATS = ("JPEG", "PNG", "BMP", "GIF", "TIFF", "WEBP", "PPM")  # no format whose decoder starts other programs


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
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what Pillow only warns of is either harmless or refused below
        image = _open(data)
        try:
            gray = _to_gray(ImageOps.exif_transpose(image))
            if gray.size != (size, size):
                gray = ImageOps.fit(gray, (size, size), Image.Resampling.LANCZOS)
        except UnreadableImage:
            raise
        except Exception as error:  # decoders raise nearly anything when a file is damaged
            raise UnreadableImage(f"a damaged {image.format} image ({error})") from error
    return np.asarray(gray, dtype=np.uint8)


def _open(data: bytes) -> Image.Image:
    """Read the header only, and refuse what would fill the memory."""
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


def _to_gray(image: Image.Image) -> Image.Image:
    if image.mode == "L":
        return image
    if image.mode == "I" or image.mode.startswith("I;16"):
        return _from_16_bit(np.asarray(image))
    if image.mode == "F":
        raise UnreadableImage("floating-point pixels, of which nothing says what black and white are")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("RGB").convert("L")


def _from_16_bit(values: np.ndarray) -> Image.Image:
    low, high = values.min(), values.max()
    if low < 0 or high > 65535:
        raise UnreadableImage(f"pixels from {low} to {high}, expected 0 to 65535")
    return Image.fromarray(np.rint(values / 257).astype(np.uint8))
