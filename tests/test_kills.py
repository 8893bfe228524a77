"""Every script that writes, killed at random moments and on a full disk: what was is there, or what is new.

Trainings, studies, their reproduction and jobs have tests of their own (tests/training, tests/jobs). KILLS and
KILL_SEED set how often and which moments.
"""

import json
import os
import random
import shutil

import numpy as np
import pytest
from safetensors import safe_open

from fercore.runs import list_runs
from tests.factories.data import make_dataset, make_records, tree_files, write_zip
from tests.factories.kills import changes_of, kill_at_change, run_on_full_disk
from tests.factories.runs import make_run

KILLS, SEED = int(os.environ.get("KILLS", "3")), int(os.environ.get("KILL_SEED", "0"))
LONG = ("export", "report", "robustness")  # which take seconds: one kill
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
}
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def before(tmp_path_factory):
    """Two runs with weights and figures, their data set, and pictures."""
    root = tmp_path_factory.mktemp("before")
    dataset = make_dataset(root / "data", per_class=3)
    for seed, name in enumerate("ab"):
        make_run(root / "runs", name, dataset=dataset, seed=seed, weights=True)
    files = tree_files(make_records(per_class=1), official=True)
    write_zip(root / "archive.zip", files)
    (root / "pictures").mkdir()
    (root / "pictures" / "one.png").write_bytes(next(iter(files.values())))
    return root


@pytest.fixture
def place(before, tmp_path, monkeypatch):
    monkeypatch.setenv("FERCORE_CACHE", str(tmp_path / "cache"))
    place = shutil.copytree(before, tmp_path / "place")
    monkeypatch.chdir(place)
    return place


def contents(folder):
    """What lies in a folder, without locks and what a killed process left unfinished."""
    files = [file for file in sorted(folder.rglob("*")) if file.is_file()]
    parts = {file: str(file.relative_to(folder)) for file in files}
    return {name: file.read_bytes() for file, name in parts.items() if ".tmp-" not in name and ".lock" not in name}


def check_whole(folder, known):
    """Each file is as it was, or opens to its end."""
    assert list_runs(folder / "runs")[1] == {}
    for name, content in contents(folder).items():
        if known.get(name) == content:
            continue
        file = folder / name
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
    roots = (
        ["--out", place / "made"] if script == "prepare_data" else ["--data", place / "data", "--runs", place / "runs"]
    )
    return [*SCRIPTS[script], *roots[: 2 if script == "audit" else None]]


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
        if script == "ensemble" and (place / "runs" / "both").exists():  # it was made, and is not made again
            shutil.rmtree(place / "runs" / "both")
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
