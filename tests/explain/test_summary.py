"""Summaries survive their file, and a file from a stranger is checked before anything is believed."""

import numpy as np
import pytest

from fercore.explain.summary import TOP, ChannelSummary, FeatureSummary, features_file, read_features, write_features
from fercore.runs import RunError, write_npz
from tests.factories.runs import make_run


def channels(count, seed):
    rng = np.random.default_rng(seed)
    means = rng.random((count, 7), np.float32)
    means[:, 1] = np.nan
    return ChannelSummary(means, rng.integers(-1, 3, (count, TOP)), rng.random((count, TOP), np.float32))


@pytest.fixture
def summary():
    counts = np.array([2, 0, 1, 1, 1, 1, 1])
    layers = {"convolution 1": channels(3, 0), "output": channels(7, 1)}
    return FeatureSummary(counts, np.array(["a", "b", "c/d"]), np.array([0, 2, 6]), layers)


@pytest.fixture
def run(tmp_path):
    return make_run(tmp_path, "a")


def test_what_is_written_is_read(run, summary):
    write_features(run, "val", summary)
    found = read_features(run, "val")
    assert (found.ids.tolist(), found.labels.tolist()) == (["a", "b", "c/d"], [0, 2, 6])
    assert np.array_equal(found.counts, summary.counts)
    assert list(found.layers) == ["convolution 1", "output"]
    for name, layer in summary.layers.items():
        np.testing.assert_array_equal(found.layers[name].means, layer.means)
        assert np.array_equal(found.layers[name].top, layer.top)
        assert np.array_equal(found.layers[name].top_strengths, layer.top_strengths)


def test_without_one_the_command_is_named(run):
    with pytest.raises(RunError, match=r"a has no features; run: python scripts/features.py a --split test"):
        read_features(run, "test")


NAN = np.full((10, 7), np.nan, np.float32)
CHANGES = {
    "no layer names": ("layers", np.arange(2), "different texts"),
    "a layer twice": ("layers", np.array(["x", "x"]), "different texts"),
    "no layers": ("layers", np.array([], str), "different texts"),
    "a layer without channels": ("channels", np.array([0, 10]), "whole numbers from 1"),
    "negative channels": ("channels", np.array([-1, 11]), "whole numbers from 1"),
    "channels that do not add up": ("channels", np.array([4, 7]), r"expected means \(11, 7\)"),
    "channels past 64 bits": ("channels", np.array([2**62, 2**62]), r"expected means \(9223372036854775808, 7\)"),
    "text as means": ("means", np.full((10, 7), "x"), r"expected means \(10, 7\)"),
    "means that are no numbers": ("means", NAN, "finite means"),
    "negative means": ("means", np.tile(np.array([0, np.nan, 0, 0, 0, 0, -1], np.float32), (10, 1)), "means from 0"),
    "six counts": ("counts", np.arange(6), r"counts \(7,\)"),
    "counts below 0": ("counts", np.array([2, 0, 1, 1, 1, 1, -1]), r"counts \(7,\)"),
    "a count for a class without means": ("counts", np.ones(7, int), "NaN for emotions without images"),
    "bytes as ids": ("ids", np.array([b"a", b"b", b"c"]), "ids"),
    "too few labels": ("labels", np.array([0, 2]), "labels"),
    "a label past the classes": ("labels", np.array([0, 2, 7]), "0 to 6"),
    "a row past the ids": ("top", np.full((10, TOP), 3), "rows of ids"),
    "a row before the first": ("top", np.full((10, TOP), -2), "rows of ids"),
    "too few rows": ("top", np.zeros((10, TOP - 1), int), "rows of ids"),
    "strengths that are no numbers": ("top_strengths", np.full((10, TOP), np.inf), "top_strengths"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_file_that_is_not_of_this_form_is_refused(run, summary, change):
    key, value, reason = change
    write_features(run, "val", summary)
    with np.load(features_file(run, "val")) as file:
        arrays = {**file, key: value}
    write_npz(features_file(run, "val"), **arrays)
    with pytest.raises(RunError, match=reason):
        read_features(run, "val")


def test_a_missing_array_is_named(run, summary):
    write_features(run, "val", summary)
    with np.load(features_file(run, "val")) as file:
        arrays = {key: value for key, value in file.items() if key != "top"}
    write_npz(features_file(run, "val"), **arrays)
    with pytest.raises(RunError, match="array 'top' is missing"):
        read_features(run, "val")


def test_pickled_objects_are_not_unpacked(run):
    np.savez(features_file(run, "val"), layers=np.array([{}], dtype=object))
    with pytest.raises(RunError, match="without pickled objects"):
        read_features(run, "val")
