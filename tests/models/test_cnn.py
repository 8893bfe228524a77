import pytest
import torch
from torch import nn

from fercore.fields import ConfigError
from fercore.models.cnn import CNN, CNNConfig


def test_the_reports_final_model():
    config = CNNConfig()
    assert config.filters == (64, 128, 256, 512)
    assert config.sizes == (48, 24, 12, 6, 6)
    model = CNN(config)
    kinds = [type(layer).__name__ for block in model.features for layer in block]
    assert kinds == ["Conv2d", "BatchNorm2d", "ReLU", "MaxPool2d", "Dropout2d"] * 3 + [
        "Conv2d",
        "BatchNorm2d",
        "ReLU",
        "Dropout2d",
    ]
    convolutions = 9 * (1 * 64 + 64 * 128 + 128 * 256 + 256 * 512)
    norms = 2 * (64 + 128 + 256 + 512)
    dense = (512 * 36 * 512 + 512) + (512 * 256 + 256) + (256 * 7 + 7)
    assert sum(p.numel() for p in model.parameters()) == convolutions + norms + dense == 11_121_607
    dropouts = [m.p for m in model.modules() if isinstance(m, (nn.Dropout, nn.Dropout2d))]
    assert dropouts == [0.2] * 6


def test_every_setting_reaches_the_layers():
    config = CNNConfig(
        activation="gelu",
        kernel_size=5,
        first_filters=4,
        conv_layers=2,
        pool_kernel=3,
        pool_layers=1,
        dropout_conv=0.1,
        dropout_dense=0.3,
        batch_norm=False,
        dense=(6,),
        in_channels=3,
        input_size=24,
        num_classes=5,
    )
    model = CNN(config)
    first, second = model.features
    assert (first[0].in_channels, first[0].out_channels, first[0].kernel_size) == (3, 4, (5, 5))
    assert [type(layer) for layer in first] == [nn.Conv2d, nn.GELU, nn.MaxPool2d, nn.Dropout2d]
    assert first[0].bias is not None
    assert first[2].kernel_size == 3
    assert [type(layer) for layer in second] == [nn.Conv2d, nn.GELU, nn.Dropout2d]
    assert (second[2].p, model.classifier[3].p) == (0.1, 0.3)
    assert model.classifier[1].in_features == 8 * 8 * 8
    assert model(torch.zeros(2, 3, 24, 24)).shape == (2, 5)


def test_a_network_small_enough_to_compute_by_hand():
    model = CNN(CNNConfig(kernel_size=1, first_filters=1, conv_layers=1, pool_layers=1, dense=(), input_size=8)).eval()
    convolution = model.features[0][0]
    with torch.no_grad():
        convolution.weight.fill_(2.0)
        model.classifier[1].weight.zero_()
        model.classifier[1].weight[3].fill_(1.0)
        model.classifier[1].bias.copy_(torch.arange(7.0))
    image = torch.full((1, 1, 8, 8), -1.0)
    image[0, 0, 0, 0], image[0, 0, 5, 5] = 3.0, 0.5
    # Times 2, batch norm at its start (mean 0, variance 1, eps 1e-5), ReLU, the maximum of each 2x2: 6 and 1 remain.
    expected = torch.arange(7.0)
    expected[3] += (6.0 + 1.0) / (1 + 1e-5) ** 0.5
    torch.testing.assert_close(model(image)[0], expected)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"kernel_size": 4}, "--kernel-size: received 4, expected an odd number"),
        ({"in_channels": 2}, "--in-channels: received 2, expected 1 or 3"),
        ({"dropout_conv": 1.0}, "--dropout-conv: received 1.0"),
        ({"activation": "sine"}, "--activation: received 'sine', expected one of relu"),
        ({"first_filters": 1024, "conv_layers": 8}, "gives 131072 filters, expected at most 4096"),
        (
            {"conv_layers": 6, "pool_layers": 6, "first_filters": 8},
            "pools the image away: side 48 -> 24 -> 12 -> 6 -> 3 -> 1 -> 0 pixels; lower --pool-layers",
        ),
    ],
)
def test_what_cannot_be_built_is_refused(values, message):
    with pytest.raises(ConfigError) as error:
        CNNConfig(**values)
    assert message in str(error.value)
