"""What one visitor's webcam makes of frames: answers, smoothing, records and marks, without a page or a camera."""

import dataclasses
import math
import threading

import numpy as np
import pytest

from fercore.emotions import EMOTIONS
from fercore.inference.faces import Face
from fercore.inference.saved import read_saved
from fercore.inference.timeline import UNSURE, spans

LONG = 600  # seconds after which something is stuck
ANGRY, HAPPY, SAD = (EMOTIONS.index(name) for name in ("angry", "happy", "sad"))
FACE = Face((20.0, 60.0, 60.0, 100.0))  # with room for two lines above it
PICTURE = np.full((120, 240, 3), 90, np.uint8)
YELLOW = [255, 214, 0]


@pytest.fixture
def live(folders):
    from views.webcam import worker

    return worker


@pytest.fixture
def parts(folders):
    from views.webcam import answer_log, overlay, session, smoothing

    return {part.__name__.split(".")[-1]: part for part in (answer_log, overlay, session, smoothing)}


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


class Webcam:
    """A session with two models that say what they are told to, of faces that are where they are told to be."""

    def __init__(self, live, parts):
        self.clock, self.says, self.faces, self.takes = Clock(), {"a": HAPPY, "b": HAPPY}, [FACE], 0.0
        self.answered = threading.Semaphore(0)
        self.session = parts["session"].Session(self.clock)
        self.record_of(parts["answer_log"].Record)
        models = tuple(live.Model(name, name.upper(), "#CC3311", self.model(name)) for name in self.says)
        self.session.settings = parts["session"].Settings(
            models,
            lambda picture: self.faces,
            lambda picture, faces, shape: np.zeros((len(faces), *shape), np.uint8),
            mirror=False,
            smoothing=0,
        )

    def record_of(self, kind):
        """Let the session tell when it has an answer; what it shows is in place as soon as `now` can be asked."""
        answered = self.answered

        class Told(kind):
            def add(self, answer):
                super().add(answer)
                answered.release()

        self.session.record = Told()

    def model(self, name):
        def predict(crops):
            self.clock.now += self.takes
            if isinstance(self.says[name], Exception):
                raise self.says[name]
            return np.tile(sure(self.says[name]), (len(crops), 1))

        return predict

    def set(self, **changes):
        self.session.settings = dataclasses.replace(self.session.settings, **changes)

    def see(self, picture=PICTURE):
        """Receive a frame, and wait for its answer."""
        shown = self.session.receive(picture)
        assert self.answered.acquire(timeout=LONG)
        return shown


@pytest.fixture
def webcam(live, parts):
    made = Webcam(live, parts)
    yield made
    made.session.stop()


def sure(emotion):
    return np.eye(7, dtype=np.float32)[emotion]


def test_without_settings_the_video_passes_through(parts):
    assert parts["session"].Session().receive(PICTURE) is PICTURE


def test_a_frame_is_answered_and_the_next_one_shows_the_box(webcam):
    assert np.array_equal(webcam.see(), PICTURE)
    now = webcam.session.now()
    assert now.shown.reading.faces == (FACE,)
    assert now.shown.smooth[:, 0].argmax(axis=1).tolist() == [HAPPY, HAPPY]
    assert [model.name for model in now.shown.models] == ["a", "b"]
    marked = webcam.see()
    assert marked[99, 40].tolist() == YELLOW  # the box's lower edge
    assert marked[80, 40].tolist() == [90, 90, 90]  # its inside


def test_the_mirror_turns_the_picture_and_the_boxes_but_not_what_models_see(webcam):
    seen = []
    webcam.set(find=lambda picture: seen.append(picture) or [FACE], mirror=True)
    picture = PICTURE.copy()
    picture[:, :10] = 200
    webcam.see(picture)
    marked = webcam.see(picture)
    assert np.array_equal(seen[0], picture)
    assert (marked[60:, -10:] == 200).all()
    assert marked[99, 240 - 40].tolist() == YELLOW
    assert marked[99, 40].tolist() == [90, 90, 90]


def test_rates_and_delay_of_the_last_two_seconds(webcam):
    webcam.takes = 0.125  # each of two models
    for _ in range(4):
        webcam.see()
    now = webcam.session.now()
    assert (now.frame_rate, now.answer_rate, now.delay) == (2, 2, 0.25)
    webcam.clock.now += 3
    now = webcam.session.now()
    assert (now.frame_rate, now.answer_rate) == (0, 0)
    assert math.isnan(now.delay)


