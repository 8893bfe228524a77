import os

import numpy as np
import pytest

from fercore.data.decode import UnreadableImage
from fercore.inference import sources
from fercore.inference.sources import find_files, open_pictures
from tests.factories.data import png, write_folder
from tests.factories.videos import write_video

PICTURE = np.random.default_rng(0).integers(0, 256, (5, 4, 3), dtype=np.uint8)


@pytest.fixture
def video(tmp_path):
    """2.5 seconds at 10 frames a second; the gray is ten times the frame's number."""
    return write_video(tmp_path / "gray.avi", [np.full((48, 64, 3), 10 * number, np.uint8) for number in range(25)])


def test_folders_give_their_pictures_and_videos_by_name_and_files_are_taken_as_named(tmp_path):
    names = ["b.PNG", "a.jpg", "notes.txt", "talk.mp4", "phone.heic", "more/z.webp", "more/deep/y.gif", "Album/x.bmp"]
    write_folder(tmp_path, dict.fromkeys(names, b""))
    (tmp_path / "round").symlink_to(tmp_path)
    found = [str(file.relative_to(tmp_path)) for file in find_files([tmp_path / "notes.txt", tmp_path])]
    wanted = ["notes.txt", "a.jpg", "b.PNG", "phone.heic", "talk.mp4", "Album/x.bmp", "more/z.webp", "more/deep/y.gif"]
    assert found == wanted


def test_a_picture_is_one_picture_without_a_time(tmp_path):
    (tmp_path / "a.png").write_bytes(png(PICTURE))
    [found] = open_pictures(tmp_path / "a.png")
    assert (found.file, found.time) == (tmp_path / "a.png", None)
    assert np.array_equal(found.pixels, PICTURE)


@pytest.mark.parametrize(
    ("fps", "numbers"),
    [(1, [0, 10, 20]), (2, [0, 5, 10, 15, 20]), (4, [0, 3, 5, 8, 10, 13, 15, 18, 20, 23]), (100, list(range(25)))],
)
def test_frames_of_a_video_are_sampled_by_time(video, fps, numbers):
    found = list(open_pictures(video, fps))
    assert [frame.time for frame in found] == pytest.approx([number / 10 for number in numbers])
    assert [frame.pixels.mean() for frame in found] == pytest.approx([10 * number for number in numbers], abs=3)


def test_colours_of_a_video_are_in_our_order(tmp_path):
    red = np.broadcast_to(np.array([250, 0, 0], np.uint8), (48, 64, 3))
    [frame] = open_pictures(write_video(tmp_path / "red.avi", [red]))
    assert np.abs(frame.pixels.astype(int) - red).max() < 10


def test_a_video_cut_short_gives_its_frames_and_is_told(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (25, 48, 64, 3), dtype=np.uint8)
    video = write_video(tmp_path / "noise.avi", noise)
    whole = video.read_bytes()
    video.write_bytes(whole[: len(whole) // 2])
    frames = open_pictures(video, fps=10)
    assert [next(frames).time for _ in range(5)] == pytest.approx([0, 0.1, 0.2, 0.3, 0.4])
    with pytest.raises(UnreadableImage, match=r"ends after \d\.\d of 2\.5 seconds: it is damaged"):
        list(frames)


def test_text_named_as_a_video_or_picture_is_refused(tmp_path):
    for name, reason in {"a.mp4": "not a video", "a.jpg": "not an image of a known format"}.items():
        (tmp_path / name).write_text("a shopping list")
        with pytest.raises(UnreadableImage, match=reason):
            next(open_pictures(tmp_path / name))


def test_frames_of_too_many_pixels_are_refused_before_they_are_decoded(video, monkeypatch):
    monkeypatch.setattr(sources, "MAX_PIXELS", 64 * 48 - 1)
    with pytest.raises(UnreadableImage, match="frames of 3,072 pixels, more than the 3,071 allowed"):
        next(open_pictures(video))


def test_a_file_of_too_many_bytes_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "MAX_BYTES", 10)
    (tmp_path / "a.png").write_bytes(png(PICTURE))
    with pytest.raises(UnreadableImage, match=r"bytes, more than the 10 allowed"):
        next(open_pictures(tmp_path / "a.png"))


def test_what_is_absent_or_no_file_is_told(tmp_path):
    with pytest.raises(UnreadableImage, match="there is no such file"):
        next(open_pictures(tmp_path / "a.png"))
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(UnreadableImage, match="a special file"):
        next(open_pictures(tmp_path / "pipe.png"))
