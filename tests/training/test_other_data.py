"""A run is bound to its data set: results on other images never take the place of its own."""

import runpy
from dataclasses import replace
from pathlib import Path

import pytest

from fercore.evaluation.confidence import run_confidence
from fercore.evaluation.elsewhere import elsewhere, open_elsewhere
from fercore.runs import RunError, open_run, update_run, write_json
from fercore.training.evaluate import evaluate_run
from tests.factories.data import make_dataset
from tests.factories.runs import make_run

SCRIPTS = Path(__file__).resolve().parents[2] / "scripts"


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    return make_dataset(tmp_path_factory.mktemp("other") / "other", per_class=3, seed=9)


@pytest.fixture
def run(tmp_path, dataset):
    return make_run(tmp_path, "a", dataset=dataset, weights=True)


def content(run):
    return {path.name: path.read_bytes() for path in run.path.iterdir() if path.is_file() and path.name != ".lock"}


def start(script, arguments, run, other):
    main = runpy.run_path(str(SCRIPTS / script))["main"]
    main(["a", *arguments, "--data", str(other.path), "--runs", str(run.path.parent)])


@pytest.mark.parametrize(
    ("script", "arguments", "file"),
    [
        ("evaluate.py", [], "metrics_test.json"),
        ("evaluate.py", ["--split", "val"], "predictions_val.npz"),
        ("evaluate.py", ["--tta", "flip"], "metrics_test_flip.json"),
        ("features.py", [], "features_val.npz"),
        ("embedding.py", [], "embedding_test.npz"),
    ],
)
def test_results_on_other_images_touch_none_of_the_runs_own(run, other, capsys, script, arguments, file):
    before = content(run)
    start(script, arguments, run, other)
    assert content(run) == before
    assert str(run.path / "evaluations" / other.name) in capsys.readouterr().out
    assert {path.name for path in (run.path / "evaluations" / other.name).iterdir()} >= {"evaluation.json", file}


@pytest.mark.parametrize(
    ("script", "arguments"),
    [("compact.py", []), ("export.py", ["--format", "onnx", "--precision", "int8", "--into-run"])],
)
def test_what_needs_the_runs_own_images_refuses_others(run, other, capsys, monkeypatch, script, arguments):
    monkeypatch.setattr("fercore.models.compact.LARGE", 64)
    before = content(run)
    with pytest.raises(SystemExit) as stop:
        start(script, arguments, run, other)
    own, received = run.info["dataset"]["fingerprint"], other.info["fingerprint"]
    said = capsys.readouterr().err
    assert stop.value.code == 2
    assert f"the figures of a are about the data set {own}, but {other.path} holds {received}" in said
    assert "Give the run's own data set with --data" in said
    assert content(run) == before


def test_a_permuted_class_order_gives_equal_metrics(run, other):
    classes = list(reversed(other.classes))
    turned = replace(other, labels=len(classes) - 1 - other.labels, info={**other.info, "classes": classes})
    assert evaluate_run(run, turned, "test") == evaluate_run(run, other, "test")


def test_temperature_and_threshold_stay_those_of_the_runs_own_validation(run, dataset, other):
    evaluate_run(run, dataset, "val")
    before = run_confidence(run)
    evaluate_run(run, other, "val")
    assert run_confidence(run) == run_confidence(open_elsewhere(run, other.name)) == before


def test_another_data_set_of_the_same_name_is_refused(run, other, tmp_path):
    evaluate_run(run, other, "test")
    again = make_dataset(tmp_path / "x" / other.path.name, per_class=1, seed=10)
    assert again.name == other.name
    before = open_elsewhere(run, other.name).metrics("test")
    with pytest.raises(RunError, match="under the same name; they are never overwritten"):
        evaluate_run(run, again, "test")
    assert open_elsewhere(run, other.name).metrics("test") == before


def test_a_model_that_others_trained_is_bound_by_its_first_evaluation(run, dataset, other):
    added = update_run(run, dataset={})
    evaluate_run(added, dataset, "val")
    bound = open_run(run.path)
    assert bound.info["dataset"]["fingerprint"] == dataset.info["fingerprint"]
    evaluate_run(bound, other, "test")
    assert [each.dataset_name for each in elsewhere(bound)[0]] == [other.name]


def test_figures_that_were_measured_on_other_images_are_not_shown(run, dataset):
    evaluate_run(run, dataset, "test")
    metrics = run.metrics("test")
    write_json(run.path / "metrics_test.json", metrics | {"dataset_fingerprint": "e" * 64})
    with pytest.raises(RunError, match=r"measured on the data set e{64}, .*evaluate.py a --split test --tta none"):
        run.metrics("test")
    del metrics["dataset_fingerprint"]  # as before metrics named it
    write_json(run.path / "metrics_test.json", metrics)
    assert run.metrics("test") == metrics
