"""Run folders, most of all hostile and half-written ones."""

import io
import json
import os
import signal
import struct
import subprocess
import sys
import zipfile

import filelock
import numpy as np
import pytest

from fercore import run_files
from fercore.emotions import EMOTIONS
from fercore.run_lock import training_lock
from fercore.runs import (
    HISTORY_COLUMNS,
    Predictions,
    RunError,
    atomic_write,
    check_name,
    create_run,
    list_runs,
    open_run,
    read_npz,
    stem,
    update_run,
    write_json,
    write_npz,
    write_predictions,
)
from tests.factories.runs import make_run

INFO = {"config": {}, "classes": list(EMOTIONS), "dataset": {}}


@pytest.fixture
def run(tmp_path):
    return create_run(tmp_path / "runs", "first", INFO)


def rewrite(run, **changes):
    (run.path / "run.json").write_text(json.dumps({**run.info, **changes}))


def predictions(n=3):
    probabilities = np.zeros((n, 7), dtype=np.float32)
    probabilities[np.arange(n), np.arange(n) % 7] = 1
    return Predictions(np.array([f"test/{i}" for i in range(n)]), np.arange(n) % 7, probabilities)


# Creating and opening


def test_a_new_run_is_there_at_once_and_opens(run):
    opened = open_run(run.path)
    assert opened == run
    assert (opened.name, opened.info["status"], opened.info["finished"]) == ("first", "running", None)
    assert opened.history().columns.tolist() == list(HISTORY_COLUMNS)
    assert (len(opened.history()), opened.evaluations(), opened.average_faces()) == (0, [], None)
    assert not opened.has_weights


def test_a_name_is_taken_only_once(run):
    with pytest.raises(RunError, match=r"run 'first' exists in .*; continue it with --resume first, or choose another"):
        create_run(run.path.parent, "first", INFO)


def test_update_keeps_what_it_does_not_change(run):
    updated = update_run(run, status="finished", best={"epoch": 3, "metric": "val_accuracy", "value": 0.5})
    assert open_run(run.path) == updated
    assert updated.info == {**run.info, "status": "finished", "best": updated.info["best"]}


def test_a_folder_that_is_no_run_takes_a_name_too(run):
    (run.path.parent / "notes").mkdir()
    with pytest.raises(RunError, match="notes exists but is no run; delete it, or choose another name with --name"):
        create_run(run.path.parent, "notes", INFO)


@pytest.mark.slow
def test_a_kill_while_a_run_is_made_leaves_its_name_free(tmp_path):
    killed = "import os, signal; os.fsync = lambda _: os.kill(os.getpid(), signal.SIGKILL)\n"
    making = f"from fercore.runs import create_run; create_run({str(tmp_path)!r}, 'a', {INFO!r})"
    assert subprocess.run([sys.executable, "-c", killed + making], check=False).returncode == -signal.SIGKILL
    (left,) = tmp_path.iterdir()
    assert left.name.startswith(".tmp-")
    assert list_runs(tmp_path) == ([], {})
    create_run(tmp_path, "a", INFO)
    assert [entry.name for entry in tmp_path.iterdir()] == ["a"]


def test_a_run_that_cannot_be_made_leaves_nothing(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"):
        create_run(tmp_path, "a", INFO)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../x", "a/b", "a\\b", ".hidden", "-rf", "a b", "a\n", "ä", "a" * 101, "a\0"]
)
def test_a_name_cannot_leave_the_folder(tmp_path, name):
    with pytest.raises(RunError, match="will not do: use letters, digits"):
        check_name(name)
    with pytest.raises(RunError, match="will not do"):
        create_run(tmp_path / "runs", name, INFO)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a", "7", "reference-report-cnn", "x_1.2", "a" * 100])
def test_usual_names_will_do(name):
    assert check_name(name) == name


def test_stems_of_file_names():
    assert (stem("test"), stem("val", "flip")) == ("test", "val_flip")
    for split, tta in [("../test", "none"), ("test", "../flip"), ("dev", "none")]:
        with pytest.raises(ValueError, match="expected one of"):
            stem(split, tta)


