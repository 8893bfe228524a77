"""The annotated video: times, sizes and sound of the original, and what is drawn where and when."""

import io

import av
import numpy as np
import pytest

from fercore.data.decode import UnreadableImage
from fercore.emotions import EMOTIONS, color
from fercore.inference.annotate import Overlay, Shown, annotate, draw
from tests.factories.looks import make_looks
from tests.factories.videos import turn_on_screen, write_timed, write_video

TIMES = [0.0, 0.1, 0.3, 0.8, 1.0, 1.5]  # no two steps alike
FRAMES = [np.full((120, 160, 3), 30 * number + 20, np.uint8) for number in range(6)]
NOBODY = Overlay(make_looks([]), 0.5)


def annotated(video, overlay=NOBODY, *span) -> tuple[list[float], bytes]:
    out = io.BytesIO()
    return list(annotate(video, out, overlay, *span)), out.getvalue()


def frames_of(content: bytes) -> tuple[list[float], list[np.ndarray]]:
    with av.open(io.BytesIO(content)) as file:
        frames = list(file.decode(video=0))
    return [frame.time for frame in frames], [frame.to_ndarray(format="rgb24") for frame in frames]


def sound_of(content: bytes) -> tuple[float, float]:
    """When it begins and ends."""
    with av.open(io.BytesIO(content)) as file:
        frames = list(file.decode(audio=0))
    return frames[0].time, frames[-1].time + frames[-1].samples / frames[-1].sample_rate


def test_an_answer_is_shown_while_it_stands_and_its_box_moves():
    overlay = Overlay(
        make_looks([(0.0, 1, "happy", 0.8, True), (0.5, 1, "sad", 0.3, False), (0.5, 2, "fear", 0.9, True)]), 0.5
    )
    assert [(shown.track, shown.box[0], shown.answer) for shown in overlay.at(0.25)] == [(1, 102.5, "happy")]
    assert [(shown.track, shown.box[0], shown.answer) for shown in overlay.at(0.9)] == [
        (1, 105, "not sure"),
        (2, 205, "fear"),
    ]
    assert overlay.at(0.25)[0].probabilities.tolist() == [0, 0, 0, 0.8, 0, 0, 0.2]
    assert overlay.at(1.0) == []
    assert len(overlay.at(0.4995)) == 2  # times of a table are rounded


def test_the_box_has_the_colour_of_the_answer_and_doubt_is_gray():
    picture = np.zeros((360, 480, 3), np.uint8)
    face = Shown(1, np.array([100.0, 100, 200, 200]), "happy", np.eye(7)[3])
    doubtful = face._replace(track=2, box=np.array([280.0, 200, 380, 300]), answer="not sure")
    drawn = draw(picture, [face, doubtful], EMOTIONS)
    assert "#{:02x}{:02x}{:02x}".format(*drawn[150, 101]) == color("happy").lower()
    assert "#{:02x}{:02x}{:02x}".format(*drawn[250, 281]) == "#9e9e9e"
    assert drawn.shape == picture.shape
    assert not picture.any()
    assert (drawn[110:190, 110:190] == 0).all()  # the face itself is left alone


def test_averaged_answers_say_so_in_every_frame():
    table = make_looks([(0.0, 1, "happy", 0.8, True)])
    assert Overlay(table, 0.5).note == ""
    overlay = Overlay(table.assign(smoothing=0.5), 0.5)
    assert overlay.note == "Answers are averaged over time, time constant 0.5 s"
    blank = np.zeros((90, 400, 3), np.uint8)
    shown = draw(blank, [], EMOTIONS, overlay.note)
    assert shown[70:].max() > 200
    assert not shown[:70].any()


@pytest.mark.parametrize("ending", ["mp4", "webm"])
def test_every_frame_keeps_its_time_and_the_sound_comes_along(tmp_path, ending):
    video = write_timed(tmp_path / f"a.{ending}", FRAMES, TIMES, sound=(0, 2))
    times, content = annotated(video)
    assert times == pytest.approx(TIMES, abs=1e-3)
    found, pictures = frames_of(content)
    assert found == pytest.approx(TIMES, abs=1e-3)
    assert [picture.mean() for picture in pictures] == pytest.approx([f.mean() for f in FRAMES], abs=4)
    assert sound_of(content) == pytest.approx((0, 2), abs=0.05)


def test_a_part_of_a_video_begins_at_0_and_so_does_its_sound(tmp_path):
    video = write_timed(tmp_path / "a.mp4", FRAMES, TIMES, sound=(0, 2))
    times, content = annotated(video, NOBODY, 0.3, 1.2)
    assert times == pytest.approx([0.3, 0.8, 1.0])
    assert frames_of(content)[0] == pytest.approx([0, 0.5, 0.7], abs=1e-3)
    assert sound_of(content) == pytest.approx((0, 0.9), abs=0.05)


def test_a_silent_video_and_odd_sizes(tmp_path):
    video = write_timed(tmp_path / "a.webm", [frame[:99, :101] for frame in FRAMES], TIMES)
    _, content = annotated(video)
    assert frames_of(content)[1][0].shape == (100, 102, 3)
    with av.open(io.BytesIO(content)) as file:
        assert not file.streams.audio


def test_a_turned_video_is_upright(tmp_path):
    video = turn_on_screen(write_timed(tmp_path / "a.mp4", FRAMES, TIMES), 90)
    assert frames_of(annotated(video)[1])[1][0].shape == (160, 120, 3)


def test_a_large_video_is_reduced_and_its_boxes_with_it(tmp_path):
    large = np.zeros((1080, 3840, 3), np.uint8)
    overlay = Overlay(make_looks([(0.0, 12, "happy", 1.0, True)]), 0.5)  # 1200 to 1240 of 3840 pixels
    picture = frames_of(annotated(write_video(tmp_path / "a.avi", [large]), overlay)[1])[1][0]
    assert picture.shape == (540, 1920, 3)
    assert picture[20, 595:605].max() > 100
    assert picture[:200, 1100:].max() < 30


def test_what_was_said_is_seen_in_the_right_frames(tmp_path):
    video = write_timed(tmp_path / "a.mp4", [np.zeros((240, 320, 3), np.uint8)] * 6, TIMES)
    overlay = Overlay(make_looks([(0.1, 1, "happy", 1.0, True), (0.3, 1, "happy", 1.0, True)]), 0.2)
    assert [bool(picture.max() > 100) for picture in frames_of(annotated(video, overlay)[1])[1]] == [
        *(False, True, True),
        *(False, False, False),
    ]


def test_a_damaged_video_is_written_as_far_as_it_goes_and_nothing_is_said(tmp_path):
    video = write_video(tmp_path / "a.avi", FRAMES * 5)
    content = video.read_bytes()
    video.write_bytes(content[: len(content) // 2])
    assert 5 < len(frames_of(annotated(video)[1])[0]) < 25
    video.write_bytes(b"RIFF\0\0\0\0AVI nothing")
    with pytest.raises(UnreadableImage, match="no moving pictures"):
        annotated(video)
    with pytest.raises(UnreadableImage, match="no frame to write"):
        annotated(write_video(tmp_path / "b.avi", FRAMES), NOBODY, 50)
