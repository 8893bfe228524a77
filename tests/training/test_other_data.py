"""A run is bound to its data set: results on other images never take the place of its own."""

import runpy
from pathlib import Path

import pytest

from fercore.runs import RunError, open_run, update_run, write_json
from fercore.training.evaluate import evaluate_run
from tests.factories.data import make_dataset
from tests.factories.runs import make_run

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    return make_dataset(tmp_path_factory.mktemp("other") / "d", per_class=1, seed=9)


@pytest.fixture
def run(tmp_path, dataset):
    return make_run(tmp_path, "a", dataset=dataset, weights=True)


@pytest.mark.parametrize(
    ("script", "arguments"),
    [
        ("evaluate.py", []),
        ("evaluate.py", ["--split", "val"]),
        ("evaluate.py", ["--tta", "flip"]),
        ("features.py", []),
        ("embedding.py", []),
        ("compact.py", []),
        ("export.py", ["--format", "onnx", "--precision", "int8", "--into-run"]),
    ],
)
def test_no_script_replaces_results_by_those_of_other_images(run, other, capsys, monkeypatch, script, arguments):
    monkeypatch.setattr("fercore.models.compact.LARGE", 64)
    before = {path.name: path.read_bytes() for path in run.path.iterdir()}
    main = runpy.run_path(str(SCRIPTS / script))["main"]
    with pytest.raises(SystemExit) as stop:
        main(["a", *arguments, "--data", str(other.path), "--runs", str(run.path.parent)])
    own, received = run.info["dataset"]["fingerprint"], other.info["fingerprint"]
    said = capsys.readouterr().err
    assert stop.value.code == 2
    assert f"the figures of a are about the data set {own}, but {other.path} holds {received}" in said
    assert "Give the run's own data set with --data" in said
    assert {path.name: path.read_bytes() for path in run.path.iterdir() if path.name != ".lock"} == before


def test_a_model_that_others_trained_is_bound_by_its_first_evaluation(run, dataset, other):
    added = update_run(run, dataset={})
    evaluate_run(added, dataset, "val")
    with pytest.raises(RunError, match="the figures of a are about the data set"):
        evaluate_run(open_run(run.path), other, "test")


def test_figures_that_were_measured_on_other_images_are_not_shown(run, dataset):
    evaluate_run(run, dataset, "test")
    metrics = run.metrics("test")
    write_json(run.path / "metrics_test.json", metrics | {"dataset_fingerprint": "e" * 64})
    with pytest.raises(RunError, match=r"measured on the data set e{64}, .*evaluate.py a --split test --tta none"):
        run.metrics("test")
    del metrics["dataset_fingerprint"]  # as before metrics named it
    write_json(run.path / "metrics_test.json", metrics)
    assert run.metrics("test") == metrics
