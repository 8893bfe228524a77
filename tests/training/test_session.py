"""Trainings in run folders: what they leave, and that any interruption loses at most the epoch in progress."""

import errno
import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from fercore import runs
from fercore.evaluation.metrics import report
from fercore.evaluation.robustness import robustness_file
from fercore.explain.features import summarize_run
from fercore.explain.summary import features_file
from fercore.run_lock import training_lock
from fercore.runs import HISTORY_COLUMNS, RunError, list_runs, open_run
from fercore.training import loop, session
from fercore.training.config import load_recipe
from fercore.training.evaluate import evaluate_run
from fercore.training.setup import TrainingFailed
from fercore.training.shares import train_rows
from fercore.training.targets import class_weights
from tests.factories.data import make_dataset
from tests.factories.robustness import keep_counts
from tests.training.conftest import TINY


def tiny(**changes):
    return load_recipe("report-cnn").override(**{**TINY, "epochs": 3, **changes})


def start(dataset, root, name="a", **changes):
    return session.start(tiny(**changes), dataset, root, name, command="test", quiet=True)


def same_files(first: Path, second: Path):
    for name in ("model.safetensors", "metrics_val.json", "metrics_test.json"):
        assert (first / name).read_bytes() == (second / name).read_bytes(), name
    columns = [name for name in HISTORY_COLUMNS if name != "seconds"]
    assert open_run(first).history()[columns].equals(open_run(second).history()[columns])
    for split in ("val", "test"):
        one, two = (open_run(path).predictions(split).probabilities for path in (first, second))
        assert np.array_equal(one, two)


def test_a_finished_run_holds_everything(dataset, tmp_path):
    run = start(dataset, tmp_path, horizontal_flip=0.5, rotation=10.0)
    parameters = 9 * 4 + 9 * 4 * 8 + 2 * (4 + 8) + (8 * 12 * 12 * 8 + 8) + (8 * 7 + 7)
    assert (run.status, run.info["name"], run.info["parameters"]) == ("finished", "a", parameters)
    assert run.info["dataset"]["fingerprint"] == dataset.info["fingerprint"]
    assert run.info["dataset"]["split_sizes"] == {"train": 42, "val": 42, "test": 42}
    assert run.info["trained_on"]["splits"] == ["train"]
    history = run.history()
    assert tuple(history.columns) == HISTORY_COLUMNS
    assert history["epoch"].tolist() == [1, 2, 3]
    best = run.info["best"]
    assert best["value"] == history["val_accuracy"].max()
    assert best["epoch"] == history["val_accuracy"].idxmax() + 1
    assert run.evaluations() == [("test", "none"), ("val", "none")]
    for split in ("val", "test"):
        stored, metrics = run.predictions(split), run.metrics(split)
        rows = dataset.indices(split)
        assert stored.id.tolist() == dataset.ids[rows].tolist()
        again = report(stored.label, stored.probabilities, split=split, split_name=dataset.split_name(split))
        assert {key: metrics[key] for key in again} == json.loads(json.dumps(again))
    # The kept weights are those of the best epoch: fp32 or fp16 makes no difference to 42 pictures' classes here.
    assert run.metrics("val")["accuracy"]["value"] == pytest.approx(best["value"], abs=1 / 42 + 1e-9)
    assert run.average_faces().shape == (7, 48, 48)


def test_the_same_seed_gives_the_same_run_and_another_seed_another(dataset, tmp_path):
    one, two = start(dataset, tmp_path, "one"), start(dataset, tmp_path, "two")
    same_files(one.path, two.path)
    other = start(dataset, tmp_path, "three", seed=1)
    assert other.history()["train_loss"].tolist() != one.history()["train_loss"].tolist()


OTHERWISE = {"optimizer": "muon", "ema": 0.0, "schedule": "plateau", "rotation": 9.0}


@pytest.mark.parametrize(
    ("changes", "step"),
    [pytest.param({}, 1, marks=pytest.mark.slow), (OTHERWISE, 4)],
    ids=["every write", "every fourth"],
)
def test_resumed_from_any_interruption_the_result_is_the_same(dataset, tmp_path, monkeypatch, changes, step):
    whole = start(dataset, tmp_path, "whole", epochs=2, **changes)
    os_replace, count = os.replace, 0

    def full_disk(source, target):
        nonlocal count
        count += 1
        if count >= stop_at:
            raise OSError(errno.ENOSPC, "No space left on device")
        os_replace(source, target)

    stop_at, interruptions = 2, 0  # the first write makes the folder
    while True:
        name, count = f"stopped-{stop_at}", 0
        with monkeypatch.context() as patch:
            patch.setattr(os, "replace", full_disk)
            try:
                start(dataset, tmp_path, name, epochs=2, **changes)
                break
            except OSError:
                pass
        interruptions += 1
        run = open_run(tmp_path / name)
        assert run.status == "interrupted"  # the disk was too full to say more
        assert len(run.history()) <= 2
        session.resume(dataset, tmp_path, name, quiet=True)
        same_files(whole.path, run.path)
        assert not list(run.path.rglob(".tmp-*"))
        stop_at += step
    # Faces, run.json; weights (at least once), state, history and run.json of each epoch; four evaluation files.
    assert interruptions >= (2 + 2 + 5 + 4) // step


