"""The compact ViT: its shape by hand, and that its run folder is one that transformers itself opens."""

import json
import subprocess
import sys

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from fercore.data.transforms import Preprocess
from fercore.emotions import EMOTIONS
from fercore.fields import ConfigError
from fercore.models.mimetic import sinusoidal_places
from fercore.models.registry import build, count_parameters, load, save_model
from fercore.models.vit import ViTConfig
from tests.factories.runs import make_run

SMALL = ViTConfig(patch_size=8, hidden_size=16, layers=2, heads=2, mlp_ratio=2.0)


def faces(n=3):
    return torch.randint(0, 256, (n, 48, 48), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def small(**changes):
    torch.manual_seed(0)
    return build("vit", ViTConfig(**(vars(SMALL) | changes))).eval()


@pytest.fixture
def run(tmp_path):
    run = make_run(tmp_path, "small-vit")
    save_model(run.path, "vit", SMALL, small().state_dict(), Preprocess(mean=0.4))
    return run


def test_parameters_by_hand():
    patches = 8 * 8 * 16 + 16
    tokens = 16 + 37 * 16  # the token that classifies, and a place for each of 36 patches and for it
    layer = 4 * (16 * 16 + 16) + (16 * 32 + 32) + (32 * 16 + 16) + 2 * 2 * 16
    assert SMALL.tokens == 37
    assert count_parameters(small()) == patches + tokens + 2 * layer + 2 * 16 + (16 * 7 + 7)
    assert small()(torch.zeros(3, 1, 48, 48)).shape == (3, 7)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"patch_size": 7}, "--patch-size: received 7, expected a divisor of --input-size, 48"),
        ({"heads": 3, "hidden_size": 16}, "--heads: received 3, expected a divisor of --hidden-size, 16"),
        ({"hidden_size": 18}, "--hidden-size: received 18, expected a multiple of 4, or --init normal"),
        ({"in_channels": 2}, "--in-channels: received 2, expected 1 or 3"),
        ({"layers": 49}, "--layers: received 49, expected a number at least 1 and at most 48"),
        ({"input_size": 256, "patch_size": 2}, "--patch-size: received 2, which makes 16384 patches"),
    ],
)
def test_what_does_not_fit_is_refused(changes, words):
    with pytest.raises(ConfigError, match=words):
        ViTConfig(**changes)


def test_dropped_paths_leave_what_came_in_and_are_gone_in_eval():
    images = torch.randn(64, 1, 48, 48, generator=torch.Generator().manual_seed(1))
    kept, dropped = small(), small(drop_path=0.9)
    assert torch.equal(dropped(images), kept(images))
    seen = []
    last = dropped.train().model.vit.layers[-1]
    last.register_forward_hook(lambda module, inputs, output: seen.append((output == inputs[0]).all(dim=(1, 2))))
    torch.manual_seed(0)
    dropped(images)
    # Of the last layer an image skips one branch with 0.9, both with 0.81; the first layer skips none.
    assert 0.65 < seen[0].float().mean() < 0.95
    assert dropped.model.vit.layers[0].dropout[1].p == 0


def test_transformers_opens_the_run_folder_and_answers_the_same(run):
    from transformers import AutoImageProcessor, AutoModelForImageClassification

    model = AutoModelForImageClassification.from_pretrained(run.path, local_files_only=True).eval()
    processor = AutoImageProcessor.from_pretrained(run.path, local_files_only=True)
    ours = load(run)
    assert model.config.id2label == dict(enumerate(EMOTIONS))
    assert model.dtype == torch.float32
    inputs = processor([Image.fromarray(face.numpy()) for face in faces()], return_tensors="pt")["pixel_values"]
    torch.testing.assert_close(inputs, ours.preprocess(faces()), atol=1e-6, rtol=0)
    torch.testing.assert_close(model(inputs).logits, ours.module(inputs), atol=1e-6, rtol=0)


