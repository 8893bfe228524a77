"""The shipped summary and embeddings belong to the shipped weights and to FER2013."""

import numpy as np
import pytest

from fercore.explain.alike import agreement
from fercore.explain.features import activations, strengths
from fercore.explain.layers import layers
from fercore.explain.projection import read_embedding
from fercore.explain.summary import features_file, read_features
from fercore.runs import open_run
from tests.explain.conftest import RUN


@pytest.fixture(scope="module")
def summary():
    return read_features(open_run(RUN), "val")


def test_it_is_small_and_has_every_layer(summary, shipped):
    assert features_file(open_run(RUN), "val").stat().st_size < 300_000
    assert list(summary.layers) == [layer.name for layer in layers(shipped.module)]
    assert [len(channels.means) for channels in summary.layers.values()] == [64, 128, 256, 512, 512, 256, 7]
    assert summary.counts.sum() == 3589


@pytest.mark.data
@pytest.mark.parametrize("layer", ["convolution 1", "convolution 4", "dense 1", "output"])
def test_its_images_drive_channels_as_it_says(summary, shipped, fer2013_dataset, layer):
    channels = summary.layers[layer]
    channel = int(channels.top_strengths[:, 0].argmax())
    rows = {name: row for row, name in enumerate(fer2013_dataset.ids)}
    found = [rows[name] for name in summary.ids[channels.top[channel]]]
    assert fer2013_dataset.labels[found].tolist() == summary.labels[channels.top[channel]].tolist()
    maps = activations(shipped, fer2013_dataset.images[found], [layer])[layer]
    np.testing.assert_allclose(strengths(maps)[:, channel], channels.top_strengths[channel], rtol=1e-3)


@pytest.mark.parametrize("split", ["val", "test"])
def test_the_shipped_embedding_is_of_the_shipped_answers(split):
    run = open_run(RUN)
    found, answers = read_embedding(run, split), run.predictions(split)
    assert found.ids[: found.size].tolist() == answers.id.tolist()
    assert (found.predicted[: found.size] == answers.predicted).mean() > 0.998  # ties may fall otherwise elsewhere
    together = agreement(found)
    assert together.own["low"] > 2.5 * together.chance
