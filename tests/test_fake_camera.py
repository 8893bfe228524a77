"""How the webcam's benchmark tells delays from pictures that come back."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

SCRIPTS = Path(__file__).resolve().parents[1] / "scripts"


@pytest.fixture
def fake_camera(monkeypatch):
    monkeypatch.syspath_prepend(str(SCRIPTS))
    from benchmarks import fake_camera

    return fake_camera


def test_each_frame_carries_its_number_and_the_face_jumps(fake_camera, tmp_path):
    face = np.full((48, 48), 255, np.uint8)
    data = fake_camera.write_camera(tmp_path / "c.mjpeg", face).read_bytes()
    frames = [b"\xff\xd8" + part for part in data.split(b"\xff\xd8")[1:]]
    assert len(frames) == 480
    for number in (0, 119, 120, 345, 479):
        picture = np.array(Image.open(io.BytesIO(frames[number])).convert("L"))
        bits = picture[460, 35::71] > 128  # the middle of each of nine cells
        assert int("".join(str(int(bit)) for bit in bits), 2) == number
        left, right = picture[240, 160], picture[240, 480]
        assert (left > right) == (number < 120 or 240 <= number < 360)


def test_delay_of_the_video_is_from_capture_to_display(fake_camera):
    camera = np.array([[0, 5], [70, 7], [8000, 5], [8070, 7]])  # milliseconds, number; the file begins anew
    shown = np.array([[200, 5, 0], [290, 7, 0], [8150, 5, 0], [8160, 99, 0]])
    assert fake_camera.video_delays(camera, shown) == pytest.approx([0.2, 0.22, 0.15])  # frame 99 was not captured


def test_delay_of_the_answer_is_from_the_jump_to_the_first_box_on_the_other_side(fake_camera):
    camera = np.array([[0, 118], [66, 120], [4000, 239], [4066, 240], [8000, 359], [8066, 360]])
    shown = np.array([[100, 118, 0], [300, 122, 0], [500, 126, 1], [600, 128, 1], [4500, 250, 1], [7900, 350, 1]])
    # To the right at 66 ms, seen at 500; to the left at 4066, not seen before it was right again.
    assert fake_camera.answer_delays(camera, shown) == pytest.approx([0.434, np.inf])
