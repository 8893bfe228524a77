"""How runs are searched, filtered and grouped."""

import pandas as pd

from fercore.run_facets import by_seed, choices, facets, matches, seed_groups
from fercore.run_notes import Notes
from fercore.runs import create_run, update_run

INFO = {
    "config": {"recipe": "fast", "model": {"type": "cnn"}, "training": {"seed": 0, "epochs": 3}},
    "classes": ["a", "b"],
    "dataset": {"fingerprint": "0123456789abcdef"},
}


def seeded(root, name, seed, **training):
    config = INFO["config"] | {"training": {"seed": seed, "epochs": 3} | training}
    return create_run(root, name, INFO | {"config": config, "seed": seed})


def test_a_run_is_found_by_what_it_is_and_what_is_said_of_it(tmp_path):
    run = update_run(create_run(tmp_path, "first", INFO), study={"name": "kernel"}, status="finished")
    found = facets(run, Notes("With New crops", ("paper", "draft")))
    values = {"model": ("cnn",), "dataset": ("0123456789ab",), "status": ("finished",), "study": ("kernel",)}
    assert found.values == values | {"tag": ("paper", "draft")}
    assert matches(found, "FIRST crops", {})
    assert matches(found, "fast", {"tag": ["paper", "x"], "model": []})
    assert not matches(found, "first missing", {})
    assert not matches(found, "", {"tag": ["paper"], "status": ["failed"]})
    assert choices([found, facets(run, Notes(tags=("b",)))], "tag") == ["b", "draft", "paper"]


def test_a_run_that_studies_share_is_found_by_each(tmp_path):
    run = update_run(create_run(tmp_path, "a", INFO), study=[{"name": "x"}, {"name": "y"}, 3, {"name": "x"}])
    assert facets(run).values["study"] == ("x", "y")


def test_hostile_entries_give_no_values(tmp_path):
    info = INFO | {"config": {"model": 3, "recipe": ["x"]}, "dataset": {"fingerprint": None}}
    run = update_run(create_run(tmp_path, "a", info), study={"name": "../x"}, trained_on={"dataset": 5})
    assert facets(run).values == {"model": (), "dataset": (), "status": ("interrupted",), "tag": (), "study": ()}


def test_runs_that_differ_in_the_seed_alone_are_one_group(tmp_path):
    runs = [seeded(tmp_path, "a", 0), seeded(tmp_path, "b", 0, epochs=4), seeded(tmp_path, "c", 1)]
    runs.append(update_run(seeded(tmp_path, "d", 2), ensemble={"members": ["a", "c"]}))
    assert [[run.name for run in group] for group in seed_groups(runs)] == [["a", "c"], ["b"], ["d"]]


def test_a_group_has_means_and_the_range(tmp_path):
    runs = [seeded(tmp_path, name, seed) for seed, name in enumerate("abc")]
    table = pd.DataFrame(
        {
            "run": ["a", "b", "c"],
            "status": ["finished", "stopped", "finished"],
            "model": "cnn",
            "parameters": pd.array([10, 10, 10], dtype="Int64"),
            "val_accuracy": [0.5, 0.6, None],
            "val_low": [0.4, 0.5, None],
            "val_high": [0.6, 0.7, None],
            "test_accuracy": [0.5, 0.6, 0.7],
            "test_low": 0.0,
            "test_high": 1.0,
        }
    )
    (row,) = by_seed(table, [runs]).to_dict("records")
    assert (row["run"], row["seeds"], row["model"], row["status"], row["parameters"]) == ("a", 3, "cnn", None, 10)
    assert [round(row[f"val_{end}"], 6) for end in ("accuracy", "low", "high")] == [0.55, 0.5, 0.6]
    assert [round(row[f"test_{end}"], 6) for end in ("accuracy", "low", "high")] == [0.6, 0.5, 0.7]
    alone = by_seed(table, [[run] for run in runs])
    assert alone.drop(columns="seeds").equals(table)
    assert by_seed(table.head(0), []).empty


def test_seeds_are_those_that_have_an_accuracy(tmp_path):
    runs = [seeded(tmp_path, name, seed) for seed, name in enumerate("abc")]
    none = [None, None, None]
    table = pd.DataFrame(
        {
            "run": ["a", "b", "c", "b"],
            "engine": ["torch", "torch", "torch", "onnx"],
            "val_accuracy": [None, 0.6, None, 0.5],
            "val_low": [None, 0.5, None, 0.4],
            "val_high": [None, 0.7, None, 0.6],
            **{name: pd.Series([*none, None], dtype="float64") for name in ("test_accuracy", "test_low", "test_high")},
        }
    )
    torch, onnx = by_seed(table, [runs], ["engine"]).to_dict("records")
    assert (torch["seeds"], onnx["seeds"]) == (1, 1)
    assert [torch[f"val_{end}"] for end in ("accuracy", "low", "high")] == [0.6, 0.5, 0.7]
    assert (onnx["run"], onnx["val_low"], onnx["val_high"]) == ("b", 0.4, 0.6)
    assert by_seed(table.head(1).assign(val_accuracy=float("nan")), [runs])["seeds"].tolist() == [1]
