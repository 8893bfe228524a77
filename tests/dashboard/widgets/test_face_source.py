"""Where faces come from: what is chosen is what a page gets, whatever was uploaded."""

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from fercore.data.dataset import open_dataset
from fercore.data.decode import read_photo
from fercore.emotions import EMOTIONS
from fercore.inference.detectors import Mtcnn
from fercore.inference.looking import look
from tests.dashboard.conftest import DASHBOARD, TIMEOUT, words
from tests.factories.data import make_dataset, png
from tests.factories.runs import make_run


def page_of_faces():
    """A page which draws the choosers and says what was chosen: names, emotions and the sum of each face's pixels."""
    import streamlit as st

    import state
    from widgets.face_source import choose_faces

    run = state.choose_run()
    emotions = st.session_state.get("asked")
    faces = choose_faces(run, emotions) if emotions else choose_faces(run)
    st.session_state["got"] = faces
    st.text(f"{faces.images.dtype} {faces.images.shape}")


@pytest.fixture
def opened(folders):
    def run_page(asked=None, **query) -> AppTest:
        app = AppTest.from_function(page_of_faces, default_timeout=TIMEOUT)
        for key, value in query.items():
            app.query_params[key] = value
        if asked:
            app.session_state["asked"] = asked
        return app.run()

    return run_page


@pytest.fixture
def dataset(folders):
    return make_dataset(folders[1], per_class=3)


@pytest.fixture
def run(folders):
    return make_run(folders[0], "a")


def got(app):
    assert not app.exception
    return app.session_state["got"]


def test_without_a_data_set_the_run_s_average_faces(opened, run):
    faces = got(opened())
    assert np.array_equal(faces.images, run.average_faces())
    assert faces.names == faces.emotions == EMOTIONS


def test_of_some_emotions_only(opened, run):
    faces = got(opened(asked=("sad", "fear")))
    assert faces.emotions == ("sad", "fear")
    assert np.array_equal(faces.images, run.average_faces()[[4, 2]])


def test_with_a_data_set_one_test_image_of_each_emotion(opened, run, dataset):
    app = opened()
    faces = got(app)
    assert faces.emotions == EMOTIONS
    assert all(name.startswith("test/") for name in faces.names)
    rows = [dataset.ids.tolist().index(name) for name in faces.names]
    assert np.array_equal(faces.images, dataset.images[rows])
    other = got(app.number_input(key="draw").set_value(1).run())
    assert other.emotions == EMOTIONS
    assert other.names != faces.names


def test_a_draw_in_the_address_is_drawn_again(opened, run, dataset):
    assert got(opened(draw="5")).names == got(opened(draw="5")).names != got(opened()).names


def test_images_by_their_ids(opened, run, dataset):
    app = opened(ids="val/sad/1, train/happy/0,nobody")
    faces = got(app)
    assert faces.names == ("val/sad/1", "train/happy/0")
    assert faces.emotions == ("sad", "happy")
    assert "The data set has no image `nobody`." in words(app)


def test_at_most_seven_ids(opened, run, dataset):
    asked = open_dataset(dataset.path).ids[:9]
    assert got(opened(ids=",".join(asked))).names == tuple(asked[:7])


def test_the_data_set_can_be_asked_for_where_there_is_none(opened, run):
    app = opened(faces="Data set")
    assert "scripts/prepare_data.py" in words(app)
    assert np.array_equal(got(app).images, run.average_faces())


def test_a_run_without_average_faces_says_what_else_there_is(opened, run):
    (run.path / "average_faces.npz").unlink()
    app = opened()
    assert got(app).images.shape == (0, 48, 48)
    assert "Upload a picture, or use the camera." in words(app)


def test_uploads_are_decoded_and_what_is_no_picture_is_named(opened, run):
    app = opened(faces="Upload")
    assert got(app).images.shape == (0, 48, 48)
    face = np.arange(48 * 48, dtype=np.uint8).reshape(48, 48)
    files = [("me.png", png(face), "image/png"), ("*not*.png", b"GIF89a", "image/png")]
    app = app.file_uploader(key="uploaded_faces").set_value(files).run()
    faces = got(app)
    assert (faces.names, faces.emotions) == (("me.png",), (None,))
    assert np.array_equal(faces.images, face[None])
    assert "`*not*.png`: " in words(app)


def test_faces_are_found_in_uploads_as_on_the_page_predict(opened, run):
    portrait = (DASHBOARD / "examples" / "portrait.jpg").read_bytes()
    group = np.tile(read_photo(portrait).pixels[20:220, 130:330], (1, 2, 1))
    blank = png(np.full((300, 300), 7, np.uint8))
    files = [("one.jpg", portrait, "image/jpeg"), ("two.png", png(group), ""), ("wall.png", blank, "")]
    app = opened(faces="Upload")
    app = app.file_uploader(key="uploaded_faces").set_value(files).run()
    faces, detector = got(app), Mtcnn()
    assert faces.names == ("one.jpg", "two.png, face 1", "two.png, face 2")
    expected = [look(picture, detector).crops for picture in (read_photo(portrait).pixels, group)]
    assert np.array_equal(faces.images, np.concatenate(expected))
    assert "`wall.png`: no face is found in it." in words(app)


def test_the_camera_waits_for_a_photo(opened, run):
    app = opened(faces="Camera")
    assert got(app).images.shape == (0, 48, 48)
    assert "is not stored" in words(app)
