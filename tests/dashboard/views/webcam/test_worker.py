"""The webcam's worker, without a camera: the newest item only, a thread that ends, errors that are kept."""

import ast
import threading

import numpy as np
import pytest
import torch

from fercore.emotions import EMOTIONS
from fercore.inference.faces import Face
from tests.dashboard.conftest import DASHBOARD

LONG = 600  # seconds after which a thread that should have ended counts as stuck; nothing here takes a second
HAPPY = EMOTIONS.index("happy")
PICTURE = np.zeros((60, 80, 3), np.uint8)


@pytest.fixture
def live(folders):
    from views.webcam import worker

    return worker


class Work:
    """Notes what it is called with, and goes on only when it is let go."""

    def __init__(self):
        self.done, self.threads = [], []
        self.started, self.go = threading.Semaphore(0), threading.Semaphore(0)

    def __call__(self, item):
        self.threads.append(threading.current_thread())
        self.started.release()
        assert self.go.acquire(timeout=LONG)
        if isinstance(item, Exception):
            raise item
        self.done.append(item)

    def wait(self):
        assert self.started.acquire(timeout=LONG)

    def finish(self):
        """Let the present item go; the thread that worked on it."""
        self.go.release()
        return self.threads[-1]


def ended(thread):
    thread.join(LONG)
    return not thread.is_alive()


def test_the_newest_item_takes_the_place_of_those_that_wait(live):
    work = Work()
    worker = live.Worker(work)
    worker.submit(1)
    work.wait()
    for item in (2, 3, 4):
        worker.submit(item)
    work.finish()
    work.wait()
    work.finish()
    worker.stop(LONG)
    assert work.done == [1, 4]
    assert len(set(work.threads)) == 1


def test_stop_ends_the_thread_and_forgets_what_waits(live):
    work = Work()
    worker = live.Worker(work)
    worker.submit(1)
    work.wait()
    worker.submit(2)
    worker.stop()  # waits for nothing: the item is still worked on
    assert not worker.running
    assert work.done == []
    assert ended(work.finish())
    assert work.done == [1]


def test_after_a_stop_the_next_item_starts_another_thread(live):
    work = Work()
    worker = live.Worker(work)
    worker.submit(1)
    work.wait()
    worker.stop()
    worker.submit(2)
    work.wait()
    assert worker.running
    first, second = work.threads
    assert first is not second
    work.go.release(2)
    assert ended(first)
    worker.stop(LONG)
    assert ended(second)
    assert sorted(work.done) == [1, 2]


def test_silence_ends_the_thread(live):
    work = Work()
    worker = live.Worker(work, idle=0.01)
    worker.submit(1)
    work.wait()
    assert ended(work.finish())
    assert not worker.running
    worker.submit(2)
    work.wait()
    assert ended(work.finish())
    assert work.done == [1, 2]


def test_an_error_is_kept_and_the_next_item_taken(live):
    work = Work()
    worker = live.Worker(work)
    worker.submit(error := ValueError("no face for you"))
    work.wait()
    work.finish()
    worker.submit(2)
    work.wait()
    assert worker.problem is error
    work.finish()
    worker.stop(LONG)
    assert work.done == [2]
    assert worker.problem is None


def test_each_thread_is_prepared_once_in_itself(live):
    prepared, work = [], Work()
    worker = live.Worker(work, lambda: prepared.append(threading.current_thread()))
    for item in (1, 2):
        worker.submit(item)
        work.wait()
        work.finish()
    worker.stop(LONG)
    assert prepared == work.threads[:1]


def test_a_worker_may_be_stopped_by_what_it_does(live):
    worker = live.Worker(lambda item: worker.stop(None))
    worker.submit(1)
    for thread in threading.enumerate():
        if thread.name == "webcam worker":
            assert ended(thread)
    assert not worker.running


def model(live, name="a", answer=HAPPY):
    """A model that answers with one row for every face, by default that all is happy, or raises."""

    def predict(crops):
        if isinstance(answer, Exception):
            raise answer
        return np.tile(np.eye(7, dtype=np.float32)[answer], (len(crops), 1))

    return live.Model(name, name.upper(), "#2E9FD0", predict)


def crop(picture, faces, shape):
    """Crops that tell whose they are: filled with the face's left edge."""
    return np.stack([np.full(shape, face.box[0], np.uint8) for face in faces])


