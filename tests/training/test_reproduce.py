"""Plans carried out on a cut-down data set: order, failures, and the same table however often it is killed."""

import io
import json
import runpy
import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from fercore.data.dataset import open_dataset
from fercore.run_lock import is_locked, training_lock
from fercore.runs import RunError, open_run, update_run
from fercore.training import reproduce, session
from fercore.training.plan import load_plan
from fercore.training.plan_task import data_of, do
from fercore.training.reproduce import BLOCKED, DONE, FAILED, OPEN, Reproduction, carry_out, epoch_seconds
from tests.factories.processes import LONG, wait_until
from tests.training.conftest import TINY

ROOT = Path(__file__).resolve().parents[2]
SETTINGS = {**TINY, "threads": 1}
EPOCHS = 60  # of the run that is killed


def toml(settings):
    return "{ " + ", ".join(f"{key} = {str(value).replace(chr(39), chr(34))}" for key, value in settings.items()) + " }"


def quoted(settings):
    return toml({key: f'"{value}"' if isinstance(value, str) else value for key, value in settings.items()})


@pytest.fixture
def plan(tmp_path):
    """The path of a plan: a teacher, its pupil, both together, a cross-validation, and a study with a shared centre."""
    budget = {**SETTINGS, "epochs": 2}
    study = tmp_path / "flips.toml"
    study.write_text(
        f'recipe = "report-cnn"\nshared = "c"\nbudget = {quoted(budget)}\n'
        "[points]\nnone = {}\nflip = { horizontal_flip = 0.5 }\n"
    )
    pupil, master = {**budget, "teacher": "master", "distillation": 0.5}, {**budget, "epochs": EPOCHS}
    file = tmp_path / "p.toml"
    file.write_text(
        f'[[train]]\nname = "pupil"\nrecipe = "report-cnn"\nchanges = {quoted(pupil)}\n'
        f'[[train]]\nname = "master"\nrecipe = "report-cnn"\ntta = true\ncompact = true\nchanges = {quoted(master)}\n'
        '[[ensemble]]\nname = "both"\nmembers = ["master", "pupil"]\n'
        f'[[kfold]]\nname = "folds"\nrecipe = "report-cnn"\nfolds = 2\nchanges = {quoted({**budget, "epochs": 1})}\n'
        f'[[study]]\nstudy = "{study}"\n'
    )
    return file


@pytest.fixture
def in_this_process(monkeypatch):
    """Tasks are done at once in this process, which saves the start of one each; gives the names in their order."""
    done = []

    class Now:
        def __init__(self, command, **_):
            task, data = load_plan(command[3]).task(command[4]), Path(command[6])
            self.stdin, self.code = io.BytesIO(), 0
            done.append(task.name)
            try:
                do(task, open_dataset(data_of(task, data)), Path(command[8]))
            except Exception:
                self.code = 1

        def poll(self):
            return self.code

    monkeypatch.setattr(reproduce, "Popen", Now)
    return done


def work(plan, dataset, out, *only):
    read = load_plan(str(plan))
    return Reproduction(read, read.chosen(only), dataset.path, out)


def quick(plan):
    """The plan without the long training."""
    plan.write_text(plan.read_text().replace(f"epochs = {EPOCHS}", "epochs = 2"))
    return plan


@pytest.mark.slow
def test_all_is_done_in_order_and_not_again(plan, dataset, tmp_path, in_this_process):
    job = work(quick(plan), dataset, tmp_path / "out")
    standing = carry_out(job, 2, say=lambda _: None)
    assert {found.state for found in standing.values()} == {DONE}
    assert in_this_process.index("master") < in_this_process.index("pupil") < in_this_process.index("both")
    assert set(in_this_process) == {"master", "pupil", "both", "folds", "study-c-s0", "study-flips-flip-s0"}
    before = list(in_this_process)
    carry_out(job, 2, say=lambda _: None)
    assert in_this_process == before
    master = open_run(tmp_path / "out" / "master")
    assert (master.info["plan"], master.has_weights, (master.path / "last").exists()) == ("p", True, False)
    assert ("test", "flip") in master.evaluations()
    assert "no large matrices" in json.loads((master.path / "compact.json").read_text())["result"]
    assert open_run(tmp_path / "out" / "folds").info["kfold"]["folds"] == 2
    centre = open_run(tmp_path / "out" / "study-c-s0")
    assert ([entry["name"] for entry in centre.info["study"]], centre.has_weights) == (["flips"], False)


@pytest.mark.slow
def test_what_fails_is_told_and_what_waits_for_it_is_blocked(plan, dataset, tmp_path, in_this_process):
    quick(plan).write_text(plan.read_text().replace("tta = true\n", 'tta = true\ndata = "nowhere"\n'))
    said = []
    standing = carry_out(work(plan, dataset, tmp_path / "out"), 1, say=said.append)
    states = {name: found.state for name, found in standing.items()}
    assert states == {
        "master": BLOCKED,
        "pupil": BLOCKED,
        "both": BLOCKED,
        "folds": DONE,
        "study-c-s0": DONE,
        "study-flips-flip-s0": DONE,
    }
    assert "make it with: python scripts/prepare_data.py" in standing["master"].problem
    assert standing["both"].problem == "waits for master, pupil"
    assert any(line.startswith("master: blocked (") for line in said)
    assert "master" not in in_this_process


def test_a_training_that_breaks_is_told_with_its_reason(plan, dataset, tmp_path, in_this_process, monkeypatch):
    def broken(*_):
        raise MemoryError("too large")

    monkeypatch.setattr(session, "run_epoch", broken)
    standing = carry_out(work(quick(plan), dataset, tmp_path / "out", "master"), 1, say=lambda _: None)
    assert (standing["master"].state, standing["master"].problem) == (FAILED, "MemoryError: too large")


