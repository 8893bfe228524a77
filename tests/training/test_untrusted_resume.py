"""`--resume` of a run folder that somebody else made: nothing is written through its links, nothing odd gets in."""

import json
import os
import shutil

import pytest
from safetensors.torch import load_file, save_file

from fercore.runs import RunError, open_run, update_run
from fercore.training import session
from fercore.training.planned import clear
from tests.training.test_session import start


@pytest.fixture(scope="module")
def trained(dataset, tmp_path_factory):
    return start(dataset, tmp_path_factory.mktemp("runs"), "a", epochs=1, schedule="constant")


@pytest.fixture
def run(trained, tmp_path):
    """A copy of a run with its training state that can go on to a second epoch."""
    run = open_run(shutil.copytree(trained.path, tmp_path / "runs" / "a"))
    training = run.info["config"]["training"] | {"epochs": 2}
    return update_run(run, status="stopped", config=run.info["config"] | {"training": training})


@pytest.fixture
def outside(tmp_path):
    folder = tmp_path / "outside"
    folder.mkdir()
    return folder


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_training_state_is_never_written_through_a_link(dataset, run, outside):
    shutil.move(run.path / "last" / "state.safetensors", outside)
    (outside / ".tmp-12345678").write_text("a stranger's")
    (run.path / "last").rmdir()
    (run.path / "last").symlink_to(outside)
    before = contents(outside)
    with pytest.raises(RunError, match=r"last is a link to .*outside, and nothing is written through links"):
        session.resume(dataset, run.path.parent, "a", quiet=True)
    assert contents(outside) == before


@pytest.mark.parametrize(
    "name", ["history.csv", "run.json", "model.safetensors", "config.json", "metrics_test.json", "predictions_val.npz"]
)
@pytest.mark.parametrize("hard", [False, True], ids=["symbolic", "hard"])
def test_no_file_is_written_through_a_link(dataset, run, outside, name, hard):
    shutil.move(run.path / name, outside / name)
    (os.link if hard else os.symlink)(outside / name, run.path / name)
    before = contents(outside)
    session.resume(dataset, run.path.parent, "a", quiet=True)
    assert contents(outside) == before
    assert not (run.path / name).is_symlink()
    assert len(open_run(run.path).history()) == 2


def test_a_lock_that_is_a_link_stops_the_training(dataset, run, outside):
    (outside / "thesis.tex").write_text("years of work")
    (run.path / ".lock").unlink(missing_ok=True)
    (run.path / ".lock").symlink_to(outside / "thesis.tex")
    update_run(run, status="running")
    assert open_run(run.path).status == "interrupted"
    with pytest.raises((OSError, RunError)):
        session.resume(dataset, run.path.parent, "a", quiet=True)
    assert (outside / "thesis.tex").read_text() == "years of work"


def test_the_state_of_a_planned_run_is_cleared_without_what_it_links_to(run, outside):
    shutil.rmtree(run.path / "last")
    (outside / "state.safetensors").touch()
    (run.path / "last").symlink_to(outside)
    clear(run, keep_weights=True)
    assert not (run.path / "last").is_symlink()
    assert list(contents(outside)) == ["state.safetensors"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (
            lambda progress: progress | {"history": []},
            "history: expected a list of epochs, each with epoch, train_loss",
        ),
        (lambda progress: progress | {"history": ["x"]}, "history: expected a list of epochs"),
        (lambda progress: progress | {"history": [{**progress["history"][0], "val_loss": "x"}]}, "history: expected"),
        (lambda progress: progress | {"best": {"epoch": 2, "value": 0.5}}, "best: expected one of the epochs"),
        (lambda progress: progress | {"best": None}, "best: expected one of the epochs"),
        (lambda progress: {}, "'history'"),
        (lambda progress: progress | {"best": {"epoch": 1, "value": 10**400}}, "does not fit 64 bits"),
    ],
)
def test_an_odd_training_state_is_refused(dataset, run, change, reason):
    file = run.path / "last" / "state.safetensors"
    history = open_run(run.path).history().to_dict("records")
    progress = change({"history": history, "best": run.info["best"]})
    save_file(load_file(file), file, {"progress": json.dumps(progress)})
    with pytest.raises(RunError, match=reason):
        session.resume(dataset, run.path.parent, "a", quiet=True)
