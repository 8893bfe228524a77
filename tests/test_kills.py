"""Every script that writes, killed at random moments and on a full disk: what was is there, or what is new.

Trainings, studies, their reproduction and jobs have tests of their own (tests/training, tests/jobs). KILLS and
KILL_SEED set how often and which moments.
"""

import filecmp
import json
import os
import random
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from fercore.models.compact import from_int8, to_int8
from fercore.runs import list_runs
from fercore.training.evaluate import evaluate_run
from tests.factories import runs
from tests.factories.data import make_dataset, make_records, tree_files, write_zip
from tests.factories.hub import make_hub_folder
from tests.factories.kills import changes_of, kill_at_change, run_on_full_disk
from tests.factories.runs import make_run

KILLS, SEED = int(os.environ.get("KILLS", "3")), int(os.environ.get("KILL_SEED", "0"))
LONG = ("add_model", "export", "kfold", "report", "robustness")  # which take seconds: one kill
TINY = "--epochs 1 --first-filters 4 --conv-layers 2 --dense 8 --pool-layers 2 --batch-size 14 --precision fp32"
SCRIPTS = {
    "evaluate": ["a"],
    "features": ["a"],
    "embedding": ["a"],
    "robustness": ["a", "--images", "9"],
    "audit": [],
    "report": ["a"],
    "export": ["a", "--format", "onnx"],
    "ensemble": ["both", "a", "b"],
    "prepare_data": ["archive.zip"],
    "predict": ["a", "pictures", "--out", "faces.csv"],
    "kfold": ["--recipe", "report-cnn", "--folds", "2", "--name", "k", *TINY.split()],
    "compact": ["large"],
    "add_model": ["theirs"],
    "slices": ["a", "--out", "slices.csv"],
    "log_run": ["a", "--log-with", "tensorboard"],
}
ROOTS = {"prepare_data": ("out",), "audit": ("data",), "add_model": ("runs",), "log_run": ("runs",)}  # others: both
ONCE = {"ensemble": "both", "add_model": "theirs"}  # scripts that make a run of a name once
WEIGHTS = "model.safetensors"
DENSE = 2048
_TIME = re.compile(r"\d{9,}(\.\d+)?")  # in the names of a tracker's files
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def before(tmp_path_factory):
    """Two runs with weights and figures, their data set, and pictures."""
    root = tmp_path_factory.mktemp("before")
    dataset = make_dataset(root / "data", per_class=3)
    for seed, name in enumerate("ab"):
        make_run(root / "runs", name, dataset=dataset, seed=seed, weights=True)
    make_large_run(root / "runs", dataset)
    make_hub_folder(root / "theirs", kind="resnet")
    files = tree_files(make_records(per_class=1), official=True)
    write_zip(root / "archive.zip", files)
    (root / "pictures").mkdir()
    (root / "pictures" / "one.png").write_bytes(next(iter(files.values())))
    return root


def make_large_run(root, dataset):
    """A run with a matrix that 8-bit integers make smaller and do not change, scored by what it answers."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(runs._TINY, "cnn", {"first_filters": 4, "conv_layers": 2, "dense": (DENSE,)})
        patch.setattr(runs, "_weights", runs._weights.__wrapped__)  # not those kept of the small network
        run = make_run(root, "large", dataset=dataset, weights=True)
    weights = run.path / "model.safetensors"
    small = to_int8(load_file(weights))
    assert any(tensor.dtype == torch.int8 for tensor in small.values())
    save_file(from_int8(small), weights)
    for split in ("val", "test"):
        evaluate_run(run, dataset, split)


@pytest.fixture
def place(before, tmp_path, monkeypatch):
    monkeypatch.setenv("FERCORE_CACHE", str(tmp_path / "cache"))
    place = shutil.copytree(before, tmp_path / "place")
    monkeypatch.chdir(place)
    return place


def contents(folder):
    """What lies in a folder, without locks and what a killed process left unfinished."""
    files = {str(file.relative_to(folder)): file for file in sorted(folder.rglob("*")) if file.is_file()}
    kept = {name: file.read_bytes() for name, file in files.items() if ".tmp-" not in name and ".lock" not in name}
    return {_TIME.sub("TIME", name) if "tensorboard" in name else name: content for name, content in kept.items()}


def check_whole(folder, known):
    """Each file is as it was, or opens to its end."""
    assert list_runs(folder / "runs")[1] == {}
    for name, content in contents(folder).items():
        if known.get(name) == content:
            continue
        file = folder / name
        if file.parent.name == "tensorboard" or file.parent.parent.name == "tensorboard":
            continue  # logs, which others read up to where they end
        if file.suffix == ".json":
            json.loads(content)
        elif file.suffix == ".npz":
            with np.load(file) as arrays:
                assert all(arrays[key] is not None for key in arrays.files)
        elif file.suffix == ".npy":
            np.load(file)
        elif file.suffix == ".safetensors":
            with safe_open(file, "np") as tensors:
                assert all(tensors.get_tensor(key) is not None for key in tensors.keys())  # noqa: SIM118
        elif file.suffix == ".onnx":
            import onnx

            onnx.checker.check_model(onnx.load(file))
        elif file.suffix == ".html":
            assert content.rstrip().endswith(b"</html>")
        else:
            assert content.endswith(b"\n"), name


def arguments(script, place):
    places = {"data": place / "data", "runs": place / "runs", "out": place / "made"}
    roots = [(f"--{root}", places[root]) for root in ROOTS.get(script, ("data", "runs"))]
    return [*SCRIPTS[script], *(word for root in roots for word in root)]


def undo(script, place, before):
    """Take back what a script did before it was killed if it does that once: the same command says so."""
    if name := ONCE.get(script):
        shutil.rmtree(place / "runs" / name, ignore_errors=True)
    run = Path("runs", "large")
    if script == "compact" and not filecmp.cmp(place / run / WEIGHTS, before / run / WEIGHTS, shallow=False):
        shutil.rmtree(place / run)
        shutil.copytree(before / run, place / run)


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_killed_script_leaves_what_was_or_what_is_new_and_runs_again(script, place, before):
    asked = arguments(script, place)
    changes = changes_of(script, asked, place)
    assert changes, "it wrote nothing"
    made, known = contents(place), contents(before)
    kills = min(changes, max(1, KILLS // 3) if script in LONG else KILLS)
    shutil.rmtree(place)
    os.chdir(shutil.copytree(before, place))  # which is another folder now
    for moment in random.Random(f"{SEED} {script}").sample(range(1, changes + 1), kills):
        kill_at_change(script, asked, place, moment)
        check_whole(place, known)
        undo(script, place, before)
    changes_of(script, asked, place)
    check_whole(place, known)
    assert contents(place).keys() == made.keys()
    assert not [file for file in place.rglob(".tmp-*") if file.suffix != ".lock"]


# What torch says of an export without room for its own files is in tests/export.
@pytest.mark.parametrize("script", [name for name in SCRIPTS if name != "export"])
def test_a_full_disk_is_told_and_leaves_what_was(script, place, before):
    code, said = run_on_full_disk(script, arguments(script, place), place)
    assert code in (1, 2), said
    assert "File too large" in said
    assert "Traceback" not in said
    assert contents(place) == contents(before)
