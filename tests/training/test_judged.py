"""Metrics hold how a run compares with people wherever people voted on its images."""

import numpy as np

from fercore.emotions import EMOTIONS
from fercore.runs import Predictions
from fercore.training.evaluate import store
from scripts.evaluate import describe
from tests.factories.runs import make_run

IDS = ("train/angry/Training_1426440", "train/fear/Training_49732659")  # rows 0 and 5 of fer2013.csv


def predictions(ids):
    # Of row 0 four people say neutral, three angry, two disgust, one sad: no majority. Of row 5 six say neutral.
    labels = np.array([EMOTIONS.index("angry"), EMOTIONS.index("fear")])
    return Predictions(np.array(ids), labels, np.full((2, 7), 1 / 7, np.float32))


def test_votes_are_found_by_the_images_ids(tmp_path):
    run = make_run(tmp_path, n=7)
    metrics = store(run, "val", "none", predictions(IDS), "PublicTest", {"left_out": {}})
    assert metrics["people"]["images"]["with_votes"] == 2
    assert run.metrics("val")["people"] == metrics["people"]
    printed = describe(metrics)
    assert "Judged by people (FER+): 1 of 2 images with votes have a majority" in printed
    assert "the label          0.0% (0.0% to 79.3%)" in printed


def test_images_without_votes_have_no_such_figures(tmp_path):
    run = make_run(tmp_path, n=7)
    metrics = store(run, "val", "none", predictions(["mine/1", "mine/2"]), "PublicTest", {"left_out": {}})
    assert "people" not in metrics
    assert "people" not in describe(metrics)
