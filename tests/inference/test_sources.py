import io
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fercore.data.decode import UnreadableImage
from fercore.inference import sources
from fercore.inference.sources import MOST_NAMED, PICTURES, VIDEOS, Files, kind_of, open_pictures
from tests.factories.data import png, write_folder
from tests.factories.videos import write_timed, write_video

PICTURE = np.random.default_rng(0).integers(0, 256, (5, 4, 3), dtype=np.uint8)


@pytest.fixture
def video(tmp_path):
    """2.5 seconds at 10 frames a second; the gray is ten times the frame's number."""
    return write_video(tmp_path / "gray.avi", [np.full((48, 64, 3), 10 * number, np.uint8) for number in range(25)])


def test_folders_give_their_pictures_and_videos_by_name_and_files_are_taken_as_named(tmp_path):
    names = ["b.PNG", "a.jpg", "notes.txt", "talk.mp4", "phone.heic", "more/z.webp", "more/deep/y.gif", "Album/x.bmp"]
    write_folder(tmp_path, dict.fromkeys(names, b""))
    files = Files([tmp_path / "notes.txt", tmp_path])
    found = [str(file.relative_to(tmp_path)) for file in files]
    wanted = ["notes.txt", "a.jpg", "b.PNG", "phone.heic", "talk.mp4", "Album/x.bmp", "more/z.webp", "more/deep/y.gif"]
    assert found == wanted
    assert files.examples == {tmp_path / "notes.txt": "neither a picture nor a video"}


def image(form, **settings):
    file = io.BytesIO()
    Image.fromarray(PICTURE).save(file, form, **settings)
    return file.getvalue()


FORMS = {form: image(form) for form in ("jpeg", "mpo", "png", "bmp", "gif", "tiff", "webp", "ppm")}


def test_content_decides_what_a_file_of_a_folder_is(tmp_path):
    pictures = {f"photo of {form}": content for form, content in FORMS.items()}
    others = {"notes": b"a shopping list", "music.mp3": b"ID3\4", ".DS_Store": b"\0\0\0\1Bud1", "empty": b""}
    others |= {"song": b"\0\0\0\x20ftypM4A ", "speech.wav": b"RIFF\0\0\0\0WAVEfmt ", "plan": b"Buy free-range eggs"}
    write_folder(tmp_path, pictures | others)
    forms = ("mp4", "mov", "3gp", "mkv", "webm", "avi", "flv", "wmv", "ts")
    for form in forms:
        made = write_timed(tmp_path / f"clip.{form}", [np.zeros((48, 64, 3), np.uint8)] * 9, np.arange(9) / 10)
        made.rename(tmp_path / f"clip of {form}")
    files = Files([tmp_path])
    assert [file.name for file in files] == sorted([*pictures, *(f"clip of {form}" for form in forms)])
    assert [kind_of(tmp_path / name) for name in pictures] == ["picture"] * len(pictures)
    assert files.skipped == len(others)
    assert {path.name for path in files.examples} == set(others)
    for name in pictures:
        assert np.abs(next(open_pictures(tmp_path / name)).pixels.astype(int) - PICTURE).mean() < 60
    assert next(open_pictures(tmp_path / "clip of mp4")).time == 0


@pytest.mark.parametrize("ending", PICTURES + VIDEOS)
def test_what_is_named_as_picture_or_video_is_never_passed_over(tmp_path, ending):
    (tmp_path / f"a.{ending}").write_text("a shopping list")
    assert list(Files([tmp_path])) == [tmp_path / f"a.{ending}"]
    with pytest.raises(UnreadableImage):
        next(open_pictures(tmp_path / f"a.{ending}"))


def test_a_picture_named_as_a_video_is_a_picture(tmp_path):
    (tmp_path / "a.mp4").write_bytes(png(PICTURE))
    [found] = open_pictures(tmp_path / "a.mp4")
    assert np.array_equal(found.pixels, PICTURE)


def test_a_list_of_other_files_is_not_opened_as_a_video(tmp_path):
    write_timed(tmp_path / "secret.mkv", [np.zeros((48, 64, 3), np.uint8)], [0])
    for name, content in {"a.mp4": "ffconcat version 1.0\nfile secret.mkv\n", "b.ts": "#EXTM3U\nsecret.mkv\n"}.items():
        (tmp_path / name).write_text(content)
        with pytest.raises(UnreadableImage, match="not a video of a known form"):
            next(open_pictures(tmp_path / name))


def test_linked_folders_and_special_files_are_left_out_and_named(tmp_path):
    write_folder(tmp_path, {"album/a.png": png(PICTURE)})
    (tmp_path / "album" / "round").symlink_to(tmp_path)
    os.mkfifo(tmp_path / "album" / "pipe")
    files = Files([tmp_path / "album"])
    assert list(files) == list(files) == [tmp_path / "album" / "a.png"]
    assert files.skipped == 2
    assert files.examples == {
        tmp_path / "album" / "round": "a link to a folder, which is not followed",
        tmp_path / "album" / "pipe": "neither a picture nor a video",
    }


def test_of_many_skipped_files_a_few_are_named_and_all_are_counted(tmp_path):
    write_folder(tmp_path, {f"{number:03}.txt": b"" for number in range(50)})
    files = Files([tmp_path])
    assert list(files) == []
    assert files.skipped == 50
    assert list(files.examples) == [tmp_path / f"{number:03}.txt" for number in range(MOST_NAMED)]


def test_folders_and_files_that_cannot_be_opened_are_named(tmp_path, monkeypatch):
    write_folder(tmp_path, {"a.png": b"", "locked/b.png": b"", "secret": b"a"})
    list_folder, open_file = os.scandir, Path.open

    def scandir(path):
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied", str(path))
        return list_folder(path)

    def opening(path, *arguments):
        if path.name == "secret":
            raise PermissionError(13, "Permission denied", str(path))
        return open_file(path, *arguments)

    monkeypatch.setattr(os, "scandir", scandir)
    monkeypatch.setattr(Path, "open", opening)
    files = Files([tmp_path])
    assert list(files) == [tmp_path / "a.png"]
    assert files.unreadable == dict.fromkeys([tmp_path / "secret", tmp_path / "locked"], "Permission denied")


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
    for name, reason in {"a.mp4": "not a video of a known form", "a.jpg": "not an image of a known format"}.items():
        (tmp_path / name).write_text("a shopping list")
        with pytest.raises(UnreadableImage, match=reason):
            next(open_pictures(tmp_path / name))


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
