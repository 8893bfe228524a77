"""The webcam page: which models it asks, what it says of frames that come, and what to do when none come."""

import io
import json
import threading
from types import SimpleNamespace

import av
import numpy as np
import pytest
import streamlit as st
from PIL import Image
from streamlit_webrtc.webrtc import SignallingTimeoutError

from fercore.emotions import EMOTIONS
from fercore.export.files import export_into_run
from fercore.inference.detectors import Mtcnn
from fercore.inference.faces import Face, crop_face
from fercore.inference.predictor import Predictor
from tests.dashboard.conftest import DASHBOARD, words
from tests.data.test_decode import bomb, encode
from tests.factories.copies import make_copies
from tests.factories.data import png
from tests.factories.runs import make_run

LONG = 600  # seconds after which something is stuck
STATES = {
    "stopped": SimpleNamespace(playing=False, signalling=False),
    "signalling": SimpleNamespace(playing=False, signalling=True),
    "playing": SimpleNamespace(playing=True, signalling=False),
}
PICTURE = np.random.default_rng(0).integers(0, 255, (120, 160, 3), np.uint8)
MIDDLE = Face((20.0, 0.0, 140.0, 120.0))


@pytest.fixture
def runs(folders):
    """A CNN and a ViT with weights."""
    return make_run(folders[0], "a", weights=True), make_run(folders[0], "v", seed=1, weights="vit")


class Camera:
    """In the place of streamlit-webrtc: a video that is in a state of the test's choice and sends frames on demand."""

    def __init__(self):
        self.state, self.asked = "stopped", {}

    def __call__(self, **asked):
        self.asked = asked
        if isinstance(self.state, Exception):
            raise self.state
        return SimpleNamespace(state=STATES[self.state])

    @property
    def session(self):
        return self.asked["on_video_ended"].args[0]

    def send(self, picture=PICTURE):
        """Send a frame and wait for its answer; the frame that is shown."""
        answered, add = threading.Event(), self.session.record.add
        self.session.record.add = lambda answer: (add(answer), answered.set())
        shown = self.asked["video_frame_callback"](av.VideoFrame.from_ndarray(picture, format="rgb24"))
        assert answered.wait(LONG)
        self.session.record.add = add
        self.session.now()  # the answer is shown once this returns
        return shown.to_ndarray(format="rgb24")


@pytest.fixture
def camera(monkeypatch):
    made = Camera()
    monkeypatch.setattr("streamlit_webrtc.webrtc_streamer", made)
    yield made
    st.cache_resource.clear()  # all visitors of AppTest are one: this ends their webcam


@pytest.fixture
def tell(monkeypatch, folders):
    """`tell(text)`: what the browser says of its camera."""
    from views.webcam import webrtc

    said = SimpleNamespace(problem=None)
    monkeypatch.setattr(webrtc, "_probe", lambda: lambda **asked: said)
    return lambda text: setattr(said, "problem", text)


def play(open_page, camera, **query):
    """The page with a video that plays and has sent a frame, the middle of which is the face."""
    camera.state = "playing"
    app = open_page("webcam", detect="false", smoothing="0.0", **query)
    camera.send()
    return app.run()


def answers(run):
    """What a run's model says of the middle of the picture."""
    return Predictor.from_run(run).predict(crop_face(PICTURE, MIDDLE)[None]).probabilities[0]


def test_it_opens_with_the_models_and_how_good_they_are(open_page, runs, camera):
    app = open_page("webcam")
    said = words(app)
    assert (
        "#### `a` and `v` say live what your face expresses. CNN has accuracy 60.0 % on PrivateTest (95 % interval "
        "48.3 to 70.7), ViT has " in said
    )
    assert "Press START and allow the camera." in said
    video = camera.asked["media_stream_constraints"]["video"]
    assert video == {"width": {"ideal": 640}, "height": {"ideal": 480}, "frameRate": {"ideal": 15, "max": 15}}
    assert camera.asked["media_stream_constraints"]["audio"] is False
    assert camera.asked["rtc_configuration"] == {"iceServers": []}


@pytest.mark.slow
def test_how_good_they_are_without_copies(open_page, folders, runs, camera):
    found = runs[0].predictions("test")
    make_copies(folders[1], runs[0], exact=found.id[found.predicted == found.label][:10].tolist())
    # 32 of 60
    said = words(open_page("webcam", score="clean"))
    assert "CNN has accuracy 53.3 % on PrivateTest without copies (95 % interval 40.9 to 65.4), ViT has " in said


