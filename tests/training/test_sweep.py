"""Sweeps over a tiny study: stopped, changed, failing, on Ray."""

import os
import re
import runpy
import sys
from pathlib import Path

import pandas as pd
import pytest

from fercore import runs
from fercore.fields import ConfigError
from fercore.run_lock import training_lock
from fercore.runs import RunError, open_run
from fercore.training import executors, loop, session
from fercore.training.planned import record_failure
from fercore.training.study import parse_study
from fercore.training.sweep import plan_study, study_table, sweep
from tests.factories.data import make_dataset
from tests.factories.processes import kill_9_in_epoch
from tests.training.conftest import TINY

ROOT = Path(__file__).resolve().parents[2]
POINTS = ["study-s-0-s0", "study-s-0.5-s0"]


def study(vary="horizontal_flip", values=(0.0, 0.5), seeds=(0,), **budget):
    budget = {**TINY, "epochs": 2, **budget}
    content = {"recipe": "report-cnn", "vary": [vary], "values": list(values), "seeds": list(seeds), "budget": budget}
    return parse_study(content, "s", "s.toml")


def shared_study(name, vary, values, **budget):
    content = {"recipe": "report-cnn", "vary": [vary], "values": values, "budget": {**TINY, "epochs": 1, **budget}}
    return parse_study({**content, "shared": "c"}, name, f"{name}.toml")


def without_time(table):
    return table.drop(columns="seconds_per_epoch")


def test_points_are_runs_of_the_study_without_weights(dataset, tmp_path):
    table = sweep(study(seeds=[0, 1]), dataset, tmp_path, command="test")
    assert table["point"].tolist() == ["0", "0.5", "0", "0.5"]
    assert table["seed"].tolist() == [0, 0, 1, 1]
    assert set(table["status"]) == {"finished"}
    run = open_run(tmp_path / "study-s-0.5-s1")
    assert run.info["study"] == {
        "name": "s",
        "varied": {"horizontal_flip": 0.5},
        "seed": 1,
        "label": "0.5",
        "position": 2,
        "description": "",
        "budget": {**TINY, "epochs": 2},
        "points": 4,
    }
    assert run.info["config"] == study().config(study().points[1], 1).to_dict()
    assert run.info["trained_on"]["images"] == 42
    row = table.iloc[3]
    for split in ("val", "test"):
        accuracy = run.metrics(split)["accuracy"]
        assert (row[f"{split}_accuracy"], row[f"{split}_low"], row[f"{split}_high"]) == tuple(accuracy.values())
    assert (row["best_epoch"], row["seconds_per_epoch"]) == (run.info["best"]["epoch"], run.history().seconds.median())
    evaluations = {f"{kind}_{split}" for kind in ("metrics", "predictions") for split in ("val", "test")}
    stems = {"run", "history", "average_faces", ".lock"} | evaluations
    assert {path.stem for path in run.path.iterdir()} == stems  # no weights, no training state


def test_points_of_a_vision_transformer_leave_no_file_of_its_weights_either(dataset, tmp_path):
    small = {"patch_size": 12, "hidden_size": 8, "layers": 1, "heads": 2, "epochs": 1, "distillation": 0, "guidance": 0}
    content = {"recipe": "vit-compact", "vary": ["rotation"], "values": [0.0, 9.0], "budget": small}
    sweep(parse_study(content, "s", "s.toml"), dataset, tmp_path)
    kept = {path.name for point in tmp_path.glob("study-s-*") for path in point.iterdir()}
    assert "metrics_test.json" in kept
    assert not {"model.safetensors", "config.json", "preprocessor_config.json"} & kept


@pytest.mark.slow
def test_finished_points_are_not_trained_again_and_new_ones_are_added(dataset, tmp_path, monkeypatch):
    first = sweep(study(), dataset, tmp_path, keep_weights=True)
    assert all(open_run(tmp_path / name).has_weights for name in POINTS)
    with monkeypatch.context() as patch:
        patch.setattr(loop, "train_epoch", lambda *_: pytest.fail("a finished point was trained again"))
        pd.testing.assert_frame_equal(sweep(study(), dataset, tmp_path), first)
    assert all(open_run(tmp_path / name).has_weights for name in POINTS)
    added = sweep(study(values=[0.0, 0.5, 1.0]), dataset, tmp_path)
    pd.testing.assert_frame_equal(added[:2], first, check_dtype=False)
    assert [open_run(tmp_path / name).info["study"]["points"] for name in POINTS] == [3, 3]


