"""Uploads with some of their bytes changed: each opens, or is refused in words."""

import io
import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from fercore.data.decode import UnreadableImage, decode_face, read_photo
from fercore.emotions import EMOTIONS
from fercore.inference.batch import WEBCAM
from fercore.inference.saved import UnreadableAnswers, read_saved
from fercore.inference.sources import kind_of_bytes
from fercore.inference.timeline import smoothing_of, spans
from fercore.inference.video import describe, read_frames
from tests.factories.looks import make_looks
from tests.factories.videos import write_timed
from tests.fuzz.damage import changed_bytes, changed_cells, fuzzed

PIXELS = np.arange(24 * 32 * 3, dtype=np.uint8).reshape(24, 32, 3)
PICTURES = ("PNG", "JPEG", "GIF", "WEBP", "BMP", "TIFF")
VIDEOS = ("mp4", "mkv", "avi", "flv")
LOOKS = make_looks([(0.0, 1, "happy", 0.8, True), (0.5, 1, "happy", 0.8, False), (1.0, 2, "sad", 0.6, True)])
WEBCAM_LINE = f"0.0,a,1,90.1,8.1,happy,True,{','.join(['0.4'] * 7)}"
ANSWERS = {
    "video": LOOKS.to_csv(index=False),
    "smoothed": LOOKS.assign(smoothing=0.5).to_csv(index=False),
    "webcam": "\n".join([",".join([*WEBCAM, *EMOTIONS]), WEBCAM_LINE, "0.5,a,0,90.1,,,,,,,,,,", WEBCAM_LINE]) + "\n",
}


def picture(form):
    file = io.BytesIO()
    Image.fromarray(PIXELS).save(file, form)
    return file.getvalue()


@pytest.fixture(scope="module")
def videos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("videos")
    frames = [np.full((48, 64, 3), 60 * number, np.uint8) for number in range(4)]
    return {end: write_timed(folder / f"clip.{end}", frames, [0, 0.5, 1, 1.5]) for end in VIDEOS}


def refused(words):
    assert words
    words.encode()  # as a page does


@pytest.mark.parametrize("form", PICTURES)
@fuzzed(60)
@given(data=st.data())
def test_a_picture_opens_or_is_refused(form, data):
    content = data.draw(changed_bytes(picture(form)))
    kind_of_bytes(content[:32])
    try:
        photo = read_photo(content)
    except UnreadableImage as error:
        refused(str(error))
    else:
        assert photo.pixels.dtype == np.uint8
        assert photo.pixels.ndim == 3
    try:
        face = decode_face(content, 48, 1)
    except UnreadableImage as error:
        refused(str(error))
    else:
        assert face.shape == (48, 48)


@pytest.mark.parametrize("ending", VIDEOS)
@fuzzed(40)
@given(data=st.data())
def test_a_video_opens_or_is_refused(videos, ending, data):
    content = data.draw(changed_bytes(videos[ending].read_bytes()))
    if kind_of_bytes(content[:32]) != "video":  # which nobody hands to FFmpeg
        return
    for read in (describe, lambda file: list(itertools.islice(read_frames(file, 10), 50))):
        try:
            read(io.BytesIO(content))
        except UnreadableImage as error:
            refused(str(error))


@pytest.mark.parametrize("kind", ANSWERS)
@pytest.mark.parametrize("changed", [changed_cells, lambda text: changed_bytes(text.encode())], ids=["cells", "bytes"])
@fuzzed(60)
@given(data=st.data())
def test_saved_answers_open_or_are_refused(kind, changed, data):
    content = data.draw(changed(ANSWERS[kind]))
    try:
        saved = read_saved(content if isinstance(content, bytes) else content.encode())
    except UnreadableAnswers as error:
        refused(str(error))
        return
    for table in saved.tables.values():
        assert np.isfinite(saved.step)
        smoothing_of(table)
        spans(table, saved.step).to_json().encode()
