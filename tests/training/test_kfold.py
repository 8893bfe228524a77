"""Cross-validation: who saw which image, what the folds come to together, interruptions."""

import runpy
from pathlib import Path

import numpy as np
import pytest

from fercore.evaluation.metrics import report
from fercore.fields import ConfigError
from fercore.runs import Predictions, RunError, open_run
from fercore.training import kfold, session
from fercore.training.config import load_recipe
from fercore.training.kfold import cross_validate, held_out_rows, mean_prediction, only, out_of_fold, without
from tests.factories.runs import make_run
from tests.training import conftest

ROOT = Path(__file__).resolve().parents[2]
TINY = {**conftest.TINY, "batch_size": 14}


def tiny(**changes):
    return load_recipe("report-cnn").override(**{**TINY, "epochs": 2, **changes})


def validate(dataset, root, folds=3, **changes):
    return cross_validate(tiny(**changes), dataset, root, "k", folds, command="test", quiet=True)


@pytest.fixture(scope="module")
def finished(dataset, tmp_path_factory):
    root = tmp_path_factory.mktemp("runs")
    return validate(dataset, root)


def members(run):
    return [open_run(run.path.parent / f"k-fold{number}") for number in (1, 2, 3)]


def test_folds_are_stratified_seeded_and_hold_out_every_image_once(dataset):
    parts = held_out_rows(dataset, 3, seed=0)
    assert sorted(np.concatenate(parts).tolist()) == dataset.indices("train").tolist()
    assert [np.bincount(dataset.labels[part]).tolist() for part in parts] == [[2] * 7] * 3
    assert [part.tolist() for part in held_out_rows(dataset, 3, seed=0)] == [part.tolist() for part in parts]
    assert [part.tolist() for part in held_out_rows(dataset, 3, seed=1)] != [part.tolist() for part in parts]


@pytest.mark.slow
def test_a_fold_trains_on_nothing_that_it_holds_out(dataset, tmp_path, monkeypatch):
    seen, setup = [], session.setup

    def spy(config, fold_dataset, **settings):
        fit = setup(config, fold_dataset, **settings)
        seen.append({image.numpy().tobytes() for image in fit.images})
        return fit

    monkeypatch.setattr(session, "setup", spy)
    run = validate(dataset, tmp_path, epochs=1)
    train = dataset.indices("train")
    place = dict(zip(dataset.ids[train], train, strict=True))
    everything = {dataset.images[row].tobytes() for row in train}
    assert len(everything) == 42
    for images, member in zip(seen, members(run), strict=True):
        held_out = {dataset.images[place[identity]].tobytes() for identity in member.predictions("train").id}
        assert len(held_out) == 14
        assert images == everything - held_out


def test_views_of_the_data_set(dataset):
    part = held_out_rows(dataset, 3, seed=0)[0]
    rest, alone = without(dataset, part), only(dataset, part)
    assert set(rest.indices("train")) == set(dataset.indices("train")) - set(part)
    assert rest.indices("val").tolist() == dataset.indices("val").tolist()
    assert alone.indices("train").tolist() == part.tolist()
    assert (len(alone.indices("val")), alone.split_name("train")) == (0, "Training, out of fold")
    assert dataset.split_name("train") == "Training"


def test_folds_are_runs_and_their_sum_is_one(dataset, finished):
    for number, member in enumerate(members(finished), 1):
        entry = member.info["kfold"]
        assert (entry["name"], entry["fold"], entry["folds"], entry["held_out"]["images"]) == ("k", number, 3, 14)
        assert (member.status, member.has_weights, (member.path / "last").exists()) == ("finished", False, False)
        assert member.info["trained_on"]["images"] == member.info["dataset"]["split_sizes"]["train"] == 28
        assert member.metrics("train")["split_name"] == "Training, out of fold"
    assert (finished.status, finished.has_weights, len(finished.history())) == ("finished", False, 0)
    assert finished.info["ensemble"]["members"] == ["k-fold1", "k-fold2", "k-fold3"]
    assert finished.info["parameters"] == 3 * members(finished)[0].info["parameters"]
    assert finished.info["dataset"] == dataset.summary()


def test_out_of_fold_predictions_are_each_folds_own(dataset, finished):
    stored, rows = finished.predictions("train"), dataset.indices("train")
    assert stored.id.tolist() == dataset.ids[rows].tolist()
    assert stored.label.tolist() == dataset.labels[rows].tolist()
    by_id = dict(zip(stored.id, stored.probabilities, strict=True))
    for member in members(finished):
        part = member.predictions("train")
        assert np.array_equal(part.probabilities, [by_id[identity] for identity in part.id])


@pytest.mark.parametrize("split", ["val", "test"])
def test_the_ensemble_is_the_mean_of_the_folds(dataset, finished, split):
    first, second, third = (member.predictions(split).probabilities.astype(float) for member in members(finished))
    stored = finished.predictions(split)
    np.testing.assert_allclose(stored.probabilities, (first + second + third) / 3, rtol=1e-6)
    expected = report(stored.label, stored.probabilities, split=split, split_name=dataset.split_name(split))
    assert finished.metrics(split)["accuracy"] == expected["accuracy"]


