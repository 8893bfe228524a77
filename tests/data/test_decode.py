import io
import struct
import sys
import zlib

import numpy as np
import pytest
from PIL import Image

from fercore.data.decode import (
    MAX_PIXELS,
    MAX_SIDE,
    PHOTO_PIXELS,
    UnreadableImage,
    decode_face,
    phone_formats,
    read_photo,
)
from tests.factories.data import png

RAMP = np.arange(48 * 48, dtype=np.uint32).reshape(48, 48)


def encode(image: Image.Image, form: str, **options) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def test_a_grey_image_of_the_right_size_is_unchanged():
    pixels = (RAMP % 256).astype(np.uint8)
    assert np.array_equal(decode_face(png(pixels)), pixels)


def test_colour_becomes_luma():
    colours = {(255, 0, 0): 76, (0, 255, 0): 150, (0, 0, 255): 29, (90, 90, 90): 90}  # .299 R + .587 G + .114 B
    for colour, luma in colours.items():
        assert np.unique(decode_face(png(np.full((48, 48, 3), colour, dtype=np.uint8)))).tolist() == [luma]


def test_transparent_parts_show_white():
    pixels = np.zeros((48, 48, 4), dtype=np.uint8)
    pixels[:24, :, 3] = 255  # upper half opaque black, lower half transparent black
    gray = decode_face(png(pixels))
    assert np.unique(gray[:24]).tolist() == [0]
    assert np.unique(gray[24:]).tolist() == [255]


def test_a_palette_is_looked_up():
    image = Image.fromarray((RAMP % 2).astype(np.uint8), "L").convert("P")
    image.putpalette([10, 10, 10, 200, 200, 200])
    assert np.array_equal(decode_face(encode(image, "png")), np.where(RAMP % 2, 200, 10))


def test_a_transparent_palette_entry_shows_white():
    image = Image.fromarray((RAMP % 2).astype(np.uint8), "L").convert("P")
    image.putpalette([10, 10, 10, 200, 200, 200])
    assert np.array_equal(decode_face(encode(image, "png", transparency=0)), np.where(RAMP % 2, 200, 255))


def test_sixteen_bits_keep_their_range():
    values = (RAMP % 256 * 257).astype(np.uint16)  # 0 to 65,535
    assert np.array_equal(decode_face(png(values)), RAMP % 256)


def test_black_and_white():
    image = Image.fromarray((RAMP % 2 * 255).astype(np.uint8)).convert("1")
    assert np.array_equal(decode_face(encode(image, "png")), RAMP % 2 * 255)


def test_cmyk():
    image = Image.new("CMYK", (48, 48), (0, 0, 0, 0))  # no ink
    assert np.unique(decode_face(encode(image, "jpeg"))).tolist() == [255]


def test_shrinking_is_antialiased():
    stripes = np.zeros((192, 192), dtype=np.uint8)
    stripes[:, ::2] = 255  # nearest neighbours would give all black or all white
    inner = decode_face(png(stripes))[4:-4, 4:-4].astype(int)
    assert abs(inner - 127.5).max() <= 2.5


def test_a_wide_image_gives_its_centre():
    wide = np.repeat(np.array([0, 100, 255], dtype=np.uint8), 48)[None].repeat(48, axis=0)  # 48 x 144
    assert np.unique(decode_face(png(wide))).tolist() == [100]


def test_a_single_pixel_is_enlarged():
    assert np.unique(decode_face(png(np.full((1, 1), 7, dtype=np.uint8)))).tolist() == [7]


def test_the_orientation_noted_by_a_camera_is_applied():
    upright = np.zeros((48, 48), dtype=np.uint8)
    upright[:, :10] = 200  # a bar at the left
    exif = Image.Exif()
    exif[0x0112] = 6  # stored turned: rotate by 90 degrees clockwise to see it upright
    stored = np.rot90(upright, 1)
    assert np.array_equal(decode_face(png(stored, exif=exif)), upright)


