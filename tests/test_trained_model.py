from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import fercore
from fercore.data.decode import UnreadableImage
from fercore.emotions import EMOTIONS
from fercore.explain.methods import heat_map
from fercore.inference.predictor import Predictor
from fercore.models.registry import load as load_model
from tests.factories.runs import make_run
from tests.factories.videos import write_video

ROOT = Path(__file__).resolve().parents[1]
PORTRAIT = ROOT / "dashboard" / "examples" / "portrait.jpg"
FACE = np.random.default_rng(0).integers(0, 256, (48, 48), dtype=np.uint8)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    root = tmp_path_factory.mktemp("runs")
    make_run(root, "toy", weights=True, n=700, accuracy=0.9)
    make_run(root, "light")
    return root


@pytest.fixture(scope="module")
def model(runs):
    return fercore.load("toy", root=runs)


def test_a_model_comes_by_name_path_or_run(runs, model):
    for given in (runs / "toy", f"{runs}/toy/", fercore.open_run("toy", runs)):
        assert fercore.load(given).run.path == model.run.path
    assert model.classes == EMOTIONS
    assert repr(model) == f"<fercore.Model toy: cnn, {model.run.parameters:,} parameters, 7 classes>"


def test_a_run_without_weights_says_so(runs):
    with pytest.raises(fercore.RunError, match="light has no weights"):
        fercore.load("light", root=runs)


def test_a_face_is_answered_as_the_predictor_does(runs, model):
    (face,) = model.predict(FACE)
    expected = Predictor.from_run(runs / "toy").predict(FACE[None])
    assert list(face.probabilities) == list(EMOTIONS)
    assert list(face.probabilities.values()) == pytest.approx(expected.probabilities[0].tolist())
    assert face.label == EMOTIONS[expected.labels[0]]
    assert face.probability == max(face.probabilities.values())
    assert (face.box, face.score) == ((0.0, 0.0, 48.0, 48.0), None)
    assert np.array_equal(face.crop, FACE)


def test_flip_averaging_gives_a_face_and_its_mirror_image_the_same_answer(runs):
    flipped = fercore.load("toy", tta="flip", root=runs)
    (one,), (other,) = flipped.predict(FACE), flipped.predict(np.ascontiguousarray(FACE[:, ::-1]))
    assert list(one.probabilities.values()) == pytest.approx(list(other.probabilities.values()), abs=1e-6)


def test_a_picture_may_be_a_path_an_array_or_a_pil_image(model, tmp_path):
    image = Image.fromarray(FACE)
    image.save(tmp_path / "face.png")
    colour = np.stack([FACE] * 3, axis=2)
    for given in (tmp_path / "face.png", str(tmp_path / "face.png"), image, colour):
        assert np.array_equal(model.predict(given)[0].crop, FACE)


def test_a_pil_image_is_turned_upright(model):
    lying = Image.fromarray(FACE)
    lying.getexif()[0x0112] = 6  # to be turned clockwise by 90 degrees
    assert np.array_equal(model.predict(lying)[0].crop, np.rot90(FACE, -1))


def test_faces_of_a_photo_are_found_and_shown(model):
    faces = model.predict(PORTRAIT)
    (face,) = faces
    assert 170 < face.box[0] < 206 < 249 < face.box[2] < 290
    assert face.score > 0.9
    first, second = repr(faces).splitlines()
    assert first == "1 face found"
    assert second.startswith(f"  1. {face.label} {100 * face.probability:.1f} % (")
    assert "probabilities=" in repr(face)
    assert "crop" not in repr(face)


def test_a_video_is_left_to_the_script(model, tmp_path):
    path = write_video(tmp_path / "talk.avi", [np.zeros((48, 64, 3), np.uint8)])
    with pytest.raises(UnreadableImage, match=r"talk\.avi: a video; its frames are read by scripts/predict\.py"):
        model.predict(path)


def test_no_face_is_said(model):
    faces = model.predict(np.full((200, 200, 3), 128, np.uint8))
    assert faces == ()
    assert str(faces) == "no face found"


def test_without_detection_a_picture_is_one_face(model):
    stripes = np.tile(np.array([100, 100, 150, 150], np.uint8), (200, 75))
    (face,) = model.predict(stripes, detect=False)
    assert abs(face.crop.mean() - 125) < 2
    assert (face.found_by, face.rotation) == ("unsearched", 0)
    assert model.predict(np.full((200, 300), 128, np.uint8), detect=False) == ()  # there is nothing to see


def test_a_small_square_without_a_face_is_never_a_sure_answer(model):
    (face,) = model.predict(FACE)
    assert (face.found_by, face.score, face.sure) == ("nothing", None, False)
    assert model.predict(FACE, detect=False)[0].found_by == "unsearched"


@pytest.mark.detector
def test_a_model_takes_either_detector(runs, yunet_file):
    for detector, name in {yunet_file: "yunet", "mtcnn": "mtcnn"}.items():
        (face,) = fercore.load("toy", root=runs, detector=detector).predict(PORTRAIT)
        assert (face.found_by, face.rotation) == (name, 0)


@pytest.mark.parametrize(
    ("image", "message"),
    [
        ("absent.png", r"absent\.png: there is no such file"),
        (3, "received int, expected a path, a PIL image or a uint8 array"),
        (np.zeros((48, 48)), r"received float64 \(48, 48, 3\), expected an RGB picture uint8"),
        (np.zeros((2, 48, 48, 3), np.uint8), r"received uint8 \(2, 48, 48, 3\)"),
    ],
)
def test_what_is_no_picture_is_refused(model, image, message):
    with pytest.raises(ValueError, match=message):
        model.predict(image)


def test_a_file_that_is_no_picture_is_named(model, tmp_path):
    (tmp_path / "notes.jpg").write_text("no picture")
    with pytest.raises(UnreadableImage, match=r"notes\.jpg: not an image of a known format"):
        model.predict(tmp_path / "notes.jpg")


def test_a_heat_map_is_that_of_the_library(runs, model):
    (face,) = model.predict(FACE)
    found = model.explain(face, method="occlusion")
    expected = heat_map(load_model(model.run), FACE, "occlusion", EMOTIONS.index(face.label))
    assert np.array_equal(found.values, expected)
    assert (found.label, found.unit, found.values.shape) == (face.label, "of probability", (48, 48))
    assert "window" in found.meaning
    assert np.array_equal(model.explain(FACE, method="occlusion").values, expected)
    assert found.picture(side=96).size == (96, 96)


def test_a_heat_map_may_ask_about_another_class(model):
    assert model.explain(FACE, label="fear").label == "fear"
    assert not np.array_equal(model.explain(FACE, label="fear").values, model.explain(FACE, label="sad").values)


def test_methods_are_those_that_suit_the_model(model):
    assert model.methods == ("hires-cam", "grad-cam", "occlusion", "integrated-gradients")
    with pytest.raises(ValueError, match="Attention rollout does not suit this model"):
        model.explain(FACE, method="rollout")


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"method": "guess"}, "method: received 'guess', expected one of hires-cam, grad-cam"),
        ({"label": "bored"}, "label: received 'bored', expected one of angry, disgust"),
    ],
)
def test_a_wrong_request_says_what_there_is(model, settings, message):
    with pytest.raises(ValueError, match=message):
        model.explain(FACE, **settings)


def test_what_sure_means_is_said(runs, model):
    assert model.confidence.startswith("Sure means a probability of at least")


def test_the_shipped_model_finds_the_portrait_happy():
    (face,) = fercore.load(ROOT / "runs" / "reference-fast").predict(PORTRAIT)
    assert (face.label, face.sure) == ("happy", True)