def test_accuracies_on_different_labels_are_not_set_beside_each_other_without_a_word(folders, open_page, camera):
    make_run(folders[0], "a", weights=True)
    alike = open_page("webcam")
    assert "do not compare" not in words(alike)
    other = make_run(folders[0], "v", seed=1, weights="vit")
    info = json.loads((other.path / "run.json").read_text())
    info["dataset"]["fingerprint"] = "0" * 64
    (other.path / "run.json").write_text(json.dumps(info))
    assert "Their labels differ, so these do not compare" in words(open_page("webcam", runs=["a", "v"]))


@pytest.mark.slow
def test_both_models_answers_for_the_newest_frame(open_page, runs, camera):
    said = words(play(open_page, camera))
    first, second = (answers(run) for run in runs)
    one, other = EMOTIONS[first.argmax()], EMOTIONS[second.argmax()]
    shares = [f"{100 * found.max():.0f} %" for found in (first, second)]
    if one == other:
        assert f"#### Both say **{one}**: CNN {shares[0]}, ViT {shares[1]}." in said
    else:
        assert f"#### They disagree: CNN says **{one}**, {shares[0]}, ViT **{other}**, {shares[1]}." in said
    assert "· video **0 /s** · answers **0 /s**" in said  # one frame in two seconds is half a frame a second
    assert f"agreement **{100 * (one == other)} %**" in said


@pytest.mark.slow
def test_the_frame_that_comes_back_is_mirrored_and_marked(open_page, runs, camera):
    play(open_page, camera, mirror="true")
    shown = camera.send()
    assert shown[119, 80].tolist() == pytest.approx([255, 214, 0], abs=12)  # the box's edge; frames travel as YUV
    assert shown[60, 150] == pytest.approx(PICTURE[60, 9], abs=3)


@pytest.mark.slow
def test_settings_reach_the_session(open_page, runs, camera):
    app = open_page("webcam", resolution="320 x 240")
    assert camera.asked["media_stream_constraints"]["video"]["width"] == {"ideal": 320}
    app.slider(key="smoothing").set_value(2.0)
    app.toggle(key="mirror").set_value(False).run()
    settings = camera.session.settings
    assert (settings.smoothing, settings.mirror) == (2, False)
    assert [model.name for model in settings.models] == ["a", "v"]
    app.selectbox(key="second").set_value("(none)").run()
    assert [model.name for model in camera.session.settings.models] == ["a"]
    assert "#### `a` says live what your face expresses" in words(app)