def test_mean_and_spread_by_hand(finished):
    table = finished.info["kfold"]["scores"]
    for split in ("train", "val", "test"):
        a, b, c = (member.metrics(split)["accuracy"]["value"] for member in members(finished))
        mean = (a + b + c) / 3
        variance = ((a - mean) ** 2 + (b - mean) ** 2 + (c - mean) ** 2) / 2  # of a sample: n - 1
        assert table[split]["accuracy"]["folds"] == [a, b, c]
        assert table[split]["accuracy"]["mean"] == pytest.approx(mean)
        assert table[split]["accuracy"]["sd"] == pytest.approx(variance**0.5)


def test_mean_prediction_wants_the_same_images():
    one = Predictions(np.array(["a"]), np.array([0]), np.eye(7, dtype=np.float32)[[0]])
    other = Predictions(np.array(["b"]), np.array([0]), np.eye(7, dtype=np.float32)[[1]])
    same = Predictions(np.array(["a"]), np.array([0]), np.eye(7, dtype=np.float32)[[1]])
    assert mean_prediction([one, same]).probabilities.tolist() == [[0.5, 0.5, 0, 0, 0, 0, 0]]
    with pytest.raises(RunError, match="the models predicted different images"):
        mean_prediction([one, other])


def test_folds_that_do_not_hold_out_every_image_once_are_refused(dataset, finished):
    first, second, _ = members(finished)
    for parts in ([first, second], [first, second, second]):
        with pytest.raises(RunError, match="do not hold out every training image once"):
            out_of_fold(parts, dataset)


@pytest.mark.slow
def test_an_interruption_anywhere_ends_in_the_same_result(dataset, finished, tmp_path, monkeypatch):
    def stop(*_, **__):
        raise KeyboardInterrupt

    interruptions = [(session, "evaluate_run"), (kfold, "evaluate_run"), (kfold, "clear"), (kfold, "score_table")]
    for module, name in interruptions:
        with monkeypatch.context() as patch:
            patch.setattr(module, name, stop)
            with pytest.raises(KeyboardInterrupt):
                validate(dataset, tmp_path)
    assert open_run(tmp_path / "k").status == "interrupted"
    again = validate(dataset, tmp_path)
    for split in ("train", "val", "test"):
        assert np.array_equal(again.predictions(split).probabilities, finished.predictions(split).probabilities)
    assert again.info["kfold"] == finished.info["kfold"]
    monkeypatch.setattr(kfold, "train", stop)  # nothing is left to train
    assert validate(dataset, tmp_path).info == again.info


def test_a_fold_cannot_be_resumed_on_all_training_images(dataset, tmp_path, monkeypatch):
    def stop(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(session, "evaluate_run", stop)
        with pytest.raises(KeyboardInterrupt):
            validate(dataset, tmp_path)
    with pytest.raises(RunError, match=r"k-fold1 was trained on other images .* go on with what started it: test"):
        session.resume(dataset, tmp_path, "k-fold1", quiet=True)


@pytest.mark.parametrize("folds", [1, 7])
def test_the_number_of_folds_has_limits(dataset, tmp_path, folds):
    with pytest.raises(ConfigError, match=f"--folds: received {folds}, expected 2 to 6, the images of the rarest"):
        validate(dataset, tmp_path, folds)


def test_names_in_use_and_changed_settings_are_refused_before_training(dataset, tmp_path, finished):
    make_run(tmp_path, "k")
    with pytest.raises(RunError, match="the run there belongs to no kfold"):
        validate(dataset, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["k"]
    root = finished.path.parent
    with pytest.raises(RunError, match="its epochs is 2 there and 3 here"):
        validate(dataset, root, epochs=3)
    with pytest.raises(RunError, match="its kfold's folds is 3 there and 2 here"):
        validate(dataset, root, folds=2)


def test_the_script_prints_folds_and_spread(dataset, finished, capsys):
    main = runpy.run_path(str(ROOT / "scripts" / "kfold.py"))["main"]
    flags = ["--first-filters", "4", "--conv-layers", "2", "--dense", "8", "--pool-layers", "2", "--batch-size", "14"]
    flags += ["--precision", "fp32", "--epochs", "2", "--name", "k", "--data", str(dataset.path)]
    main([*flags, "--runs", str(finished.path.parent)])
    lines = capsys.readouterr().out.splitlines()
    accuracy = finished.info["kfold"]["scores"]["test"]["accuracy"]
    spread = next(line for line in lines if line.startswith("mean ± sd"))
    assert spread.endswith(f"{accuracy['mean']:.1%} ± {100 * accuracy['sd']:.1f}".ljust(26))
    assert lines[1].split(maxsplit=1) == [
        "accuracy",
        f"{'Training, out of fold':<26}{'PublicTest':<26}{'PrivateTest':<26}",
    ]
