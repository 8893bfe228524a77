"""A run folder with everything in it, to be damaged."""

import pytest

from fercore.evaluation.speeds import Speed, SpeedRecord, write_speeds
from fercore.run_notes import Notes, write_notes
from fercore.runs import update_run
from tests.factories.data import make_dataset
from tests.factories.robustness import keep_counts
from tests.factories.runs import make_embedding, make_run


@pytest.fixture(scope="session")
def good(tmp_path_factory):
    """A run with everything in its folder, a part of a study and of a cross-validation; its data set lies beside it."""
    root = tmp_path_factory.mktemp("good")
    dataset = make_dataset(root / "data", per_class=3)
    run = make_run(root / "runs", "a", dataset=dataset, weights=True)
    make_embedding(run, dataset)
    keep_counts(run)
    write_notes(run, Notes("a note", ("one", "two")))
    write_speeds(run, SpeedRecord("a machine", "2026-01-01", {"torch fp32": Speed(1.0, 100.0)}))
    varied = {"label": "x", "position": 1, "seed": 0, "varied": {"epochs": 3}, "budget": {"seed": 0}}
    study = {"name": "s", **varied, "description": "a test", "points": 2}
    return update_run(run, study=study, kfold={"name": "k", "fold": 1, "folds": 2}, source={"license": "mit"})
