"""The time of one face: a median on one thread, of a number of repetitions that suits the model."""

import itertools

import pytest
import torch

from fercore.models import speed
from fercore.models.registry import load
from tests.factories.runs import make_run


@pytest.fixture
def model(tmp_path):
    return load(make_run(tmp_path, "a", epochs=0, splits=(), weights=True))


@pytest.fixture
def clock(monkeypatch):
    """`clock(seconds)`: every repetition seems to take as long as the next of these, the last one for ever."""

    def set_to(*seconds):
        taken = itertools.chain(seconds, itertools.repeat(seconds[-1]))
        readings = itertools.chain.from_iterable((0.0, duration) for duration in taken)
        monkeypatch.setattr(speed.time, "perf_counter", lambda: next(readings))

    return set_to


@pytest.fixture
def passes(monkeypatch):
    """The shape and the threads of each pass through a model."""
    seen, original = [], speed.probabilities

    def noted(module, preprocess, images):
        seen.append((images.shape, torch.get_num_threads()))
        return original(module, preprocess, images)

    monkeypatch.setattr(speed, "probabilities", noted)
    return seen


def test_it_is_the_median_in_milliseconds(model, clock):
    clock(0.009, *[0.002] * 14, *[0.004] * 15)  # sorted, the middle two of thirty are 0.004 both
    assert speed.milliseconds(model) == pytest.approx(4.0)
    clock(*[0.002] * 15, *[0.004] * 15)
    assert speed.milliseconds(model) == pytest.approx(3.0)


@pytest.mark.parametrize(("seconds", "repeats"), [(0.001, 30), (0.25, 12), (2.0, 5)])
def test_slow_models_are_repeated_less_often(model, clock, passes, seconds, repeats):
    clock(seconds)
    speed.milliseconds(model)
    assert len(passes) == 2 + repeats  # two warm up


def test_one_face_on_one_thread_and_then_as_before(model, passes):
    torch.set_num_threads(2)
    try:
        assert speed.milliseconds(model) > 0
        assert set(passes) == {((1, 48, 48), 1)}
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(1)
