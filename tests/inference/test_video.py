import io

import numpy as np
import pytest

from fercore.data.decode import UnreadableImage
from fercore.inference import video
from fercore.inference.video import describe, pass_frames, read_frames
from tests.factories.videos import turn_on_screen, write_timed, write_video

TENTHS = [number / 10 for number in range(25)]
FRAMES = [np.full((48, 64, 3), 10 * number, np.uint8) for number in range(25)]  # the gray is ten times the number


def read(path, fps=2.0):
    """Times and mean grays of the frames."""
    found = list(read_frames(path, fps))
    return [round(time, 3) for time, _ in found], [pixels.mean() for _, pixels in found]


@pytest.mark.parametrize("ending", ["mp4", "mov", "3gp", "mkv", "webm", "avi", "flv", "wmv", "ts"])
def test_every_form_gives_the_same_frames_at_the_same_times(tmp_path, ending):
    times, grays = read(write_timed(tmp_path / f"clip.{ending}", FRAMES, TENTHS))
    assert times == pytest.approx([0, 0.5, 1, 1.5, 2], abs=0.002)
    assert grays == pytest.approx([0, 50, 100, 150, 200], abs=6)


def test_times_are_those_of_the_file_where_its_rate_varies(tmp_path):
    moments = [0, 0.1, 0.2, 1.7, 1.75, 4.0]
    path = write_timed(tmp_path / "varying.mkv", FRAMES[:6], moments)
    assert read(path, fps=100)[0] == moments
    assert read(path, fps=1)[0] == [0, 1.7, 4.0]


@pytest.mark.parametrize("ending", ["mkv", "webm"])
@pytest.mark.parametrize("sound", [(0, 9), (0, 33), (30, 39)])
@pytest.mark.parametrize("start", [0, 30])
def test_sound_that_is_longer_and_a_late_start_are_no_damage(tmp_path, ending, sound, start):
    times = [start + moment for moment in TENTHS]
    path = write_timed(tmp_path / f"clip.{ending}", FRAMES, times, sound)
    begin = min(start, sound[0])
    assert read(path)[0] == pytest.approx([start - begin + moment for moment in (0, 0.5, 1, 1.5, 2)], abs=0.025)


