import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from PIL import Image, ImageOps

from fercore.data.transforms import Preprocess
from fercore.evaluation.confidence import Confidence, run_confidence, scale
from fercore.inference.predictor import Predictor, as_faces, learned_shape
from fercore.models.forward import probabilities
from fercore.models.registry import LoadedModel, load
from fercore.run_files import write_npz
from fercore.runs import Run, RunError
from tests.factories.runs import make_run

FACES = np.random.default_rng(0).integers(0, 256, (5, 48, 48), dtype=np.uint8)


@pytest.fixture
def run(tmp_path) -> Run:
    return make_run(tmp_path, weights=True, n=700, accuracy=0.7, tta=("none", "flip"))


class Brightness(torch.nn.Module):
    """Logits are 0, and of happy the mean gray from 0 to 1; of the leftmost column alone where `left` is set."""

    def __init__(self, left: bool = False, gain: float = 1.0) -> None:
        super().__init__()
        self.left, self.gain = left, gain

    def forward(self, images):
        seen = images[..., :1] if self.left else images
        logits = torch.zeros(len(images), 7)
        logits[:, 3] = self.gain * seen.mean(dim=(1, 2, 3))
        return logits


def predictor(**settings) -> Predictor:
    module = Brightness(settings.pop("left", False), settings.pop("gain", 1.0))
    return Predictor(LoadedModel(module.eval(), Preprocess(mean=0.0, std=1.0)), **settings)


def of_happy(logit):
    return np.exp(logit) / (np.exp(logit) + 6)


def test_a_run_answers_as_its_evaluation_does_scaled_by_its_temperature(run):
    loaded, confidence = load(run), run_confidence(run)
    answers = Predictor.from_run(run.path).predict(FACES)
    expected = scale(probabilities(loaded.module, loaded.preprocess, FACES), confidence.temperature)
    assert answers.probabilities.dtype == np.float32
    assert np.array_equal(answers.probabilities, expected)
    assert np.array_equal(answers.labels, expected.argmax(axis=1))
    assert np.array_equal(answers.sure, expected.max(axis=1) >= confidence.threshold)


def test_flip_takes_the_temperature_of_flipped_predictions(run):
    predictions = run.path / "predictions_val_flip.npz"
    flipped = Predictor.from_run(run, "flip").confidence
    assert flipped == run_confidence(run, "flip") != run_confidence(run, "none")
    predictions.unlink()
    assert Predictor.from_run(run, "flip").confidence == run_confidence(run, "none")


def test_flip_averages_a_face_and_its_mirror_image():
    face = np.zeros((1, 48, 48), np.uint8)
    face[0, :, 0] = 255  # white at the left edge: logit 1, in the mirror image 0
    assert predictor(left=True).predict(face).probabilities[0, 3] == pytest.approx(of_happy(1))
    both = predictor(left=True, tta="flip").predict(face).probabilities[0, 3]
    assert both == pytest.approx((of_happy(1) + of_happy(0)) / 2)


def test_below_the_threshold_it_is_not_sure():
    white_gray_black = np.array([255, 51, 0], np.uint8)[:, None, None].repeat(48, axis=1).repeat(48, axis=2)
    confidence = Confidence(temperature=0.5, threshold=of_happy(2 * 0.2))  # logits are doubled
    answers = predictor(confidence=confidence).predict(white_gray_black)
    assert answers.probabilities[:, 3] == pytest.approx([of_happy(2), of_happy(0.4), of_happy(0)])
    assert answers.sure.tolist() == [True, True, False]


def test_without_a_threshold_it_counts_as_sure():
    assert predictor().predict(np.zeros((2, 48, 48), np.uint8)).sure.tolist() == [True, True]