# Hostile and damaged run.json


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not readable JSON"),
        (b'{"name": ', "not readable JSON"),
        (b"\xff\xfe", "not readable JSON"),
        (b"[" * 100_000, "not readable JSON"),
        (b'{"name": "\\ud800"}', "a text that cannot be encoded"),
        (b'{"parameters": 1' + b"0" * 400 + b"}", "a whole number that does not fit 64 bits"),
        (
            b'{"config": {"model": {"dense": [' + b"8," * 1000 + b"8]}}}",
            "1,001 entries in one list or object, at most 1,000",
        ),
        (b"[]", "expected a JSON object, received list"),
        (b"{}", "'name' is missing or no str"),
        (b" " * ((8 << 20) + 1), "8,388,609 bytes, more than the 8,388,608 allowed"),
    ],
    ids=["empty", "cut", "binary", "deep", "surrogate", "10^400", "long list", "list", "nothing", "huge"],
)
def test_a_run_json_that_is_none_is_refused_in_words(run, content, reason):
    (run.path / "run.json").write_bytes(content)
    with pytest.raises(RunError, match=reason):
        open_run(run.path)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"classes": ["happy"]}, "'classes' received 1 entries, expected a list of 2 to 1,000 names"),
        ({"classes": "angry"}, "'classes' is missing or no list"),
        ({"status": "interrupted"}, "status 'interrupted', expected one of running, finished, failed, stopped"),
        ({"schema_version": 2}, "schema_version 2, this version reads 1"),
        ({"config": None}, "'config' is missing or no dict"),
        ({"dataset": [1]}, "'dataset' is missing or no dict"),
        ({"created": 5}, "'created' is missing or no str"),
    ],
)
def test_a_run_json_with_wrong_content_is_refused_in_words(run, changes, reason):
    rewrite(run, **changes)
    with pytest.raises(RunError, match=reason):
        open_run(run.path)


def test_what_is_no_run_folder_is_refused_in_words(tmp_path):
    with pytest.raises(RunError, match=r"there is no run folder .*gone; see what there is in"):
        open_run(tmp_path / "gone")
    (tmp_path / "empty").mkdir()
    with pytest.raises(RunError, match=r"holds no run\.json"):
        open_run(tmp_path / "empty")


def test_one_bad_folder_does_not_blank_the_list(run):
    root = run.path.parent
    create_run(root, "second", INFO)
    for name, content in {"broken": "{", "other": "{}"}.items():
        (root / name).mkdir()
        (root / name / "run.json").write_text(content)
    (root / "no name").mkdir()
    (root / "empty").mkdir()
    (root / ".hidden").mkdir()
    (root / "README.md").write_text("a file")
    readable, problems = list_runs(root)
    assert [run.name for run in readable] == ["first", "second"]
    assert sorted(problems) == ["broken", "empty", "no name", "other"]
    assert "not readable JSON" in problems["broken"]
    assert "will not do" in problems["no name"]


def test_no_folder_means_no_runs(tmp_path):
    assert list_runs(tmp_path / "gone") == ([], {})


# Status


def test_running_means_that_a_process_holds_the_run(run):
    assert open_run(run.path).status == "interrupted"
    with training_lock(run.path):
        assert open_run(run.path).status == "running"
    assert open_run(run.path).status == "interrupted"


def test_asking_for_the_status_does_not_take_the_lock(run):
    with training_lock(run.path):
        assert open_run(run.path).status == "running"
        assert open_run(run.path).status == "running"
    assert run.status == "interrupted"
    with training_lock(run.path):
        assert run.status == "running"


def test_a_training_that_ended_since_its_run_was_read_was_not_interrupted(run):
    update_run(run, status="finished")
    assert (run.info["status"], run.status) == ("running", "finished")
    (run.path / "run.json").unlink()
    assert run.status == "interrupted"


def test_the_other_statuses_stand(run):
    with training_lock(run.path):
        for status in ("finished", "failed", "stopped"):
            assert update_run(run, status=status).status == status


