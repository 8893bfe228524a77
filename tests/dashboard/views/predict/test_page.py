"""The Predict page: whatever is uploaded, each face gets its answers, and what cannot be read is named."""

import io
import json
import logging
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fercore.data.dataset import Dataset
from fercore.data.transforms import Preprocess
from fercore.emotions import EMOTIONS
from fercore.export.files import export_into_run
from fercore.inference import detector_file
from fercore.inference.detectors import Mtcnn
from fercore.inference.faces import crop_face
from fercore.inference.predictor import Predictor
from fercore.models.registry import build, config_class, save_model
from fercore.runs import open_run, update_run
from tests.dashboard.conftest import DASHBOARD, captions, words
from tests.data.test_decode import bomb, encode
from tests.factories.data import png
from tests.factories.runs import make_run

PORTRAIT = (DASHBOARD / "examples" / "portrait.jpg").read_bytes()
FACES = np.random.default_rng(0).integers(0, 256, (3, 48, 48), dtype=np.uint8)
COLUMNS = ["Picture", "Face", "Model", "Answer", *EMOTIONS]


@pytest.fixture
def runs(folders):
    """A CNN and a ViT with weights; both may be sure."""
    settings = {"n": 700, "accuracy": 0.9, "tta": ("none", "flip")}
    return [
        make_run(folders[0], "a", weights=True, **settings),
        make_run(folders[0], "v", seed=1, weights="vit", **settings),
    ]


def uploaded(app, *files):
    """The page after an upload of (name, bytes)."""
    return app.file_uploader(key="photos").set_value([(name, data, "image/png") for name, data in files]).run()


def table(app):
    found = app.dataframe[0].value
    assert list(found.columns) == COLUMNS
    return found


@pytest.mark.slow
def test_uploads_are_there_still_after_a_look_at_another_page(open_page, runs):
    app = uploaded(open_page("predict"), ("mine.png", png(FACES[0])))
    app = app.switch_page("views/models/page.py").run().switch_page("views/predict/page.py").run()
    assert set(table(app)["Picture"]) == {"mine.png"}
    (forget,) = [button for button in app.button if button.label == "Forget 1 file"]
    assert set(table(forget.click().run())["Picture"]) == {"portrait.jpg"}


def portrait() -> Image.Image:
    return Image.open(io.BytesIO(PORTRAIT))


def test_before_an_upload_an_example_is_answered_by_both_models(open_page, runs):
    app = open_page("predict")
    assert "Until then, an example. Astronaut Eileen Collins" in words(app)
    found = table(app)
    assert found[["Picture", "Face", "Model"]].to_numpy().tolist() == [
        ["portrait.jpg", 1, "a"],
        ["portrait.jpg", 1, "v"],
    ]
    picture = np.asarray(portrait().convert("RGB"))
    crop = crop_face(picture, Mtcnn()(picture)[0])
    expected = np.concatenate([Predictor.from_run(run).predict(crop[None]).probabilities for run in runs])
    assert found[list(EMOTIONS)].to_numpy() == pytest.approx(100 * expected, abs=1e-3)


def test_crops_are_answered_as_by_the_predictor_and_flip_averages(open_page, runs):
    files = [(f"{number}.png", png(face)) for number, face in enumerate(FACES)]
    app = uploaded(open_page("predict", second="(none)"), *files)
    for tta in ("none", "flip"):
        app.toggle(key="flip").set_value(tta == "flip").run()
        expected = Predictor.from_run(runs[0], tta).predict(FACES)
        found = table(app)
        assert found["Picture"].tolist() == ["0.png", "1.png", "2.png"]
        assert found[list(EMOTIONS)].to_numpy() == pytest.approx(100 * expected.probabilities, abs=1e-3)
        named = [
            EMOTIONS[label] if sure else "not sure" for label, sure in zip(expected.labels, expected.sure, strict=True)
        ]
        assert found["Answer"].tolist() == named
    assert "#### 3 faces in 3 pictures. CNN: " in words(app)


