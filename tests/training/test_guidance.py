"""Tokens beside a teacher's feature map: which layer and which map, the loss by hand, and that it is learned."""

import pytest
import torch
from torch import nn

from fercore.fields import ConfigError
from fercore.models.cnn import CNNConfig
from fercore.models.vit import ViTConfig, build_vit
from fercore.runs import RunError
from fercore.training import loop
from fercore.training.config import load_recipe
from fercore.training.distillation import open_teacher
from fercore.training.guidance import Guidance, guide
from fercore.training.session import start
from fercore.training.setup import setup
from tests.training.conftest import TINY

SMALL = ViTConfig(patch_size=8, hidden_size=8, layers=4, heads=2, mlp_ratio=1.0)


class Teacher(nn.Module):
    """Maps of 24, 6, 6 and 3 pixels, then answers."""

    def __init__(self):
        super().__init__()
        self.fine, self.early = nn.Conv2d(1, 3, 2, 2), nn.Conv2d(3, 4, 4, 4)
        self.late, self.coarse = nn.Conv2d(4, 5, 1), nn.Conv2d(5, 6, 2, 2)
        self.output = nn.Linear(6, 7)

    def forward(self, images):
        return self.output(self.coarse(self.late(self.early(self.fine(images)))).mean((2, 3)))


def test_the_deepest_map_with_the_patches_side_guides_the_tokens_at_three_quarters():
    found = guide(build_vit(SMALL), SMALL, Teacher())
    assert (found.layer, found.map) == ("model.vit.layers.2", "late")
    assert (found.project.in_features, found.project.out_features) == (8, 5)
    coarse = ViTConfig(patch_size=16, hidden_size=8, layers=1, heads=2, mlp_ratio=1.0)
    assert guide(build_vit(coarse), coarse, Teacher()).map == "coarse"


def test_the_loss_by_hand():
    guidance = Guidance(nn.Identity(), nn.Identity(), "", "", nn.Identity())
    # One channel's mean and deviation are 2 and 1 at the first place, 0 and 3 at the second: both become -1 and 1.
    places = torch.tensor([[[1.0, -3.0], [1.0, -3.0]], [[3.0, 3.0], [3.0, 3.0]]])[None]
    tokens = torch.tensor([[[9.0, 9.0], [-1.0, 1.0], [-1.0, 1.0], [-1.0, 1.0], [1.0, 1.0]]])
    guidance._seen = {"tokens": tokens, "map": places}
    assert guidance.loss().item() == pytest.approx((1 + 1) ** 2 / 8, abs=1e-4)  # one of eight numbers is off, by 2
    guidance._seen = {"tokens": tokens, "map": nn.functional.interpolate(places[..., :1], size=(1, 1))}
    assert guidance.loss().item() == pytest.approx(4 / 8, abs=1e-4)


def test_guided_tokens_come_nearer_to_the_map(dataset, tmp_path):
    cnn = load_recipe("report-cnn").override(**TINY, epochs=1)
    start(cnn, dataset, tmp_path, "teacher", quiet=True)
    teacher = open_teacher("teacher", dataset, tmp_path)
    vit = {"patch_size": 8, "hidden_size": 16, "layers": 2, "heads": 2, "batch_size": 21, "learning_rate": 0.003}
    config = load_recipe("vit-compact").override(**vit, guidance=5.0, precision="fp32", optimizer="muon")
    fit, seen = setup(config, dataset, teacher=teacher), []
    before = [parameter.clone() for parameter in fit.guidance.project.parameters()]
    loss = fit.guidance.loss
    fit.guidance.loss = lambda: seen.append(loss()) or seen[-1]
    for epoch in range(4):
        loop.train_epoch(fit, epoch)
    assert len(seen) == 4 * fit.steps
    assert seen[-1] < seen[0]
    assert not any(map(torch.equal, before, fit.guidance.project.parameters()))
    assert not fit.module.model.vit.layers[0]._forward_hooks
    assert not any(module._forward_hooks for module in teacher.model.module.modules())


def test_what_cannot_be_guided_is_refused():
    with pytest.raises(RunError, match="only a ViT of our own can be guided"):
        guide(nn.Linear(1, 1), CNNConfig(), Teacher())
    with pytest.raises(RunError, match="the teacher has no feature map"):
        guide(build_vit(SMALL), SMALL, nn.Sequential(nn.Flatten(), nn.Linear(48 * 48, 7)))
    with pytest.raises(ConfigError, match=r"--guidance: received 1\.0, but without --distillation there is no teacher"):
        load_recipe("report-cnn").override(guidance=1.0)