@pytest.fixture
def stopped(dataset, tmp_path, monkeypatch):
    """Start a run with Ctrl-C in its second epoch."""
    train_epoch = loop.train_epoch

    def interrupted(fit, epoch, progress):
        if epoch == 1:
            raise KeyboardInterrupt
        return train_epoch(fit, epoch, progress)

    def stop(**changes):
        with monkeypatch.context() as patch:
            patch.setattr(loop, "train_epoch", interrupted)
            with pytest.raises(KeyboardInterrupt):
                start(dataset, tmp_path, "stopped", **changes)
        return open_run(tmp_path / "stopped")

    return stop


@pytest.mark.slow
def test_ctrl_c_marks_the_run_stopped_and_keeps_its_epochs(dataset, tmp_path, stopped):
    run = stopped()
    assert (run.status, len(run.history())) == ("stopped", 1)
    resumed = session.resume(dataset, tmp_path, "stopped", quiet=True)
    assert (resumed.status, resumed.info["problem"]) == ("finished", None)
    same_files(start(dataset, tmp_path, "whole").path, resumed.path)


def test_the_same_images_in_another_order_are_not_resumed_on(dataset, tmp_path, stopped):
    run = stopped()
    turned = replace(
        dataset,
        images=dataset.images[::-1],
        ids=dataset.ids[::-1],
        labels=dataset.labels[::-1],
        splits=dataset.splits[::-1],
    )
    assert (turned.info["fingerprint"], turned.counts()) == (dataset.info["fingerprint"], dataset.counts())
    with pytest.raises(RunError, match="stopped was trained on these images in another order"):
        session.resume(turned, tmp_path, "stopped", quiet=True)
    earlier = {name: value for name, value in run.info["dataset"].items() if name != "order"}
    runs.update_run(run, dataset=earlier)  # a run of an earlier version tells no order
    assert session.resume(dataset, tmp_path, "stopped", quiet=True).status == "finished"


@pytest.mark.parametrize(("learning_rate", "improves"), [(1e-3, True), (1e-12, False)])
def test_what_was_computed_from_earlier_weights_goes_with_them(dataset, tmp_path, stopped, learning_rate, improves):
    run = stopped(learning_rate=learning_rate)
    evaluate_run(run, dataset, "val", tta="flip")
    summarize_run(run, dataset, "val")
    keep_counts(run)
    resumed = session.resume(dataset, tmp_path, "stopped", quiet=True)
    assert (resumed.info["best"]["epoch"] > 1) is improves
    assert features_file(resumed, "val").is_file() is not improves
    assert robustness_file(resumed, "test").is_file() is not improves
    assert (("val", "flip") in resumed.evaluations()) is not improves
    assert {("val", "none"), ("test", "none")} <= set(resumed.evaluations())


def test_early_stopping_waits_as_long_as_told(dataset, tmp_path):
    run = start(dataset, tmp_path, epochs=30, early_stopping=2, learning_rate=1e-9, schedule="constant", ema=0.0)
    assert len(run.history()) == run.info["best"]["epoch"] + 2


def test_a_loss_that_explodes_fails_with_advice(dataset, tmp_path):
    with pytest.raises(TrainingFailed, match=r"no longer finite in epoch \d+; lower --learning-rate"):
        start(
            dataset,
            tmp_path,
            "wild",
            learning_rate=10.0,
            momentum=0.999,
            batch_norm=False,
            schedule="constant",
            activation="elu",
            epochs=50,
        )
    runs_found, problems = list_runs(tmp_path)
    assert problems == {}
    assert runs_found[0].status == "failed"
    assert "no longer finite" in runs_found[0].info["problem"]


def test_what_cannot_be_resumed_or_started_is_told(dataset, tmp_path):
    start(dataset, tmp_path, "done", epochs=1)
    with pytest.raises(RunError, match="done is finished"):
        session.resume(dataset, tmp_path, "done")
    with pytest.raises(RunError, match="there is no run folder"):
        session.resume(dataset, tmp_path, "nothing")
    with pytest.raises(RunError, match="run 'done' exists"):
        start(dataset, tmp_path, "done")
    with pytest.raises(RunError, match=r"run name '\.\./x' will not do"):
        start(dataset, tmp_path, "../x")
    runs.update_run(open_run(tmp_path / "done"), status="stopped")
    other = make_dataset(tmp_path / "other", per_class=2, seed=5)
    with pytest.raises(RunError, match="was trained on the data set"):
        session.resume(other, tmp_path, "done")
    with training_lock(tmp_path / "done"):
        assert open_run(tmp_path / "done").status == "stopped"
    runs.update_run(open_run(tmp_path / "done"), status="running")
    assert open_run(tmp_path / "done").status == "interrupted"


def test_train_share_is_stratified_and_seeded(dataset):
    training = tiny(train_share=0.5).training
    rows = train_rows(dataset, training)
    assert np.bincount(dataset.labels[rows]).tolist() == [3] * 7
    assert set(dataset.splits[rows]) == {"train"}
    assert train_rows(dataset, training).tolist() == rows.tolist()


def test_class_weights_by_hand():
    labels = torch.tensor([0] * 4 + [1] + [2] * 4)
    balanced = class_weights(labels, "balanced", 7, "cpu")
    torch.testing.assert_close(balanced[:4], torch.tensor([0.75, 3.0, 0.75, 0.0]))
    root = class_weights(labels, "sqrt", 7, "cpu")
    torch.testing.assert_close(root[:3], torch.tensor([0.9, 1.8, 0.9]))
    assert class_weights(labels, "none", 7, "cpu") is None
