"""Grad-CAM and HiResCAM equal their formulas where those can be worked out by hand."""

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

from fercore.explain.cam import cam_layers, grad_cam, hires_cam
from fercore.models.registry import LoadedModel
from fercore.models.resnet import ResNet18Config, build_resnet18
from tests.explain.conftest import PIXELS

CORNERS = np.ix_([0, 47], [0, 47])  # a pixel in a corner is nearer to its cell's centre than to any other cell


def test_grad_cam_on_a_hand_weighted_net(two_maps, quarters):
    # The gradient of the logit by the maps is the head's weights: mean 2.5 over the first map, -1 over the second.
    # The maps are (0, 0.2, 0.4, 1) and (0.5, 0.3, 0.1, 0): 2.5 * first - second = (-0.5, 0.2, 0.9, 2.5), rectified.
    found = grad_cam(two_maps, quarters, target=2)
    assert (found.shape, found.dtype) == ((48, 48), np.float32)
    assert found[CORNERS] == pytest.approx(np.array([[0, 0.2], [0.9, 2.5]]), rel=1e-4)
    # Halfway between the cells of the lower row, bilinearly: pixels 23 and 24 lie 1/48 beside the middle.
    assert found[47, 23:25] == pytest.approx(1.7 + np.array([-1, 1]) * 1.6 / 48, rel=1e-4)


def test_hires_cam_on_the_same_net(two_maps, quarters):
    # Cell by cell the head's weights times the maps: 1 * 0 - 4 * 0.5, then 2 * 0.2, 3 * 0.4 and 4 * 1.
    found = hires_cam(two_maps, quarters, target=2)
    assert (found.shape, found.dtype) == ((48, 48), np.float32)
    assert found[CORNERS] == pytest.approx(np.array([[-2, 0.4], [1.2, 4]]), rel=1e-4)
    # The cells sum to the logit but for the bias.
    head = two_maps.module[1][1]
    with torch.no_grad():
        logit = two_maps.module(PIXELS(torch.from_numpy(quarters)[None]))[0, 2]
    assert found[CORNERS].sum() == pytest.approx((logit - head.bias[2]).item(), rel=1e-4)


def test_a_class_that_nothing_speaks_for_has_an_empty_map(two_maps, quarters):
    assert not grad_cam(two_maps, quarters, target=0).any()


def test_a_layer_is_read_after_its_activation_function(two_maps, quarters):
    assert cam_layers(two_maps.module) == {"convolution 1": "0.1"}
    assert np.array_equal(grad_cam(two_maps, quarters, 2, "convolution 1"), grad_cam(two_maps, quarters, 2))
    with pytest.raises(ValueError, match=r"received the layer '0\.0', expected one of convolution 1"):
        grad_cam(two_maps, quarters, 2, "0.0")


def by_the_formula(maps, rest, target):
    """Selvaraju et al., equations 1 and 2, then bilinear enlargement; `rest` is the model after the maps."""
    maps = maps.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(rest(maps)[0, target], maps)
    weights = gradient.mean(dim=(2, 3))[0]
    coarse = torch.einsum("k,khw->hw", weights, maps[0]).relu()
    return F.interpolate(coarse[None, None], (48, 48), mode="bilinear")[0, 0].detach().numpy()


@pytest.mark.parametrize("number", range(4))
def test_any_layer_of_the_reports_cnn(shipped, average_faces, number):
    assert list(cam_layers(shipped.module)) == [f"convolution {n}" for n in (1, 2, 3, 4)]
    flat = nn.Sequential(*(layer for block in shipped.module.features for layer in block), shipped.module.classifier)
    after = 5 * number + 3  # of five layers a block, three are convolution, normalisation and ReLU
    maps = flat[:after](shipped.preprocess(torch.from_numpy(average_faces[0])[None]))
    expected = by_the_formula(maps, flat[after:], 2)
    found = grad_cam(shipped, average_faces[0], 2, f"convolution {number + 1}")
    assert found == pytest.approx(expected, rel=1e-3, abs=1e-5 * float(expected.max()))
    assert expected.any()


def test_the_last_convolution_is_the_default(shipped, average_faces):
    last = grad_cam(shipped, average_faces[2], 2, "convolution 4")
    assert np.array_equal(grad_cam(shipped, average_faces[2], 2), last)
    assert not np.array_equal(grad_cam(shipped, average_faces[2], 2, "convolution 3"), last)


def test_a_resnet_changes_its_maps_in_place_and_is_explained_all_the_same(quarters):
    torch.manual_seed(0)
    model = build_resnet18(ResNet18Config()).eval()
    stages = [f"layer{stage}.{block}" for stage in (1, 2, 3, 4) for block in (0, 1)]
    assert list(cam_layers(model).values()) == ["relu", *stages]
    *body, pool, dense = model.children()
    maps = nn.Sequential(*body)(PIXELS(torch.from_numpy(quarters)[None]))
    expected = by_the_formula(maps, nn.Sequential(pool, nn.Flatten(), dense), 3)
    assert grad_cam(LoadedModel(model, PIXELS), quarters, 3) == pytest.approx(expected, rel=1e-3, abs=1e-6)
    assert expected.any()
    # What is averaged over places and then weighed has the same gradient everywhere.
    coarse = torch.einsum("k,khw->hw", dense.weight[3] / 9, maps[0])
    same = F.interpolate(coarse[None, None], (48, 48), mode="bilinear")[0, 0].detach().numpy()
    assert hires_cam(LoadedModel(model, PIXELS), quarters, 3) == pytest.approx(same, rel=1e-3, abs=1e-6)


def test_a_model_without_convolutions_is_refused(quarters):
    dense = LoadedModel(nn.Sequential(nn.Flatten(), nn.Linear(48 * 48, 7)), PIXELS)
    for method in (grad_cam, hires_cam):
        with pytest.raises(ValueError, match="Sequential has no convolution"):
            method(dense, quarters, 0)
