"""A run's ONNX file in the place of its torch model, also where the folder comes from a stranger."""

import io
import json
import runpy
import shutil
from pathlib import Path

import numpy as np
import onnx
import pandas as pd
import pytest
from onnx import TensorProto, helper
from PIL import Image

from fercore.data.transforms import PIXELS
from fercore.emotions import EMOTIONS
from fercore.export.files import export_into_run
from fercore.inference.onnx import OnnxModule, load_onnx
from fercore.inference.predictor import Predictor
from fercore.models.forward import probabilities
from fercore.models.registry import load
from fercore.runs import RunError, open_run
from tests.factories.runs import make_run

ROOT = Path(__file__).resolve().parents[2]
FACES = np.random.default_rng(0).integers(0, 256, (3, 48, 48), dtype=np.uint8)


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    run = make_run(tmp_path_factory.mktemp("exported"), "small", weights=True)
    export_into_run(run)
    return run


@pytest.fixture
def run(exported, tmp_path):
    """A copy, which a test may damage."""
    return open_run(shutil.copytree(exported.path, tmp_path / "small"))


def write(path, shape=("batch", 48, 48), kind=TensorProto.UINT8, classes=7, external=False):
    """A model that answers the same for every face, with a hint of another file where `external`."""
    weight = helper.make_tensor("w", TensorProto.FLOAT, [1, classes], [1.0] * classes)
    if external:
        weight.data_location = TensorProto.EXTERNAL
        weight.external_data.add(key="location", value="/etc/passwd")
    graph = helper.make_graph(
        [
            helper.make_node("Cast", ["faces"], ["f"], to=TensorProto.FLOAT),
            helper.make_node("ReduceMean", ["f"], ["m"], axes=[1, 2], keepdims=0),
            helper.make_node("Reshape", ["m", "s"], ["r"]),
            helper.make_node("MatMul", ["r", "w"], ["p"]),
        ],
        "g",
        [helper.make_tensor_value_info("faces", kind, shape)],
        [helper.make_tensor_value_info("p", TensorProto.FLOAT, ["batch", classes])],
        [weight, helper.make_tensor("s", TensorProto.INT64, [2], [-1, 1])],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)
    return path


@pytest.mark.parametrize("tta", ["none", "flip"])
def test_it_answers_as_the_torch_model_does(run, tta):
    ours, theirs = load(run), load_onnx(run)
    expected = probabilities(ours.module, ours.preprocess, FACES, tta=tta)
    np.testing.assert_allclose(probabilities(theirs.module, theirs.preprocess, FACES, tta=tta), expected, atol=1e-5)
    np.testing.assert_allclose(load_onnx(run).module.answer(FACES[:1]).sum(), 1, atol=1e-6)


def test_bytes_reach_the_model_unchanged(tmp_path):
    module = OnnxModule(write(tmp_path / "mean.onnx"))
    every = np.arange(256, dtype=np.uint8)[:, None, None].repeat(48, 1).repeat(48, 2)
    answers = probabilities(module, PIXELS, every)
    np.testing.assert_allclose(answers, 1 / 7, atol=1e-6)
    assert module.answer(every)[:, 0].tolist() == list(range(256))


def test_the_predictor_uses_it_where_asked(run):
    expected, found = (Predictor.from_run(run, runtime=runtime).predict(FACES) for runtime in ("torch", "onnx"))
    np.testing.assert_allclose(found.probabilities, expected.probabilities, atol=1e-5)
    (run.path / "model.safetensors").unlink()
    assert Predictor.from_run(run, runtime="onnx").predict(FACES).labels.tolist() == expected.labels.tolist()


def test_a_batch_of_pictures_is_answered_by_it_where_asked(run, tmp_path, capsys):
    Image.fromarray(FACES[0]).save(tmp_path / "face.png")
    main = runpy.run_path(str(ROOT / "scripts" / "predict.py"))["main"]
    tables = {}
    for runtime in ("torch", "onnx"):
        main(["small", str(tmp_path / "face.png"), "--runs", str(tmp_path), "--runtime", runtime])
        tables[runtime] = pd.read_csv(io.StringIO(capsys.readouterr().out))
    expected = Predictor.from_run(run).predict(FACES[:1]).probabilities[0]
    for table in tables.values():
        np.testing.assert_allclose(table[list(EMOTIONS)].iloc[0].astype(float), expected, atol=1e-4)
    (run.path / "onnx.json").unlink()
    with pytest.raises(SystemExit):
        main(["small", str(tmp_path / "face.png"), "--runs", str(tmp_path), "--runtime", "onnx"])


def test_a_run_without_a_file_says_how_to_make_one(tmp_path):
    with pytest.raises(RunError, match="bare has no ONNX file; make one with: python scripts"):
        load_onnx(make_run(tmp_path, "bare"))


def test_a_file_of_other_weights_is_refused(run, tmp_path):
    other = make_run(tmp_path, "other", seed=1, weights=True)
    (run.path / "model.safetensors").write_bytes((other.path / "model.safetensors").read_bytes())
    with pytest.raises(RunError, match="was made of other weights than small holds now"):
        load_onnx(run)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"external": True}, "its weights lie in another file"),
        ({"shape": ("batch", 224, 100)}, "expected uint8 faces"),
        ({"kind": TensorProto.FLOAT}, "expected uint8 faces"),
        ({"classes": 1}, "expected uint8 faces"),
    ],
)
def test_a_model_of_another_form_is_refused(tmp_path, settings, words):
    with pytest.raises(RunError, match=words):
        OnnxModule(write(tmp_path / "odd.onnx", **settings))


def test_a_graph_inside_the_graph_is_refused(tmp_path):
    path = write(tmp_path / "odd.onnx")
    model = onnx.load(path)
    model.graph.node[0].attribute.append(helper.make_attribute("body", model.graph))
    onnx.save(model, path)
    with pytest.raises(RunError, match="graphs inside its graph"):
        OnnxModule(path)


def test_a_damaged_file_or_record_is_told_in_words(run):
    (run.path / "model.onnx").write_bytes(b"\xff" * 64)
    with pytest.raises(RunError, match="onnxruntime cannot open it"):
        load_onnx(run)
    record = json.loads((run.path / "onnx.json").read_text())
    for change, words in (
        ({"precision": "int1"}, "precision 'int1', expected one of fp32, int8"),
        ({"accuracy": {"test": {"value": 2, "low": 0, "high": 1}}}, "its accuracy is no figure"),
        ({"more": 1}, "not the record of an ONNX file"),
    ):
        (run.path / "onnx.json").write_text(json.dumps(record | change))
        with pytest.raises(RunError, match=words):
            load_onnx(run)
