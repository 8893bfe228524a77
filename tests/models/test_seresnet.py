import pytest
import torch
from torch import nn

from fercore.fields import ConfigError
from fercore.models.seresnet import Block, SEResNet, SEResNetConfig


def test_sides_and_widths_of_the_stages():
    model = SEResNet(SEResNetConfig(widths=(8, 16, 24), blocks=(1, 2, 1))).eval()
    features, shapes = model.stem(torch.zeros(2, 1, 48, 48)), []
    for stage in model.stages:
        features = stage(features)
        shapes.append(tuple(features.shape))
    assert shapes == [(2, 8, 24, 24), (2, 16, 12, 12), (2, 24, 6, 6)]
    assert model(torch.zeros(2, 1, 48, 48)).shape == (2, 7)


def test_odd_sides_are_halved_alike_in_branch_and_shortcut():
    assert Block(4, 8, 2, 0, 0.0)(torch.zeros(1, 4, 7, 7)).shape == (1, 8, 4, 4)


def test_a_block_adds_its_branch_to_the_shortcut():
    block = Block(2, 2, 1, 0, 0.0).eval()
    features = torch.tensor([1.0, -5.0]).reshape(1, 2, 1, 1)
    for convolution in (block.branch[0][0], block.branch[1][0]):
        nn.init.dirac_(convolution.weight)  # each passes its input on; batch norm in eval mode changes next to nothing
    # The first activation cuts -5 to 0: 1 + 1 and relu(-5 + 0).
    torch.testing.assert_close(block(features).flatten(), torch.tensor([2.0, 0.0]), atol=1e-4, rtol=0)


def test_attention_weighs_channels_of_the_branch():
    block = Block(4, 4, 1, 2, 0.0).eval()
    nn.init.zeros_(block.branch[2].fc2.weight)
    nn.init.zeros_(block.branch[2].fc2.bias)  # sigmoid(0): every channel counts half
    features = torch.rand(1, 4, 3, 3)
    halved = block(features) - features
    block.branch[2] = nn.Identity()
    torch.testing.assert_close(block.activation(features + 2 * halved), block(features))


def test_branches_are_skipped_more_often_the_deeper_they_are_and_only_in_training():
    model = SEResNet(SEResNetConfig(widths=(8, 8), blocks=(2, 2), drop_path=0.2))
    assert [block.drop_path.p for stage in model.stages for block in stage] == pytest.approx([0.05, 0.1, 0.15, 0.2])
    images = torch.rand(4, 1, 16, 16)
    model.eval()
    assert torch.equal(model(images), model(images))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"widths": (8, 16)}, "--widths and --blocks: received 2 and 4 stages"),
        ({"widths": (), "blocks": ()}, "received 0 and 0 stages"),
        ({"widths": (4,), "blocks": (1,)}, "--widths: received 4"),
        ({"in_channels": 2}, "--in-channels: received 2"),
    ],
)
def test_what_cannot_be_built_is_refused(settings, message):
    with pytest.raises(ConfigError, match=message):
        SEResNetConfig(**settings)
