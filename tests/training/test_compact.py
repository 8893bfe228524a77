"""A run folder made smaller, and what must not be lost by it."""

import hashlib
import json
import os
import runpy
from pathlib import Path

import pytest
from safetensors.torch import load_file

from fercore.evaluation.elsewhere import place
from fercore.evaluation.robustness import robustness_file
from fercore.models import compact as weights
from fercore.models.registry import load
from fercore.run_files import write_json
from fercore.runs import RunError, open_run
from fercore.training import compact
from fercore.training.evaluate import evaluate_run
from tests.factories.data import make_dataset
from tests.factories.robustness import keep_counts
from tests.factories.runs import make_run


@pytest.fixture
def run(tmp_path, dataset, monkeypatch):
    monkeypatch.setattr(weights, "LARGE", 64)
    run = make_run(tmp_path, "a", dataset=dataset, weights=True)
    for split, tta in (("val", "none"), ("test", "none"), ("test", "flip")):
        evaluate_run(run, dataset, split, tta)
    return run


def files(run):
    return {path.name: path.read_bytes() for path in run.path.iterdir() if path.name != ".lock"}


def test_all_that_was_scored_is_scored_again(run, dataset, monkeypatch, tmp_path):
    monkeypatch.setattr(compact, "MOST_LOST", 1)
    before = files(run)
    keep_counts(run)
    elsewhere = place(run, make_dataset(tmp_path / "away", per_class=1, seed=3)).path
    table = compact.compact_run(run, dataset)
    assert not robustness_file(run, "test").exists()
    assert not elsewhere.exists()
    assert table[["split", "tta"]].to_numpy().tolist() == [["test", "none"], ["test", "flip"], ["val", "none"]]
    again = open_run(run.path)
    for row in table.itertuples():
        assert again.metrics(row.split, row.tta)["accuracy"]["value"] == row.after
    stored = again.predictions("test").probabilities
    assert evaluate_run(again, dataset, "test")["accuracy"]["value"] == table["after"][0]
    assert (again.predictions("test").probabilities == stored).all()
    changed = {name for name, content in files(run).items() if content != before[name]}
    assert "model.safetensors" in changed
    assert not {"config.json", "history.csv"} & changed
    compacted = again.info["compacted"]
    assert compacted["weights_sha256"] == hashlib.sha256(before["model.safetensors"]).hexdigest()
    assert again.info == json.loads(before["run.json"]) | {"compacted": compacted}
    assert any(name.endswith(".scale") for name in load_file(run.path / "model.safetensors"))
    assert not load(again).module.state_dict().keys() ^ load_file_names(before, run)
    with pytest.raises(RunError, match="stored as 8-bit integers already"):
        compact.compact_run(again, dataset)


def test_a_kill_leaves_no_counts_of_other_weights(run, dataset, monkeypatch):
    monkeypatch.setattr(compact, "MOST_LOST", 1)
    keep_counts(run)
    replace = os.replace

    def killed(source, target):
        replace(source, target)
        if os.path.basename(target) == "model.safetensors" and os.path.dirname(target) == os.fspath(run.path):
            raise KeyboardInterrupt

    monkeypatch.setattr(compact.os, "replace", killed)
    with pytest.raises(KeyboardInterrupt):
        compact.compact_run(run, dataset)
    assert not robustness_file(run, "test").exists()


def load_file_names(before, run):
    path = run.path.parent / "before.safetensors"
    path.write_bytes(before["model.safetensors"])
    return load_file(path).keys()


def test_what_would_lose_too_much_stays_as_it_was(run, dataset, monkeypatch):
    monkeypatch.setattr(compact, "MOST_LOST", -1)
    before = files(run)
    with pytest.raises(
        RunError, match=r"on val by .* points, expected at most -100.0; its weights are left as they are"
    ):
        compact.compact_run(run, dataset)
    assert files(run) == before


def test_what_cannot_be_made_smaller_is_told_so(run, dataset, tmp_path, monkeypatch):
    with pytest.raises(RunError, match="bare has no weights of its own"):
        compact.compact_run(make_run(tmp_path, "bare", dataset=dataset), dataset)
    unscored = make_run(tmp_path, "unscored", dataset=dataset, weights=True, splits=())
    with pytest.raises(RunError, match=r"evaluate.py unscored --split val"):
        compact.compact_run(unscored, dataset)
    write_json(unscored.path / "config.json", {"architectures": ["ViTForImageClassification"]})
    with pytest.raises(RunError, match="unscored is laid out for the Hugging Face hub"):
        compact.compact_run(unscored, dataset)
    monkeypatch.setattr(weights, "LARGE", 2**20)
    with pytest.raises(RunError, match="a has no large matrices"):
        compact.compact_run(run, dataset)


def test_the_script_prints_what_was_and_is(run, dataset, monkeypatch, capsys):
    monkeypatch.setattr(compact, "MOST_LOST", 1)
    main = runpy.run_path(str(Path(__file__).resolve().parents[2] / "scripts" / "compact.py"))["main"]
    main(["a", "--runs", str(run.path.parent), "--data", str(dataset.path)])
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["split", "tta", "before", "after"]
    assert len(lines) == 5
    assert lines[-1].startswith(f"{run.path / 'model.safetensors'}: ")