def test_agreement_of_the_last_minute(webcam):
    assert math.isnan(webcam.session.now().agreement)
    webcam.see()
    webcam.clock.now += 61
    for says in (HAPPY, SAD, SAD, ValueError()):
        webcam.says["b"] = says
        webcam.see()
    assert webcam.session.now().agreement == pytest.approx(1 / 3)


def test_stop_ends_the_thread_and_forgets_the_picture_but_not_the_numbers(webcam):
    webcam.see()
    threads = [thread for thread in threading.enumerate() if thread.name == "webcam worker"]
    webcam.session.stop()
    for thread in threads:
        thread.join(LONG)
        assert not thread.is_alive()
    now = webcam.session.now()
    assert now.shown is None
    assert now.frame_rate == 0
    assert len(webcam.session.table()) == 2
    webcam.see()  # START once more
    assert webcam.session.now().shown is not None


def test_an_answer_that_comes_after_the_stop_is_not_shown(webcam):
    going, go = threading.Event(), threading.Event()

    def slow(picture):
        going.set()
        assert go.wait(LONG)
        return [FACE]

    webcam.set(find=slow)
    webcam.session.receive(PICTURE)
    assert going.wait(LONG)
    webcam.session.stop()
    go.set()
    assert webcam.answered.acquire(timeout=LONG)
    assert webcam.session.now().shown is None


def test_what_a_model_raises_is_told_and_the_other_s_answer_drawn(webcam):
    webcam.says["a"] = failure = RuntimeError("out of order")
    webcam.see()
    shown = webcam.session.now().shown
    assert shown.reading.problems == (failure, None)
    assert [text for text, _ in shown.marks[0].lines] == ["A no answer", "B happy 100 %"]
    assert webcam.session.now().problem is None


def test_what_goes_wrong_elsewhere_is_told_and_the_video_goes_on(webcam):
    webcam.faces = [Face((math.nan, 0, 10, 10))]
    webcam.see()
    assert webcam.session.receive(PICTURE) is PICTURE
    assert isinstance(webcam.session.now().problem, ValueError)


@pytest.mark.parametrize(
    ("states", "late"),
    [
        ([(0, "signalling"), (9, "signalling")], False),
        ([(0, "signalling"), (11, "signalling")], True),
        ([(0, "signalling"), (5, "playing"), (20, "playing")], False),
        ([(0, "signalling"), (11, "signalling"), (12, "")], True),  # given up: the message stays
        ([(0, "signalling"), (11, "signalling"), (12, ""), (13, "signalling")], False),  # until another attempt
        ([(0, "signalling"), (2, ""), (20, "")], False),  # stopped by the user
        ([(0, "signalling"), (11, "signalling"), (12, "playing")], False),
    ],
)
def test_a_connection_that_takes_longer_than_ten_seconds(parts, states, late):
    clock = Clock()
    connecting, start = parts["session"].Connecting(clock), clock.now
    for seconds, state in states:
        clock.now = start + seconds
        found = connecting.late(state == "playing", state == "signalling")
    assert found is late


def reading(live, *faces, probabilities):
    return live.Reading(faces, None, np.array(probabilities, np.float32), None, ())


def smoothed(live, parts, *steps, constant=1.0):
    """The last of what a fresh smoother makes of readings (seconds, faces, emotion of each) by one model."""
    smoother = parts["smoothing"].Smoother()
    for at, faces, emotions in steps:
        made = reading(live, *faces, probabilities=[[sure(emotion) for emotion in emotions]])
        result = smoother.smooth(made, ("a",), at, constant)
    return result[0]


def test_half_of_a_change_has_come_through_after_the_half_life(live, parts):
    half_life = math.log(2)
    result = smoothed(live, parts, (0, [FACE], [HAPPY]), (half_life, [FACE], [SAD]))
    assert result == pytest.approx((sure(HAPPY) + sure(SAD))[None] / 2)
    twice = smoothed(live, parts, (0, [FACE], [HAPPY]), (half_life / 2, [FACE], [SAD]), (half_life, [FACE], [SAD]))
    assert twice == pytest.approx(result)  # however often there are answers


def test_without_smoothing_each_answer_is_shown_as_it_is(live, parts):
    result = smoothed(live, parts, (0, [FACE], [HAPPY]), (0.001, [FACE], [SAD]), constant=0)
    assert np.array_equal(result, sure(SAD)[None])


def test_each_face_keeps_its_own_average(live, parts):
    other = Face((100.0, 60.0, 140.0, 100.0))
    moved = Face((25.0, 60.0, 65.0, 100.0))
    result = smoothed(live, parts, (0, [FACE, other], [HAPPY, ANGRY]), (math.log(2), [other, moved], [ANGRY, SAD]))
    assert result == pytest.approx(np.stack([sure(ANGRY), (sure(HAPPY) + sure(SAD)) / 2]))


