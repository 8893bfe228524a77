"""Answers averaged over time, person by person."""

from pathlib import Path

import numpy as np
import pytest

from fercore.evaluation.confidence import Confidence
from fercore.inference.batch import Found
from fercore.inference.faces import Face
from fercore.inference.predictor import Answers
from fercore.inference.smoothing import TrackSmoother, newest_weight

HALF = 1 / np.log(2)  # the time constant with which a second halves what was before


def found(time, track, file="a.mp4"):
    return Found(Path(file), time, 1, Face((0, 0, 9, 9)), None, track)


def smooth(smoother, faces, happy, confidence=None):
    rows = np.stack([happy, 1 - np.array(happy)], axis=1).astype(np.float32)
    return smoother.smooth(faces, Answers(rows, np.ones(len(rows), bool), ("happy", "sad")), confidence)


def test_the_newest_counts_by_the_time_that_went_by():
    assert newest_weight(1, HALF) == pytest.approx(0.5)
    assert newest_weight(2, HALF) == pytest.approx(0.75)
    assert newest_weight(0, HALF) == newest_weight(-1, HALF) == 0


def test_each_person_is_averaged_alone_across_batches():
    smoother = TrackSmoother(HALF)
    first = smooth(smoother, [found(0, 1), found(0, 2), found(1, 1)], [1.0, 0.0, 0.0])
    assert first.probabilities[:, 0] == pytest.approx([1, 0, 0.5])
    then = smooth(smoother, [found(2, 2), found(3, 1)], [1.0, 0.5])
    assert then.probabilities[:, 0] == pytest.approx([0.75, 0.5])
    assert then.probabilities.sum(axis=1) == pytest.approx([1, 1])


def test_who_has_no_track_and_another_file_begin_anew():
    smoother = TrackSmoother(HALF)
    faces = [found(0, 1), found(None, None), found(1, 1, "b.mp4")]
    assert smooth(smoother, faces, [1.0, 0.2, 0.0]).probabilities[:, 0] == pytest.approx([1, 0.2, 0])


def test_being_sure_is_judged_anew():
    answers = smooth(TrackSmoother(HALF), [found(0, 1), found(1, 1)], [1.0, 0.0], Confidence(threshold=0.6))
    assert answers.sure.tolist() == [True, False]
    assert smooth(TrackSmoother(HALF), [found(0, 1)], [0.5]).sure.tolist() == [True]