@pytest.mark.slow
def test_an_interrupted_point_goes_on_from_its_last_epoch(dataset, tmp_path, monkeypatch):
    whole = sweep(study(), dataset, tmp_path / "whole")
    train_epoch, calls = loop.train_epoch, []

    def interrupted(fit, epoch, progress):
        calls.append(epoch)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return train_epoch(fit, epoch, progress)

    monkeypatch.setattr(loop, "train_epoch", interrupted)
    with pytest.raises(KeyboardInterrupt):
        sweep(study(), dataset, tmp_path / "stopped")
    stopped = study_table(plan_study(study()), tmp_path / "stopped")
    assert stopped["status"].tolist() == ["finished", "stopped"]
    table = sweep(study(), dataset, tmp_path / "stopped")
    assert calls == [0, 1, 0, 1, 1]
    pd.testing.assert_frame_equal(without_time(table), without_time(whole))


@pytest.mark.slow
def test_what_a_kill_leaves_of_a_point_is_started_anew_or_cleared_away(dataset, tmp_path, monkeypatch):
    whole = sweep(study(), dataset, tmp_path / "whole")
    root = tmp_path / "killed"
    planned = plan_study(study())
    (root / planned[0].name).mkdir(parents=True)
    (root / planned[0].name / ".tmp-x").touch()  # killed before run.json was in place
    with monkeypatch.context() as patch:  # killed before the first epoch ended, with no average faces
        patch.setattr(session, "_train", lambda *_: None)
        patch.setattr(runs, "write_npz", lambda *_, **__: None)
        session.start(planned[1].config, dataset, root, planned[1].name, notes={"study": planned[1].entry})
    assert open_run(root / planned[1].name).status == "interrupted"
    pd.testing.assert_frame_equal(without_time(sweep(study(), dataset, root)), without_time(whole))
    assert open_run(root / planned[1].name).average_faces() is not None
    state = root / planned[0].name / "last"  # killed between its end and the deletion of its state
    state.mkdir()
    sweep(study(), dataset, root)
    assert not state.exists()


def test_a_failed_point_is_recorded_the_others_go_on_and_retry_tries_again(dataset, tmp_path, monkeypatch, capsys):
    train_epoch, broken = loop.train_epoch, True

    def failing(fit, epoch, progress):
        if broken and fit.config.augment.horizontal_flip == 0 and epoch == 1:
            raise MemoryError("too large")
        return train_epoch(fit, epoch, progress)

    monkeypatch.setattr(loop, "train_epoch", failing)
    table = sweep(study(), dataset, tmp_path)
    assert table["status"].tolist() == ["failed", "finished"]
    assert table["problem"].tolist() == ["MemoryError: too large", ""]
    assert "[1 of 2] study-s-0-s0: failed (MemoryError: too large); about" in capsys.readouterr().out
    broken = False
    assert sweep(study(), dataset, tmp_path)["status"].tolist() == ["failed", "finished"]
    again = sweep(study(), dataset, tmp_path, retry=True)
    assert again["status"].tolist() == ["finished", "finished"]
    assert again["problem"].tolist() == ["", ""]


def test_a_point_that_fails_before_it_has_a_folder_is_recorded_too(dataset, tmp_path):
    table = sweep(study("train_share", [0.01, 1.0]), dataset, tmp_path)  # a share of no images
    assert table["status"].tolist() == ["failed", "finished"]
    assert table["problem"][0].startswith("ConfigError: --train-share: received 0.01")
    run = open_run(tmp_path / "study-s-0.01-s0")
    assert (run.info["seed"], run.info["study"]["label"]) == (0, "0.01")
    assert sweep(study("train_share", [0.01, 1.0]), dataset, tmp_path, retry=True)["status"][0] == "failed"


def test_points_may_differ_in_precision_and_threads(dataset, tmp_path):
    precisions = study("learning_rate", [0.01, 0.02], epochs=1)
    plan = plan_study(precisions)
    configs = [plan[0].config.override(precision="bf16", threads=2), plan[1].config]
    for planned, config in zip(plan, configs, strict=True):
        list(
            executors.local([type(planned)(planned.name, config, "study", planned.identity)], dataset, tmp_path, False)
        )
    infos = [open_run(tmp_path / planned.name).info for planned in plan]
    assert [(info["status"], info["device"], info["threads"]) for info in infos] == [
        ("finished", "cpu, bf16", 2),
        ("finished", "cpu, fp32", 1),
    ]


