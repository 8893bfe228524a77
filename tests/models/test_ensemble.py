import json

import numpy as np
import pytest
import torch
from torch import nn

from fercore.data.transforms import PIXELS, Preprocess
from fercore.explain.attention import attention_names
from fercore.explain.layers import layers
from fercore.models.ensemble import Ensemble
from fercore.models.forward import probabilities
from fercore.models.registry import LoadedModel, load
from fercore.runs import RunError, open_run, update_run
from tests.factories.runs import make_run

FACES = np.random.default_rng(0).integers(0, 256, (4, 48, 48), dtype=np.uint8)


class Always(nn.Module):
    """The same probabilities for every image, and a note of the images' mean."""

    def __init__(self, *shares):
        super().__init__()
        self.shares, self.mean = torch.tensor(shares), None

    def forward(self, images):
        self.mean = float(images.mean())
        return self.shares.log().expand(len(images), -1)


def test_the_mean_of_probabilities_by_hand():
    members = [Always(0.5, 0.25, 0.25), Always(0.0, 0.25, 0.75), Always(0.25, 0.25, 0.5)]
    whole = Ensemble([(member, PIXELS) for member in members])
    answer = whole(torch.rand(2, 1, 48, 48)).softmax(dim=1)
    torch.testing.assert_close(answer, torch.tensor([[0.25, 0.25, 0.5]]).expand(2, 3))


def test_every_member_sees_faces_through_its_own_preprocessing():
    dark, bright = Always(0.5, 0.5), Always(0.5, 0.5)
    whole = Ensemble([(dark, Preprocess(mean=0.5, std=0.5)), (bright, Preprocess(mean=0.0, std=0.5))])
    whole(torch.full((1, 1, 48, 48), 0.5))
    assert (dark.mean, bright.mean) == (0.0, 1.0)


@pytest.fixture
def together(tmp_path):
    members = [make_run(tmp_path, name, seed=seed, weights=True) for seed, name in enumerate("ab")]
    whole = update_run(make_run(tmp_path, "whole"), ensemble={"members": ["a", "b"]})
    return whole, members


def test_a_run_of_runs_is_loaded_from_its_members(together):
    whole, members = together
    assert whole.has_weights
    assert whole.weights_bytes == sum(member.weights_bytes for member in members)
    model = load(whole)
    each = [load(member) for member in members]
    expected = np.mean([probabilities(one.module, one.preprocess, FACES) for one in each], axis=0)
    assert np.abs(expected - probabilities(each[0].module, each[0].preprocess, FACES)).max() > 1e-3
    for tta in ("none", "flip"):
        mean = np.mean([probabilities(one.module, one.preprocess, FACES, tta=tta) for one in each], axis=0)
        np.testing.assert_allclose(probabilities(model.module, model.preprocess, FACES, tta=tta), mean, atol=1e-6)


def test_weights_that_changed_since_are_refused(together):
    whole, members = together
    digest = whole.weights_sha256()
    assert load(update_run(whole, ensemble={"members": ["a", "b"], "weights_sha256": digest})).module.members
    make_run(whole.path.parent, "c", seed=5, weights=True)
    (members[1].path / "model.safetensors").write_bytes((whole.path.parent / "c" / "model.safetensors").read_bytes())
    with pytest.raises(RunError, match="the weights of a, b are others than when whole was made"):
        load(open_run(whole.path))


def test_a_member_that_cannot_answer_is_named(together):
    whole, members = together
    (members[1].path / "model.safetensors").unlink()
    assert not whole.has_weights
    with pytest.raises(RunError, match="whole is an ensemble of a, b: b has no weights"):
        load(whole)
    with pytest.raises(RunError, match="outer is an ensemble of whole, a: whole is an ensemble itself"):
        load(update_run(make_run(whole.path.parent, "outer"), ensemble={"members": ["whole", "a"]}))


@pytest.mark.parametrize("members", [["../a"], "a", [1], ["a"] * 33, {"a": 1}, None])
def test_a_stranger_s_members_are_names_beside_the_run_or_nothing(tmp_path, members):
    run = make_run(tmp_path, "odd")
    info = run.info | {"ensemble": {"members": members}}
    (run.path / "run.json").write_text(json.dumps(info))
    assert open_run(run.path).members == ()


def test_what_lies_inside_is_left_to_the_members():
    whole = Ensemble([(nn.Sequential(nn.Conv2d(1, 1, 3), nn.Flatten()), PIXELS)])
    model = LoadedModel(whole, PIXELS)
    assert [layer.name for layer in layers(model.module)] == ["output"]
    assert attention_names(model.module) == []