def test_a_run_is_trained_by_one_process_at_a_time(run):
    other = filelock.FileLock(run.path / ".lock")
    with other, pytest.raises(RunError, match="first is being trained by another process"), training_lock(run.path):
        pass
    with training_lock(run.path):
        assert run.status == "running"


# History


def test_history_leaves_a_truncated_last_line_out(run):
    row = "1,1.5,0.4,1.4,0.45,0.4,0.01,60\n"
    (run.path / "history.csv").write_text(",".join(HISTORY_COLUMNS) + "\n" + row + "2" + row[1:] + "3,1.2,0.")
    history = run.history()
    assert history["epoch"].tolist() == [1, 2]
    assert history["val_accuracy"].tolist() == [0.45, 0.45]


@pytest.mark.parametrize("text", ["", "epoch,train_lo", ",".join(HISTORY_COLUMNS) + "\n"])
def test_history_before_the_first_epoch_is_empty_with_its_columns(run, text):
    (run.path / "history.csv").write_text(text)
    assert run.history().columns.tolist() == list(HISTORY_COLUMNS)
    assert len(run.history()) == 0


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"epoch,loss\n1,2\n", "columns missing: train_loss"),
        (",".join(HISTORY_COLUMNS).encode() + b"\n1,a,b,c,d,e,f,g\n", "not a readable table"),
        (b"a\n1,2\n1,2,3\n", "not a readable table"),
        (b"\xff\x00\n\x00\n", "not a readable table"),
    ],
)
def test_a_history_that_is_none_is_refused_in_words(run, content, reason):
    (run.path / "history.csv").write_bytes(content)
    with pytest.raises(RunError, match=f"history.csv: {reason}"):
        run.history()


# Predictions, metrics and average faces


def test_predictions_come_back_as_written(run):
    write_predictions(run, "test", "flip", predictions(9))
    received = run.predictions("test", "flip")
    assert received.id.tolist() == [f"test/{i}" for i in range(9)]
    assert received.label.tolist() == received.predicted.tolist() == [0, 1, 2, 3, 4, 5, 6, 0, 1]
    assert (received.label.dtype, received.probabilities.dtype) == (np.int64, np.float32)


def test_missing_results_name_the_command_that_makes_them(run):
    command = r"run: python scripts/evaluate\.py first --split test"
    with pytest.raises(RunError, match=f"first has no predictions for test; {command}"):
        run.predictions("test")
    with pytest.raises(RunError, match=f"first has no metrics for test; {command}"):
        run.metrics("test")


def test_evaluations_are_listed_test_first(run):
    for name in ("val", "test_flip", "test", "unknown"):
        write_json(run.path / f"metrics_{name}.json", {})
    assert run.evaluations() == [("test", "none"), ("test", "flip"), ("val", "none")]


@pytest.mark.parametrize("metrics", [{}, {"accuracy": 0.5, "confusion": []}, {"accuracy": {}, "confusion": None}])
def test_metrics_that_are_none_are_refused(run, metrics):
    write_json(run.path / "metrics_val.json", metrics)
    with pytest.raises(RunError, match=r"metrics_val\.json: not a metrics file"):
        run.metrics("val")


GOOD = {"id": np.array(["a", "b"]), "label": np.array([0, 6]), "probabilities": np.full((2, 7), 1 / 7, np.float32)}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"id": np.array([1, 2])}, r"expected id \(N,\) of text"),
        ({"id": np.array("a")}, r"expected id \(N,\) of text"),
        ({"id": np.array([["a"], ["b"]])}, r"expected id \(N,\) of text"),
        ({"label": np.array([0, 7])}, "labels must lie in 0 to 6"),
        ({"label": np.array([-1, 0])}, "labels must lie in 0 to 6"),
        ({"label": np.array([0.0, 1.0])}, r"label \(N,\) of integers"),
        ({"label": np.array([0])}, r"label \(N,\) of integers"),
        ({"probabilities": np.zeros((2, 8))}, r"expected finite probabilities \(2, 7\), received .*\(2, 8\)"),
        ({"probabilities": np.full((2, 7), np.nan)}, "expected finite probabilities"),
        ({"probabilities": np.full((2, 7), "x")}, "expected finite probabilities"),
        ({"probabilities": np.array(0.5)}, "expected finite probabilities"),
    ],
)
def test_predictions_of_the_wrong_kind_are_refused(run, changes, reason):
    write_npz(run.path / "predictions_test.npz", **(GOOD | changes))
    with pytest.raises(RunError, match=reason):
        run.predictions("test")