@pytest.mark.slow
def test_a_moment_is_kept_for_the_explain_page(open_page, runs, camera):
    app = play(open_page, camera)
    assert not app.get("page_link")
    app.button(key="keep").click().run()
    link = app.get("page_link")[0].proto
    assert (link.label, link.query_string) == (
        "Explain the kept face",
        "faces=Kept+faces&runs=a&runs=v",
    )
    camera.send(PICTURE // 2)
    app.run().button(key="keep").click().run()
    assert app.get("page_link")[0].proto.label == "Explain the 2 kept faces"
    app.switch_page("views/explain/page.py")
    app.query_params["faces"] = "Kept faces"
    app.run()
    assert [name[:7] for name in app.segmented_control(key="face").options] == ["webcam ", "webcam "]
    older = app.session_state["kept_faces"][1][1]
    assert np.array_equal(older, crop_face(PICTURE, MIDDLE))
    app.segmented_control(key="face").set_value(app.session_state["kept_faces"][1][0]).run()
    first = answers(runs[0])
    assert f"`a` says **{EMOTIONS[first.argmax()]}**" in words(app)


@pytest.mark.slow
def test_a_moment_that_has_passed_when_the_click_comes_is_not_kept(open_page, runs, camera):
    app = play(open_page, camera)
    camera.session.stop()  # and its picture is forgotten
    app = app.button(key="keep").click().run()
    assert not app.exception
    assert "kept_faces" not in app.session_state


@pytest.mark.slow
def test_a_face_that_is_gone_when_the_click_comes_is_kept(open_page, runs, camera, monkeypatch):
    app = play(open_page, camera)
    now = camera.session.now()
    empty = now._replace(shown=now.shown._replace(reading=now.shown.reading._replace(crops={})))
    monkeypatch.setattr(camera.session, "now", lambda: empty)
    app.button(key="keep").click().run()
    monkeypatch.setattr("views.webcam.panel.CLICK", -1)
    assert app.run().button(key="keep").disabled
    assert np.array_equal(app.session_state["kept_faces"][0][1], crop_face(PICTURE, MIDDLE))


@pytest.mark.slow
def test_the_numbers_open_in_the_timeline_of_predict(open_page, runs, camera):
    app = play(open_page, camera)
    camera.send()
    app.run().button(key="open_answers").click().run()
    app.switch_page("views/predict/page.py")
    app.query_params["pictures"] = "Saved answers"
    app.run()
    assert "#### 1 person in 2 looks. a: " in words(app)
    assert "those of the largest face at each moment" in words(app)


@pytest.mark.slow
def test_the_results_hold_numbers_only(open_page, runs, camera):
    play(open_page, camera)
    table = camera.session.table()
    assert table["run"].tolist() == ["a", "v"]
    assert table.loc[0, list(EMOTIONS)].to_numpy(float) == pytest.approx(answers(runs[0]), abs=1e-4)
    assert table["faces"].tolist() == [1, 1]


@pytest.mark.slow
def test_a_model_that_fails_says_so_and_the_other_goes_on(open_page, runs, camera, monkeypatch):
    predict = Predictor.predict

    def broken(self, crops):
        if type(self._loaded.module).__name__ == "CNN":
            raise RuntimeError("[a](https://x) is out of order")
        return predict(self, crops)

    monkeypatch.setattr(Predictor, "predict", broken)
    app = play(open_page, camera)
    assert "ViT says **" in words(app)
    assert len(app.error) == 1
    assert app.error[0].value.startswith("`a` does not answer: \\[a\\]")
    assert camera.send().shape == PICTURE.shape


@pytest.mark.slow
def test_no_face(open_page, runs, camera):
    camera.state = "playing"
    app = open_page("webcam")
    camera.send(np.zeros((120, 160, 3), np.uint8))
    assert "No face is found." in words(app.run())


@pytest.mark.rest_slow
@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("insecure", "This page is not on HTTPS or localhost"),
        ("NotAllowedError: Permission denied", "The camera is not allowed for this page."),
        ("NotFoundError: Requested device not found", "No camera was found."),
        ("OverconstrainedError: ", "The camera that was used last is no longer there."),
        ("NotReadableError: Could not start video source", "The camera cannot be read: most often another program"),
        ("AbortError: <b>", "The camera does not start. The browser says: `AbortError: <b>`."),
    ],
)
def test_each_problem_of_the_browser_has_its_message(open_page, runs, camera, tell, told, expected):
    tell(told)
    app = open_page("webcam")
    assert expected in app.error[0].value
    assert len(app.error) == 1
    assert "turn:turn.example.org" in app.code[0].value  # the help stands open


@pytest.mark.slow
def test_a_connection_that_is_not_established(open_page, runs, camera):
    camera.state = "signalling"
    app = open_page("webcam")
    assert "Connecting ..." in words(app)
    camera.session.connecting._since -= 11
    app.run()
    assert "The video is not connected after 10 seconds" in app.error[0].value
    camera.state = SignallingTimeoutError("Processing the offer has not finished in 10 seconds")
    assert "Processing the offer has not finished" in app.run().error[0].value


SERVERS = [
    {"urls": "stun:stun.example.org"},
    {"urls": "turn:turn.example.org", "username": "me", "credential": "secret"},
]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("section", "servers"), [(None, []), ({}, []), ({"ice_servers": SERVERS}, SERVERS), ({"ice_servers": []}, [])]
)
def test_servers_of_the_secrets_lead_around_firewalls(open_page, runs, camera, section, servers):
    app = open_page("webcam")
    app.secrets["webrtc" if section is not None else "other"] = section or {}
    app.run()
    assert camera.asked["rtc_configuration"] == {"iceServers": servers}


@pytest.mark.rest_slow
@pytest.mark.parametrize("found", ["turn:x", [{"url": "turn:x"}], [{"urls": "turn:x", "credential": 7}], ["turn:x"]])
def test_servers_of_another_form_are_refused_without_a_word_of_them(open_page, runs, camera, found):
    app = open_page("webcam")
    app.secrets["webrtc"] = {"ice_servers": found}
    app.run()
    assert "expected tables with urls" in app.error[0].value
    assert "turn:x" not in words(app)


