import pytest
import torch
from torch import nn

from fercore.fields import ConfigError
from fercore.models.plain import Convolution, Plain, PlainConfig, folded
from fercore.models.registry import count_parameters

SMALL = PlainConfig(widths=(8, 16), convolutions=(2, 1))


def stirred(model, seed=0):
    """Weights and statistics of batch normalisation as a training leaves them: all away from where they begin."""
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for part in model.modules():
            if isinstance(part, nn.BatchNorm2d):
                for tensor in (part.weight, part.bias, part.running_mean, part.running_var):
                    tensor.copy_(torch.rand(tensor.shape, generator=generator) + 0.5)
    return model.eval()


def test_sides_and_widths_of_the_stages():
    model = Plain(PlainConfig(widths=(8, 16, 24), convolutions=(1, 2, 1)))
    features, shapes = torch.zeros(2, 1, 48, 48), []
    for convolution in model.features:
        features = convolution(features)
        shapes.append(tuple(features.shape[1:]))
    assert shapes == [(8, 24, 24), (16, 12, 12), (16, 12, 12), (24, 6, 6)]
    assert model(torch.zeros(2, 1, 48, 48)).shape == (2, 7)


def test_only_a_convolution_that_changes_no_shape_has_a_shortcut():
    assert [part.shortcut for part in Plain(SMALL).features] == [False, True, False]


def test_branches_fold_into_one_kernel_by_hand():
    part = Convolution(1, 1, 1, branches=True).eval()
    with torch.no_grad():
        part.main.weight.fill_(1.0)
        part.point.weight.fill_(2.0)
        for norm in (part.norm, part.sum_norm):
            norm.eps = 0.0
        part.norm.weight.fill_(3.0)
        part.sum_norm.running_mean.fill_(4.0)
        part.sum_norm.running_var.fill_(4.0)
        part.sum_norm.bias.fill_(5.0)
    convolution, activation = part.folded()
    # ((3 x main + 2 x point + shortcut) - 4) / 2 + 5: the middle of the kernel is (3 + 2 + 1) / 2.
    expected = torch.full((3, 3), 1.5)
    expected[1, 1] = 3.0
    torch.testing.assert_close(convolution.weight[0, 0], expected)
    assert convolution.bias.tolist() == [3.0]
    assert isinstance(activation, nn.ReLU)


@pytest.mark.parametrize("branches", [True, False])
def test_the_folded_network_answers_the_same_with_fewer_weights(branches):
    torch.manual_seed(0)
    model = stirred(Plain(PlainConfig(widths=(8, 16), convolutions=(2, 2), branches=branches)))
    images = torch.randn(3, 1, 48, 48)
    alone = folded(model)
    torch.testing.assert_close(alone(images), model(images), atol=1e-5, rtol=1e-5)
    assert {type(part).__name__ for part in alone.features.modules()} == {"Sequential", "Conv2d", "ReLU"}
    assert any(isinstance(part, Convolution) for part in model.modules())  # the original is as it was


def test_parameters_are_counted_without_branches():
    kernels = 9 * (1 * 8 + 8 * 8 + 8 * 16)
    biases = 8 + 8 + 16
    assert count_parameters(Plain(SMALL)) == kernels + biases + 16 * 7 + 7


def test_a_model_without_such_parts_is_returned_itself():
    model = nn.Linear(2, 2)
    assert folded(model) is model


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"widths": (8, 16)}, "--widths and --convolutions: received 2 and 4 stages"),
        ({"widths": (), "convolutions": ()}, "received 0 and 0 stages"),
        ({"widths": (4,), "convolutions": (1,)}, "--widths: received 4"),
        ({"in_channels": 2}, "--in-channels: received 2"),
    ],
)
def test_what_cannot_be_built_is_refused(settings, message):
    with pytest.raises(ConfigError, match=message):
        PlainConfig(**settings)
