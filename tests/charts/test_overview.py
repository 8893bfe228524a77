"""All runs in a table, and the report beside them."""

import json
from pathlib import Path

import pandas as pd
import pytest

from fercore.charts.overview import accuracy_chart, interval_words, reference_report, report_table, runs_table
from fercore.charts.style import run_styles
from fercore.runs import update_run
from fercore.training.config import load_recipe
from tests.factories.runs import make_run


def reports(run):
    return {split: run.metrics(split) for split, tta in run.evaluations() if tta == "none"}


def test_runs_table(tmp_path):
    full = make_run(tmp_path, "full", epochs=4, accuracy=0.6, n=70)
    bare = make_run(tmp_path, "bare", epochs=0, splits=(), status="stopped")
    table = runs_table([full, bare], {"full": (4, full.history()["seconds"].sum())}, {"full": reports(full)})
    row = table.iloc[0]
    assert row[["run", "model", "recipe", "status"]].tolist() == ["full", "cnn", "toy", "finished"]
    assert row[["parameters", "epochs", "seconds", "test_accuracy"]].tolist() == [123456, 4, 50.0, 0.6]
    # Wilson's interval of 42 of 70: (0.6 + z²/140 ± z sqrt(0.24/70 + z²/19600)) / (1 + z²/70), z = 1.96
    assert row[["test_low", "test_high"]].tolist() == pytest.approx([0.4830, 0.7067], abs=1e-4)
    assert row["created"] == pd.Timestamp("2024-05-20T11:00:00Z")
    assert table.iloc[1][["epochs", "seconds", "val_accuracy", "val_low"]].isna().all()
    assert interval_words(table, "test") == ["48.3 to 70.7", None]


def test_runs_table_of_strangers(tmp_path):
    run = make_run(tmp_path, "a", splits=())
    config = {"recipe": ["list"], "model": "text"}
    run = update_run(run, config=config, parameters=-5, created="x" * 100)
    row = runs_table([run], {}, {}).iloc[0]
    assert row[["model", "recipe", "parameters", "created"]].isna().all()
    assert runs_table([], {}, {}).empty


def matches(run):
    return report_table([run], {run.name: reports(run)})["run"].fillna("-").tolist()


def test_a_recipe_is_repeated_only_with_its_model(tmp_path):
    run = make_run(tmp_path, "a", recipe="report-cnn")
    assert matches(run) == ["-", "-", "-", "-"]
    config = load_recipe("report-cnn").to_dict()
    assert matches(update_run(run, config=config)) == ["a", "-", "-", "-"]
    wider = {**config, "model": {**config["model"], "first_filters": 96}}
    assert matches(update_run(run, config=wider)) == ["-", "-", "-", "-"]


def test_first_weights_are_named_and_make_no_other_model(tmp_path):
    def beside(run):
        row = report_table([run], {run.name: reports(run)}).iloc[1]
        return [row["run"], row["first_weights"]]

    config = load_recipe("resnet18").to_dict()
    run = update_run(make_run(tmp_path, "r"), config=config)
    assert beside(run) == ["r", "random"]
    config["model"]["weights"] = "imagenet"
    pretrained = update_run(run, config=config, trained_on=run.info["trained_on"] | {"pretraining": "ImageNet-1k"})
    assert beside(pretrained) == ["r", "ImageNet-1k"]


def test_folds_and_points_of_studies_are_no_models_of_their_own(tmp_path):
    run = update_run(make_run(tmp_path, "a"), config=load_recipe("report-cnn").to_dict())
    assert matches(update_run(run, study={"name": "dropout"})) == ["-", "-", "-", "-"]
    assert matches(update_run(run, kfold={"name": "k", "fold": 1, "folds": 3})) == ["-", "-", "-", "-"]
    together = update_run(run, kfold={"name": "k", "folds": 3}, ensemble={"members": ["k-fold1"]})
    assert matches(together) == ["-", "-", "a", "-"]
    assert matches(update_run(together, kfold={"name": "k", "folds": 5})) == ["-", "-", "-", "-"]


def test_report_table(tmp_path):
    config = load_recipe("report-cnn").to_dict()
    runs = [update_run(make_run(tmp_path, name, accuracy=0.6), config=config) for name in "abc"]
    table = report_table(runs, {"b": reports(runs[1]), "c": reports(runs[2])})
    assert table["run"].tolist()[0] == "b"  # "a" would be better, but has not been evaluated
    assert table["run"][1:].isna().all()
    assert table["report_accuracy"].tolist() == [0.6169, 0.6216, 0.57, 0.9092]
    assert table["n"].tolist() == [3589, 3589, 3589, 25170]
    assert table.loc[0, ["report_low", "report_high"]].tolist() == pytest.approx([0.6009, 0.6327], abs=1e-4)
    assert table.loc[0, ["val_accuracy", "test_accuracy"]].tolist() == [0.6, 0.6]


def test_the_reports_figures_are_those_of_the_reference():
    shared = Path(__file__).parents[3] / "shared" / "reference" / "report_tables.json"
    report = reference_report()
    assert report["final_cnn"]["test_accuracy"] == 0.6169
    assert "contaminated" in report["vit_dima806"]["caution"]
    if shared.is_file():
        assert report == json.loads(shared.read_text("utf-8"))


def test_accuracy_chart(tmp_path):
    runs = [make_run(tmp_path, "a", accuracy=0.6, splits=("test",)), make_run(tmp_path, "b", splits=())]
    table = runs_table(runs, {}, {"a": reports(runs[0])})
    names = {"test": "PrivateTest", "val": "PublicTest"}
    spec = accuracy_chart(table, names, run_styles(["a", "b"]), 0.6169).to_dict()
    rows = [row for data in spec["datasets"].values() for row in data]
    drawn = [(row["run"], row["split"], row["value"], row["words"]) for row in rows if "run" in row]
    assert drawn == [("a", "PrivateTest", 0.6, "60.0 % (48.3 to 70.7)")]
    assert {"x": 0.6169, "words": "the report 61.7 %"} in rows
    assert "the report" not in accuracy_chart(table, names, run_styles(["a", "b"]), None).to_json()