def turned() -> bytes:
    """A phone's picture: stored sideways, with a note of how it was held."""
    exif = Image.Exif()
    exif[0x0112] = 6
    return encode(portrait().transpose(Image.Transpose.ROTATE_90), "jpeg", exif=exif)


def first_of_two() -> bytes:
    return encode(portrait().convert("P"), "gif", save_all=True, append_images=[Image.new("P", (512, 512))])


def twelve_megapixels() -> bytes:
    photo = Image.new("RGB", (4000, 3000))
    photo.paste(portrait().resize((2000, 2000)), (700, 300))
    return encode(photo, "jpeg")


READ = {
    "turned.jpg": turned,
    "cmyk.jpg": lambda: encode(portrait().convert("CMYK"), "jpeg"),
    "palette.png": lambda: encode(portrait().quantize(64), "png"),
    "16bit.png": lambda: png(np.asarray(portrait().convert("L")).astype(np.uint16) * 257),
    "rgba.png": lambda: encode(portrait().convert("RGBA"), "png"),
    "animated.gif": first_of_two,
    "large.jpg": twelve_megapixels,
}
REFUSED = {
    "empty.jpg": (b"", "the file is empty"),
    "truncated.jpg": (PORTRAIT[: len(PORTRAIT) // 2], "a damaged JPEG image"),
    "text.jpg": (b"a shopping list", "not an image of a known format"),
    "bomb.png": (bomb(10_000, 10_000), "10000 x 10000 pixels, more than the 64,000,000 allowed"),
    "phone.heic": (b"\0\0\0\x18ftypheic" + bytes(99), "not an image of a known format (HEIF, AVIF)"),
    "line.png": (bomb(64_000_000, 1), "a side longer than the 20,000 allowed"),
}


@pytest.mark.slow
def test_the_face_is_found_in_every_kind_of_picture(open_page, runs):
    from state.found_faces import look

    files = {name: make() for name, make in READ.items()}
    found = table(uploaded(open_page("predict", second="(none)"), *files.items()))
    assert found["Picture"].tolist() == list(READ)
    detector = Mtcnn()
    plain = look(PORTRAIT, detector).crops[48, 48][0].ravel()
    for name, data in files.items():  # the same face, upright, but for the losses of its format
        assert np.corrcoef(look(data, detector).crops[48, 48][0].ravel(), plain)[0, 1] > 0.9, name


def test_what_cannot_be_read_is_named_and_the_others_are_answered(open_page, runs):
    bad = [(name, data) for name, (data, _) in REFUSED.items()]
    good = [(f"{number}.png", png(face)) for number, face in enumerate(FACES)]
    app = uploaded(open_page("predict", second="(none)"), good[0], *bad, *good[1:])
    assert table(app)["Picture"].tolist() == [name for name, _ in good]
    said = [error.value.replace("\\", "").replace("\u2060", "") for error in app.error]
    for error, (name, (_, reason)) in zip(said, REFUSED.items(), strict=True):
        assert error.startswith(f"`{name}` is left out: ")
        assert reason in error


def test_nothing_but_bad_files_leaves_the_page_standing(open_page, runs):
    app = uploaded(open_page("predict"), ("*a*.png", b"no"), ("b.png", b""))
    assert "`*a*.png` is left out: " in words(app)
    assert len(app.error) == 2
    assert not app.dataframe


def test_a_picture_without_a_face_says_what_to_do(open_page, runs):
    wall = png(np.random.default_rng(0).integers(0, 256, (300, 400), dtype=np.uint8))
    app = uploaded(open_page("predict"), ("wall.png", wall))
    assert "#### No face is found in this picture." in words(app)
    assert "switch Find faces off" in app.info[0].value
    assert not app.dataframe
    app.toggle(key="find_faces").set_value(False).run()
    assert table(app)["Face"].tolist() == [1, 1]


def test_a_blank_picture_has_no_face_and_a_square_of_noise_no_sure_answer(open_page, runs):
    noise = np.random.default_rng(0).integers(0, 256, (100, 100), dtype=np.uint8)
    blank, pixel = np.zeros((100, 100), np.uint8), np.zeros((1, 1), np.uint8)
    files = [(name, png(pixels)) for name, pixels in {"noise": noise, "blank": blank, "pixel": pixel}.items()]
    app = uploaded(open_page("predict", second="(none)"), *files)
    assert table(app)["Picture"].tolist() == ["noise"]
    assert table(app)["Answer"].tolist() == ["not sure"]
    assert "No face is found in this small square" in words(app)
    assert "#### CNN is **not sure**: " in words(app)


@pytest.mark.detector
def test_yunet_is_fetched_by_a_button_and_then_finds_the_faces(open_page, runs, monkeypatch, tmp_path, yunet_file):
    monkeypatch.delenv("FERCORE_DETECTOR")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(detector_file, "_download", lambda repository: b"another file")
    app = open_page("predict")
    assert "found** by MTCNN" in words(app)
    app.button(key="fetch_yunet").click().run()
    assert "its SHA-256 is" in app.error[0].value.replace("\\", "")
    monkeypatch.setattr(detector_file, "_download", lambda repository: yunet_file.read_bytes())
    app.button(key="fetch_yunet").click().run()
    assert "found** by YuNet" in words(app)
    assert "fetch_yunet" not in [button.key for button in app.button]
    assert len(table(app)) == 2


def test_a_detector_that_is_named_and_absent_is_told(open_page, runs, monkeypatch):
    monkeypatch.setenv("FERCORE_DETECTOR", "/absent.onnx")
    app = open_page("predict")
    assert "there is no file /absent.onnx" in words(app).replace("\\", "")
    assert len(table(app)) == 2


def test_what_a_visitor_uploads_is_bounded(open_page, runs, monkeypatch):
    from views.predict import uploads

    app = open_page("predict", second="(none)")
    files = [(f"{number}.png", png(face)) for number, face in enumerate(FACES)]
    monkeypatch.setattr(uploads, "MOST_BYTES", len(files[0][1]) + len(files[1][1]))
    app = uploaded(app, *files)
    assert table(app)["Picture"].tolist() == ["0.png", "1.png"]
    assert "Only the first 2 files are shown" in words(app)
    assert [uploads.first_that_fit(sizes) for sizes in ([], [10**9], [9, 10**9, 9])] == [0, 0, 1]


@pytest.mark.slow
def test_twenty_faces_are_numbered_and_their_cards_paged(open_page, runs):
    tile = np.asarray(portrait())[20:220, 130:330]
    app = uploaded(open_page("predict"), ("group.png", png(np.tile(tile, (4, 5, 1)))))
    assert "#### 20 faces in one picture. CNN: " in words(app)
    assert table(app)["Face"].tolist() == np.repeat(np.arange(1, 21), 2).tolist()
    keys = [button.key for button in app.button if button.key != "fetch_yunet"]
    assert keys == [f"explain_{number}" for number in range(6)]
    assert "**Face 1**" in words(app)
    assert "**Face 7**" not in words(app)
    app.get("pagination")[0].set_value(2).run()
    assert "**Face 7**" in words(app)
    assert "**Face 1**" not in words(app)


def test_one_of_several_pictures_is_looked_at_closely(open_page, runs):
    app = uploaded(open_page("predict"), ("a.png", png(FACES[0])), ("wall.png", png(np.zeros((300, 400), np.uint8))))
    assert app.selectbox(key="picture").options == ["a.png (1 face)", "wall.png (no faces)"]
    assert "**Face 1**" in words(app)
    app.selectbox(key="picture").select_index(1).run()
    assert "No face is found here." in app.info[0].value
    assert "**Face 1**" not in words(app)


@pytest.mark.slow
def test_an_onnx_file_answers_where_asked(open_page, runs):
    export_into_run(runs[0])
    content = (runs[0].path / "model.onnx").read_bytes()
    app = uploaded(open_page("predict", second="(none)"), ("face.png", png(FACES[0])))
    (runs[0].path / "model.onnx").write_bytes(b"damaged")
    app.toggle(key="onnx").set_value(True).run()
    assert "onnxruntime cannot open it" in app.warning[0].value  # so it is this file that answers
    (runs[0].path / "model.onnx").write_bytes(content)
    app.run()
    expected = Predictor.from_run(runs[0]).predict(FACES[:1]).probabilities
    assert table(app)[list(EMOTIONS)].to_numpy() == pytest.approx(100 * expected, abs=1e-2)


def test_not_sure_below_the_threshold(open_page, folders):
    make_run(folders[0], "weak", weights=True, n=700, accuracy=0.2)
    app = open_page("predict")
    assert table(app)["Answer"].tolist() == ["not sure"]
    said = words(app)
    assert "#### CNN is **not sure**: " in said
    assert "This model is never sure" in said.replace("\\", "")


def test_a_class_that_a_model_does_not_know_has_a_dash_and_an_empty_cell(open_page, runs, folders):
    run, config = make_run(folders[0], "eight", splits=()), config_class("cnn")(first_filters=4, num_classes=8)
    classes = (*EMOTIONS, "Answer")  # as a column of the table is
    update_run(run, classes=list(classes))
    (run.path / "average_faces.npz").unlink()  # of seven classes
    save_model(run.path, "cnn", config, build("cnn", config).state_dict(), Preprocess(), classes)
    app = uploaded(open_page("predict", first="a", second="eight"), ("face.png", png(FACES[0])))
    (shown,) = app.dataframe
    found = shown.value.set_index("Model")
    assert found["Answer (class)"].isna().to_dict() == {"a": True, "eight": False}
    assert shown.proto.placeholder == "–"
    assert app.get("download_button")[0].label == "Download the faces (CSV)"


def test_a_model_without_predictions_says_that_nobody_knows_how_sure_it_is(open_page, folders):
    make_run(folders[0], "bare", weights=True, splits=())
    assert "How sure this model is nobody knows" in words(open_page("predict")).replace("\\", "")


@pytest.mark.slow
def test_heat_maps_of_the_emotion_that_each_model_names(open_page, runs):
    app = uploaded(open_page("predict", heat="true"), ("a.png", png(FACES[0])))
    named = [EMOTIONS[Predictor.from_run(run).predict(FACES[:1]).labels[0]] for run in runs]
    assert [caption for caption in captions(app) if caption] == [f"CNN: {named[0]}", f"ViT: {named[1]}"]
    assert "**HiResCAM**" in words(app)
    app.selectbox(key="heat_method").set_value("rollout").run()
    assert "CNN: none, since " in words(app)


@pytest.mark.slow
def test_a_face_goes_to_the_explain_page(open_page, runs):
    app = uploaded(open_page("predict"), ("a.png", png(FACES[0])), ("b.png", png(FACES[1])))
    app.selectbox(key="picture").select_index(1).run()
    app.button(key="explain_0").click().run()
    assert app.title[0].value == "Explain"
    (name, image), *others = app.session_state["kept_faces"]
    assert (name, others) == ("b.png, face 1", [])
    assert np.array_equal(image, FACES[1])
    assert app.session_state["chosen_runs"] == ["a", "v"]
    assert app.segmented_control(key="faces").value == "kept"


def test_a_photo_of_the_camera_is_looked_at(open_page, runs):
    app = open_page("predict", pictures="Camera", second="(none)")
    assert table(app)["Picture"].tolist() == ["portrait.jpg"]  # until one is taken
    app.camera_input(key="predict_photo").set_value(("shot.jpg", PORTRAIT, "image/jpeg")).run()
    assert table(app)["Picture"].tolist() == ["photo.jpg"]


@pytest.mark.slow
def test_average_faces_are_examples_as_well(open_page, runs):
    app = open_page("predict", pictures="Average faces")
    assert table(app)["Picture"].tolist() == [f"average {emotion}" for emotion in EMOTIONS for _ in runs]
    expected = Predictor.from_run(runs[0]).predict(open_run(runs[0].path).average_faces()).probabilities
    assert table(app)[list(EMOTIONS)].to_numpy()[::2] == pytest.approx(100 * expected, abs=1e-3)


def test_a_model_that_cannot_be_loaded_leaves_the_other_standing(open_page, runs):
    weights = runs[0].path / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:100])
    app = open_page("predict")
    assert "`a` is left out: " in app.warning[0].value
    assert table(app)["Model"].tolist() == ["v"]


