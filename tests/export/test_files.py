"""Exported files answer as the run does, say so, and are not left behind where they do not."""

import json
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch

from fercore.emotions import EMOTIONS
from fercore.export import files
from fercore.export.files import export_into_run, export_run
from fercore.export.record import read_record
from fercore.export.standalone import Difference, require_equal
from fercore.models.forward import probabilities
from fercore.models.registry import load
from fercore.runs import RunError
from fercore.training.ensemble import make_ensemble
from tests.factories.hub import make_hub_folder
from tests.factories.runs import make_run

ROOT = Path(__file__).resolve().parents[2]
FACES = np.random.default_rng(1).integers(0, 256, (5, 48, 48), dtype=np.uint8)


def expected(run):
    model = load(run)
    return probabilities(model.module, model.preprocess, FACES)


@pytest.mark.parametrize(
    "kind", ["plain", pytest.param("cnn", marks=pytest.mark.slow), pytest.param("vit", marks=pytest.mark.slow)]
)
def test_an_onnx_file_takes_bytes_and_gives_probabilities_for_any_batch(make, tmp_path, kind):
    run = make(kind)
    written = export_run(run, "onnx", tmp_path / "out")
    session = onnxruntime.InferenceSession(tmp_path / "out" / "model.onnx")
    np.testing.assert_allclose(session.run(None, {"faces": FACES})[0], expected(run), atol=1e-5)
    np.testing.assert_allclose(session.run(None, {"faces": FACES[:1]})[0], expected(run)[:1], atol=1e-5)
    assert written.difference.largest < 1e-5
    assert written.difference.faces == "57 random pictures and the 7 average faces"
    properties = {entry.key: entry.value for entry in onnx.load(tmp_path / "out" / "model.onnx").metadata_props}
    assert properties == {"name": "small", "classes": json.dumps(list(EMOTIONS))}


@pytest.mark.parametrize("kind", ["plain", "vit"])
def test_a_torchscript_file_answers_for_any_batch(make, tmp_path, kind):
    run = make(kind)
    export_run(run, "torchscript", tmp_path / "out")
    with pytest.warns(FutureWarning, match="deprecated"):
        module = torch.jit.load(tmp_path / "out" / "model.pt")
    np.testing.assert_allclose(module(torch.from_numpy(FACES)).detach(), expected(run), atol=1e-5)


@pytest.mark.slow
def test_an_ensemble_is_one_file(make, tmp_path):
    runs = [make("cnn", "a"), make("plain", "b")]
    whole = make_ensemble(tmp_path / "runs", "whole", ["a", "b"])
    export_run(whole, "onnx", tmp_path / "out")
    session = onnxruntime.InferenceSession(tmp_path / "out" / "model.onnx")
    mean = np.mean([expected(run) for run in runs], axis=0)
    np.testing.assert_allclose(session.run(None, {"faces": FACES})[0], mean, atol=1e-5)
    with pytest.raises(RunError, match="whole is an ensemble, which transformers has no form for"):
        export_run(whole, "huggingface", tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_integers_are_measured_on_both_splits_and_kept_in_the_run(make, dataset):
    run = make("plain")
    written = export_into_run(run, "int8", dataset)
    record = read_record(run)
    assert (record.precision, record.calibration["split"], record.weights_sha256) == (
        "int8",
        "train",
        run.weights_sha256(),
    )
    assert 0 < record.difference["largest"] < 0.1
    session = onnxruntime.InferenceSession(run.path / "model.onnx")
    for split in ("val", "test"):
        rows = dataset.indices(split)
        predicted = session.run(None, {"faces": np.array(dataset.images[rows])})[0].argmax(axis=1)
        figure = written.accuracy[split]
        assert figure == record.accuracy[split]
        assert figure["value"] == (predicted == dataset.labels[rows]).mean()
        assert figure["same"] == (predicted == run.predictions(split).predicted).mean()
        assert (figure["n"], figure["low"] < figure["value"] < figure["high"]) == (42, True)
    nodes = onnx.load(run.path / "model.onnx").graph.node
    rounded = [node.op_type for node in nodes if any("Dequantize" in name for name in node.input)]
    assert rounded.count("Conv") == 3  # all of them; the layer that answers and softmax stay as they were
    assert not {"Gemm", "MatMul", "Softmax"} & set(rounded)


@pytest.mark.slow  # a process of its own
def test_a_full_disk_ends_an_export_with_the_system_s_words(make):
    # In a process of its own: torch, told to write the file itself, aborts the whole process.
    run = make("cnn")
    export = f"""
from pathlib import Path
from fercore.export.torchscript import write_torchscript
from fercore.models.registry import load
from fercore.runs import open_run
run = open_run({str(run.path)!r})
write_torchscript(load(run), Path("/dev/full"), run)
"""
    result = subprocess.run([sys.executable, "-c", export], capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "No space left on device" in result.stderr.splitlines()[-1]


def test_integers_need_the_data_set_of_the_run(make, dataset, tmp_path):
    run = make("plain")
    with pytest.raises(RunError, match="8-bit integers are calibrated on Training images"):
        export_run(run, "onnx", tmp_path / "out", "int8")
    other = make_run(tmp_path / "runs", "other", weights=True)
    with pytest.raises(RunError, match=r"the figures of other are about the data set f{64}, but"):
        export_run(other, "onnx", tmp_path / "out", "int8", dataset)
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_what_answers_otherwise_is_not_kept(make, tmp_path, monkeypatch):
    monkeypatch.setattr(files, "compare", lambda *_: Difference(0.01, 0.001, "some faces"))
    with pytest.raises(RunError, match=r"differ by up to 0.01 on some faces, expected at most 0.0001"):
        export_run(make("plain"), "onnx", tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["runs"]
    with pytest.raises(RunError, match="differ by up to nan"):
        require_equal(Difference(float("nan"), 0.0, "some faces"), "file")


def test_a_model_with_a_processor_of_its_own_is_refused(tmp_path):
    from fercore.models.add import add_model

    run = add_model(str(make_hub_folder(tmp_path / "theirs")), tmp_path / "runs", name="theirs")
    with pytest.raises(RunError, match="theirs prepares its input with a processor of transformers"):
        export_run(run, "onnx", tmp_path / "out")


def test_nothing_is_overwritten(make, tmp_path):
    (tmp_path / "out").mkdir()
    with pytest.raises(RunError, match="out exists"):
        export_run(make("plain"), "onnx", tmp_path / "out")


def test_the_script_writes_a_folder_and_says_how_equal_it_is(make, tmp_path, monkeypatch, capsys):
    make("plain")
    monkeypatch.chdir(tmp_path)
    main = runpy.run_path(str(ROOT / "scripts" / "export.py"))["main"]
    main(["small", "--format", "torchscript", "--runs", "runs"])
    assert sorted(path.name for path in Path("exports/small-torchscript").iterdir()) == ["README.md", "model.pt"]
    said = capsys.readouterr().out
    assert "Written: exports/small-torchscript\nProbabilities differ from those of small by " in said
    with pytest.raises(SystemExit):
        main(["small", "--format", "torchscript", "--into-run"])
    with pytest.raises(SystemExit):
        main(["gone", "--format", "onnx", "--runs", "runs"])
    assert "there is no run 'gone' in" in capsys.readouterr().err
