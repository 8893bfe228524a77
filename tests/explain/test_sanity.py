"""Adebayo et al. 2018: maps of a trained model change when its weights are randomised, from the top layer down."""

import numpy as np
import pytest
import torch
from torch import nn
from transformers import ViTConfig, ViTForImageClassification

from fercore.explain.methods import heat_map
from fercore.explain.sanity import levels, randomised, randomised_map, similarity, weighted_layers
from fercore.models.registry import LoadedModel
from tests.explain.conftest import PIXELS


def test_layers_from_the_output_down(shipped):
    dense = {"output": "classifier.7", "dense 2": "classifier.4", "dense 1": "classifier.1"}
    convolutions = {f"convolution {number}": f"features.{number - 1}.0" for number in (4, 3, 2, 1)}
    assert list(weighted_layers(shipped.module).items()) == list((dense | convolutions).items())


def test_layers_of_a_transformer_are_counted_in_each_block():
    config = ViTConfig(image_size=8, patch_size=4, hidden_size=8, num_hidden_layers=2, num_attention_heads=2)
    names = list(weighted_layers(ViTForImageClassification(config)))
    blocks = [f"block {block}, dense {number}" for block in (2, 1) for number in range(6, 0, -1)]
    assert names == ["output", *blocks, "convolution 1"]


def test_levels_reach_from_the_output_to_the_first_layer(shipped):
    assert levels(shipped) == ["output", "dense 1", "convolution 4", "convolution 3", "convolution 1"]


def test_a_randomised_map_is_the_map_of_the_randomised_model(shipped, average_faces):
    other = randomised(shipped, "dense 1")
    expected = heat_map(other, average_faces[0], "grad-cam", 3, "convolution 2")
    found = randomised_map(shipped, average_faces[0], "grad-cam", 3, "convolution 2", "dense 1")
    assert np.array_equal(found, expected)
    assert expected.any()


def test_randomising_stops_at_the_layer_and_leaves_the_model_alone():
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Conv2d(2, 2, 3), nn.Flatten(), nn.Linear(8, 7))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.fill_(5)
        model[1].running_var.fill_(5)
    first = randomised(LoadedModel(model, PIXELS), "convolution 2").module
    assert (first[0].weight == 5).all()
    assert (first[1].running_var == 5).all()
    assert not (first[2].weight == 5).any()
    assert not (first[4].weight == 5).any()
    whole = randomised(LoadedModel(model, PIXELS), "convolution 1").module
    assert not (whole[0].weight == 5).any()
    assert (whole[1].running_var == 1).all()
    assert all((parameter == 5).all() for parameter in model.parameters())


def test_the_seed_decides_and_the_caller_s_random_numbers_are_kept(shipped):
    torch.manual_seed(3)
    expected = torch.rand(1)
    torch.manual_seed(3)
    weights = [randomised(shipped, "output", seed).module.classifier[7].weight for seed in (0, 0, 1)]
    assert torch.rand(1) == expected
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_an_unknown_layer_is_refused(shipped):
    with pytest.raises(ValueError, match="received the layer 'head', expected one of output, dense 2"):
        randomised(shipped, "head")


def test_similarity_is_that_of_ranks():
    rising = np.arange(4.0).reshape(2, 2)
    assert similarity(rising, np.exp(rising)) == pytest.approx(1)
    assert similarity(rising, -rising) == pytest.approx(-1)
    # Ranks 1 2 3 4 against 2 1 4 3: 1 - 6 * 4 / (4 * 15).
    assert similarity(rising, np.array([[1, 0], [3, 2]])) == pytest.approx(0.6)
    assert similarity(rising, np.ones((2, 2))) == 0


@pytest.mark.slow
@pytest.mark.parametrize(("method", "step"), [("grad-cam", 1), ("hires-cam", 1), ("integrated-gradients", 6)])
def test_maps_change_when_weights_are_randomised_from_the_top_layer_down(shipped, average_faces, method, step):
    emotions = [0, 3]  # angry and happy
    trained = [heat_map(shipped, average_faces[emotion], method, emotion) for emotion in emotions]
    assert [similarity(found, found) for found in trained] == pytest.approx([1, 1])
    for level in list(weighted_layers(shipped.module))[::step]:
        other = randomised(shipped, level)
        maps = [heat_map(other, average_faces[emotion], method, emotion) for emotion in emotions]
        assert np.mean([similarity(*pair) for pair in zip(trained, maps, strict=True)]) < 0.6, level