def test_without_weights_it_says_what_to_run(open_page, folders):
    make_run(folders[0], "bare")
    app = open_page("predict")
    assert "there is no model to ask" in app.info[0].value
    assert "scripts/train.py" in app.code[0].value


def test_too_many_files_are_told(open_page, runs, monkeypatch):
    from views.predict import uploads

    monkeypatch.setattr(uploads, "MOST", 2)
    app = uploaded(open_page("predict", second="(none)"), *[(f"{n}.png", png(face)) for n, face in enumerate(FACES)])
    assert "Only the first 2 of 3 files" in app.warning[0].value
    assert "scripts/predict.py" in app.code[0].value
    assert table(app)["Picture"].tolist() == ["0.png", "1.png"]


def test_the_table_to_download_has_boxes_and_scores(folders):
    from state.found_faces import look
    from views.predict.answer_table import answer_table, share_out

    looked = [
        look(png(FACES[0]), None),
        look(PORTRAIT, Mtcnn()),
        look(png(np.zeros((99, 200), np.uint8)), Mtcnn()),
    ]
    faces = np.concatenate([one.crops[48, 48] for one in looked])
    run = make_run(folders[0], "a", weights=True)
    answers = Predictor.from_run(run).predict(faces)
    found = answer_table(share_out(["x", "y", "z"], looked, {"a": answers, "b": answers}))
    assert found[["file", "face", "run"]].to_numpy().tolist() == [
        ["x", 1, "a"],
        ["x", 1, "b"],
        ["y", 1, "a"],
        ["y", 1, "b"],
    ]
    assert found.loc[0, ["left", "top", "right", "bottom"]].tolist() == [0, 0, 48, 48]
    assert found.loc[2, "score"] > 0.99
    assert 170 < found.loc[2, "left"] < 206 < 249 < found.loc[2, "right"] < 290
    assert found[list(EMOTIONS)].to_numpy()[::2] == pytest.approx(answers.probabilities, abs=1e-6)
    records = json.loads(found.to_json(orient="records"))
    assert (records[0]["score"], records[0]["label"]) == (None, EMOTIONS[answers.labels[0]])


