"""Networks of timm as models of ours, on the tiny ones that timm has for tests."""

import sys

import pytest
import timm
import torch
from safetensors.torch import load_file, save_file

from fercore.evaluation.contamination import contamination
from fercore.explain.cam import cam_layers, grad_cam
from fercore.explain.layers import layers
from fercore.export.files import export_run
from fercore.fields import ConfigError
from fercore.models import timm_models
from fercore.models.registry import build, load, preprocess_of, pretrain, save_model
from fercore.models.timm_models import TimmConfig
from fercore.runs import RunError, open_run
from fercore.training import session
from fercore.training.config import load_recipe, with_model
from tests.factories.data import make_dataset
from tests.factories.runs import make_run

CONVOLUTIONS, TRANSFORMER = "test_convnext", "test_vit"


@pytest.fixture
def weights(tmp_path):
    """A file of the convolutional network with timm's 1000 classes."""
    torch.manual_seed(5)
    path = tmp_path / "pretrained.safetensors"
    save_file(timm.create_model(CONVOLUTIONS).state_dict(), path)
    return path


def test_a_network_brings_its_own_size_and_colours():
    config = TimmConfig("convnext_tiny.in12k_ft_in1k")
    assert (config.input_size, config.in_channels) == (224, 3)
    preprocess = preprocess_of(config)
    assert preprocess.mean == pytest.approx((0.485, 0.456, 0.406))
    images = torch.full((1, 48, 48), 255, dtype=torch.uint8)
    inputs = preprocess(images)
    assert inputs.shape == (1, 3, 224, 224)
    assert inputs[0, :, 0, 0].tolist() == pytest.approx([(1 - 0.485) / 0.229, (1 - 0.456) / 0.224, (1 - 0.406) / 0.225])
    gray = preprocess_of(TimmConfig("convnext_tiny", in_channels=1, input_size=64))
    assert (gray.mean, gray(images).shape) == (pytest.approx((0.485 + 0.456 + 0.406) / 3), (1, 1, 64, 64))


@pytest.mark.parametrize("network", [CONVOLUTIONS, TRANSFORMER])
def test_a_stored_network_answers_as_it_did(tmp_path, network):
    run, config = make_run(tmp_path, "a"), TimmConfig(network, input_size=64, in_channels=1, num_classes=7)
    torch.manual_seed(0)
    module = build("timm", config).eval()
    save_model(run.path, "timm", config, module.state_dict(), preprocess_of(config))
    loaded = load(run)
    assert loaded.preprocess == preprocess_of(config)
    images = torch.rand(2, 1, 64, 64)
    torch.testing.assert_close(loaded.module(images), module(images), atol=5e-3, rtol=5e-3)  # of weights in fp16


def test_a_file_gives_all_but_the_classifier_and_sums_the_colours_for_gray(weights):
    config = TimmConfig(CONVOLUTIONS, weights=str(weights), in_channels=1, input_size=64)
    torch.manual_seed(0)
    module = build("timm", config)
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    assert pretrain(module, config) == "file pretrained.safetensors"
    stored, after = load_file(weights), module.state_dict()
    torch.testing.assert_close(after["stem.0.weight"], stored["stem.0.weight"].sum(1, keepdim=True))
    for name, tensor in after.items():
        expected = before[name] if name.startswith("head.fc.") else stored[name]
        if name != "stem.0.weight":
            assert torch.equal(tensor, expected), name


@pytest.mark.slow
def test_a_training_records_what_it_began_with(weights, tmp_path):
    dataset = make_dataset(tmp_path / "d")
    settings = {"weights": str(weights), "input_size": 32, "epochs": 1, "batch_size": 16, "precision": "fp32"}
    config = with_model(load_recipe("resnet18"), f"timm:{CONVOLUTIONS}").override(**settings)
    run = session.start(config, dataset, tmp_path / "runs", "a", quiet=True)
    assert run.info["config"]["model"]["network"] == CONVOLUTIONS
    assert run.info["preprocess"]["size"] == 32
    assert run.info["trained_on"]["pretraining"] == "file pretrained.safetensors"
    assert contamination(open_run(run.path), "test") == "unknown"
    model = load(run)
    assert layers(model.module)[-1].name == "output"
    assert len(cam_layers(model.module)) > 3
    heat = grad_cam(model, dataset.images[0], 0)
    assert heat.shape == (48, 48)
    assert export_run(run, "onnx", tmp_path / "out")
    with pytest.raises(RunError, match=r"a network of timm, .* export it with --format onnx or torchscript"):
        export_run(run, "huggingface", tmp_path / "hub")
    assert not (tmp_path / "hub").exists()


def test_weights_from_the_hub_are_asked_for_as_safetensors(weights, monkeypatch):
    asked = []

    def download(repository, file):
        asked.append((repository, file))
        return str(weights)

    monkeypatch.setattr("huggingface_hub.hf_hub_download", download)
    config = TimmConfig(f"{CONVOLUTIONS}.r160_in1k", weights="imagenet", input_size=64)
    assert pretrain(build("timm", config), config) == f"ImageNet, timm {CONVOLUTIONS}.r160_in1k"
    assert asked == [(f"timm/{CONVOLUTIONS}.r160_in1k", "model.safetensors")]

    def unreachable(*_):
        raise OSError("no route to host")

    monkeypatch.setattr("huggingface_hub.hf_hub_download", unreachable)
    with pytest.raises(ConfigError, match=r"cannot be had from the Hugging Face hub .no route to host.*--weights FILE"):
        pretrain(build("timm", config), config)


def test_files_that_could_run_code_or_hold_another_network_are_refused(weights, tmp_path):
    pickle = tmp_path / "weights.pth"
    torch.save({}, pickle)
    config = TimmConfig(CONVOLUTIONS, weights=str(pickle), input_size=64)
    with pytest.raises(ConfigError, match=r"expected none, imagenet, or the path of a \.safetensors file"):
        pretrain(build("timm", config), config)
    config = TimmConfig(TRANSFORMER, weights=str(weights), input_size=64)
    with pytest.raises(ConfigError, match=f"holds no {TRANSFORMER}; missing are"):
        pretrain(build("timm", config), config)
    weights.write_bytes(b"nothing")
    config = TimmConfig(CONVOLUTIONS, weights=str(weights), input_size=64)
    with pytest.raises(ConfigError, match="cannot be read as safetensors"):
        pretrain(build("timm", config), config)


@pytest.mark.parametrize("network", ["convnext_huge9", "hf-hub:somebody/something", "local-dir:/tmp"])
def test_a_network_that_timm_lacks_is_refused(network):
    with pytest.raises(ConfigError, match="timm has no network"):
        TimmConfig(network)
    with pytest.raises(ConfigError, match="timm has no network"):  # of a stranger's run that names a size: no request
        build("timm", TimmConfig(network, input_size=48))


@pytest.mark.parametrize("model", ["convnext_tiny", "timm:", "torch:resnet18"])
def test_model_takes_a_network_of_timm(model):
    with pytest.raises(ConfigError, match=r"--model: received .*, expected timm:NAME"):
        with_model(load_recipe("best"), model)


def test_without_timm_its_command_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "timm", None)
    with pytest.raises(ConfigError, match=r"timm is not installed; install it with: pip install \"fercore\[timm\]\""):
        timm_models.TimmConfig("resnet18")