def test_a_face_elsewhere_and_other_models_begin_anew(live, parts):
    far = Face((100.0, 60.0, 140.0, 100.0))
    assert np.array_equal(smoothed(live, parts, (0, [FACE], [HAPPY]), (0.1, [far], [SAD])), sure(SAD)[None])
    smoother = parts["smoothing"].Smoother()
    for names, emotion in ((("a",), HAPPY), (("b",), SAD)):
        result = smoother.smooth(reading(live, FACE, probabilities=[[sure(emotion)]]), names, 0.1, 1)
    assert np.array_equal(result[0, 0], sure(SAD))


def test_a_model_that_failed_before_begins_anew(live, parts):
    smoother = parts["smoothing"].Smoother()
    for probabilities in (np.full(7, np.nan), sure(SAD)):
        result = smoother.smooth(reading(live, FACE, probabilities=[[probabilities]]), ("a",), 0.1, 1)
    assert np.array_equal(result[0, 0], sure(SAD))


@pytest.mark.parametrize(
    ("other", "expected"),
    [((0, 0, 2, 2), 1), ((1, 0, 3, 2), 1 / 3), ((2, 0, 4, 2), 0), ((5, 5, 6, 6), 0), ((0, 0, 1, 1), 1 / 4)],
)
def test_overlap_is_intersection_over_union(parts, other, expected):
    assert parts["smoothing"].overlap((0, 0, 2, 2), other) == pytest.approx(expected)


