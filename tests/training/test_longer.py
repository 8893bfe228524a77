"""More epochs for a run: as if it had been started with them, or a reason why not."""

import shutil

import pytest

from fercore.fields import ConfigError
from fercore.runs import RunError, open_run, update_run
from fercore.training import session
from tests.training.test_session import same_files, start


@pytest.mark.rest_slow
@pytest.mark.parametrize("schedule", ["constant", "plateau"])
def test_more_epochs_end_as_if_the_run_had_begun_with_them(dataset, tmp_path, schedule):
    changes = {"schedule": schedule, "plateau_patience": 0, "plateau_factor": 0.5, "rotation": 9.0}
    short = start(dataset, tmp_path, "short", epochs=2, **changes)
    whole = start(dataset, tmp_path, "whole", epochs=4, **changes)
    assert short.status == "finished"
    longer = session.resume(dataset, tmp_path, "short", quiet=True, epochs=4)
    same_files(whole.path, longer.path)
    assert (longer.status, longer.info["best"], longer.info["config"]) == (
        "finished",
        whole.info["best"],
        whole.info["config"],
    )
    (entry,) = longer.info["continued"]
    assert (entry["after"], entry["epochs"]) == (2, 4)
    again = session.resume(dataset, tmp_path, "short", quiet=True, epochs=5)
    assert [entry["after"] for entry in again.info["continued"]] == [2, 4]
    assert len(again.history()) == 5


@pytest.fixture(scope="module")
def finished(dataset, tmp_path_factory):
    return start(dataset, tmp_path_factory.mktemp("runs"), "a", epochs=2, schedule="constant")


@pytest.mark.parametrize(
    ("changes", "epochs", "error", "reason"),
    [
        ({"schedule": "onecycle"}, 9, RunError, "the schedule onecycle of a lowers .* over the 2 epochs .* --epochs 9"),
        ({"schedule": "cosine"}, 9, RunError, "the schedule cosine of a lowers the learning rate"),
        ({}, 2, ConfigError, "--epochs: received 2, but a has trained 2 already; expected more"),
        ({}, 1, ConfigError, "--epochs: received 1, but a has trained 2 already"),
        ({}, 10_001, ConfigError, "--epochs: received 10001, expected a number at least 1 and at most 10000"),
    ],
)
def test_what_cannot_go_on_says_why(dataset, finished, tmp_path, changes, epochs, error, reason):
    run = open_run(shutil.copytree(finished.path, tmp_path / "a"))
    training = run.info["config"]["training"] | changes
    run = update_run(run, config=run.info["config"] | {"training": training})
    with pytest.raises(error, match=reason):
        session.resume(dataset, tmp_path, "a", quiet=True, epochs=epochs)
    assert open_run(run.path).info == run.info


def test_a_run_that_stopped_early_would_stop_again(dataset, finished, tmp_path):
    run = open_run(shutil.copytree(finished.path, tmp_path / "a"))
    training = run.info["config"]["training"] | {"early_stopping": 1}
    update_run(run, config=run.info["config"] | {"training": training}, best=run.info["best"] | {"epoch": 1})
    with pytest.raises(RunError, match="stopped early after 1 epochs without a better val accuracy"):
        session.resume(dataset, tmp_path, "a", quiet=True, epochs=9)


def test_without_a_training_state_or_as_a_part_of_a_study_there_are_no_more_epochs(dataset, finished, tmp_path):
    run = open_run(shutil.copytree(finished.path, tmp_path / "a"))
    update_run(run, study={"name": "kernel-size"})
    with pytest.raises(RunError, match="a is a part of kernel-size, all runs of which share their number of epochs"):
        session.resume(dataset, tmp_path, "a", quiet=True, epochs=9)
    update_run(run, study=None)
    shutil.rmtree(run.path / "last")
    with pytest.raises(RunError, match=r"a holds no training state \(last/\), so no epoch can follow; train anew"):
        session.resume(dataset, tmp_path, "a", quiet=True, epochs=9)