def test_a_training_of_another_process_is_waited_for(plan, dataset, tmp_path, in_this_process, monkeypatch):
    job = work(quick(plan), dataset, tmp_path / "out", "master")
    do(job.tasks[0], dataset, tmp_path / "out")
    run = update_run(open_run(tmp_path / "out" / "master"), status="running")
    lock = training_lock(run.path)

    def look(_):
        lock.__exit__(None, None, None)
        update_run(run, status="finished")

    monkeypatch.setattr(reproduce.time, "sleep", look)
    lock.__enter__()
    assert carry_out(job, 1, say=lambda _: None)["master"].state == DONE
    assert in_this_process == []


def test_two_do_not_work_in_one_folder(plan, dataset, tmp_path):
    job = work(plan, dataset, tmp_path / "out")
    with reproduce.reproduction_lock(tmp_path / "out"), pytest.raises(RunError, match="works in"):
        carry_out(job, 1)


def test_a_folder_with_another_run_is_left_alone(plan, dataset, tmp_path, in_this_process):
    carry_out(work(quick(plan), dataset, tmp_path / "out", "master"), 1, say=lambda _: None)
    plan.write_text(plan.read_text().replace("epochs = 2", "epochs = 3"))
    found = work(plan, dataset, tmp_path / "out").standing(load_plan(str(plan)).task("master"))
    assert found.state == BLOCKED
    assert "its epochs is 2 there and 3 here. Runs of one plan must share" in found.problem


def test_what_an_epoch_costs_is_measured_once_for_trainings_alike(plan, dataset, tmp_path):
    job, said = work(plan, dataset, tmp_path / "out"), []
    seconds = epoch_seconds(job, job.tasks, said.append)
    assert seconds.keys() == {"master", "pupil", "folds", "study-c-s0", "study-flips-flip-s0"}
    assert seconds["folds"] == seconds["master"] / 2  # of two folds each learns from half of the images
    assert min(seconds.values()) > 0
    assert len(said) == 2  # the pupil's teacher answers too
    assert {job.standing(task).state for task in job.tasks} == {OPEN}


def script(*arguments):
    """scripts/reproduce.py in this process; its exit code."""
    try:
        runpy.run_path(str(ROOT / "scripts" / "reproduce.py"))["main"](list(map(str, arguments)))
    except SystemExit as stop:
        return stop.code or 0
    return 0


def test_the_script_says_what_there_is_to_do_and_changes_nothing(plan, dataset, tmp_path, capsys):
    arguments = [plan, "--data", dataset.path, "--out", tmp_path / "out", "--runs", tmp_path / "runs"]
    assert script(*arguments, "--dry-run", "--only", "pupil") == 0
    said = capsys.readouterr().out
    assert "Plan p: 2 runs, 2 to do." in said
    assert f"0 of {EPOCHS} epochs" in said
    assert "on this machine" in said
    assert not (tmp_path / "out").exists()
    assert script(*arguments, "--only", "x") == 2
    assert script(*arguments[:3], "--out", tmp_path / "runs", "--runs", tmp_path / "runs") == 2
    assert "--out: received the folder of the shipped runs" in capsys.readouterr().err


@pytest.mark.slow
def test_the_script_compares_with_what_is_shipped(plan, dataset, tmp_path, capsys, in_this_process):
    arguments = [quick(plan), "--data", dataset.path, "--only", "pupil"]
    assert script(*arguments, "--out", tmp_path / "first", "--runs", tmp_path / "runs") == 0
    assert "Accuracy on test: 2 not shipped." in capsys.readouterr().out
    assert script(*arguments, "--out", tmp_path / "again", "--runs", tmp_path / "first") == 0
    assert "Accuracy on test: 2 within." in capsys.readouterr().out
    table = pd.read_csv(tmp_path / "again" / "results.csv")
    assert table["val_again"].tolist() == table["val_shipped"].tolist()
    assert table["epochs"].tolist() == [2, 2]


def table_of(folder):
    return pd.read_csv(folder / "results.csv").drop(columns="seconds_per_epoch")


@pytest.mark.slow
def test_killed_then_the_same_command_ends_with_the_same_table(plan, dataset, tmp_path, capsys):
    arguments = [str(plan), "--only", "both", "--data", str(dataset.path), "--runs", str(tmp_path / "runs")]
    out, whole = tmp_path / "killed", tmp_path / "whole"
    command = [sys.executable, str(ROOT / "scripts" / "reproduce.py"), *arguments, "--out", str(out)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        wait_until((out / "master" / "history.csv").is_file, process, "the first epoch")
        process.send_signal(signal.SIGKILL)
        process.wait(LONG)
    with subprocess.Popen([sys.executable, "-c", f"import time; time.sleep({LONG})"]) as clock:
        wait_until(lambda: not is_locked(out / "master"), clock, "its training notices and stops")
        clock.kill()
    left = open_run(out / "master")
    assert left.status in ("stopped", "interrupted")
    assert 1 <= len(left.history()) < EPOCHS
    assert script(*arguments, "--out", out) == 0
    assert script(*arguments, "--out", whole) == 0
    pd.testing.assert_frame_equal(table_of(out), table_of(whole))
    assert table_of(whole)["run"].tolist() == ["master", "pupil", "both"]
    for name in ("master", "pupil"):
        assert (out / name / "model.safetensors").read_bytes() == (whole / name / "model.safetensors").read_bytes()