def answer(parts, at, *emotions, names=("a", "b")):
    """An answer of two models for one face, or, without emotions, for none."""
    probabilities = np.stack([sure(emotion) for emotion in emotions]) if emotions else None
    return parts["answer_log"].Answer(at, 0.25, len(emotions) // 2, names, np.array([0.0125, 0.05]), probabilities)


def test_answers_as_a_table(parts):
    table = parts["answer_log"].table([answer(parts, 10.0, HAPPY, SAD), answer(parts, 11.5)])
    assert table.columns.tolist() == ["seconds", "run", "faces", "delay_ms", "model_ms", "emotion", "sure", *EMOTIONS]
    assert table["seconds"].tolist() == [0, 0, 1.5, 1.5]
    assert table["run"].tolist() == ["a", "b", "a", "b"]
    assert table["faces"].tolist() == [1, 1, 0, 0]
    assert table["model_ms"].tolist() == [12.5, 50] * 2
    assert table["emotion"].tolist()[:2] == ["happy", "sad"]
    assert table["happy"].tolist()[:2] == [1, 0]
    assert table["sure"].tolist()[:2] == [True, True]
    assert table.iloc[2:][["emotion", *EMOTIONS]].isna().all(axis=None)
    assert parts["session"].Session().table().columns.tolist() == table.columns.tolist()  # also without any answer


def test_the_table_opens_in_the_timeline_and_doubt_with_it(parts):
    one = answer(parts, 10.0, HAPPY, SAD)._replace(thresholds=(0.5, np.inf))
    two = answer(parts, 11.0, HAPPY, SAD)._replace(thresholds=(0.5, np.inf))
    answers = [one, answer(parts, 10.5), two]
    saved = read_saved(parts["answer_log"].table(answers).to_csv(index=False).encode())
    assert (saved.webcam, saved.step, saved.looks) == (True, 1.0, 2)
    assert spans(saved.tables["a"], saved.step)[["start", "end", "answer"]].values.tolist() == [[0, 2, "happy"]]
    assert spans(saved.tables["b"], saved.step)[["start", "end", "answer"]].values.tolist() == [[0, 2, UNSURE]]


def test_the_record_keeps_the_newest(parts, monkeypatch):
    monkeypatch.setattr(parts["answer_log"], "MOST_ANSWERS", 3)
    record = parts["answer_log"].Record()
    for at in range(5):
        record.add(answer(parts, at))
    assert [one.at for one in record.since(0)] == [2, 3, 4]
    assert [one.at for one in record.since(2.5)] == [3, 4]


def test_means_of_each_second(parts):
    answers = [
        answer(parts, 57.1, HAPPY, SAD),
        answer(parts, 58.2, HAPPY, SAD),
        answer(parts, 58.9, SAD, SAD),
        answer(parts, 59.5),  # no face
        answer(parts, 60.5, SAD, SAD, names=("c", "b")),  # without model a
    ]
    found = parts["answer_log"].by_second(answers, "a", now=60.7)
    table = found.pivot(index="ago", columns="emotion", values="probability")
    assert table["happy"].to_dict() == {3: 0.5, 4: 1}
    assert table["sad"].to_dict() == {3: 0.5, 4: 0}
    assert parts["answer_log"].by_second([], "a", now=60.7).empty


def test_classes_called_as_columns_are_told_apart_from_them(parts):
    classes, says = ("ago", "probability", "emotion", "run"), np.array([[0.5, 0.25, 0.125, 0.125]], np.float32)
    one, two = (parts["answer_log"].Answer(at, 0.25, 1, ("a",), np.array([0.01]), says, classes) for at in (10.0, 12.5))
    found = parts["answer_log"].by_second([one, two], "a", now=12.7)
    assert found.columns.tolist() == ["ago", "emotion", "probability"]
    assert found.values.tolist() == [
        [ago, *row] for ago in (3, 1) for row in zip(classes, says[0].tolist(), strict=True)
    ]
    table = parts["answer_log"].table([one, two])
    own = ["ago", "probability (class)", "emotion (class)", "run (class)"]
    assert table.columns.tolist() == ["seconds", "run", "faces", "delay_ms", "model_ms", "emotion", "sure", *own]
    saved = read_saved(table.to_csv(index=False).encode())
    assert saved.tables["a"][own].values.tolist() == says.tolist() * 2
    last = two._replace(probabilities=says[:, ::-1])
    assert parts["answer_log"].table([last])["emotion"].tolist() == ["run (class)"]


def test_models_with_other_classes_agree_by_name_and_have_columns_of_their_own(live, parts):
    classes, nan = ("happy", "sad", "contempt"), np.nan
    says = np.array([[0.75, 0.25, nan], [0.5, 0.125, 0.375]], np.float32)
    same = parts["answer_log"].Answer(10.0, 0.25, 1, ("a", "b"), np.array([0.0125, 0.05]), says, classes)
    says = np.array([[0.75, 0.25, nan], [0.25, 0.125, 0.625]], np.float32)
    other = parts["answer_log"].Answer(10.5, 0.25, 1, ("a", "b"), np.array([0.0125, 0.05]), says, classes)
    assert (same.agree, other.agree) == (True, False)
    table = parts["answer_log"].table([same, other])
    assert table["emotion"].tolist() == ["happy", "happy", "happy", "contempt"]
    assert table.columns.tolist()[7:] == list(classes)
    assert table["contempt"].isna().tolist() == [True, False, True, False]
    minute = parts["answer_log"].by_second([same, other], "a", now=11.0)
    assert minute[["emotion", "probability"]].values.tolist() == [["happy", 0.75], ["sad", 0.25]]
    models = (live.Model("a", "A", "#2E9FD0", None, classes[:2]), live.Model("b", "B", "#CC3311", None, classes))
    read = live.Reading((FACE,), {}, says[:, None], None, (), classes)
    (mark,) = parts["overlay"].marks(read, says[:, None], models)
    assert [text for text, _ in mark.lines] == ["A happy 75 %", "B contempt 62 %"]


def test_marks_of_the_video(live, parts):
    models = (live.Model("run-a", "CNN", "#2E9FD0", None), live.Model("run-b", "ViT", "#CC3311", None))
    probabilities = np.stack([0.714 * sure(HAPPY), np.full(7, np.nan)])[:, None].astype(np.float32)
    (mark,) = parts["overlay"].marks(reading(live, FACE, probabilities=probabilities), probabilities, models)
    assert mark == (FACE.box, (("CNN happy 71 %", "#2E9FD0"), ("ViT no answer", "#CC3311")))
    picture = np.full((240, 320, 3), 90, np.uint8)
    drawn = parts["overlay"].draw(picture, [mark])
    assert (picture == 90).all()
    assert (drawn == [0x2E, 0x9F, 0xD0]).all(axis=-1).sum() >= 25  # squares of the models' colours
    assert (drawn == [0xCC, 0x33, 0x11]).all(axis=-1).sum() >= 25
    assert drawn.max() == 255  # white letters


@pytest.mark.parametrize("box", [(-30.0, -20.0, 20.0, 20.0), (130.0, 60.0, 190.0, 130.0), (0.0, 0.0, 160.0, 100.0)])
def test_marks_at_the_edge_stay_within_the_picture(parts, box):
    lines = (("CNN happy 71 %", "#2E9FD0"),) * 2
    drawn = parts["overlay"].draw(PICTURE, [parts["overlay"].Mark(box, lines)])
    assert drawn.shape == PICTURE.shape
    assert (drawn == [0x2E, 0x9F, 0xD0]).all(axis=-1).sum() >= 2 * 25
