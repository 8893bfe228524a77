"""Guiding a vision transformer by what its convolutional teacher sees where.

Li et al. 2022 (https://arxiv.org/abs/2207.10026): from some ten thousand images, attention hardly learns by itself what
neighbouring patches tell. A feature map of the teacher, place by place, is a second target for the tokens of a layer.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import torch
from torch import nn
from torch.nn import functional as F

from fercore.explain.hooks import captured
from fercore.models.vit import ViTConfig
from fercore.runs import RunError

DEPTH = 0.75  # of the student's layers lie below the guided tokens; the rest does what the teacher's last stage does


@dataclass
class Guidance:
    """Compares tokens of a student with a feature map of its teacher; `project` learns with the student.

    `layer` and `map` are names of modules of `student` and `teacher`; `project` takes a token's features to the map's
    channels.
    """

    student: nn.Module
    teacher: nn.Module
    layer: str
    map: str
    project: nn.Module
    _seen: dict[str, torch.Tensor] = field(default_factory=dict)

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Take note of the passes of student and teacher that are made inside."""
        with captured(self.student, [self.layer], _same) as tokens, captured(self.teacher, [self.map], _same) as maps:
            yield
        self._seen = {"tokens": tokens[self.layer], "map": maps[self.map]}

    def loss(self) -> torch.Tensor:
        """How far the tokens of the watched pass are from the map.

        Returns
        -------
        torch.Tensor
            Mean squared difference, over images, places and channels, of the projected tokens and the map, whose
            channels have mean 0 and variance 1 at each place: 1 where nothing is learned. A map of another side is
            interpolated to the student's patches.
        """
        tokens, target = self.project(self._seen["tokens"][:, 1:]).float(), self._seen["map"].float()
        side = math.isqrt(tokens.shape[1])
        if target.shape[-1] != side:
            target = F.interpolate(target, size=(side, side), mode="bilinear", align_corners=False)
        target = target.flatten(2).transpose(1, 2)  # (N, places, channels), as the tokens
        return F.mse_loss(tokens, F.layer_norm(target, target.shape[-1:]))


def guide(student: nn.Module, config: object, teacher: nn.Module) -> Guidance:
    """A guidance of a ViT by that feature map of a teacher whose side is nearest to the ViT's patches, the deepest of
    several.

    Parameters
    ----------
    student, config
        A module that `fercore.models.vit.build_vit` made, and its config.
    teacher
        Any module that takes images as the student does.

    Raises
    ------
    RunError
        If the student is no ViT of ours, or the teacher has no feature map.
    """
    if not isinstance(config, ViTConfig):
        raise RunError("--guidance: only a ViT of our own can be guided; train without it (--guidance 0)")
    grid = config.input_size // config.patch_size
    maps = _feature_maps(teacher, torch.zeros(1, config.in_channels, config.input_size, config.input_size))
    if not maps:
        raise RunError("--guidance: the teacher has no feature map, as a CNN has; learn from its answers alone")
    nearest = min(maps, key=lambda name: (abs(math.log(maps[name][-1] / grid)), -list(maps).index(name)))
    layer = f"model.vit.layers.{max(0, round(DEPTH * config.layers) - 1)}"
    return Guidance(student, teacher, layer, nearest, nn.Linear(config.hidden_size, maps[nearest][1]))


@torch.no_grad()
def _feature_maps(module: nn.Module, images: torch.Tensor) -> dict[str, tuple[int, ...]]:
    """Shapes (1, channels, side, side) by the names of the modules that put them out, in the order of their passes."""
    device, was = next(module.parameters()).device, module.training
    with captured(module, [name for name, _ in module.named_modules()], lambda output: output.shape) as shapes:
        module.eval()(images.to(device))
    module.train(was)
    return {name: tuple(shape) for name, shape in shapes.items() if len(shape) == 4 and shape[2] == shape[3] > 1}


def _same(output: torch.Tensor) -> torch.Tensor:
    return output
