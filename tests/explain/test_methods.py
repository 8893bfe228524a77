"""All methods by name: what they suit, what they promise, and what they leave behind."""

import numpy as np
import pytest
import torch
from torch import nn

from fercore.data.transforms import Preprocess
from fercore.explain.methods import METHODS, heat_map, heat_map_part, method_layers, unsuited
from fercore.models.cnn import CNNConfig
from fercore.models.registry import LoadedModel, build
from fercore.models.vit import ViTConfig
from tests.explain.conftest import PIXELS, hooks

ANY = ("hires-cam", "grad-cam", "occlusion", "integrated-gradients")


@pytest.fixture
def dense():
    return LoadedModel(nn.Sequential(nn.Flatten(), nn.Linear(48 * 48, 7)), PIXELS)


def test_a_cnn_has_no_attention_to_read(shipped):
    assert [method for method in METHODS if unsuited(shipped, method) is None] == list(ANY)
    assert unsuited(shipped, "rollout") == "it reads the attention of a ViT, and this model is none"


def test_everything_suits_a_vit(vit):
    assert not any(unsuited(vit, method) for method in METHODS)


def test_a_method_that_does_not_suit_is_refused_in_words(dense, quarters):
    with pytest.raises(ValueError, match="Grad-CAM does not suit this model: it reads feature maps or tokens"):
        heat_map(dense, quarters, "grad-cam", 0)
    assert heat_map(dense, quarters, "occlusion", 0).any()


def test_layers_to_choose_end_with_the_usual_one(shipped, vit, average_faces):
    assert method_layers(shipped, "grad-cam") == [f"convolution {n}" for n in (1, 2, 3, 4)]
    assert method_layers(vit, "grad-cam") == ["block 1", "block 2", "block 3"]
    assert method_layers(vit, "rollout") == method_layers(shipped, "occlusion") == []
    for loaded in (shipped, vit):
        last = heat_map(loaded, average_faces[0], "grad-cam", 3, method_layers(loaded, "grad-cam")[-1])
        assert np.array_equal(last, heat_map(loaded, average_faces[0], "grad-cam", 3))


@pytest.mark.parametrize("method", METHODS)
def test_maps_keep_what_the_method_promises(vit, average_faces, method):
    promised = METHODS[method]
    fear, happy = (heat_map(vit, average_faces[2], method, target) for target in (2, 3))
    assert (fear.shape, fear.dtype) == ((48, 48), np.float32)
    assert np.isfinite(fear).all()
    assert (min(fear.min(), happy.min()) < 0) == promised.signed
    assert np.array_equal(fear, happy) != promised.by_class
    parts = [heat_map_part(vit, average_faces[2], method, 2, part) for part in range(promised.parts)]
    assert sum(parts) == pytest.approx(fear)


class Breaks(nn.Module):
    def forward(self, inputs):
        raise RuntimeError("the pass broke off")


@pytest.mark.parametrize("method", METHODS)
def test_no_hooks_and_no_settings_remain_after_an_exception(vit, quarters, method):
    vit.module.model.classifier = Breaks()
    vit.module.model.set_attn_implementation("sdpa")
    before = hooks(vit.module)
    with pytest.raises(RuntimeError, match="the pass broke off"):
        heat_map(vit, quarters, method, 0)
    assert hooks(vit.module) == before
    assert vit.module.model.config._attn_implementation == "sdpa"


@pytest.mark.parametrize("method", ANY)
def test_no_hooks_remain_on_a_cnn_after_an_exception(two_maps, quarters, method):
    two_maps.module.append(Breaks())
    with pytest.raises(RuntimeError, match="the pass broke off"):
        heat_map(two_maps, quarters, method, 0)
    assert hooks(two_maps.module) == 0


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("frozen", [False, True])
def test_the_model_is_left_as_it_was(vit, quarters, method, frozen):
    vit.module.requires_grad_(not frozen)
    weights = {name: value.clone() for name, value in vit.module.state_dict().items()}
    free = heat_map(vit, quarters, method, 1)
    with torch.inference_mode():  # whatever state the caller is in
        assert np.array_equal(heat_map(vit, quarters, method, 1), free)
    assert all(p.grad is None and p.requires_grad != frozen for p in vit.module.parameters())
    assert all(torch.equal(value, weights[name]) for name, value in vit.module.state_dict().items())
    assert not any(part.training for part in vit.module.modules())
    assert hooks(vit.module) == 0


@pytest.mark.slow
def test_maps_have_the_side_of_the_face_whatever_its_colours_and_the_model_s_input():
    """A network for eight classes in colour, a ViT, and faces that are larger than, and as large as, their input."""
    own = {"in_channels": 3, "input_size": 32, "num_classes": 8}
    cnn = CNNConfig(first_filters=4, conv_layers=2, pool_layers=2, dense=(8,), **own)
    vit = ViTConfig(patch_size=8, hidden_size=16, layers=2, heads=2, **own)
    for kind, config in (("cnn", cnn), ("vit", vit)):
        torch.manual_seed(0)
        loaded = LoadedModel(build(kind, config).eval(), Preprocess(32, 3, 0.5, 0.25))
        for side, channels in ((64, 3), (32, 3), (48, 1)):
            shape = (side, side, 3)[: 2 + (channels == 3)]
            face = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
            for method in [method for method in METHODS if not unsuited(loaded, method)]:
                found = heat_map(loaded, face, method, 7)
                assert (found.shape, found.dtype) == ((side, side), np.float32), (kind, method)
                assert np.isfinite(found).all()