def test_a_changed_study_other_images_and_foreign_runs_are_refused(dataset, tmp_path):
    sweep(study(epochs=1), dataset, tmp_path)
    with pytest.raises(RunError, match=r"with the budget \{.*'epochs': 1\}, but its file now says \{.*'epochs': 2\}"):
        sweep(study(), dataset, tmp_path)
    with pytest.raises(RunError, match=r"its data set is .* there and .* here"):
        sweep(study(epochs=1), make_dataset(tmp_path / "other", seed=3), tmp_path)
    run = open_run(tmp_path / POINTS[0])
    changed = run.info["config"] | {"model": run.info["config"]["model"] | {"activation": "elu"}}
    runs.update_run(run, config=changed)
    with pytest.raises(RunError, match=r"its activation is 'elu' there and 'relu' here\. Runs of one study must share"):
        sweep(study(epochs=1), dataset, tmp_path)
    del run.info["study"]
    runs.update_run(run)
    with pytest.raises(RunError, match="the run there belongs to no study"):
        sweep(study(epochs=1), dataset, tmp_path)


def test_the_centre_of_several_studies_is_trained_once_for_all(dataset, tmp_path, monkeypatch, capsys):
    first = sweep(shared_study("a", "rotation", [0.0, 9.0]), dataset, tmp_path)
    second = sweep(shared_study("b", "shift", [0.1, 0.0]), dataset, tmp_path)
    assert "Study b: 2 points, 1 to train." in capsys.readouterr().out
    assert {path.name for path in tmp_path.glob("study-*")} == {"study-c-s0", "study-a-9-s0", "study-b-0.1-s0"}
    run = open_run(tmp_path / "study-c-s0")
    assert [(entry["name"], entry["label"], entry["position"]) for entry in run.info["study"]] == [
        ("a", "0", 1),
        ("b", "0", 2),
    ]
    assert (run.part_of, open_run(tmp_path / "study-a-9-s0").part_of) == ("a", "a")
    assert first["val_accuracy"][0] == second["val_accuracy"][1] == run.metrics("val")["accuracy"]["value"]
    monkeypatch.setattr(loop, "train_epoch", lambda *_: pytest.fail("a finished point was trained again"))
    before = run.info
    sweep(shared_study("a", "rotation", [0.0, 9.0]), dataset, tmp_path)
    assert open_run(run.path).info == before


def test_a_shared_run_of_another_budget_is_refused(dataset, tmp_path):
    sweep(shared_study("a", "rotation", [0.0, 9.0]), dataset, tmp_path)
    with pytest.raises(RunError, match=r"study-c-s0 is not what is asked for now: its epochs is 1 there and 2 here"):
        sweep(shared_study("b", "shift", [0.1, 0.0], epochs=2), dataset, tmp_path)


