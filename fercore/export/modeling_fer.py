"""How transformers opens a convolutional network of the FER workbench, https://huggingface.co/docs/transformers.

`AutoModelForImageClassification.from_pretrained(folder, trust_remote_code=True)` runs this file, which a folder for the
hub holds beside the files of the networks.
"""

from __future__ import annotations

from typing import Any

import torch
from transformers import PreTrainedConfig, PreTrainedModel
from transformers.modeling_outputs import ImageClassifierOutput

from fercore.fields import from_mapping
from fercore.models.networks import NETWORKS
from fercore.models.plain import folded

_LUMA = (0.299, 0.587, 0.114)  # ITU-R 601: how much of gray is red, green and blue


class FERConfig(PreTrainedConfig):
    """Which network, with which settings: `network` is a key of `NETWORKS`, `settings` its config's fields."""

    model_type = "fer-workbench"

    def __init__(self, network: str = "cnn", settings: dict[str, Any] | None = None, **kwargs: Any) -> None:
        self.network, self.settings = network, dict(settings or {})
        super().__init__(**kwargs)


class FERForImageClassification(PreTrainedModel):
    """A network as it answers, without branches that only its training needed."""

    config_class = FERConfig
    main_input_name = "pixel_values"

    def __init__(self, config: FERConfig) -> None:
        super().__init__(config)
        kind, build = NETWORKS[config.network]
        settings = from_mapping(kind, config.settings, "config.json")
        self.channels, self.network = settings.in_channels, folded(build(settings).eval())
        self.post_init()

    def forward(self, pixel_values: torch.Tensor, **kwargs: Any) -> ImageClassifierOutput:
        """Normalised images (N, channels, S, S), or (N, 3, S, S) of which a gray network takes the luma -> logits."""
        if self.channels == 1 and pixel_values.shape[1] == 3:
            luma = pixel_values.new_tensor(_LUMA)[:, None, None]
            pixel_values = (pixel_values * luma).sum(dim=1, keepdim=True)
        return ImageClassifierOutput(logits=self.network(pixel_values))