def test_a_run_has_its_own_classes(tmp_path):
    run = create_run(tmp_path, "two", {**INFO, "classes": ["smiling", "bored"]})
    assert open_run(run.path).classes == ("smiling", "bored")
    two = Predictions(np.array(["a"]), np.array([1]), np.array([[0.25, 0.75]], dtype=np.float32))
    write_predictions(run, "test", "none", two)
    assert run.predictions("test").predicted.tolist() == [1]
    write_npz(run.path / "predictions_test.npz", **(GOOD | {"probabilities": np.zeros((2, 2))}))
    with pytest.raises(RunError, match="labels must lie in 0 to 1"):
        run.predictions("test")


def test_ids_that_cannot_be_encoded_are_refused(run):
    odd = np.array(["a", "b"])
    odd.view("u4")[1] = 0xD800
    write_npz(run.path / "predictions_test.npz", **(GOOD | {"id": odd}))
    with pytest.raises(RunError, match="a text that cannot be encoded"):
        run.predictions("test")


def test_predictions_without_an_array_are_refused(run):
    write_npz(run.path / "predictions_test.npz", id=GOOD["id"], label=GOOD["label"])
    with pytest.raises(RunError, match="array 'probabilities' is missing"):
        run.predictions("test")


def test_average_faces_are_checked(run):
    write_npz(run.path / "average_faces.npz", faces=np.full((7, 48, 48), 9, dtype=np.uint8))
    assert run.average_faces().mean() == 9
    for faces in (np.zeros((7, 48, 48)), np.zeros((6, 48, 48), dtype=np.uint8), np.zeros((7, 48), dtype=np.uint8)):
        write_npz(run.path / "average_faces.npz", faces=faces)
        with pytest.raises(RunError, match=r"expected uint8 faces \(7, H, W\) or \(7, H, W, 3\)"):
            run.average_faces()


# Hostile npz


