"""Other classes, sizes and colour, from the data set to the model's answers."""

import numpy as np
import pytest
import torch

from fercore.data.transforms import AugmentConfig, Preprocess, augment, luma, mix
from fercore.emotions import EMOTIONS, KNOWN
from fercore.evaluation.elsewhere import open_elsewhere
from fercore.explain.embedding import embed_run
from fercore.explain.features import summarize_run
from fercore.explain.projection import read_embedding
from fercore.explain.summary import read_features
from fercore.fields import ConfigError
from fercore.models.forward import probabilities
from fercore.models.registry import load
from fercore.runs import open_run
from fercore.training import session
from fercore.training.config import fitted, load_recipe
from fercore.training.evaluate import evaluate_run
from tests.factories.data import make_dataset
from tests.training.conftest import TINY

VIT = {"patch_size": 16, "hidden_size": 16, "layers": 1, "heads": 1, "teacher": "", "distillation": 0, "guidance": 0}
CHANGED = AugmentConfig(
    horizontal_flip=0.5, rotation=10, shift=0.1, scale=0.1, brightness=0.2, contrast=0.2, saturation=0.3, hue=0.1
)


@pytest.fixture(scope="module")
def colour(tmp_path_factory):
    return make_dataset(tmp_path_factory.mktemp("colour") / "eight", 3, classes=KNOWN, size=64, channels=3)


@pytest.fixture(scope="module")
def trained(colour, tmp_path_factory):
    config = load_recipe("report-cnn").override(epochs=1, **TINY)
    return session.start(config, colour, tmp_path_factory.mktemp("runs"), "cnn", quiet=True)


def test_a_recipe_is_fitted_to_classes_channels_and_size(colour, dataset):
    config = load_recipe("report-cnn")
    model = fitted(config, colour).model
    assert (model.num_classes, model.in_channels, model.input_size) == (8, 3, 64)
    assert fitted(config, dataset) == config
    assert fitted(config.override(input_size=32, in_channels=3), dataset).model.input_size == 32
    assert fitted(config.override(input_size=48), colour).model.input_size == 48  # asked for, if only as the default is
    assert fitted(config.override(in_channels=3), dataset).model.in_channels == 3


def test_what_does_not_fit_is_told(colour):
    with pytest.raises(ConfigError, match=r"vit .* \(8 classes, images of 64x64 pixels, 3 .*--patch-size: received 6"):
        fitted(load_recipe("vit-compact").override(patch_size=6), colour)


def test_eight_classes_of_64_pixels_in_colour(trained, colour):
    run = open_run(trained.path)
    assert (run.status, run.classes) == ("finished", KNOWN)
    assert run.predictions("test").probabilities.shape == (24, 8)
    assert run.metrics("test")["classes"] == list(KNOWN)
    assert run.info["trained_on"]["dataset"] == "eight"
    assert run.average_faces().shape == (8, 64, 64, 3)
    assert (run.info["preprocess"]["size"], run.info["preprocess"]["channels"]) == (64, 3)
    model = load(run)
    answers = probabilities(model.module, model.preprocess, colour.images[colour.indices("test")])
    np.testing.assert_allclose(answers, run.predictions("test").probabilities, atol=1e-6)


def test_features_and_embedding_have_as_many_classes(trained, colour):
    summarize_run(trained, colour, "val")
    assert read_features(trained, "val").counts.tolist() == [3] * 8
    embed_run(trained, colour, "test")
    assert read_embedding(trained, "test").neighbours.shape == (24, 8)


def test_a_vit_keeps_the_names_of_its_classes(colour, tmp_path):
    config = load_recipe("vit-compact").override(epochs=1, batch_size=16, precision="fp32", **VIT)
    run = session.start(config, colour, tmp_path, "vit", quiet=True)
    assert load(run).module.model.config.id2label == dict(enumerate(KNOWN))
    assert run.predictions("val").probabilities.shape == (24, 8)


def test_a_resumed_training_keeps_what_it_was_fitted_to(colour, tmp_path):
    config = load_recipe("report-cnn").override(epochs=1, **TINY)
    run = session.start(config, colour, tmp_path, "a", quiet=True)
    assert run.info["config"]["model"]["num_classes"] == 8


def test_a_model_of_seven_gray_classes_meets_eight_in_colour(dataset, colour, tmp_path):
    config = load_recipe("report-cnn").override(epochs=1, **TINY)
    run = session.start(config, dataset, tmp_path, "gray", quiet=True)
    metrics = evaluate_run(run, colour, "test")
    assert metrics["not_asked"] == {"contempt": 3}
    assert (metrics["n"], metrics["shared"]) == (21, list(EMOTIONS))
    assert metrics["told"]["accuracy"] == metrics["accuracy"]  # the data have all classes that the model knows
    assert open_elsewhere(run, "eight").metrics("test") == metrics


def test_gray_pixels_are_changed_as_colour_with_equal_channels():
    gray = torch.rand(6, 16, 16, generator=torch.Generator().manual_seed(1))
    config = AugmentConfig(horizontal_flip=0.5, rotation=20, shift=0.1, brightness=0.3, contrast=0.3, erasing=0.5)
    one = augment(gray, config, torch.Generator().manual_seed(0))
    three = augment(gray[:, None].expand(-1, 3, -1, -1), config, torch.Generator().manual_seed(0))
    for channel in range(3):
        torch.testing.assert_close(three[:, channel], one, atol=1e-5, rtol=0)


def test_saturation_and_hue_move_colours_and_keep_their_range():
    images = torch.randint(0, 256, (4, 3, 16, 16), dtype=torch.uint8, generator=torch.Generator().manual_seed(1))
    changed = augment(images, AugmentConfig(saturation=0.5), torch.Generator().manual_seed(0))
    turned = augment(images, AugmentConfig(hue=0.2), torch.Generator().manual_seed(0))
    assert changed.shape == turned.shape == (4, 3, 16, 16)
    assert 0 <= min(changed.min(), turned.min()) <= max(changed.max(), turned.max()) <= 1
    assert not torch.equal(changed, images / 255)
    assert not torch.equal(turned, images / 255)
    assert augment(images, CHANGED, torch.Generator().manual_seed(0)).shape == images.shape


def test_a_gray_model_sees_colour_by_its_luma():
    red = torch.zeros(1, 3, 48, 48)
    red[:, 0] = 1
    seen = Preprocess(mean=0.0, std=1.0)(red)
    torch.testing.assert_close(seen, torch.full((1, 1, 48, 48), 0.299))
    torch.testing.assert_close(luma(torch.ones(1, 3, 2, 2)), torch.ones(1, 1, 2, 2))
    assert Preprocess(size=32, channels=3)(red).shape == (1, 3, 32, 32)


def test_mixed_labels_have_as_many_classes():
    images, labels = torch.rand(4, 3, 8, 8), torch.tensor([0, 1, 2, 9])
    mixed, shares = mix(images, labels, AugmentConfig(mixup=0.4), classes=10)
    assert (mixed.shape, shares.shape) == (images.shape, (4, 10))
