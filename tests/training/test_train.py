import pytest

import fercore
from fercore.fields import ConfigError
from fercore.training import session
from fercore.training.config import load_recipe
from tests.training.conftest import TINY


def test_a_training_in_one_call_is_that_of_a_session(dataset, tmp_path):
    run = fercore.train("report-cnn", dataset, "called", root=tmp_path, quiet=True, epochs=1, **TINY)
    config = load_recipe("report-cnn").override(epochs=1, **TINY)
    expected = session.start(config, dataset, tmp_path, "expected", quiet=True)
    assert (run.path, run.status) == (tmp_path / "called", "finished")
    assert (run.path / "model.safetensors").read_bytes() == (expected.path / "model.safetensors").read_bytes()
    assert run.info["config"] == expected.info["config"]


def test_a_data_set_may_be_given_by_path_and_runs_by_the_setting(dataset, tmp_path, monkeypatch):
    monkeypatch.setenv("FERCORE_RUNS", str(tmp_path / "mine"))
    run = fercore.train("report-cnn", dataset.path, "a", quiet=True, epochs=1, **TINY)
    assert run.path == tmp_path / "mine" / "a"
    assert fercore.load("a").run.name == "a"


def test_a_wrong_setting_is_refused_before_anything_is_made(dataset, tmp_path):
    with pytest.raises(ConfigError, match="unknown setting 'epoch'"):
        fercore.train("report-cnn", dataset, "a", root=tmp_path, epoch=1)
    with pytest.raises(fercore.RunError, match="expected a run in"):
        fercore.train("report-cnn", dataset, "a", root=tmp_path, teacher="elsewhere/mine", distillation=0.5)
    assert not list(tmp_path.iterdir())