class Evil:
    """Unpickling this makes a folder."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def npz(members: dict[str, bytes], compression=zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return file.getvalue()


def npy(shape: str = "(3,)", descr: str = "'<i8'", data: bytes = bytes(24)) -> bytes:
    header = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}}}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data


def flipped(data: bytes, position: int) -> bytes:
    return data[:position] + bytes([data[position] ^ 255]) + data[position + 1 :]


def encrypted(data: bytes) -> bytes:
    start = data.index(b"PK\x01\x02")
    return data[:6] + b"\x01" + data[7 : start + 8] + b"\x01" + data[start + 9 :]


def test_a_plain_npz_is_read(tmp_path):
    (tmp_path / "a.npz").write_bytes(npz({"a.npy": npy()}))
    assert read_npz(tmp_path / "a.npz")["a"].tolist() == [0, 0, 0]


def test_nothing_is_unpickled(tmp_path):
    np.savez(tmp_path / "a.npz", id=np.array([Evil(tmp_path / "owned")]), allow_pickle=True)
    with pytest.raises(RunError, match=r"a\.npz: not a readable npz without pickled objects"):
        read_npz(tmp_path / "a.npz")
    assert not (tmp_path / "owned").exists()


def test_an_npz_bomb_is_refused_by_its_unpacked_size(tmp_path, monkeypatch):
    monkeypatch.setitem(run_files._MAX_BYTES, ".npz", 1 << 20)
    np.savez_compressed(tmp_path / "a.npz", zeros=np.zeros(1 << 20, dtype=np.uint8))
    assert (tmp_path / "a.npz").stat().st_size < 5000
    with pytest.raises(RunError, match="unpacks to 1,048,704 bytes, more than the 1,048,576 allowed"):
        read_npz(tmp_path / "a.npz")


def test_a_file_that_is_too_large_is_not_read(tmp_path):
    with (tmp_path / "a.npz").open("wb") as file:
        file.truncate((256 << 20) + 1)  # sparse
    with pytest.raises(RunError, match="268,435,457 bytes, more than the 268,435,456 allowed"):
        read_npz(tmp_path / "a.npz")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no zip",
        npz({"a.npy": npy()})[:-30],
        npz({"a.npy": npy(shape="(1 << 40,)")}),
        npz({"a.npy": npy(shape=f"({1 << 50},)")}),
        npz({"a.npy": npy(shape="(-3,)")}),
        npz({"a.npy": npy(shape="(3, 'x')")}),
        npz({"a.npy": npy(descr="'|O'")}),
        npz({"a.npy": npy(data=b"")}),
        npz({"a.npy": b"\x93NUMPY\x09\x00"}),
        npz({"a.npy": b"no array"}),
        npz({"a.txt": b"no array"}),
        flipped(npz({"a.npy": npy()}), 35),
        flipped(npz({"a.npy": npy()}, zipfile.ZIP_STORED), 60),
        encrypted(npz({"a.npy": npy()})),
    ],
    ids=[
        "empty",
        "text",
        "truncated",
        "shape is code",
        "huge shape",
        "negative shape",
        "shape with text",
        "objects",
        "no data",
        "unknown version",
        "member without header",
        "member of another kind",
        "damaged stream",
        "damaged content",
        "encrypted",
    ],
)
def test_a_hostile_npz_is_refused_in_words(tmp_path, content):
    (tmp_path / "a.npz").write_bytes(content)
    with pytest.raises(RunError, match=r"a\.npz: not a readable npz without pickled objects"):
        read_npz(tmp_path / "a.npz")


# Writing


@pytest.mark.parametrize("step", ["write", "fsync", "replace"])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_failed_write_keeps_the_earlier_file(tmp_path, monkeypatch, step, error):
    path = tmp_path / "run.json"
    path.write_text("earlier")

    def fail(*_):
        raise error

    def write(file):
        file.write(b"half")
        if step == "write":
            fail()

    if step != "write":
        monkeypatch.setattr(os, step, fail)
    with pytest.raises(type(error)):
        atomic_write(path, write)
    assert path.read_text() == "earlier"
    assert [entry.name for entry in tmp_path.iterdir()] == ["run.json"]


def test_a_written_file_can_be_read_by_others(tmp_path):
    write_json(tmp_path / "a.json", {"happy": "ü"})
    assert (tmp_path / "a.json").stat().st_mode & 0o777 == 0o644
    assert json.loads((tmp_path / "a.json").read_text("utf-8")) == {"happy": "ü"}


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_json_never_holds_nan(tmp_path, value):
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "a.json", {"loss": value})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("entries", "part_of"),
    [
        ({}, None),
        ({"study": {"name": "dropout", "label": "0.1"}}, "dropout"),
        ({"kfold": {"name": "three", "fold": 1, "folds": 3}}, "three"),
        ({"kfold": {"name": "three", "folds": 3}}, None),
        ({"study": ["no", "entry"]}, "something unnamed"),
        ({"study": [{"name": "dropout"}, {"name": "kernel-size"}]}, "dropout"),
        ({"study": {"name": {}}}, "something unnamed"),
        ({"kfold": "fold"}, None),
    ],
)
def test_what_a_run_is_a_part_of(tmp_path, entries, part_of):
    assert update_run(make_run(tmp_path, "a"), **entries).part_of == part_of


def test_a_run_json_that_leads_in_a_circle_is_none(tmp_path):
    run = make_run(tmp_path, "a")
    (run.path / "run.json").unlink()
    (run.path / "run.json").symlink_to("run.json")
    with pytest.raises(RunError, match=r"holds no run\.json"):
        open_run(run.path)
