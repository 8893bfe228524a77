"""The runs that are shipped: complete, honest, small enough, and what their weights really answer."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from fercore.data.fer2013 import OFFICIAL_SPLIT_NAMES
from fercore.evaluation.metrics import report
from fercore.models.forward import probabilities
from fercore.models.registry import load
from fercore.runs import list_runs, open_run

ROOT = Path(__file__).resolve().parents[1]
RUNS = ROOT / "runs"
# Asked of git: a reference run may just be training here.
TRACKED = subprocess.run(["git", "ls-files", "-z", "runs"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
FILES = [ROOT / name for name in TRACKED.split("\0") if name]
NAMES = sorted({path.relative_to(RUNS).parts[0] for path in FILES})
REPORT_ACCURACY = 0.6169  # of the report's final model, see fercore/reference_report.json


def test_all_are_readable_and_small_enough():
    found, problems = list_runs(RUNS)
    assert problems == {}
    assert {"reference-report-cnn"} <= set(NAMES) <= {run.name for run in found}
    assert sum(path.stat().st_size for path in FILES) <= 48_000_000


@pytest.mark.parametrize("name", NAMES)
def test_the_record_is_complete_and_the_protocol_was_kept(name):
    run = open_run(RUNS / name)
    assert run.status == "finished"
    assert run.info["dataset"]["split_names"] == OFFICIAL_SPLIT_NAMES
    assert run.info["dataset"]["split_sizes"] == {"train": 28709, "val": 3589, "test": 3589}
    assert run.info["trained_on"]["splits"] == ["train"]
    history, best = run.history(), run.info["best"]
    chosen = history.loc[history["epoch"] == best["epoch"]].iloc[0]
    assert chosen["val_accuracy"] == history["val_accuracy"].max() == best["value"]
    # Kept in fp16 and scored in fp32, the chosen epoch's weights may differ on a few images.
    assert run.metrics("val")["accuracy"]["value"] == pytest.approx(best["value"], abs=0.002)


@pytest.mark.parametrize("name", NAMES)
def test_metrics_recompute_exactly_from_predictions(name):
    run = open_run(RUNS / name)
    assert {("test", "none"), ("val", "none")} <= set(run.evaluations())
    for split, tta in run.evaluations():
        stored, metrics = run.predictions(split, tta), run.metrics(split, tta)
        again = report(stored.label, stored.probabilities, split=split, split_name=OFFICIAL_SPLIT_NAMES[split], tta=tta)
        assert {key: metrics[key] for key in again} == json.loads(json.dumps(again))


def test_the_reports_model_reaches_the_reports_accuracy_without_augmentation():
    run = open_run(RUNS / "reference-report-cnn")
    assert set(run.info["config"]["augment"].values()) == {0.0}
    assert run.info["config"]["model"]["first_filters"] == 64
    for split in ("val", "test"):
        assert run.metrics(split)["accuracy"]["value"] >= REPORT_ACCURACY


@pytest.mark.data
@pytest.mark.parametrize("name", [name for name in NAMES if (RUNS / name / "model.safetensors").is_file()])
def test_the_weights_answer_what_is_stored(name, fer2013_dataset):
    run, model = open_run(RUNS / name), load(open_run(RUNS / name))
    for split in ("val", "test"):
        rows = fer2013_dataset.indices(split)
        stored = run.predictions(split)
        assert stored.id.tolist() == fer2013_dataset.ids[rows].tolist()
        assert stored.label.tolist() == fer2013_dataset.labels[rows].tolist()
        answers = probabilities(model.module, model.preprocess, fer2013_dataset.images[rows])
        accuracy = (answers.argmax(axis=1) == stored.label).mean()
        assert accuracy == pytest.approx(run.metrics(split)["accuracy"]["value"], abs=0.001)
        np.testing.assert_allclose(answers, stored.probabilities, atol=0.02)