def test_a_shared_run_that_begins_anew_stays_a_part_of_its_other_studies(dataset, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:  # killed before the first epoch ended
        patch.setattr(session, "_train", lambda *_: None)
        planned = plan_study(shared_study("a", "rotation", [0.0, 9.0]))[0]
        session.start(planned.config, dataset, tmp_path, planned.name, notes=planned.noted(None))
    sweep(shared_study("b", "shift", [0.1, 0.0]), dataset, tmp_path)
    assert [entry["name"] for entry in open_run(tmp_path / "study-c-s0").info["study"]] == ["a", "b"]


def test_a_point_in_training_elsewhere_is_left_alone(dataset, tmp_path):
    sweep(study(epochs=1), dataset, tmp_path)
    run = runs.update_run(open_run(tmp_path / POINTS[0]), status="running")
    with training_lock(run.path):
        with pytest.raises(RunError, match="is being trained by another process; wait for it"):
            sweep(study(epochs=1), dataset, tmp_path)
        record_failure(plan_study(study(epochs=1))[0], dataset, tmp_path, "lost")
        assert open_run(run.path).status == "running"


def write_study(folder, epochs):
    budget = "".join(
        f"{key} = {str(value).replace(chr(39), chr(34))}\n" for key, value in TINY.items() if value != "fp32"
    )
    text = f'recipe = "report-cnn"\nvary = ["horizontal_flip"]\nvalues = [0.0, 0.5]\n[budget]\n{budget}'
    file = folder / "s.toml"
    file.write_text(f'{text}precision = "fp32"\nthreads = 1\nepochs = {epochs}\n')
    return str(file)


def script(*arguments):
    """scripts/sweep.py in this process; its exit code."""
    try:
        runpy.run_path(str(ROOT / "scripts" / "sweep.py"))["main"](list(map(str, arguments)))
    except SystemExit as stop:
        return stop.code
    return 0


def table_of(output):
    """The lines of the table without the time."""
    lines = output[output.index("point ") :].splitlines()
    return [re.sub(r"\d+\.\d(?=  finished)", "", line) for line in lines]


@pytest.mark.slow
def test_kill_9_then_the_same_command_ends_with_the_same_table(dataset, tmp_path, capsys):
    file, data = write_study(tmp_path, epochs=3), ["--data", dataset.path]
    arguments = [file, "--data", str(dataset.path), "--runs", str(tmp_path / "killed")]
    assert kill_9_in_epoch(3 + 3, ROOT / "scripts" / "sweep.py", arguments) == -9
    second = open_run(tmp_path / "killed" / POINTS[1])
    assert (second.status, len(second.history())) == ("interrupted", 2)
    before = os.stat(tmp_path / "killed" / POINTS[0] / "history.csv").st_mtime_ns
    assert script(*arguments) == 0
    again = capsys.readouterr().out
    assert os.stat(tmp_path / "killed" / POINTS[0] / "history.csv").st_mtime_ns == before
    assert "Study s: 2 points, 1 to train." in again
    assert script(file, *data, "--runs", tmp_path / "whole") == 0
    whole = capsys.readouterr().out
    assert table_of(again) == table_of(whole)
    assert [line.split()[0] for line in table_of(whole)[1:3]] == ["0", "0.5"]


def test_the_script_refuses_before_it_looks_at_the_data(tmp_path, capsys):
    file = Path(write_study(tmp_path, epochs=1))
    file.write_text(file.read_text().replace("epochs", "epoch"))
    assert script(file, "--data", tmp_path / "nothing") == 2
    assert "unknown field 'epoch'" in capsys.readouterr().err


def test_ray_that_is_not_installed_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(RunError, match=r'install it with: pip install "fercore\[ray\]"'):
        executors.on_ray()


@pytest.fixture(scope="module")
def two_workers():
    ray = pytest.importorskip("ray")
    # Workers are nice by default, and beside a training hardly run at all.
    os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_worker_niceness": "0"}
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, object_store_memory=100_000_000)
    yield ray
    ray.shutdown()


@pytest.mark.slow
def test_ray_gives_the_same_table_and_records_failures(two_workers, dataset, tmp_path):
    expected = sweep(study(threads=1), dataset, tmp_path / "local")
    table = sweep(study(threads=1), dataset, tmp_path / "ray", execute=executors.on_ray())
    pd.testing.assert_frame_equal(without_time(table), without_time(expected))
    shares = study("train_share", [0.01, 1.0], threads=1)
    failed = sweep(shares, dataset, tmp_path / "failed", execute=executors.on_ray())
    assert failed["status"].tolist() == ["failed", "finished"]


@pytest.mark.slow
def test_a_point_whose_process_dies_on_ray_counts_as_failed(two_workers, dataset, tmp_path, monkeypatch):
    def die(planned, *_):
        if planned.name == POINTS[0]:
            os._exit(1)
        executors._train(planned, dataset, tmp_path, False, quiet=True)

    monkeypatch.setattr(executors, "_task", die)
    table = sweep(study(epochs=1, threads=1), dataset, tmp_path, execute=executors.on_ray())
    assert table["status"].tolist() == ["failed", "finished"]
    assert "WorkerCrashedError" in table["problem"][0]


def test_an_unfinished_study_has_a_table_too(tmp_path):
    table = study_table(plan_study(study()), tmp_path)
    assert table["status"].tolist() == ["not started", "not started"]
    assert table.drop(columns=["point", "seed", "status", "problem"]).isna().all(axis=None)


def test_a_name_that_is_too_long_is_refused():
    content = {"recipe": "report-cnn", "vary": ["kernel_size"], "values": [3, 5], "labels": ["a" * 99, "b"]}
    with pytest.raises((RunError, ConfigError), match="at most 100 characters"):
        plan_study(parse_study(content, "s", "s.toml"))
