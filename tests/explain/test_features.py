"""Filters and activations of models whose every value can be worked out by hand."""

import numpy as np
import pytest
import torch
from torch import nn

from fercore.data.dataset import DataError
from fercore.data.transforms import Preprocess
from fercore.explain.features import (
    activations,
    channel_maps,
    filters,
    kernels,
    strengths,
    strongest_kernels,
    summarize,
    summarize_run,
)
from fercore.explain.summary import read_features
from fercore.models.cnn import CNN, CNNConfig
from fercore.models.registry import LoadedModel, save_model
from fercore.runs import RunError
from scripts import features as features_script
from tests.factories.data import make_dataset
from tests.factories.runs import make_run

PLAIN = Preprocess(size=8, mean=0.0, std=1 / 255)  # pixels reach the model as they are, 0 to 255


@pytest.fixture
def model():
    """One convolution whose two channels are the pixel less 10 and 10 less the pixel, then a mean over each.

    The output's class 0 is channel 0's mean, class 1 channel 1's; the other five are 0.
    """
    convolution = nn.Conv2d(1, 2, 1)
    output = nn.Linear(2, 7)
    with torch.no_grad():
        convolution.weight.copy_(torch.tensor([1.0, -1.0]).reshape(2, 1, 1, 1))
        convolution.bias.copy_(torch.tensor([-10.0, 10.0]))
        output.weight.zero_()
        output.bias.zero_()
        output.weight[0, 0] = output.weight[1, 1] = 1
    module = nn.Sequential(convolution, nn.ReLU(inplace=True), nn.AdaptiveAvgPool2d(1), nn.Flatten(), output)
    return LoadedModel(module.eval(), PLAIN)


def flat(*values):
    """Images (N, 8, 8), each of one gray."""
    return np.repeat(np.array(values, np.uint8), 64).reshape(-1, 8, 8)


def hooks(module):
    return sum(len(part._forward_hooks) for part in module.modules())


@pytest.fixture
def two_inputs():
    """A first layer of two channels, then a filter with the kernels (3, 1) and (4, -1), and one with (0, 1) and 0."""
    convolution = nn.Conv2d(2, 2, (1, 2))
    with torch.no_grad():
        convolution.weight.copy_(torch.tensor([[[[3.0, 1.0]], [[4.0, -1.0]]], [[[0.0, 1.0]], [[0.0, 0.0]]]]))
    return LoadedModel(nn.Sequential(nn.Conv2d(1, 2, 1), convolution), PLAIN)


def test_filters_are_single_kernels_sums_or_norms(two_inputs):
    assert filters(two_inputs, "convolution 2", 1).tolist() == [[[4.0, -1.0]], [[0.0, 0.0]]]
    assert filters(two_inputs, "convolution 2", "sum").tolist() == [[[7.0, 0.0]], [[0.0, 1.0]]]
    np.testing.assert_allclose(filters(two_inputs, "convolution 2"), [[[5.0, 2**0.5]], [[0.0, 1.0]]], rtol=1e-6)


def test_the_kernels_that_weigh_most_come_first(two_inputs):
    inputs, found = strongest_kernels(two_inputs, "convolution 2", 0, count=5)
    assert (inputs.tolist(), found.tolist()) == ([1, 0], [[[4.0, -1.0]], [[3.0, 1.0]]])
    inputs, found = strongest_kernels(two_inputs, "convolution 2", 1, count=1)
    assert (inputs.tolist(), found.tolist()) == ([0], [[[0.0, 1.0]]])


@pytest.mark.parametrize("inputs", [2, -1, "mean"])
def test_an_input_that_is_not_there_is_named(two_inputs, inputs):
    with pytest.raises(ValueError, match="expected norm, sum or 0 to 1"):
        filters(two_inputs, "convolution 2", inputs)


@pytest.mark.parametrize("name", ["4", "7"])
def test_only_convolutions_have_kernels(model, name):
    with pytest.raises(ValueError, match="expected the name of a convolution"):
        kernels(model.module, name)
    assert kernels(model.module, "0").tolist() == [[[[1.0]]], [[[-1.0]]]]


def test_activations_are_read_after_the_relu_even_where_it_works_in_place(model):
    found = activations(model, flat(13, 4), ["convolution 1", "output"])
    assert found["convolution 1"].shape == (2, 2, 8, 8)
    first = found["convolution 1"]
    np.testing.assert_allclose(first, np.broadcast_to([[[[3]], [[0]]], [[[0]], [[6]]]], first.shape), rtol=1e-6)
    np.testing.assert_allclose(found["output"][:, :, 0, 0], np.diag([3, 6, 0, 0, 0, 0, 0])[:2], rtol=1e-6)


def test_an_unknown_layer_is_named_with_those_there_are(model):
    with pytest.raises(ValueError, match="received the layer 'convolution 2', expected one of convolution 1, output"):
        activations(model, flat(1), ["convolution 2"])


def test_no_hook_outlives_an_exception(model):
    broken = LoadedModel(nn.Sequential(*model.module, nn.Linear(8, 7)).eval(), PLAIN)  # expects 8 values, gets 7
    for attempt in (
        lambda: activations(broken, flat(1), ["convolution 1"]),
        lambda: summarize(broken, flat(1), np.array(["a"]), np.array([0])),
    ):
        with pytest.raises(RuntimeError, match="cannot be multiplied"):
            attempt()
        assert hooks(broken.module) == 0


