"""The scripts one after the other, as a newcomer types them, on eight classes of 64-pixel pictures in colour."""

import runpy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from fercore.data.dataset import open_dataset
from fercore.emotions import KNOWN
from fercore.explain.summary import read_features
from fercore.inference.predictor import Predictor
from fercore.runs import open_run
from tests.factories.data import png, write_folder

ROOT = Path(__file__).resolve().parents[1]
TINY = ["--first-filters", "4", "--conv-layers", "2", "--pool-layers", "2", "--dense", "8", "--batch-size", "32"]


def script(name: str, *arguments: object) -> None:
    """Run a script's `main` in this process."""
    assert not runpy.run_path(str(ROOT / "scripts" / f"{name}.py"))["main"](list(map(str, arguments)))


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Pictures in class folders, made a data set, learned, measured, exported and reported on."""
    folder = tmp_path_factory.mktemp("place")
    rng = np.random.default_rng(0)
    pictures = {
        f"{name}/{number}.png": png(rng.integers(0, 256, (70, 70, 3), dtype=np.uint8))
        for name in KNOWN
        for number in range(20)
    }
    write_folder(folder / "pictures", pictures)
    data, roots = folder / "data", ["--data", folder / "data", "--runs", folder / "runs"]
    script("prepare_data", folder / "pictures", "--out", data, "--color", "--size", 64)
    script("train", "--recipe", "report-cnn", "--name", "eight", "--epochs", 1, *TINY, *roots)
    script("evaluate", "eight", "--tta", "flip", *roots)
    script("features", "eight", *roots)
    script("export", "eight", "--format", "onnx", "--into-run", *roots)
    script("report", "eight", "--out", folder / "eight.html", *roots)
    return folder


def test_the_data_set_is_as_it_was_asked_for(place):
    dataset = open_dataset(place / "data")
    assert (set(dataset.classes), dataset.size, dataset.channels) == (set(KNOWN), 64, 3)
    assert len(dataset.ids) == 160
    assert len(np.unique(dataset.labels[dataset.indices("test")])) == 8


def test_the_run_has_its_classes_size_and_colours(place):
    run, dataset = open_run(place / "runs" / "eight"), open_dataset(place / "data")
    assert (run.status, run.classes) == ("finished", dataset.classes)
    assert (run.info["preprocess"]["size"], run.info["preprocess"]["channels"]) == (64, 3)
    for tta in ("none", "flip"):
        assert run.predictions("test", tta).probabilities.shape == (len(dataset.indices("test")), 8)
        assert run.metrics("test", tta)["classes"] == list(dataset.classes)
    assert len(read_features(run, "val").counts) == 8


def test_torch_onnx_and_the_script_answer_as_was_stored(place):
    run, dataset = open_run(place / "runs" / "eight"), open_dataset(place / "data")
    rows, stored = dataset.indices("test"), run.predictions("test").probabilities
    # The temperature is 1 where there is none; what the run stores is not scaled by it.
    answers = {runtime: Predictor.from_run(run, runtime=runtime) for runtime in ("torch", "onnx")}
    for runtime, predictor in answers.items():
        assert (predictor.classes, predictor.shape) == (dataset.classes, (64, 64, 3))
        found = predictor.predict(dataset.images[rows])
        expected = stored if predictor.confidence is None else predictor.confidence.scale(stored)
        np.testing.assert_allclose(found.probabilities, expected, atol=1e-4, err_msg=runtime)
    face = place / "face.png"
    Image.fromarray(np.asarray(dataset.images[rows[0]])).save(face)
    script("predict", "eight", face, "--runs", place / "runs", "--no-detect", "--out", place / "faces.csv")
    (row,) = pd.read_csv(place / "faces.csv").to_dict("records")
    own = answers["torch"].predict(dataset.images[rows[:1]])
    assert [row[name] for name in dataset.classes] == pytest.approx(own.probabilities[0].tolist(), abs=1e-5)
    assert row["label"] == own.names[0]


def test_the_report_names_the_faces_and_every_class(place):
    page = (place / "eight.html").read_text()
    assert "64 by 64" in page
    assert all(name in page for name in KNOWN)