def test_saved_and_loaded_weights_are_the_same_to_fp16_under_the_hubs_names(run):
    original, loaded = small().state_dict(), load(run)
    assert loaded.preprocess == Preprocess(mean=0.4)
    assert not loaded.module.training
    for name, tensor in loaded.module.state_dict().items():
        expected = original[name].half().float() if original[name].ndim > 1 else original[name]
        assert torch.equal(tensor, expected), name
    stored = load_file(run.path / "model.safetensors")
    assert stored["vit.encoder.layer.1.attention.attention.query.weight"].dtype == torch.float16
    assert stored["vit.layernorm.weight"].dtype == torch.float32


def test_attention_can_be_read_in_eager_mode(run):
    module, found = load(run).module, []
    attention = module.model.vit.layers[0].attention
    attention.register_forward_hook(lambda part, inputs, output: found.append(output[1]))
    before = module(torch.zeros(1, 1, 48, 48))
    module.model.set_attn_implementation("eager")
    torch.testing.assert_close(module(torch.zeros(1, 1, 48, 48)), before, atol=1e-6, rtol=0)
    assert found[-1].shape == (1, 2, 37, 37)
    torch.testing.assert_close(found[-1].sum(-1), torch.ones(1, 2, 37))


@pytest.mark.slow  # a process of its own
def test_models_without_transformers_do_not_import_it():
    code = (
        "import sys; from fercore.models.registry import build; from fercore.models.cnn import CNNConfig; "
        "build('cnn', CNNConfig()); sys.exit('transformers' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=900).returncode == 0


def test_the_config_restores_our_preprocessing_exactly(run):
    content = json.loads((run.path / "config.json").read_text())
    assert content["preprocess"] == Preprocess(mean=0.4).to_dict()
    assert content["architectures"] == ["ViTForImageClassification"]


def test_places_by_hand():
    places = sinusoidal_places(side=2, size=8)
    # Two frequencies, 1 and 1/10,000: sines then cosines of the row, then of the column.
    at = torch.tensor([1.0, 1e-4])
    zero, one = torch.tensor([0.0, 0.0, 1.0, 1.0]), torch.cat([at.sin(), at.cos()])
    expected = torch.stack([torch.cat(place) for place in [(zero, zero), (zero, one), (one, zero), (one, one)]])
    torch.testing.assert_close(places, expected)


def test_mimetic_attention_is_near_multiples_of_the_identity():
    size = 64
    attention = small(hidden_size=size, heads=1).model.vit.layers[1].attention
    # With one head nothing is lost to its fewer features: exactly 0.7 Z + 0.7 I and 0.4 Z - 0.4 I, Z ~ N(0, 1 / size).
    for product, noise, identity in [
        (attention.q_proj.weight.T @ attention.k_proj.weight, 0.7, 0.7),
        (attention.v_proj.weight.T @ attention.o_proj.weight.T, 0.4, -0.4),
    ]:
        rest = (product - identity * torch.eye(size)) / noise * size**0.5
        assert abs(rest.mean()) < 4 / size  # four standard errors of the mean of size * size normal numbers
        assert 0.95 < rest.std() < 1.05


def test_mimetic_patches_attend_to_near_ones_and_all_are_heard():
    found = []
    model = small(hidden_size=64, heads=2)
    model.model.vit.layers[0].attention.register_forward_hook(lambda part, inputs, output: found.append(output[1]))
    model(torch.zeros(1, 1, 48, 48))
    attention = found[0].mean((0, 1))  # (37, 37)
    row, column = torch.arange(36) // 6, torch.arange(36) % 6
    distance = (row[:, None] - row).abs() + (column[:, None] - column).abs()
    near, far = (attention[1:, 1:][chosen].mean() for chosen in (distance == 1, distance >= 5))
    assert near > 2 * far
    assert attention[0, 1:].sum() > 0.9
    plain = small(init="normal").model.vit.embeddings.position_embeddings
    assert plain.std() < 0.03
