"""Figures sent to trackers of others: what arrives, and that none of them can stop a run."""

import runpy
import threading
from pathlib import Path

import pytest
from tensorboardX.proto.event_pb2 import Event

from fercore.runs import RunError, open_run, update_run, write_json
from fercore.training import session, trackers
from fercore.training.config import load_recipe
from tests.factories.runs import make_run
from tests.training.conftest import TINY

ROOT = Path(__file__).resolve().parents[2]


def config(**changes):
    return load_recipe("report-cnn").override(**{**TINY, "epochs": 2, **changes})


class Fake:
    """A tracker that keeps what it is told, and fails or waits where a test asks for it."""

    def __init__(self, fails_at=None, waits=None):
        self.told, self.fails_at, self.waits = [], fails_at, waits

    def _hear(self, what, *values):
        if self.waits:
            self.waits.wait()
        if what == self.fails_at:
            raise ConnectionError("no route to host")
        self.told.append((what, *values))

    def start(self):
        self._hear("start")

    def store_init_configuration(self, values):
        self._hear("settings", values)

    def log(self, values, step):
        self._hear("log", step, values)

    def finish(self):
        self._hear("finish")


@pytest.fixture
def fake(monkeypatch):
    """`fake(...)`: the tracker that "wandb" opens from now on."""

    def install(**settings):
        tracker = Fake(**settings)
        monkeypatch.setitem(trackers.PACKAGES, "wandb", ("json",))
        monkeypatch.setattr(trackers, "WandBTracker", lambda *_, **__: tracker)
        return tracker

    return install


def results(run):
    """What a training leaves that its tracker could have disturbed."""
    return (run.path / "model.safetensors").read_bytes(), run.history().drop(columns="seconds").to_csv()


def test_a_tracker_hears_settings_epochs_and_scores(dataset, tmp_path, fake):
    tracker = fake()
    run = session.start(config(), dataset, tmp_path, "a", quiet=True, log_with=["wandb"])
    assert [entry[0] for entry in tracker.told] == ["start", "settings", "log", "log", "log", "log", "finish"]
    settings = tracker.told[1][1]
    assert (settings["training.epochs"], settings["model.dense"], settings["recipe"]) == (2, "[8]", "report-cnn")
    _, step, row = tracker.told[3]
    assert (step, row["val_accuracy"]) == (2, run.history()["val_accuracy"][1])
    _, step, scores = tracker.told[5]
    accuracy = run.metrics("test")["accuracy"]
    assert step == run.info["best"]["epoch"]
    assert [scores[f"test/accuracy{end}"] for end in ("", "_low", "_high")] == list(accuracy.values())


@pytest.mark.rest_slow
@pytest.mark.parametrize("moment", ["start", "settings", "log", "finish"])
def test_a_tracker_that_fails_is_a_warning_and_the_run_ends_as_without_it(dataset, tmp_path, fake, capsys, moment):
    fake(fails_at=moment)
    run = session.start(config(), dataset, tmp_path, "a", quiet=True, log_with=["wandb"])
    assert run.status == "finished"
    assert capsys.readouterr().err == (
        "warning: wandb failed (ConnectionError: no route to host); the run is not touched by it. Send it again with: "
        "python scripts/log_run.py a --log-with wandb\n"
    )
    assert results(run) == results(session.start(config(), dataset, tmp_path, "b", quiet=True))


def test_a_tracker_that_never_answers_keeps_nobody_waiting(dataset, tmp_path, fake, capsys, monkeypatch):
    monkeypatch.setattr(trackers, "PATIENCE", 0.05)
    lifted = threading.Event()
    fake(waits=lifted)
    run = session.start(config(epochs=1), dataset, tmp_path, "a", quiet=True, log_with=["wandb"])
    assert run.status == "finished"
    assert "warning: wandb has not answered for 0 s" in capsys.readouterr().err
    lifted.set()


