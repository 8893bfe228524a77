"""Our own compact Vision Transformer for 48x48 faces (Dosovitskiy et al. 2021, https://arxiv.org/abs/2010.11929).

It is transformers' `ViTForImageClassification` at another size, and is stored as the Hugging Face hub stores one, so
that `AutoModelForImageClassification.from_pretrained` opens its run folder. transformers takes seconds to import and is
imported only where a model is built.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn
from torchvision.ops import StochasticDepth

from fercore.data.transforms import Preprocess
from fercore.emotions import EMOTIONS
from fercore.fields import ConfigError, check, setting
from fercore.models.hub import HubClassifier, import_transformers
from fercore.models.mimetic import mimetic_init
from fercore.models.settings import check_channels, class_names

_BILINEAR = 2  # as PIL and Hugging Face's processors number it


@dataclass(frozen=True)
class ViTConfig:
    """Architecture of `build_vit`. The defaults are near DeiT-Ti (Touvron et al. 2021), on patches of 6x6 pixels."""

    patch_size: int = setting(6, "side of a patch in pixels, a divisor of the input's side", min=2, max=64)
    hidden_size: int = setting(192, "features of a token", min=8, max=2048)
    layers: int = setting(12, "layers of attention and perceptron", min=1, max=48)
    heads: int = setting(3, "attention heads of a layer, a divisor of the hidden size", min=1, max=64)
    mlp_ratio: float = setting(4.0, "neurons of a layer's perceptron, in hidden sizes", min=0.5, max=8)
    dropout: float = setting(
        0.0, "share of features dropped from the embeddings and after every branch", min=0, max=0.95
    )
    drop_path: float = setting(0.0, "share of images that skip a branch of the last layer", min=0, max=0.95)
    init: str = setting(
        "mimetic",
        "first weights: mimetic (attention near that of trained models) or normal",
        choices=("mimetic", "normal"),
    )
    in_channels: int = setting(1, "image channels, 1 or 3", min=1, max=3)
    input_size: int = setting(48, "side of the input image in pixels", min=8, max=256)
    num_classes: int = setting(len(EMOTIONS), "number of output classes", min=2, max=1000)

    def __post_init__(self) -> None:
        check(self)
        check_channels(self.in_channels)
        if self.input_size % self.patch_size:
            raise ConfigError(
                f"--patch-size: received {self.patch_size}, expected a divisor of --input-size, {self.input_size}"
            )
        if self.hidden_size % self.heads:
            raise ConfigError(
                f"--heads: received {self.heads}, expected a divisor of --hidden-size, {self.hidden_size}"
            )
        if self.init == "mimetic" and self.hidden_size % 4:
            raise ConfigError(f"--hidden-size: received {self.hidden_size}, expected a multiple of 4, or --init normal")
        if self.tokens > 4097:
            raise ConfigError(
                f"--patch-size: received {self.patch_size}, which makes {self.tokens - 1} patches of an image, "
                "expected at most 4096"
            )

    @property
    def tokens(self) -> int:
        """The patches, row by row, after the one token that classifies."""
        return (self.input_size // self.patch_size) ** 2 + 1


def build_vit(config: ViTConfig, classes: Sequence[str] | None = None) -> HubClassifier:
    """A ViT with random weights, whose outputs have the names of `classes`.

    Takes normalised images (N, in_channels, input_size, input_size), gives logits (N, num_classes). Both branches of
    each layer are skipped for a random share of the images that grows from 0 to `drop_path` with depth (Huang et al.
    2016, https://arxiv.org/abs/1603.09382), which transformers' ViT lacks; it changes nothing in the stored form.

    Attention is computed step by step ("eager"): for some dozens of tokens in bfloat16 on a CPU, torch's fused kernel
    takes six times as long. So each `ViTAttention` also gives its matrices, (N, heads, tokens, tokens), as its second
    output.
    """
    transformers, names = import_transformers(), class_names(config.num_classes, classes)
    model = transformers.ViTForImageClassification(
        transformers.ViTConfig(
            image_size=config.input_size,
            patch_size=config.patch_size,
            num_channels=config.in_channels,
            hidden_size=config.hidden_size,
            num_hidden_layers=config.layers,
            num_attention_heads=config.heads,
            intermediate_size=round(config.hidden_size * config.mlp_ratio),
            hidden_dropout_prob=config.dropout,
            id2label=dict(enumerate(names)),
            label2id={name: index for index, name in enumerate(names)},
            architectures=["ViTForImageClassification"],
            attn_implementation="eager",
        )
    )
    if config.init == "mimetic":
        mimetic_init(model)
    for layer, rate in zip(
        model.vit.layers, torch.linspace(0, config.drop_path, config.layers, device="cpu"), strict=True
    ):
        # Both branches end in this module, right before they are added to what came in.
        layer.dropout = nn.Sequential(layer.dropout, StochasticDepth(rate.item(), "row"))
    return HubClassifier(model, names, names)


def hub_files(
    config: ViTConfig, state: dict[str, torch.Tensor], preprocess: Preprocess, classes: Sequence[str]
) -> tuple[dict, dict, bytes]:
    """A ViT as the Hugging Face hub stores it.

    Parameters
    ----------
    config, state, preprocess, classes
        The model, its weights by the names of `build_vit`, its preprocessing, and the names of its classes.

    Returns
    -------
    config.json, preprocessor_config.json, model.safetensors
        config.json also holds `preprocess`, our own preprocessing, to be restored exactly. Weights keep their types,
        under the names that all versions of transformers know.
    """
    with torch.device("meta"):
        model = build_vit(config, classes)
    model.load_state_dict(state, assign=True)
    with tempfile.TemporaryDirectory() as folder:
        model.model.save_pretrained(folder)
        weights = (Path(folder) / "model.safetensors").read_bytes()
        content = json.loads((Path(folder) / "config.json").read_text("utf-8"))
    # Stored in half precision, meant for single precision.
    content |= {"dtype": "float32", "preprocess": preprocess.to_dict()}
    return content, processor_config(preprocess), weights


def processor_config(preprocess: Preprocess) -> dict:
    """preprocessor_config.json: the same preprocessing, as Hugging Face's processor for ViTs is told it."""
    return {
        "image_processor_type": "ViTImageProcessor",
        "do_resize": True,
        "size": {"height": preprocess.size, "width": preprocess.size},
        "resample": _BILINEAR,
        "do_rescale": True,
        "rescale_factor": 1 / 255,
        "do_normalize": True,
        "image_mean": [preprocess.mean] * preprocess.channels,
        "image_std": [preprocess.std] * preprocess.channels,
        "do_convert_rgb": preprocess.channels == 3,
    }