def test_the_largest_face_comes_first(live):
    faces = [Face((10, 0, 20, 10)), Face((30, 0, 60, 30)), Face((5, 0, 25, 20))]
    reading = live.read(PICTURE, [model(live)], lambda picture: faces, crop)
    assert [face.box[0] for face in reading.faces] == [30, 5, 10]
    assert reading.crops[48, 48][:, 0, 0].tolist() == [30, 5, 10]
    assert reading.probabilities.shape == (1, 3, 7)
    assert reading.seconds[0] > 0


def test_of_a_crowd_the_largest_faces_are_looked_at(live):
    faces = [Face((0, 0, side, side)) for side in range(1, 21)]
    reading = live.read(PICTURE, [model(live)], lambda picture: faces, crop)
    assert [face.box[2] for face in reading.faces] == [20, 19, 18, 17, 16, 15, 14, 13]


def test_a_model_that_fails_leaves_the_other_s_answer(live):
    failure = RuntimeError("out of order")
    models = [model(live, "a", failure), model(live, "b", EMOTIONS.index("fear"))]
    reading = live.read(PICTURE, models, lambda picture: [Face((0, 0, 9, 9))], crop)
    assert reading.problems == (failure, None)
    assert np.isnan(reading.probabilities[0]).all()
    assert np.isnan(reading.seconds[0])
    assert reading.probabilities[1, 0].argmax() == EMOTIONS.index("fear")


def test_an_answer_of_a_wrong_form_is_a_failure(live):
    wrong = live.Model("a", "A", "#2E9FD0", lambda crops: np.zeros((len(crops), 3)))
    reading = live.read(PICTURE, [wrong], lambda picture: [Face((0, 0, 9, 9))], crop)
    assert isinstance(reading.problems[0], ValueError)


def test_models_of_other_classes_sizes_and_colours_answer_side_by_side(live):
    asked = []

    def model(name, classes, shape, answer):
        def predict(crops):
            asked.append(crops.shape)
            return np.tile(np.array(answer, np.float32), (len(crops), 1))

        return live.Model(name, name.upper(), "#2E9FD0", predict, classes, shape)

    models = [
        model("a", ("happy", "sad"), (48, 48), [0.25, 0.75]),
        model("b", ("contempt", "sad", "happy"), (64, 64, 3), [0.5, 0.25, 0.25]),
    ]
    reading = live.read(PICTURE, models, lambda picture: [Face((7, 0, 9, 9))], crop)
    assert reading.classes == ("happy", "sad", "contempt")
    np.testing.assert_array_equal(reading.probabilities[:, 0], [[0.25, 0.75, np.nan], [0.25, 0.25, 0.5]])
    assert asked == [(1, 48, 48), (1, 64, 64, 3)]
    assert {shape: crops.shape for shape, crops in reading.crops.items()} == {
        (48, 48): (1, 48, 48),
        (64, 64, 3): (1, 64, 64, 3),
    }


def test_without_a_face_nobody_is_asked(live):
    reading = live.read(PICTURE, [model(live, answer=AssertionError("asked"))], lambda picture: [], crop)
    assert reading.faces == ()
    assert reading.probabilities.shape == (1, 0, 7)
    assert reading.problems == (None,)


def test_one_torch_thread_in_the_worker_and_as_many_as_before_elsewhere(live):
    before, found = torch.get_num_threads(), []

    def limited():
        live.one_thread_each()
        found.append(torch.get_num_threads())

    torch.set_num_threads(2)
    try:
        for work in (limited, lambda: found.append(torch.get_num_threads())):
            thread = threading.Thread(target=work)
            thread.start()
            assert ended(thread)
        assert found == [1, 2]
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("part", ["worker", "session", "overlay", "answer_log", "smoothing"])
def test_what_the_video_s_thread_runs_knows_no_streamlit(part):
    tree = ast.parse((DASHBOARD / "views" / "webcam" / f"{part}.py").read_text())
    imported = {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    imported |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    ours = {"__future__", *(f"views.webcam.{part}" for part in ("worker", "overlay", "answer_log", "smoothing"))}
    third_party = {"numpy", "pandas", "cv2", "torch"}
    allowed = (
        ours | third_party | {"collections", "collections.abc", "dataclasses", "typing", "threading", "time", "math"}
    )
    assert {name for name in imported if not name.startswith("fercore")} <= allowed