def test_faces_of_any_size_are_squared_and_scaled():
    crops = [FACES[0], np.full((30, 90), 255, np.uint8), np.arange(200 * 100).reshape(200, 100).astype(np.uint8)]
    fitted = [ImageOps.fit(Image.fromarray(crop), (48, 48), Image.Resampling.LANCZOS) for crop in crops[1:]]
    expected = predictor().predict(np.stack([FACES[0], *map(np.asarray, fitted)]))
    assert np.array_equal(predictor().predict(crops).probabilities, expected.probabilities)


def test_no_faces_give_no_answers():
    answers = predictor().predict(np.empty((0, 48, 48), np.uint8))
    assert answers.probabilities.shape == (0, 7)
    assert len(answers.labels) == len(answers.sure) == 0


@pytest.mark.parametrize(
    ("crops", "received"),
    [
        (np.zeros((1, 48, 48)), r"face 0: received float64 \(48, 48\)"),
        (np.zeros((1, 48, 48, 3), np.uint8), r"face 0: received uint8 \(48, 48, 3\)"),
        ([FACES[0], np.zeros((0, 5), np.uint8)], r"face 1: received uint8 \(0, 5\)"),
        (["a"], "face 0: received str"),
    ],
)
def test_what_is_no_face_is_refused(crops, received):
    with pytest.raises(ValueError, match=received):
        predictor().predict(crops)


def test_an_unknown_augmentation_is_refused():
    with pytest.raises(ValueError, match="'ten crops', expected one of none, flip"):
        predictor(tta="ten crops")


def test_a_model_that_answers_no_number_is_an_error():
    with pytest.raises(RunError, match="something that is no number"):
        predictor(gain=float("nan")).predict(FACES)


def test_threads_get_what_one_thread_gets(run):
    shared = Predictor.from_run(run)
    batches = [FACES[:1], FACES, FACES[2:4]] * 5
    alone = [shared.predict(batch).probabilities for batch in batches]
    with ThreadPoolExecutor(4) as pool:
        together = list(pool.map(lambda batch: shared.predict(batch).probabilities, batches))
    assert all(np.array_equal(one, other) for one, other in zip(alone, together, strict=True))


def test_no_run_and_no_weights_are_told(tmp_path):
    with pytest.raises(RunError, match="there is no run folder"):
        Predictor.from_run(tmp_path / "absent")
    with pytest.raises(RunError, match="has no weights"):
        Predictor.from_run(make_run(tmp_path, "bare"))


def test_a_run_that_may_have_seen_the_split_is_not_scaled_by_it(run):
    info = json.loads((run.path / "run.json").read_text())
    info["trained_on"]["splits"] = ["train", "val"]
    (run.path / "run.json").write_text(json.dumps(info))
    assert Predictor.from_run(run.path).confidence is None


def test_faces_have_the_size_and_colours_that_the_model_learned_from():
    shapes = []

    class Told(torch.nn.Module):
        def forward(self, pixels):
            shapes.append(tuple(pixels.shape))
            return torch.zeros(len(pixels), 7)

    loaded = LoadedModel(Told().eval(), Preprocess(size=64, channels=3, mean=0.0, std=1.0))
    colour = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3), dtype=np.uint8)
    Predictor(loaded, shape=(64, 64, 3)).predict(colour)
    assert shapes == [(2, 3, 64, 64)]
    assert np.array_equal(as_faces(colour, (64, 64, 3)), colour)
    gray = colour[..., 0]
    assert np.array_equal(as_faces(gray, (64, 64, 3)), np.repeat(gray[..., None], 3, axis=3))
    with pytest.raises(ValueError, match=r"received uint8 \(64, 64, 3\), expected a gray picture"):
        as_faces(colour)


def test_a_run_says_what_its_faces_look_like(tmp_path):
    run = make_run(tmp_path, "a", weights=True)
    assert learned_shape(run) == Predictor.from_run(run).shape == (48, 48)
    write_npz(run.path / "average_faces.npz", faces=np.zeros((7, 64, 64, 3), np.uint8))
    assert Predictor.from_run(run).shape == (64, 64, 3)
    (run.path / "average_faces.npz").unlink()
    assert learned_shape(run) == (48, 48)