@pytest.mark.parametrize("sound", [None, (0, 9)])
def test_a_recording_cut_short_gives_its_frames_and_is_told(tmp_path, sound):
    path = write_timed(tmp_path / "clip.mkv", FRAMES, TENTHS, sound)
    path.write_bytes(path.read_bytes()[: path.stat().st_size * 3 // 5])
    found = read_frames(path, 10)
    assert [next(found)[0] for _ in range(5)] == pytest.approx(TENTHS[:5])
    with pytest.raises(UnreadableImage, match=r"ends after \d\.\d of (2\.5|9\.0) seconds: it is damaged"):
        list(found)


@pytest.mark.parametrize(("degrees", "corner"), [(90, (0, -1)), (180, (-1, -1)), (270, (-1, 0))])
def test_a_phone_held_sideways_gives_upright_frames(tmp_path, degrees, corner):
    frame = np.zeros((48, 64, 3), np.uint8)
    frame[:16, :16] = 255  # the corner that is above and left in the file
    path = turn_on_screen(write_timed(tmp_path / "clip.mp4", [frame], [0]), degrees)
    [(_, pixels)] = read_frames(path, 1)
    assert pixels.shape == ((48, 64, 3) if degrees == 180 else (64, 48, 3))
    assert pixels[corner].mean() > 200
    assert pixels.mean() < 60


def test_sound_alone_is_no_video(tmp_path):
    path = write_timed(tmp_path / "clip.mkv", FRAMES[:1], [0], (0, 1))
    import av

    with av.open(str(path)) as whole, av.open(str(tmp_path / "sound.mkv"), "w") as sound:
        track = sound.add_stream_from_template(whole.streams.audio[0])
        for packet in whole.demux(whole.streams.audio[0]):
            if packet.dts is not None:
                packet.stream = track
                sound.mux(packet)
    with pytest.raises(UnreadableImage, match="no moving pictures"):
        next(read_frames(tmp_path / "sound.mkv", 1))


def test_frames_that_cannot_be_decoded_are_told(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (20, 48, 64, 3), dtype=np.uint8)
    path = write_video(tmp_path / "noise.avi", noise)
    content = bytearray(path.read_bytes())
    places = [place for place in range(len(content) - 4) if content[place : place + 3] == b"\xff\xd8\xff"]
    for place in places[::2]:
        content[place : place + 600] = bytes(600)
    path.write_bytes(content)
    with pytest.raises(UnreadableImage, match="cannot be decoded: the video is damaged"):
        list(read_frames(path, 100))


def test_frames_of_too_many_pixels_are_refused_before_they_are_decoded(tmp_path, monkeypatch):
    path = write_timed(tmp_path / "clip.mp4", FRAMES, TENTHS)
    monkeypatch.setattr(video, "MAX_PIXELS", 64 * 48 - 1)
    with pytest.raises(UnreadableImage, match="frames of 3,072 pixels, more than the 3,071 allowed"):
        next(read_frames(path, 1))


def test_a_part_of_a_video(tmp_path):
    path = write_timed(tmp_path / "clip.mp4", FRAMES, TENTHS, sound=(0, 9))
    found = [round(time, 3) for time, _ in read_frames(path, 2, 0.75, 1.8)]
    assert found == pytest.approx([0.8, 1.0, 1.5])
    with pytest.raises(UnreadableImage, match="no frame between second 5 and its end"):
        list(read_frames(path, 2, 5))
    with pytest.raises(UnreadableImage, match=r"no frame between second 0\.91 and 0\.99"):
        list(read_frames(path, 2, 0.91, 0.99))


MINUTE = [number / 2 for number in range(120)]
GRADIENT = np.add.outer(np.arange(48), np.arange(64)).astype(np.uint8)


@pytest.fixture(scope="module", params=["mp4", "mov", "mkv", "webm", "avi", "flv", "wmv", "ts"])
def minute(request, tmp_path_factory):
    """A minute of picture, in which no frame is like another, in some form, and of sound in one."""
    frames = [np.repeat((GRADIENT + 2 * number)[..., None], 3, axis=2) for number in range(120)]
    sound = (0, 60) if request.param == "mp4" else None
    return write_timed(tmp_path_factory.mktemp("minute") / f"clip.{request.param}", frames, MINUTE, sound)


@pytest.mark.rest_slow
@pytest.mark.parametrize("start", [7.3, 30.0, 58.9])
def test_a_part_has_the_frames_and_times_that_it_has_in_the_whole(minute, start):
    whole = [(time, pixels) for time, pixels in read_frames(minute, 1000) if time >= start]
    part = list(read_frames(minute, 1000, start))
    assert [time for time, _ in part] == [time for time, _ in whole]
    assert all(np.array_equal(one, other) for (_, one), (_, other) in zip(part, whole, strict=True))


def test_what_lies_long_before_a_part_is_not_decoded(tmp_path):
    path = write_timed(tmp_path / "clip.mp4", FRAMES[:1] * 120, MINUTE)
    passed = list(pass_frames(path, 1, 50.2))
    assert next(time for time, pixels in passed if pixels is not None) == 50.5
    assert next(time for time, pixels in passed if pixels is None and time < 50.2) > 40


def test_a_file_that_leads_elsewhere_is_read_from_its_beginning(tmp_path, monkeypatch):
    path = write_timed(tmp_path / "clip.mp4", FRAMES[:1] * 120, MINUTE)
    sought = []

    class Astray(video.Reading):
        def _seek(self, time):
            sought.append(time)
            return super()._seek(time + 30 if time else time)

    monkeypatch.setattr(video, "Reading", Astray)
    assert [time for time, _ in read_frames(path, 1, 20.0, 22.1)] == [20, 21, 22]
    assert sought == [19, 0]


@pytest.mark.parametrize("astray", [0, 30])
def test_sound_is_told_once_wherever_the_file_leads(tmp_path, monkeypatch, astray):
    path = write_timed(tmp_path / "clip.avi", FRAMES[:1] * 120, MINUTE, sound=(0, 60))
    whole, heard = [], []
    with video.opened(path) as container:
        list(video.Reading(container, lambda packet: whole.append(packet.pts)).timed())
    seek = video.Reading._seek
    monkeypatch.setattr(video.Reading, "_seek", lambda self, time: seek(self, time + astray if time else time))
    with video.opened(path) as container:
        list(video.Reading(container, lambda packet: heard.append(packet.pts)).timed(20.0))
    assert heard == whole[-len(heard) :]  # each once and in order, to the end
    assert (len(heard) == len(whole)) == (astray > 0)


def test_a_video_in_memory_is_read_as_from_its_file(tmp_path):
    path = write_timed(tmp_path / "clip.webm", FRAMES[:4], TENTHS[:4])
    found = list(read_frames(io.BytesIO(path.read_bytes()), 100))
    assert [time for time, _ in found] == pytest.approx(TENTHS[:4])
    assert all(np.array_equal(own, other) for (_, own), (_, other) in zip(found, read_frames(path, 100), strict=True))


def test_what_a_video_says_of_itself(tmp_path):
    with_sound = describe(write_timed(tmp_path / "a.mp4", FRAMES, TENTHS, sound=(0, 9)))
    assert with_sound == (pytest.approx(9, abs=0.1), True, None)
    assert describe(write_timed(tmp_path / "b.webm", FRAMES, TENTHS)) == (
        pytest.approx(2.5, abs=0.1),
        False,
        "video/webm",
    )


@pytest.mark.parametrize(
    ("name", "codec", "pixels", "media_type"),
    [
        ("a.mp4", "libx264", "yuv420p", "video/mp4"),
        ("a.mov", "libx264", "yuvj420p", "video/mp4"),
        ("deep.mp4", "libx264", "yuv420p10le", None),  # ten bits
        ("sharp.mp4", "libx264", "yuv444p", None),
        ("old.mp4", "mpeg4", "yuv420p", None),
        ("a.webm", "libvpx", "yuv420p", "video/webm"),
        ("h264.mkv", "libx264", "yuv420p", None),
        ("h264.avi", "libx264", "yuv420p", None),
    ],
)
def test_what_browsers_play_is_told_by_form_and_coding_whatever_the_name(tmp_path, name, codec, pixels, media_type):
    path = write_timed(tmp_path / name, FRAMES[:3], TENTHS[:3], codec=codec, pixels_as=pixels)
    renamed = path.rename(path.with_suffix(".3gp"))
    assert describe(renamed).media_type == media_type


def test_a_video_whose_notes_are_no_text_is_read(tmp_path):
    path = write_timed(tmp_path / "clip.flv", FRAMES, TENTHS)
    path.write_bytes(path.read_bytes().replace(b"encoder", b"\x80ncoder"))
    assert describe(path).seconds == pytest.approx(2.5, abs=0.1)
    assert read(path)[0] == pytest.approx([0, 0.5, 1, 1.5, 2], abs=0.002)
