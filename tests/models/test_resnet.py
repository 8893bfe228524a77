import hashlib

import pytest
import torch
from safetensors.torch import save_file
from torchvision.models import resnet18

from fercore.fields import ConfigError
from fercore.models import resnet
from fercore.models.resnet import ResNet18Config, build_resnet18, load_first_weights
from fercore.runs import OWN_FILE


@pytest.fixture(scope="module")
def imagenet(tmp_path_factory):
    """A file in the form of torchvision's, with random numbers in it."""
    torch.manual_seed(1)
    path = tmp_path_factory.mktemp("weights") / "resnet18.pth"
    torch.save(resnet18(num_classes=1000).state_dict(), path)
    return path


@pytest.mark.parametrize(
    ("stem", "channels", "layer1"), [("3x3", 1, 24), ("3x3", 3, 24), ("7x7", 1, 12), ("7x7", 3, 12)]
)
def test_stems_and_channels(stem, channels, layer1):
    model = build_resnet18(ResNet18Config(stem=stem, in_channels=channels)).eval()
    inputs = torch.zeros(2, channels, 48, 48)
    assert model(inputs).shape == (2, 7)
    assert model.maxpool(model.conv1(inputs)).shape == (2, 64, layer1, layer1)
    assert all((block.bn2.weight == 1).all() for block in model.layer1)


def test_a_gray_stem_answers_as_the_colour_stem(imagenet):
    gray, colour = (build_resnet18(ResNet18Config(stem="7x7", in_channels=n)).eval() for n in (1, 3))
    for model, channels in ((gray, 1), (colour, 3)):
        config = ResNet18Config(weights=str(imagenet), stem="7x7", in_channels=channels)
        assert load_first_weights(model, config) == f"{OWN_FILE}resnet18.pth"
    image = torch.randn(1, 1, 48, 48, generator=torch.Generator().manual_seed(0))
    gray.fc, colour.fc = torch.nn.Identity(), torch.nn.Identity()
    torch.testing.assert_close(gray(image), colour(image.expand(-1, 3, -1, -1)), atol=1e-4, rtol=1e-4)


def test_a_3x3_stem_and_the_output_stay_random_and_the_rest_is_loaded(imagenet):
    config = ResNet18Config(weights=str(imagenet), dropout=0.5)
    model = build_resnet18(config)
    stem, output = model.conv1.weight.clone(), model.fc[1].weight.clone()
    load_first_weights(model, config)
    assert torch.equal(model.conv1.weight, stem)
    assert torch.equal(model.fc[1].weight, output)
    expected = torch.load(imagenet, weights_only=True)
    assert torch.equal(model.layer3[0].conv2.weight, expected["layer3.0.conv2.weight"])
    assert torch.equal(model.bn1.running_mean, expected["bn1.running_mean"])


def test_safetensors_files_serve_as_well(imagenet, tmp_path):
    save_file(torch.load(imagenet, weights_only=True), tmp_path / "w.safetensors")
    model = build_resnet18(ResNet18Config())
    assert load_first_weights(model, ResNet18Config(weights=str(tmp_path / "w.safetensors"))) == "file w.safetensors"


def test_torchvisions_own_file_counts_as_imagenet(imagenet, monkeypatch):
    assert resnet.SHA256 == "f37072fd"
    monkeypatch.setattr(resnet, "SHA256", hashlib.sha256(imagenet.read_bytes()).hexdigest()[:8])
    found = load_first_weights(build_resnet18(ResNet18Config()), ResNet18Config(weights=str(imagenet)))
    assert found == "ImageNet-1k, torchvision ResNet18_Weights.IMAGENET1K_V1"


def test_offline_the_message_names_the_two_ways_on(monkeypatch):
    def unreachable(*_, **__):
        raise OSError("no network")

    monkeypatch.setattr("torch.hub.load_state_dict_from_url", unreachable)
    monkeypatch.setattr("torchvision.models._api.load_state_dict_from_url", unreachable)
    with pytest.raises(ConfigError) as error:
        load_first_weights(build_resnet18(ResNet18Config()), ResNet18Config(weights="imagenet"))
    assert resnet.WEIGHTS.url in str(error.value)
    assert "--weights FILE" in str(error.value)
    assert "--weights none" in str(error.value)


class Evil:
    def __reduce__(self):
        return print, ("unpickled",)


def test_files_that_will_not_do(tmp_path, capsys):
    model, path = build_resnet18(ResNet18Config()), tmp_path / "x.pth"

    def refused(words):
        with pytest.raises(ConfigError, match=words):
            load_first_weights(model, ResNet18Config(weights=str(path)))

    refused("expected none, imagenet, or the path of a file")
    path.write_bytes(b"nonsense")
    refused("cannot be read as torchvision weights")
    torch.save({"conv1.weight": Evil()}, path)
    refused("cannot be read as torchvision weights")
    assert "unpickled" not in capsys.readouterr().out
    torch.save({"conv1.weight": torch.zeros(64, 3, 3, 3)}, path)
    refused(r"conv1.weight of \(64, 3, 3, 3\), expected \(64, 3, 7, 7\)")
    torch.save({"conv1.weight": torch.zeros(64, 3, 7, 7), "x": torch.zeros(1)}, path)
    refused("no ResNet-18 of torchvision; missing .*bn1.weight")
