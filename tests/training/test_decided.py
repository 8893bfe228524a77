"""Trainings that leave out or relabel images: what they see, what they record, and going on with them."""

import pytest

from fercore.data.decisions import Decision, apply_decisions, write_decisions
from fercore.runs import RunError, open_run
from fercore.training import loop, session
from fercore.training.kfold import cross_validate
from tests.training.test_session import same_files, start, tiny

DROPPED = [f"train/angry/{number}" for number in range(3)]


@pytest.fixture
def file(tmp_path):
    decisions = dict.fromkeys(DROPPED, Decision("drop")) | {"train/sad/1": Decision("relabel", "fear")}
    write_decisions(tmp_path / "decisions.csv", decisions)
    return str(tmp_path / "decisions.csv")


def test_a_training_sees_the_decided_images_and_records_what_was_decided(dataset, tmp_path, file, monkeypatch):
    seen = []
    train_epoch = loop.train_epoch

    def watched(fit, *args):
        seen.append((len(fit.targets), fit.targets.bincount(minlength=7).tolist()))
        return train_epoch(fit, *args)

    monkeypatch.setattr(loop, "train_epoch", watched)
    run = start(dataset, tmp_path, epochs=1, exclude=file, relabel=file)
    assert seen == [(39, [3, 6, 7, 6, 5, 6, 6])]  # of six of each emotion
    assert run.info["trained_on"]["images"] == 39
    assert run.info["trained_on"]["decisions"] == apply_decisions(dataset, file, file)[1]
    assert (run.info["config"]["training"]["exclude"], run.info["config"]["training"]["relabel"]) == (file, file)
    # What the data set is stays what it is, and so do the images that the run is measured on.
    assert run.info["dataset"] == dataset.summary()
    assert (run.metrics("val")["n"], run.metrics("test")["n"]) == (42, 42)


def test_a_training_without_decisions_says_so(dataset, tmp_path):
    assert start(dataset, tmp_path, epochs=1).info["trained_on"]["decisions"] is None


def interrupted(dataset, tmp_path, monkeypatch, **changes):
    run_epoch = session.run_epoch

    def stopping(fit, progress):
        if fit.history:
            raise KeyboardInterrupt
        return run_epoch(fit, progress)

    with monkeypatch.context() as patch:
        patch.setattr(session, "run_epoch", stopping)
        with pytest.raises(KeyboardInterrupt):
            start(dataset, tmp_path, "stopped", **changes)
    return open_run(tmp_path / "stopped")


def test_a_resumed_training_sees_the_same_images(dataset, tmp_path, file, monkeypatch):
    interrupted(dataset, tmp_path, monkeypatch, epochs=2, exclude=file)
    resumed = session.resume(dataset, tmp_path, "stopped", quiet=True)
    same_files(start(dataset, tmp_path, "whole", epochs=2, exclude=file).path, resumed.path)


def test_changed_decisions_do_not_go_on(dataset, tmp_path, file, monkeypatch):
    interrupted(dataset, tmp_path, monkeypatch, epochs=2, exclude=file)
    write_decisions(tmp_path / "decisions.csv", {DROPPED[0]: Decision("drop")})
    with pytest.raises(RunError, match=r"stopped began with other decisions on its images.*put the earlier"):
        session.resume(dataset, tmp_path, "stopped", quiet=True)


def test_a_cross_validation_drops_from_training_and_predicts_all(dataset, tmp_path, file):
    run = cross_validate(tiny(epochs=1, exclude=file), dataset, tmp_path, "folds", 2, quiet=True)
    assert sorted(run.predictions("train").id) == sorted(dataset.ids[dataset.indices("train")])
    folds = [open_run(tmp_path / f"folds-fold{number}").info["trained_on"] for number in (1, 2)]
    assert [fold["images"] + fold["decisions"]["excluded"] for fold in folds] == [21, 21]
    assert (
        sum(fold["decisions"]["excluded"] for fold in folds) == 3
    )  # each image is in the training of one of two folds
    assert run.info["trained_on"]["images"] == 39
    assert run.info["trained_on"]["decisions"]["excluded"] == 3
