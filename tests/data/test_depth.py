import io

import cv2
import numpy as np
import pytest
from PIL import Image

from fercore.data.decode import UnreadableImage, decode_face, largest_value, read_photo
from fercore.data.depth import WHITES, WhiteLevel
from tests.factories.data import png

RAMP = np.arange(48 * 48).reshape(48, 48) % 256


def white(*largest: int) -> WhiteLevel:
    return WhiteLevel(lambda: largest)


def encode(image: Image.Image, form: str, **options) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def deep(values) -> bytes:
    return png(np.asarray(values, dtype=np.uint16))


@pytest.mark.parametrize(
    ("value", "gray"), [(0, 0), (128, 0), (129, 1), (257, 1), (32_768, 128), (65_406, 254), (65_535, 255)]
)
def test_sixteen_bits_are_divided_by_257_and_rounded(value, gray):
    # 257 * 257 is 1 modulo 256, so only values that are no multiples of 257 tell a division from a product.
    values = np.full((48, 48), 65_535)
    values[0, 0] = value
    assert decode_face(deep(values))[0, 0] == gray
    assert read_photo(deep(values)).pixels[0, 0].tolist() == [gray] * 3


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
def test_the_range_of_a_source_tells_its_bits(bits):
    top = 2**bits - 1
    source = white(0, 3, top)
    assert source.notes == []
    assert np.array_equal(decode_face(deep(np.rint(RAMP * top / 255)), white=source), RAMP)
    assert source.notes == [f"pictures of 16 bits: their largest value is {top:,}, so white is {top:,} ({bits} bits)"]


def test_twelve_bits_whose_lightest_value_is_not_quite_white():
    source = white(255 * 16)
    found = decode_face(deep(RAMP * 16), white=source)  # array.astype("uint16") * 16
    assert source.value == 4095
    assert np.abs(found.astype(int) - RAMP).max() == 1  # 4,080 is 254.07 of 255


def test_a_picture_alone_is_refused_unless_its_values_leave_no_doubt():
    for high in (1, 255, 4_080, 16_383):
        values = np.zeros((48, 48))
        values[5, 5] = high
        likely = next(level for level in WHITES if level >= high)
        says = (
            rf"values of 16 bits up to {high:,}, of which nothing says whether white is {likely:,} or 65,535; save it"
        )
        with pytest.raises(UnreadableImage, match=says):
            decode_face(deep(values))
    values[5, 5] = 16_384
    assert decode_face(deep(values))[5, 5] == 64
    assert decode_face(deep(np.zeros((48, 48)))).max() == 0  # black in any range


def test_a_picture_of_another_range_than_its_source_is_refused():
    with pytest.raises(UnreadableImage, match="up to 4,080, while white is 65,535 in others of the same source"):
        decode_face(deep(RAMP * 16), white=white(65_000))
    dark = np.full((48, 48), 4_096)  # 16 of 255 is dark, and allowed
    assert np.unique(decode_face(deep(dark), white=white(65_000))).tolist() == [16]


@pytest.mark.parametrize("kind", ["I;16B", "int32", "12 bits"])
def test_other_containers_of_16_bits_are_treated_alike(kind):
    values = (RAMP * 257).astype(np.uint16)
    if kind == "12 bits":  # a TIFF that says it: two values in three bytes
        data = twelve_bits((RAMP * 4095 // 255).astype(np.uint16))
        assert largest_value(data) == 0
    else:
        held = values.astype(">u2") if kind == "I;16B" else values.astype(np.int32)
        image = Image.fromarray(held)
        assert image.mode == ("I;16B" if kind == "I;16B" else "I")
        data = encode(image, "tiff")
        assert largest_value(data) == 65_535
        low = encode(Image.fromarray(held // 16), "tiff")
        with pytest.raises(UnreadableImage, match="values of 16 bits up to 4,095"):
            decode_face(low)
        assert np.abs(decode_face(low, white=white(4_095)).astype(int) - RAMP).max() <= 1
    assert np.array_equal(decode_face(data), RAMP)


def twelve_bits(values: np.ndarray) -> bytes:
    """A little-endian TIFF of one strip with 12 bits a value."""
    one, two = values.ravel()[::2].astype(int), values.ravel()[1::2].astype(int)
    packed = np.stack([one >> 4, (one & 15) << 4 | two >> 8, two & 255], axis=1).astype(np.uint8).tobytes()
    tags = [(256, 48), (257, 48), (258, 12), (259, 1), (262, 1), (273, 8), (277, 1), (278, 48), (279, len(packed))]
    entries = b"".join(
        np.array([tag, 4], "<u2").tobytes() + np.array([1, value], "<u4").tobytes() for tag, value in tags
    )
    where = np.array([8 + len(packed)], "<u4").tobytes()
    return b"II*\0" + where + packed + np.array([len(tags)], "<u2").tobytes() + entries + bytes(4)


def test_a_pgm_tells_its_largest_value():
    values = (RAMP * 16).astype(">u2")
    data = b"P5 48 48 4080\n" + values.tobytes()
    assert largest_value(data) == 0
    assert np.array_equal(decode_face(data), RAMP)


def test_a_tiff_in_which_zero_is_white_is_refused():
    data = encode(Image.fromarray((RAMP * 257).astype(np.uint16)), "tiff", tiffinfo={262: 0})
    with pytest.raises(UnreadableImage, match="16 bits in which 0 is white"):
        decode_face(data)


@pytest.mark.parametrize(("extension", "channels"), [(".png", 3), (".png", 4), (".tiff", 3)])
def test_colours_of_12_bits_in_16_are_refused_rather_than_read_as_black(extension, channels):
    values = np.full((48, 48, channels), 65_535, np.uint16)
    values[..., :3] = 4_080
    says = "values of 16 bits up to 4,095, of which nothing says whether white is 4,095 or 65,535"
    with pytest.raises(UnreadableImage, match=says):
        read_photo(cv2.imencode(extension, values)[1].tobytes())
    values[0, 0, 0] = 16_384
    assert read_photo(cv2.imencode(extension, values)[1].tobytes()).pixels[0, 0].tolist() == [15, 15, 64]


def test_the_largest_value_is_asked_of_grays_of_16_bits_alone():
    assert largest_value(deep(RAMP * 16)) == 4_080
    assert largest_value(png(RAMP.astype(np.uint8))) == 0
    assert largest_value(b"text") == 0
