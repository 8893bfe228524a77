"""The factory's promises, on which everybody's page tests rest."""

import numpy as np

from fercore.evaluation.tables import check_report
from fercore.run_lock import training_lock
from fercore.runs import HISTORY_COLUMNS, list_runs
from tests.factories.runs import make_run


def test_a_made_run_reads_back_complete(tmp_path):
    make_run(tmp_path, "a", epochs=4, n=70, accuracy=0.6, tta=("none", "flip"))
    (run,), problems = list_runs(tmp_path)
    assert problems == {}
    assert (run.status, run.info["best"]["metric"]) == ("finished", "val_accuracy")
    history = run.history()
    assert tuple(history.columns) == HISTORY_COLUMNS
    assert history["epoch"].tolist() == [1, 2, 3, 4]
    assert history["val_accuracy"].max() == run.info["best"]["value"]
    assert run.evaluations() == [("test", "none"), ("test", "flip"), ("val", "none"), ("val", "flip")]
    metrics = check_report(run.metrics("test"))
    assert (metrics["n"], metrics["split_name"], metrics["accuracy"]["value"]) == (70, "PrivateTest", 42 / 70)
    predictions = run.predictions("test")
    assert (predictions.predicted == predictions.label).sum() == 42
    assert run.average_faces().shape == (7, 48, 48)


def test_the_seed_decides_everything(tmp_path):
    first, second, third = (make_run(tmp_path, f"r{i}", seed=seed) for i, seed in enumerate([5, 5, 6]))
    assert first.metrics("test") == second.metrics("test")
    assert np.array_equal(first.predictions("val").probabilities, second.predictions("val").probabilities)
    assert not np.array_equal(first.predictions("val").probabilities, third.predictions("val").probabilities)


def test_a_run_without_epochs_and_evaluations(tmp_path):
    run = make_run(tmp_path, epochs=0, splits=(), status="stopped")
    assert (len(run.history()), run.info["best"], run.evaluations(), run.status) == (0, None, [], "stopped")


def test_running_needs_a_lock(tmp_path):
    run = make_run(tmp_path, status="running")
    assert run.status == "interrupted"
    with training_lock(run.path):
        assert run.status == "running"
