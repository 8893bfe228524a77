"""Asking a model about disturbed pictures: the clean ones as evaluated, the same again, and going on after a stop."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from fercore.evaluation.disturbances import disturb
from fercore.evaluation.elsewhere import open_elsewhere
from fercore.evaluation.robustness import conditions, read_robustness, robustness_file
from fercore.export.files import export_into_run
from fercore.export.record import read_record, write_record
from fercore.inference import disturbed
from fercore.inference.disturbed import measure
from fercore.models.forward import probabilities
from fercore.models.registry import load
from fercore.runs import RunError
from fercore.training.evaluate import evaluate_run
from tests.factories.data import make_dataset
from tests.factories.runs import make_run


@pytest.fixture
def dataset(tmp_path):
    return make_dataset(tmp_path / "data", per_class=3)


@pytest.fixture
def run(tmp_path, dataset):
    return make_run(tmp_path / "runs", "a", dataset=dataset, weights=True)


@pytest.fixture
def asked(monkeypatch):
    """Which kinds and strengths pictures were made of, in order."""
    made = []

    def noted(images, ids, kind, strength):
        made.append((kind, strength))
        return disturb(images, ids, kind, strength)

    monkeypatch.setattr(disturbed, "disturb", noted)
    return made


@pytest.mark.slow
def test_strength_0_is_what_evaluation_answers_bit_for_bit(run, dataset, monkeypatch):
    kept = {}
    count = disturbed.count
    monkeypatch.setattr(disturbed, "count", lambda found, *rest: kept.update(found) or count(found, *rest))
    found = measure(run, dataset)
    evaluate_run(run, dataset, "test")
    stored = run.predictions("test")
    assert (kept["clean", 0].predicted == stored.predicted).all()
    scaled = disturbed.run_confidence(run).scale(stored.probabilities).max(axis=1)
    assert (kept["clean", 0].confidence == scaled).all()
    assert found.counts["right"][0] == (stored.predicted == stored.label).sum()


@pytest.mark.slow
def test_every_condition_is_counted_from_the_model_s_own_answers(run, dataset):
    found = measure(run, dataset)
    rows, model = dataset.indices("test"), load(run)
    images = disturb(dataset.images[rows], dataset.ids[rows], "mask", 4)
    predicted = probabilities(model.module, model.preprocess, images).argmax(axis=1)
    row = found.counts[(found.counts["kind"] == "mask") & (found.counts["strength"] == 4)].iloc[0]
    assert row["right"] == (predicted == dataset.labels[rows]).sum()
    assert list(zip(found.counts["kind"], found.counts["strength"], strict=True)) == conditions()


@pytest.mark.slow
def test_the_same_again_and_kept(run, dataset):
    first, second = measure(run, dataset), measure(run, dataset)
    stored = read_robustness(run, "test")
    for found in (second, stored):
        assert (found.counts["right"] == first.counts["right"]).all()
        assert (found.counts["confidence"] == first.counts["confidence"]).all()
        assert (found.wrong == first.wrong).all()
    assert not robustness_file(run, "test").with_suffix(".parts").exists()


@pytest.mark.slow
def test_batches_do_not_matter(run, dataset, monkeypatch):
    first = measure(run, dataset)
    monkeypatch.setattr(disturbed, "images_a_pass", lambda side: 4)
    second = measure(run, dataset)
    assert (first.wrong == second.wrong).all()


@pytest.mark.slow
def test_after_a_stop_it_goes_on_where_it_was(run, dataset, asked, monkeypatch):
    write = disturbed.write_npz
    left = iter(range(6))

    def stopped(*args, **arrays):
        if next(left, None) is None:
            raise KeyboardInterrupt
        write(*args, **arrays)

    monkeypatch.setattr(disturbed, "write_npz", stopped)
    with pytest.raises(KeyboardInterrupt):
        measure(run, dataset)
    assert not robustness_file(run, "test").exists()
    monkeypatch.setattr(disturbed, "write_npz", write)
    asked.clear()
    resumed = measure(run, dataset)
    assert asked == conditions()[6:]
    assert (resumed.wrong == measure(run, dataset).wrong).all()


@pytest.mark.slow
def test_parts_of_other_weights_or_damaged_ones_are_measured_again(run, dataset, asked, tmp_path, monkeypatch):
    monkeypatch.setattr(disturbed, "shutil", SimpleNamespace(rmtree=lambda folder: None))  # the parts stay
    measure(run, dataset)
    asked.clear()
    measure(run, dataset)
    assert asked == []
    parts = sorted(robustness_file(run, "test").with_suffix(".parts").iterdir())
    parts[0].write_bytes(b"half")
    measure(run, dataset)
    assert len(asked) <= 1
    asked.clear()
    other = make_run(tmp_path / "others", "a", dataset=dataset, weights=True, seed=1)
    (other.path / "model.safetensors").rename(run.path / "model.safetensors")
    measure(run, dataset)
    assert len(asked) == len(conditions()) - 1  # the clean pictures need none


@pytest.mark.slow
def test_a_sample_is_the_same_for_every_run(run, dataset, tmp_path):
    other = make_run(tmp_path / "runs", "b", dataset=dataset, weights=True, seed=1)
    one, two = (measure(each, dataset, images=10) for each in (run, other))
    assert one.n == 10
    assert (one.rows == two.rows).all()
    assert one.about["split_size"] == 21
    with pytest.raises(RunError, match="--images: received 0"):
        measure(run, dataset, images=0)


@pytest.mark.slow
def test_the_onnx_file_answers_where_there_is_one(run, dataset):
    torch = measure(run, dataset)
    export_into_run(run)
    onnx = measure(run, dataset)
    assert (torch.about["engine"], onnx.about["engine"]) == ("torch fp32", "onnx fp32")
    assert (torch.wrong != onnx.wrong).mean() < 0.02
    assert np.allclose(torch.counts["confidence"], onnx.counts["confidence"], atol=1e-3)


@pytest.mark.slow
def test_parts_of_an_earlier_onnx_file_are_measured_again(run, dataset, asked, monkeypatch):
    monkeypatch.setattr(disturbed, "shutil", SimpleNamespace(rmtree=lambda folder: None))  # the parts stay
    export_into_run(run)
    (run.path / "model.safetensors").unlink()
    found = measure(run, dataset)
    record = read_record(run)
    assert found.about["weights_sha256"] == record.weights_sha256
    asked.clear()
    measure(run, dataset)
    assert asked == []
    write_record(run, replace(record, created="later"))
    measure(run, dataset)
    assert len(asked) == len(conditions()) - 1


@pytest.mark.slow
def test_other_data_lie_beside_the_run_s_own_and_classes_meet_by_name(run, tmp_path):
    classes = ("happy", "angry", "bored")
    away = make_dataset(tmp_path / "away", per_class=3, classes=classes)
    found = measure(run, away)
    assert found.n == 6
    assert found.about["split_name"] == "PrivateTest of away"
    assert not robustness_file(run, "test").exists()
    kept = read_robustness(open_elsewhere(run, "away"), "test")
    assert (kept.rows == found.rows).all()
    assert found.rows.tolist() == [0, 1, 2, 3, 4, 5]


def test_a_run_without_weights_is_refused(tmp_path, dataset):
    with pytest.raises(RunError):
        measure(make_run(tmp_path / "runs", "bare", dataset=dataset), dataset)
