"""Pages of a run of eight classes on colour pictures of 64 pixels: they name its classes, and none fails."""

import numpy as np
import pytest
import streamlit as st

from fercore.emotions import EMOTIONS, KNOWN
from fercore.explain.embedding import embed_run
from fercore.explain.features import summarize_run
from fercore.inference.faces import crop_face
from fercore.inference.predictor import Predictor
from fercore.training import session
from fercore.training.config import load_recipe
from tests.dashboard.conftest import charts, headline, words
from tests.dashboard.views.webcam.test_page import MIDDLE, PICTURE, Camera
from tests.factories.data import make_dataset
from tests.factories.runs import make_run

TINY = {"first_filters": 4, "conv_layers": 2, "dense": [8], "pool_layers": 2, "batch_size": 16, "precision": "fp32"}


@pytest.fixture
def run(folders):
    dataset = make_dataset(folders[1], 3, classes=KNOWN, size=64, channels=3)
    config = load_recipe("report-cnn").override(epochs=1, **TINY)
    run = session.start(config, dataset, folders[0], "eight", quiet=True)
    summarize_run(run, dataset, "val")
    embed_run(run, dataset, "test")
    return run


@pytest.mark.slow
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


def test_faces_are_asked_about_in_the_run_s_own_size_and_colours(run, open_page):
    app = open_page("predict", first="eight", second="(none)", pictures="Average faces", find_faces="false")
    assert set(KNOWN) <= set(app.dataframe[0].value.columns)
    expected = Predictor.from_run(run).predict(run.average_faces())
    shares = app.dataframe[0].value[list(KNOWN)].to_numpy() / 100
    np.testing.assert_allclose(shares, expected.probabilities, atol=1e-5)
    app = open_page("explain", runs="eight", method="occlusion", faces="Average faces")
    assert "`eight` says **" in words(app)


def test_a_seven_class_model_of_48_gray_pixels_answers_beside_it(run, folders, open_page):
    make_run(folders[0], "gray", weights=True)
    app = open_page("predict", first="eight", second="gray", pictures="Average faces", find_faces="false")
    table = app.dataframe[0].value
    own = table[table["Model"] == "gray"]
    assert own["contempt"].isna().all()
    assert not table.loc[table["Model"] == "eight", list(KNOWN)].isna().any(axis=None)
    assert own[list(EMOTIONS)].sum(axis=1).to_numpy() == pytest.approx(100, abs=1e-3)


def test_the_webcam_asks_it_in_its_own_size_and_colours(run, open_page, monkeypatch):
    camera = Camera()
    monkeypatch.setattr("streamlit_webrtc.webrtc_streamer", camera)
    camera.state = "playing"
    app = open_page("webcam", first="eight", second="(none)", detect="false")
    camera.send(PICTURE)
    app.run()
    expected = Predictor.from_run(run).predict(crop_face(PICTURE, MIDDLE, 64, 3)[None])
    reading = camera.session.now().shown.reading
    assert reading.classes == KNOWN
    np.testing.assert_allclose(reading.probabilities[0, 0], expected.probabilities[0], atol=1e-5)
    assert f"**{expected.names[0]}**" in words(app)
    assert camera.session.table()["emotion"].tolist() == expected.names
    camera.session.stop()
    st.cache_resource.clear()  # all visitors of AppTest are one: this ends their webcam