def damaged_jpeg() -> bytes:
    whole = encode(Image.fromarray((RAMP % 256).astype(np.uint8)), "jpeg")
    return whole[: len(whole) // 2]


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is huge."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "the file is empty"),
        (b"a shopping list\n", "not an image of a known format"),
        (b"\0\0\0\x18ftypheic" + bytes(100), r"not an image of a known format \(HEIF, AVIF\)"),
        (b"GIF89a", "not an image of a known format"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "not an image of a known format"),
        (damaged_jpeg(), "a damaged JPEG image"),
        (bomb(8000, 8001), f"8000 x 8001 pixels, more than the {MAX_PIXELS:,} allowed"),
        (bomb(10_000, 10_000), "10000 x 10000 pixels, more than"),
        (bomb(100_000, 100_000), f"more than {MAX_PIXELS:,} pixels"),
        (bomb(44_000_000, 1), f"44000000 x 1 pixels, a side longer than the {MAX_SIDE:,} allowed"),
        (bomb(1, 30_000_000), "1 x 30000000 pixels, a side longer than"),
        (bomb(51, 1), "51 x 1 pixels, one side more than 50 times the other"),
        (encode(Image.fromarray(np.ones((48, 48), dtype=np.float32)), "tiff"), "floating-point pixels"),
        (encode(Image.fromarray(np.full((48, 48), 70_000, dtype=np.int32)), "tiff"), "expected 0 to 65535"),
    ],
    ids=[
        "empty",
        "text",
        "heic",
        "cut",
        "postscript",
        "half",
        "64 MP",
        "100 MP",
        "10 GP",
        "a line",
        "a column",
        "a strip",
        "float",
        "32 bit",
    ],
)
def test_what_is_no_usable_image_is_refused_in_words(data, reason):
    for decode in (decode_face, read_photo):
        with pytest.raises(UnreadableImage, match=reason):
            decode(data)


COLOURS = np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [9, 9, 9]], [[0, 0, 0], [255, 255, 255]]], np.uint8)


def test_a_colour_picture_keeps_its_size_and_colours():
    assert np.array_equal(read_photo(png(COLOURS)).pixels, COLOURS)  # (3, 2, 3)


def test_gray_of_8_and_16_bits_becomes_three_equal_channels():
    gray = np.array([[0, 7, 255]], np.uint8)
    for values in (gray, gray.astype(np.uint16) * 257):
        assert np.array_equal(read_photo(png(values)).pixels, gray[..., None].repeat(3, axis=2))


def test_colours_of_a_palette_are_looked_up():
    image = Image.fromarray(np.array([[0, 1]], np.uint8)).convert("P")
    image.putpalette([1, 2, 3, 200, 100, 50])
    assert read_photo(encode(image, "png")).pixels.tolist() == [[[1, 2, 3], [200, 100, 50]]]


def test_transparent_colours_show_white_in_proportion():
    picture = np.array([[[10, 20, 30, 255], [10, 20, 30, 0], [0, 0, 0, 51]]], np.uint8)
    assert read_photo(png(picture)).pixels.tolist() == [[[10, 20, 30], [255, 255, 255], [204, 204, 204]]]


def test_cmyk_becomes_rgb():
    image = Image.new("CMYK", (8, 8), (255, 0, 0, 0))  # cyan ink alone
    assert np.abs(read_photo(encode(image, "tiff")).pixels.astype(int) - [0, 255, 255]).max() == 0


def test_a_picture_held_sideways_is_turned():
    exif = Image.Exif()
    exif[0x0112] = 8  # turn by 90 degrees anticlockwise to see it upright
    assert np.array_equal(read_photo(png(np.rot90(COLOURS, -1), exif=exif)).pixels, COLOURS)


def test_an_animation_gives_its_first_frame():
    frames = [Image.new("RGB", (5, 4), colour) for colour in ("red", "blue")]
    data = encode(frames[0], "gif", save_all=True, append_images=frames[1:])
    assert np.array_equal(read_photo(data).pixels, np.broadcast_to(np.array([255, 0, 0], np.uint8), (4, 5, 3)))


def test_a_strip_as_long_as_allowed_is_read():
    assert read_photo(png(np.zeros((1, 50), np.uint8))).pixels.shape == (1, 50, 3)


def test_a_large_photo_is_reduced_and_tells_by_how_much():
    height, width = 4_500, 4_001  # 18 million pixels
    assert height * width > PHOTO_PIXELS
    pixels = np.zeros((height, width), np.uint8)
    pixels[:3000:2] = 200  # every other row: gray once reduced; the rest is black
    for form in ("png", "jpeg"):
        photo = read_photo(encode(Image.fromarray(pixels), form))
        assert (photo.pixels.shape, photo.scale, photo.notes) == ((2250, 2001, 3), 2, ())
        assert abs(photo.pixels[10:1490].mean() - 100) < 3
        assert photo.pixels[1510:].max() < 5
    assert read_photo(png(COLOURS)).scale == 1
    assert np.array_equal(read_photo(png(COLOURS)).pixels, COLOURS)


