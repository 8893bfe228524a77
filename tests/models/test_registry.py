import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from fercore.data.transforms import Preprocess
from fercore.fields import ConfigError
from fercore.models.cnn import CNN, CNNConfig
from fercore.models.forward import probabilities
from fercore.models.plain import PlainConfig
from fercore.models.registry import build, count_parameters, load, save_model
from fercore.runs import RunError
from tests.factories.runs import make_run

SMALL = CNNConfig(first_filters=4, conv_layers=2, pool_layers=2, dense=(8,))


@pytest.fixture
def run(tmp_path):
    run = make_run(tmp_path, "small")
    torch.manual_seed(0)
    save_model(run.path, "cnn", SMALL, CNN(SMALL).state_dict(), Preprocess(mean=0.4))
    return run


def test_saved_and_loaded_weights_are_the_same_to_fp16(run):
    torch.manual_seed(0)
    original, loaded = CNN(SMALL).state_dict(), load(run)
    assert loaded.preprocess == Preprocess(mean=0.4)
    assert not loaded.module.training
    stored = load_file(run.path / "model.safetensors")
    assert stored["features.0.0.weight"].dtype == torch.float16
    assert stored["features.0.1.running_var"].dtype == torch.float32
    for name, tensor in loaded.module.state_dict().items():
        expected = original[name].half().float() if original[name].ndim > 1 else original[name]
        assert torch.equal(tensor, expected), name
    assert count_parameters(loaded.module) == count_parameters(CNN(SMALL))


def test_branches_are_stored_and_folded_away_when_loaded(tmp_path):
    run, config = make_run(tmp_path, "folding"), PlainConfig(widths=(8, 16), convolutions=(2, 1))
    torch.manual_seed(0)
    trained = build("plain", config).eval()
    save_model(run.path, "plain", config, trained.state_dict(), Preprocess())
    assert "features.0.point.weight" in load_file(run.path / "model.safetensors")
    loaded = load(run).module
    assert not any(name.endswith("point.weight") for name in loaded.state_dict())
    images = torch.rand(2, 1, 48, 48)
    torch.testing.assert_close(loaded(images), trained(images), atol=1e-3, rtol=1e-3)  # of weights in fp16


def test_an_unknown_model_type_is_refused():
    with pytest.raises(ConfigError, match="received 'transformer9', expected one of cnn"):
        build("transformer9", SMALL)


def test_a_run_without_weights_says_so(tmp_path):
    run = make_run(tmp_path, "bare")
    (run.path / "model.safetensors").unlink(missing_ok=True)
    with pytest.raises(RunError, match="bare has no weights"):
        load(run)


def damage_weights(folder):
    (folder / "model.safetensors").write_bytes(b"\xff" * 64)


def other_weights(folder):
    save_file({"x": torch.zeros(3)}, folder / "model.safetensors")


def huge_model(folder):
    content = json.loads((folder / "config.json").read_text())
    content["model"]["dense"] = [8192, 8192, 8192]
    (folder / "config.json").write_text(json.dumps(content))


def other_classes(folder):
    content = json.loads((folder / "config.json").read_text())
    content["classes"].reverse()
    (folder / "config.json").write_text(json.dumps(content))


def no_config(folder):
    (folder / "config.json").unlink()


@pytest.mark.parametrize("harm", [damage_weights, other_weights, huge_model, other_classes, no_config])
def test_a_hostile_or_damaged_model_is_refused_in_words(run, harm):
    harm(run.path)
    with pytest.raises(RunError, match="the model cannot be loaded"):
        load(run)


def test_probabilities_do_not_depend_on_the_batch_and_flip_is_an_average(run):
    model = load(run)
    images = np.random.default_rng(0).integers(0, 256, (5, 48, 48), dtype=np.uint8)
    together = probabilities(model.module, model.preprocess, images)
    assert together.shape == (5, 7)
    assert together.dtype == np.float32
    np.testing.assert_allclose(together.sum(axis=1), 1, atol=1e-6)
    singly = probabilities(model.module, model.preprocess, images, batch_size=1)
    np.testing.assert_allclose(singly, together, atol=1e-6)
    mirrored = probabilities(model.module, model.preprocess, images[:, :, ::-1])
    flipped = probabilities(model.module, model.preprocess, images, tta="flip")
    np.testing.assert_allclose(flipped, (together + mirrored) / 2, atol=1e-6)


@pytest.mark.parametrize("images", [np.zeros((2, 48, 48), np.float32), np.zeros((48, 48), np.uint8)])
def test_other_arrays_than_gray_bytes_are_refused(run, images):
    model = load(run)
    with pytest.raises(ValueError, match="expected uint8 images"):
        probabilities(model.module, model.preprocess, images)