def test_a_tracker_that_is_not_there_is_refused_before_anything_trains(dataset, tmp_path, monkeypatch):
    monkeypatch.setitem(trackers.PACKAGES, "mlflow", ("no_such_package",))
    with pytest.raises(RunError, match="mlflow is not installed; install it with: pip install mlflow"):
        session.start(config(), dataset, tmp_path, "a", log_with=["mlflow"])
    monkeypatch.setitem(trackers.PACKAGES, "tensorboard", ("no_such_package",))
    with pytest.raises(RunError, match=r'install it with: pip install "fercore\[trackers\]"'):
        trackers.check_trackers(["tensorboard"])
    with pytest.raises(RunError, match="received 'diary', expected tensorboard, wandb, mlflow, trackio"):
        trackers.check_trackers(["diary"])
    assert list(tmp_path.iterdir()) == []


def test_a_resumed_run_is_sent_from_its_first_epoch(dataset, tmp_path, fake, monkeypatch):
    run_epoch = session.run_epoch

    def stopped(fit, progress):
        if len(fit.history) == 1:
            raise KeyboardInterrupt
        return run_epoch(fit, progress)

    with monkeypatch.context() as patch:
        patch.setattr(session, "run_epoch", stopped)
        with pytest.raises(KeyboardInterrupt):
            session.start(config(), dataset, tmp_path, "a", quiet=True)
    tracker = fake()
    session.resume(dataset, tmp_path, "a", quiet=True, log_with=["wandb"])
    assert [entry[1] for entry in tracker.told if entry[0] == "log"][:2] == [1, 2]


def test_of_a_stranger_s_run_nothing_is_written_through_a_link_and_what_is_damaged_is_said(tmp_path, capsys):
    run = make_run(tmp_path / "runs", "a", splits=("test",))
    (tmp_path / "outside").mkdir()
    (run.path / "tensorboard").symlink_to(tmp_path / "outside")
    run = update_run(run, best=["no epoch"])
    assert not trackers.send(["tensorboard"], run)
    assert "nothing is written through links" in capsys.readouterr().err
    assert list((tmp_path / "outside").iterdir()) == []
    write_json(run.path / "metrics_test.json", run.metrics("test") | {"macro_f1": "none"})
    with pytest.raises(RunError, match=r"metrics of test: .*macro_f1"):
        trackers.send(["tensorboard"], run)


def events(folder):
    """Tag -> {step: value} of tensorboard's files below a folder. A record: length, checksum, data, checksum."""
    found = {}
    for path in folder.rglob("events.out.tfevents.*"):
        content, place = path.read_bytes(), 0
        while place < len(content):
            size = int.from_bytes(content[place : place + 8], "little")
            event = Event.FromString(content[place + 12 : place + 12 + size])
            for value in event.summary.value:
                found.setdefault(value.tag, {})[event.step] = value.simple_value
            place += 16 + size
    return found


def test_log_run_sends_a_finished_run_to_tensorboard(tmp_path, capsys):
    run = make_run(tmp_path, "done", epochs=3)
    script = runpy.run_path(str(ROOT / "scripts" / "log_run.py"))["main"]
    for _ in range(2):  # the second time in place of the first
        script(["done", "--log-with", "tensorboard", "--runs", str(tmp_path)])
    found = events(run.path / "tensorboard")
    assert found["val_accuracy"] == pytest.approx(dict(enumerate(run.history()["val_accuracy"], 1)))
    best = run.info["best"]["epoch"]
    assert found["test/accuracy"] == pytest.approx({best: run.metrics("test")["accuracy"]["value"]})
    assert len(list(run.path.glob("tensorboard/events*"))) == 1
    assert open_run(run.path).info == run.info
    assert capsys.readouterr().err == ""


def test_log_run_says_when_a_tracker_did_not_take_it_and_when_there_is_nothing(tmp_path, fake, capsys):
    fake(fails_at="log")
    make_run(tmp_path, "done", epochs=1)
    make_run(tmp_path, "empty", epochs=0, splits=())
    script = runpy.run_path(str(ROOT / "scripts" / "log_run.py"))["main"]
    with pytest.raises(SystemExit) as stop:
        script(["done", "--log-with", "wandb", "--runs", str(tmp_path)])
    assert stop.value.code == 1
    assert "warning: wandb failed" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        script(["empty", "--log-with", "wandb", "--runs", str(tmp_path)])
    assert "error: empty has no epoch and no score to send" in capsys.readouterr().err
