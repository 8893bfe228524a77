"""Layers carry people's names and are read where their activation function has been applied."""

import pytest
import torch
from torch import nn

from fercore.explain.hooks import captured
from fercore.explain.layers import Layer, layers
from fercore.models.cnn import CNN, CNNConfig
from fercore.models.hub import HubClassifier, import_transformers
from fercore.models.plain import Plain, PlainConfig, folded
from fercore.models.resnet import ResNet18Config, build_resnet18
from fercore.models.seresnet import SEResNet, SEResNetConfig
from fercore.models.vit import ViTConfig, build_vit


def test_the_report_s_network():
    found = layers(CNN(CNNConfig(first_filters=2, conv_layers=2, pool_layers=1, dense=(4,), input_size=8)))
    assert found == [
        Layer("convolution 1", "features.0.2", "after ReLU", filters="features.0.0"),
        Layer("convolution 2", "features.1.2", "after ReLU", filters="features.1.0"),
        Layer("dense 1", "classifier.2", "after ReLU"),
        Layer("output", "classifier.4", "before softmax"),
    ]


def test_a_layer_without_activation_function_is_read_with_its_sign():
    convolution, *_ = layers(nn.Sequential(nn.Conv2d(1, 1, 1), nn.Conv2d(1, 1, 1), nn.ReLU(), nn.Flatten()))
    assert (convolution.response, convolution.read) == ("0", "as it leaves the layer, with its sign")


@pytest.fixture(scope="module")
def resnet():
    return build_resnet18(ResNet18Config()).eval()


def test_a_resnet_18_has_its_eighteen_layers(resnet):
    found = layers(resnet)
    assert [layer.name for layer in found] == [*(f"convolution {n}" for n in range(1, 18)), "output"]
    kinds = {layer.filters: (layer.response, layer.rectify) for layer in found if layer.filters}
    assert kinds["conv1"] == ("relu", False)
    assert kinds["layer2.0.conv1"] == ("layer2.0.bn1", True)
    assert kinds["layer2.0.conv2"] == ("layer2.0", False)


def test_rectified_batch_norm_is_what_the_next_convolution_of_a_block_gets(resnet):
    taken = []
    handle = resnet.layer3[0].conv2.register_forward_pre_hook(lambda module, inputs: taken.append(inputs[0].clone()))
    with torch.inference_mode(), captured(resnet, ["layer3.0.bn1"]) as found:
        resnet(torch.rand(1, 1, 48, 48, generator=torch.Generator().manual_seed(0)))
    handle.remove()
    assert torch.equal(found["layer3.0.bn1"].relu(), taken[0])


def test_a_network_with_channel_attention_has_its_3x3_convolutions_only():
    model = SEResNet(SEResNetConfig(widths=(8, 16), blocks=(1, 1))).eval()
    found = layers(model)
    assert [layer.name for layer in found] == [*(f"convolution {n}" for n in range(1, 7)), "output"]
    assert all(model.get_submodule(layer.filters).kernel_size == (3, 3) for layer in found[:-1])
    taken = []
    handle = model.stages[0][0].branch[1].register_forward_pre_hook(lambda module, inputs: taken.append(inputs[0]))
    with torch.inference_mode(), captured(model, [*(layer.response for layer in found), "stages"]) as outputs:
        logits = model(torch.rand(1, 1, 48, 48, generator=torch.Generator().manual_seed(0)))
    handle.remove()
    assert torch.equal(outputs[found[2].response], taken[0])
    assert torch.equal(outputs[found[5].response], outputs["stages"])
    assert torch.equal(outputs["output"], logits)


def test_a_network_that_folds_has_its_convolutions_as_it_answers():
    model = folded(Plain(PlainConfig(widths=(8, 16), convolutions=(2, 1))))
    found = layers(model)
    assert [layer.name for layer in found] == ["convolution 1", "convolution 2", "convolution 3", "output"]
    assert {layer.read for layer in found[:-1]} == {"after ReLU"}
    with torch.inference_mode(), captured(model, [layer.response for layer in found], keep=lambda o: o.shape) as shapes:
        model(torch.zeros(1, 1, 48, 48))
    assert list(shapes.values()) == [(1, 8, 24, 24), (1, 8, 24, 24), (1, 16, 12, 12), (1, 7)]


def test_a_vision_transformer_has_patches_blocks_and_output():
    model = build_vit(ViTConfig(patch_size=8, hidden_size=8, layers=2, heads=2, input_size=16)).eval()
    found = layers(model)
    assert [layer.name for layer in found] == ["patch embedding", "block 1", "block 2", "output"]
    assert [layer.filters is not None for layer in found] == [True, False, False, False]
    with torch.inference_mode(), captured(model, [layer.response for layer in found], keep=lambda o: o.shape) as shapes:
        model(torch.zeros(1, 1, 16, 16))
    assert list(shapes.values()) == [(1, 8, 2, 2), (1, 5, 8), (1, 5, 8), (1, 7)]


def test_a_foreign_network_has_its_first_convolution_and_its_stages():
    transformers = import_transformers()
    config = transformers.ResNetConfig(hidden_sizes=[8, 16], depths=[1, 1], embedding_size=8, layer_type="basic")
    config.num_labels = 7
    model = HubClassifier(transformers.ResNetForImageClassification(config)).eval()
    found = layers(model)
    assert [layer.name for layer in found] == ["convolution 1", "block 1", "block 2", "output"]
    with torch.inference_mode(), captured(model, [layer.response for layer in found], keep=lambda o: o.shape) as shapes:
        model(torch.zeros(1, 3, 48, 48))
    assert list(shapes.values()) == [(1, 8, 24, 24), (1, 8, 12, 12), (1, 16, 6, 6), (1, 7)]
