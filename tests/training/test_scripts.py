"""scripts/train.py and scripts/evaluate.py as a user starts them."""

import os
import runpy
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from fercore.runs import open_run
from tests.factories.data import make_dataset
from tests.factories.processes import LONG, kill_9_in_epoch, wait_until
from tests.factories.runs import make_run

ROOT = Path(__file__).resolve().parents[2]
SMALL = ["--first-filters", "4", "--conv-layers", "2", "--pool-layers", "2", "--dense", "8", "--batch-size", "16"]
SMALL += ["--precision", "fp32", "--threads", "1"]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("place")
    make_dataset(folder / "data", per_class=6)
    return folder


def command(place, script, *arguments):
    return [
        sys.executable,
        str(ROOT / "scripts" / script),
        *arguments,
        "--data",
        str(place / "data"),
        "--runs",
        str(place / "runs"),
    ]


def run_script(place, script, *arguments):
    """The script's main in this process: a new one costs seconds of imports."""
    main = runpy.run_path(str(ROOT / "scripts" / script))["main"]
    try:
        main(command(place, script, *arguments)[2:])
    except SystemExit as stop:
        return stop.code or 0
    return 0


@pytest.mark.slow
def test_kill_9_then_resume_equals_an_uninterrupted_run(place, capsys):
    arguments = command(place, "train.py", "--name", "killed", "--epochs", "6", *SMALL)
    assert kill_9_in_epoch(4, arguments[1], arguments[2:]) == -9
    path = place / "runs" / "killed"
    assert (open_run(path).status, len(open_run(path).history())) == ("interrupted", 3)
    assert run_script(place, "train.py", "--resume", "killed") == 0
    assert run_script(place, "train.py", "--name", "whole", "--epochs", "6", *SMALL) == 0
    whole = open_run(place / "runs" / "whole")
    columns = ["train_loss", "train_accuracy", "val_loss", "learning_rate"]
    assert open_run(path).history()[columns].equals(whole.history()[columns])
    assert (path / "model.safetensors").read_bytes() == (whole.path / "model.safetensors").read_bytes()
    capsys.readouterr()
    assert run_script(place, "evaluate.py", "killed", "--tta", "flip") == 0
    assert "PrivateTest, n = 42, flip averaging" in capsys.readouterr().out
    assert open_run(path).evaluations() == [("test", "none"), ("test", "flip"), ("val", "none")]


@pytest.mark.slow
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_kill_stop_cleanly(place, sign):
    name = f"stopped-{sign.name}"
    arguments = command(place, "train.py", "--name", name, "--epochs", "9999", *SMALL)
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            wait_until((place / "runs" / name / "history.csv").is_file, process, "the first epoch")
            process.send_signal(sign)
            output, errors = process.communicate(timeout=LONG)
        finally:
            process.kill()
    assert process.returncode == 130
    assert f"go on with: train.py --resume {name}" in output
    assert "Traceback" not in errors
    assert open_run(place / "runs" / name).status == "stopped"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--kernel-size", "4"], "error: --kernel-size: received 4, expected an odd number"),
        (["--recipe", "x"], "error: --recipe: received 'x', expected one of"),
        (["--name", "a/b", *SMALL], "error: run name 'a/b' will not do"),
        (["--resume", "x", "--seed", "3"], "--resume takes its settings from the run; give no others but --epochs"),
        (["--name", ""], "argument --name: received an empty text"),
        (["--resume", ""], "argument --resume: received an empty text"),
        (["--resume="], "argument --resume: received an empty text"),
        (["--resume", "x", "--epochs", "3", "--rotation", "9"], "give no others but --epochs"),
        (["--resume", "x", "--name", "y"], "give no others but --epochs"),
        (["--resume", "x", "--epochs", "many"], "argument --epochs: invalid int value: 'many'"),
        (["--resume", "x"], "error: there is no run 'x' in"),
    ],
)
def test_bad_arguments_end_with_one_message_and_code_2(place, capsys, arguments, message):
    assert run_script(place, "train.py", *arguments) == 2
    assert message in capsys.readouterr().err


def test_no_data_set_names_the_command(tmp_path, capsys):
    assert run_script(tmp_path, "train.py") == 2
    assert "make it with: python scripts/prepare_data.py" in capsys.readouterr().err


def test_help_lists_every_field(place, capsys):
    assert run_script(place, "train.py", "--help") == 0
    text = capsys.readouterr().out
    for flag in ("--kernel-size", "--rotation", "--label-smoothing", "--no-batch-norm", "--seed"):
        assert flag in text


@pytest.mark.slow
def test_accelerate_launch_trains_on_two_processes(place):
    launcher = [sys.executable, "-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2"]
    arguments = command(place, "train.py", "--name", "pair", "--epochs", "2", *SMALL)[1:]
    result = subprocess.run(
        [*launcher, *arguments],
        capture_output=True,
        text=True,
        timeout=LONG,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert result.returncode == 0, result.stderr
    run = open_run(place / "runs" / "pair")
    assert run.info["device"] == "cpu, fp32, 2 processes"
    assert run.history()["epoch"].tolist() == [1, 2]
    assert np.isfinite(run.history()["train_loss"]).all()
    assert result.stdout.count("pair. Stop with Ctrl-C") == 1


def test_a_run_of_another_data_set_is_resumed_on_its_own_which_lies_beside(tmp_path, capsys):
    mine, other = (make_dataset(tmp_path / "data" / name, per_class=1, seed=seed) for seed, name in enumerate("ab"))
    dataset_of = runpy.run_path(str(ROOT / "scripts" / "train.py"))["dataset_of"]
    run = make_run(tmp_path / "runs", "begun", dataset=mine)
    assert dataset_of(run, mine.path).path == mine.path
    assert capsys.readouterr().out == ""
    for given in (other.path, tmp_path / "data" / "absent"):
        assert dataset_of(run, given).path == mine.path
        assert f"begun was trained on the data set in {mine.path}, which is taken instead of {given}." in (
            capsys.readouterr().out
        )
    shutil.rmtree(mine.path)
    assert dataset_of(run, other.path).path == other.path  # and resuming refuses it