@pytest.mark.slow
def test_a_photo_instead_of_a_video(open_page, runs, camera, monkeypatch):
    app = open_page("webcam", source="Photo", detect="false")
    assert "Take a photo." in words(app)
    of_video = [app.slider(key="smoothing"), app.selectbox(key="resolution"), app.toggle(key="mirror")]
    assert all(widget.disabled for widget in of_video)
    assert not app.toggle(key="detect").disabled
    assert not camera.asked  # nothing of the video is there
    monkeypatch.setattr(
        "streamlit.delta_generator.DeltaGenerator.camera_input", lambda *_, **__: io.BytesIO(png(PICTURE))
    )
    app.run()
    first = answers(runs[0])
    emotion = EMOTIONS[first.argmax()]
    assert f"**{emotion}**" in words(app)
    assert app.get("image")[0].proto.imgs[0].caption == "What the models were asked about"
    app.button(key="keep").click().run()
    assert np.array_equal(app.session_state["kept_faces"][0][1], crop_face(PICTURE, MIDDLE))


@pytest.fixture
def photographed(open_page, runs, monkeypatch):
    """The page after a photo: `photographed(data)`."""

    def opened(data):
        monkeypatch.setattr("streamlit.delta_generator.DeltaGenerator.camera_input", lambda *_, **__: io.BytesIO(data))
        return open_page("webcam", source="Photo")

    return opened


@pytest.mark.slow
def test_a_photo_shows_the_face_that_predict_finds_in_it(photographed):
    from state.found_faces import look

    portrait = Image.open(DASHBOARD / "examples" / "portrait.jpg").resize((256, 256))
    lying, blank = portrait.transpose(Image.Transpose.ROTATE_90), Image.new("RGB", portrait.size)
    data = encode(blank, "gif", save_all=True, append_images=[lying])
    app = photographed(data)
    assert "since the one before it is blank." in words(app)
    app.button(key="keep").click().run()
    (expected,) = look(data, Mtcnn()).crops[48, 48]
    assert np.array_equal(app.session_state["kept_faces"][0][1], expected)


@pytest.mark.rest_slow
@pytest.mark.parametrize(
    ("data", "reason"), [(b"GIF", "not an image of a known format"), (bomb(64_000_000, 1), "a side longer than")]
)
def test_what_is_no_photo_is_refused(photographed, data, reason):
    app = photographed(data)
    assert app.error[0].value.startswith("The photo cannot be read:")
    assert reason in app.error[0].value


def test_one_run_alone_and_none(open_page, folders, camera):
    said = words(open_page("webcam"))
    assert "There is no run in" in said
    make_run(folders[0], "bare")
    assert "No run here holds weights" in words(open_page("webcam"))
    make_run(folders[0], "a", weights=True)
    app = play(open_page, camera)
    assert "#### CNN says **" in words(app)


@pytest.mark.slow
def test_a_model_that_cannot_be_loaded_is_left_out(open_page, runs, camera):
    (runs[1].path / "model.safetensors").write_bytes(b"no weights")
    app = open_page("webcam")
    assert app.warning[0].value.startswith("`v` is left out:")
    assert [model.name for model in camera.session.settings.models] == ["a"]
    (runs[0].path / "model.safetensors").write_bytes(b"no weights")
    assert len(app.run().warning) == 2
    assert "Press START" not in words(app)


@pytest.mark.slow
def test_a_run_answers_with_its_onnx_file_where_asked(open_page, runs, camera):
    assert not [toggle for toggle in open_page("webcam", first="a").toggle if toggle.key == "onnx"]
    export_into_run(runs[0])
    app = open_page("webcam", first="a")
    app.toggle(key="onnx").set_value(True).run()
    words(app)
    faces = np.random.default_rng(1).integers(0, 256, (2, 48, 48), np.uint8)
    models = camera.session.settings.models
    engines = [type(model.predict.args[0]._loaded.module).__name__ for model in models]
    assert engines[0] == "OnnxModule"
    assert engines[1] != "OnnxModule"  # the ViT holds no such file
    expected = Predictor.from_run(runs[0]).predict(faces).probabilities
    np.testing.assert_allclose(models[0].predict(faces), expected, atol=1e-5)