_written: list[str] | None = None


def _note(event: str, arguments: tuple) -> None:
    # An audit hook cannot be taken off again, so it is told when to listen.
    if _written is not None and event == "open" and isinstance(arguments[0], str | Path) and arguments[2] & 3:
        _written.append(str(arguments[0]))


sys.addaudithook(_note)


def test_an_upload_is_neither_written_nor_logged(open_page, runs, caplog, capfd):
    global _written
    app = open_page("predict")
    caplog.set_level(logging.DEBUG)
    _written = []
    try:
        uploaded(app, ("secret holiday.jpg", PORTRAIT), ("secret text.jpg", b"no picture"))
    finally:
        written, _written = _written, None
    assert [path for path in written if not path.endswith(".pyc") and "__pycache__" not in path] == []
    assert "secret" not in caplog.text + "".join(capfd.readouterr())


@pytest.mark.data
def test_uploads_of_the_test_split_are_right_as_often_as_its_evaluation_says(fer2013_dataset: Dataset, folders):
    """Training and serving preprocess alike: PNG files through the upload's path against stored predictions."""
    from state.found_faces import look

    run = open_run(DASHBOARD.parent / "runs" / "reference-report-cnn")
    stored, detector = run.predictions("test"), Mtcnn()
    images = dict(zip(fer2013_dataset.ids, fer2013_dataset.images, strict=True))
    every = slice(None, None, 28)  # 129 images
    crops = np.concatenate([look(png(images[name]), detector).crops[48, 48] for name in stored.id[every]])
    labels = Predictor.from_run(run).predict(crops).labels
    assert len(labels) == 129
    assert (labels == stored.predicted[every]).sum() >= 128  # and so as often right