def test_tokens_lie_on_their_square_without_those_before_them():
    tokens = torch.tensor([[[9.0], [1.0], [2.0], [3.0], [4.0]]])  # class token, then 2 x 2 patches of one channel
    assert channel_maps(tokens).tolist() == [[[[1.0, 2.0], [3.0, 4.0]]]]
    assert torch.equal(channel_maps(tokens[:, 1:]), channel_maps(tokens))
    assert torch.equal(channel_maps(torch.cat([tokens[:, :1], tokens], dim=1)), channel_maps(tokens))


@pytest.mark.parametrize("shape", [(1, 7, 8), (1, 12, 8), (3,), (1, 0, 8)])
def test_an_output_that_is_no_map_is_refused(shape):
    with pytest.raises(RunError, match="expected maps, values, or a square of tokens"):
        channel_maps(torch.zeros(shape))


def test_strength_is_the_mean_of_the_positive_part():
    assert strengths(np.array([[[[4.0, -8.0], [2.0, 0.0]]]])).tolist() == [[1.5]]


def test_a_summary_by_hand(model):
    # Channel 0 gives 0, 5, 0, 2 and channel 1 gives 10, 0, 4, 0.
    images, ids, labels = flat(0, 15, 6, 12), np.array(list("abcd")), np.array([0, 0, 2, 6])
    summary = summarize(model, images, ids, labels, batch_size=3)
    channels = summary.layers["convolution 1"]
    none = np.nan
    means = [[2.5, none, 0, none, none, none, 2], [5, none, 4, none, none, none, 0]]
    np.testing.assert_allclose(channels.means, means, rtol=1e-6)
    assert summary.counts.tolist() == [2, 0, 1, 0, 0, 0, 1]
    assert (summary.ids.tolist(), summary.labels.tolist()) == (list("abcd"), [0, 0, 2, 6])
    assert channels.top.tolist() == [[1, 3, *[-1] * 6], [0, 2, *[-1] * 6]]
    np.testing.assert_allclose(channels.top_strengths, [[5, 2, *[0] * 6], [10, 4, *[0] * 6]], rtol=1e-6)


def test_images_that_tie_stay_in_their_order(model):
    summary = summarize(model, flat(*[20] * 11), np.arange(11).astype(str), np.zeros(11, int), batch_size=4)
    assert summary.ids.tolist() == [str(n) for n in range(8)]
    assert summary.layers["convolution 1"].top.tolist() == [list(range(8)), [-1] * 8]


def test_one_batch_of_many_equals_many_of_one():
    torch.manual_seed(0)
    module = nn.Sequential(nn.Conv2d(1, 5, 3), nn.ReLU(), nn.Flatten(), nn.Linear(5 * 36, 7)).eval()
    model, rng = LoadedModel(module, Preprocess(size=8)), np.random.default_rng(0)
    images, labels = rng.integers(0, 256, (30, 8, 8), np.uint8), rng.integers(0, 7, 30)
    ids = np.arange(30).astype(str)
    whole, single = (summarize(model, images, ids, labels, batch_size=size) for size in (30, 1))
    by_hand = strengths(activations(model, images, ["convolution 1"])["convolution 1"])  # (30, 5)
    for name in whole.layers:
        np.testing.assert_allclose(whole.layers[name].means, single.layers[name].means, rtol=1e-5, atol=1e-6)
        assert np.array_equal(whole.ids[whole.layers[name].top], single.ids[single.layers[name].top])
    means = np.array([by_hand[labels == code].mean(axis=0) for code in range(7)]).T
    np.testing.assert_allclose(whole.layers["convolution 1"].means, means, rtol=1e-5)


def test_activations_that_are_no_numbers_are_refused(model):
    with torch.no_grad():
        model.module[0].bias.fill_(np.nan)
    with pytest.raises(RunError, match="activations of convolution 1 are not finite"):
        summarize(model, flat(1), np.array(["a"]), np.array([0]))


@pytest.fixture
def trained(tmp_path):
    """A run with weights of the smallest network, and its data set."""
    dataset = make_dataset(tmp_path / "data", per_class=2)
    run = make_run(tmp_path / "runs", "a", dataset=dataset)
    config = CNNConfig(first_filters=2, conv_layers=1, pool_layers=1, dense=(3,))
    save_model(run.path, "cnn", config, CNN(config).state_dict(), Preprocess())
    return run, dataset


def test_a_run_s_summary_is_kept_in_its_folder(trained):
    run, dataset = trained
    made, kept = summarize_run(run, dataset, "val"), read_features(run, "val")
    assert list(kept.layers) == ["convolution 1", "dense 1", "output"]
    assert set(kept.ids) <= set(dataset.ids[dataset.indices("val")])
    assert kept.counts.tolist() == [2] * 7
    for name, channels in made.layers.items():
        assert np.array_equal(channels.means, kept.layers[name].means)
        assert np.array_equal(channels.top, kept.layers[name].top)


def test_a_split_without_images_is_said(trained):
    run, dataset = trained
    dataset.splits[:] = "train"
    with pytest.raises(DataError, match=r"the val split of .* has no images"):
        summarize_run(run, dataset, "val")


def test_the_script_tells_the_selectivity_of_every_layer(trained, capsys):
    run, dataset = trained
    features_script.main(["a", "--runs", str(run.path.parent), "--data", str(dataset.path)])
    told = capsys.readouterr().out
    assert [line.split("  ")[1] for line in told.splitlines()[1:4]] == ["convolution 1", "dense 1", "output"]
    assert f"Stored in {run.path / 'features_val.npz'}" in told