@pytest.mark.slow
def test_a_large_picture_with_transparency_is_there_once_and_turned_upright():
    pixels = np.zeros((6000, 3000, 4), np.uint8)
    pixels[:3000, :, 3] = 255  # above black, below transparent
    exif = Image.Exif()
    exif[0x0112] = 6
    photo = read_photo(png(pixels, exif=exif, compress_level=1))
    assert (photo.pixels.shape, photo.scale) == ((1500, 3000, 3), 2)
    assert np.unique(photo.pixels[:, :1499]).tolist() == [255]
    assert np.unique(photo.pixels[:, 1501:]).tolist() == [0]


@pytest.mark.slow
def test_a_large_picture_becomes_the_same_small_one_as_a_reduced_one():
    pixels = (
        np.random.default_rng(0).integers(0, 256, (90, 90), dtype=np.uint8).repeat(50, 0).repeat(50, 1)
    )  # 20 million
    small = pixels.reshape(2250, 2, 2250, 2).mean(axis=(1, 3)).astype(np.uint8)
    assert np.abs(decode_face(png(pixels)).astype(int) - decode_face(png(small))).max() <= 1


# Frames


def animation(form: str, frames: list[Image.Image], **options) -> bytes:
    return encode(frames[0], form, save_all=True, append_images=frames[1:], **options)


FRAMES = [Image.new("RGB", (48, 48), "white"), Image.new("RGB", (48, 48), "white"), Image.new("RGB", (48, 48), "black")]
FRAMES[2].paste("red", (0, 0, 24, 48))
OPTIONS = {
    "gif": {"optimize": False, "duration": [1, 2, 3]},
    "png": {"duration": [1, 2, 3]},
    "webp": {"lossless": True},
}


@pytest.mark.parametrize("form", ["gif", "png", "webp", "tiff"])
def test_the_first_frame_that_shows_something_is_taken_and_named(form):
    frames = [FRAMES[0], *FRAMES[2:], FRAMES[0]]
    data = animation(form, frames, **OPTIONS.get(form, {}))
    pixels, _, notes = read_photo(data)
    assert pixels[0, 0].tolist() == [255, 0, 0]
    assert pixels[0, 40].tolist() == [0, 0, 0]
    assert notes == ("frame 2 is taken, since the one before it is blank",)
    assert decode_face(data)[0, [0, 40]].tolist() == [76, 0]


def test_several_blank_frames_are_passed_over():
    pixels, _, notes = read_photo(animation("tiff", FRAMES))
    assert pixels[0, 0].tolist() == [255, 0, 0]
    assert notes == ("frame 3 is taken, since those before it are blank",)


def test_where_all_frames_are_blank_the_first_is_taken_without_a_word():
    blank = [Image.new("L", (9, 9), level) for level in (100, 200)]
    pixels, _, notes = read_photo(animation("tiff", blank))
    assert np.unique(pixels).tolist() == [100]
    assert notes == ()


def test_a_frame_larger_than_allowed_is_refused():
    data = animation("tiff", [Image.new("L", (9, 9)), Image.new("1", (60, 3001))])
    with pytest.raises(UnreadableImage, match="60 x 3001 pixels, one side more than 50 times the other"):
        read_photo(data)


# HEIC


def test_heic_is_read_and_refused_in_words_without_its_package(monkeypatch):
    pillow_heif = pytest.importorskip("pillow_heif")
    pillow_heif.register_heif_opener()
    data = encode(FRAMES[2], "heif", quality=100)
    assert np.abs(read_photo(data).pixels[:, :20].astype(int) - [254, 0, 0]).max() <= 8
    assert np.abs(decode_face(data)[:, :20].astype(int) - 76).max() <= 8
    phone_formats.cache_clear()
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    with pytest.raises(UnreadableImage, match=r"a HEIC or AVIF picture, .* pip install pillow-heif, or .* as JPEG"):
        read_photo(data)
    phone_formats.cache_clear()


def test_avif_is_read():
    assert (
        np.abs(read_photo(encode(FRAMES[2], "avif", quality=100)).pixels[:, :20].astype(int) - [255, 0, 0]).max() <= 8
    )
