"""Pages of a run of eight classes on colour pictures of 64 pixels: they name its classes, and none fails."""

import pytest

from fercore.emotions import KNOWN
from fercore.explain.embedding import embed_run
from fercore.explain.features import summarize_run
from fercore.training import session
from fercore.training.config import load_recipe
from tests.dashboard.conftest import charts, headline, words
from tests.factories.data import make_dataset

TINY = {"first_filters": 4, "conv_layers": 2, "dense": [8], "pool_layers": 2, "batch_size": 16, "precision": "fp32"}


@pytest.fixture
def run(folders):
    dataset = make_dataset(folders[1], 3, classes=KNOWN, size=64, channels=3)
    config = load_recipe("report-cnn").override(epochs=1, **TINY)
    run = session.start(config, dataset, folders[0], "eight", quiet=True)
    summarize_run(run, dataset, "val")
    embed_run(run, dataset, "test")
    return run


def test_every_page_of_the_run_knows_contempt(run, open_page):
    app = open_page("evaluation", run="eight")
    assert charts(app)[0]["layer"][0]["encoding"]["x"]["sort"] == list(KNOWN)
    app = open_page("errors", run="eight")
    assert "contempt" in app.selectbox(key="true").options
    assert "of PrivateTest" in headline(app)
    assert "contempt" in open_page("features", run="eight").selectbox(key="emotion").options
    app = open_page("dataset")
    assert charts(app)[0]["encoding"]["x"]["sort"] == list(KNOWN)
    for page in ("embedding", "calibration", "compare", "training", "home", "models"):
        words(open_page(page, run="eight"))
    assert "of gray faces of 48 × 48 pixels" in words(open_page("explain", runs="eight"))
