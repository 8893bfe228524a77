"""The report's CNN on eight classes of 64 pixels in colour: trained, exported in every format, and reported."""

import json

import numpy as np
import onnx
import pytest

from fercore.emotions import KNOWN
from fercore.export import huggingface, torchscript
from fercore.export.files import export_into_run, export_run
from fercore.inference.onnx import load_onnx
from fercore.models.forward import probabilities
from fercore.models.registry import load
from fercore.report.page import html_report
from fercore.training import session
from fercore.training.config import load_recipe
from tests.factories.data import make_dataset

TINY = {"first_filters": 4, "conv_layers": 2, "dense": [8], "pool_layers": 2, "batch_size": 16, "precision": "fp32"}
FACES = np.random.default_rng(1).integers(0, 256, (3, 64, 64, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    root = tmp_path_factory.mktemp("colour")
    dataset = make_dataset(root / "eight", 3, classes=KNOWN, size=64, channels=3)
    return session.start(load_recipe("report-cnn").override(epochs=1, **TINY), dataset, root, "cnn", quiet=True)


@pytest.fixture(scope="module")
def expected(run):
    model = load(run)
    return probabilities(model.module, model.preprocess, FACES)


@pytest.mark.slow
def test_onnx(run, expected, tmp_path):
    export_run(run, "onnx", tmp_path / "out")
    properties = {entry.key: entry.value for entry in onnx.load(tmp_path / "out" / "model.onnx").metadata_props}
    assert json.loads(properties["classes"]) == list(KNOWN)
    card = (tmp_path / "out" / "README.md").read_text()
    assert "colour crops of faces, 64x64 pixels" in card
    assert "probabilities (N, 8) for the 8 classes in this order: 0 angry, " in card
    assert 'convert("RGB").resize((64, 64))' in card
    export_into_run(run)
    model = load_onnx(run)
    np.testing.assert_allclose(probabilities(model.module, model.preprocess, FACES), expected, atol=1e-5)
    gray = FACES[..., 0]
    same = np.repeat(gray[..., None], 3, axis=-1)
    answers = [probabilities(model.module, model.preprocess, faces) for faces in (gray, same)]
    np.testing.assert_allclose(*answers, atol=1e-6)
    assert probabilities(model.module, model.preprocess, FACES[:, :48, :48]).shape == (3, 8)


def test_torchscript(run, expected, tmp_path):
    export_run(run, "torchscript", tmp_path / "out")
    np.testing.assert_allclose(torchscript.answer(tmp_path / "out" / "model.pt", FACES), expected, atol=1e-5)


def test_transformers(run, expected, tmp_path):
    export_run(run, "huggingface", tmp_path / "out")
    np.testing.assert_allclose(huggingface.answer(tmp_path / "out", FACES), expected, atol=1e-5)
    config = json.loads((tmp_path / "out" / "config.json").read_text())
    assert list(config["id2label"].values()) == list(KNOWN)


@pytest.mark.slow
def test_report(run):
    page = html_report(run)
    assert "64 by 64 colour pixels, and says which of 8 expressions" in " ".join(page.split())
    assert "contempt" in page
    assert "Averages are over the 8 classes" in page
