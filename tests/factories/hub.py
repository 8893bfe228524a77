"""Tiny image classifiers as the Hugging Face hub stores them, made by transformers itself."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from fercore.emotions import EMOTIONS

# dima806/facial_emotions_image_detection's, in its order.
DIMA806_LABELS = ("sad", "disgust", "angry", "neutral", "fear", "surprise", "happy")


def make_hub_folder(folder: Path, labels: Sequence[str] = DIMA806_LABELS, kind: str = "vit", seed: int = 0) -> Path:
    """Save a classifier with random weights, spread enough to answer differently to different faces.

    Parameters
    ----------
    folder
        To be made.
    labels
        What its outputs mean. Two models with one seed and the same labels in another order answer the same.
    kind
        "vit" in dima806's form (224 pixels, three channels, mean and deviation 0.5), "resnet" or "convnext".
    seed
        Seed of the weights.
    """
    import transformers

    torch.manual_seed(seed)
    names = {"id2label": dict(enumerate(labels)), "label2id": {name: i for i, name in enumerate(labels)}}
    if kind == "vit":
        sizes = {"image_size": 224, "patch_size": 56, "hidden_size": 16, "num_hidden_layers": 2}
        config = transformers.ViTConfig(**sizes, num_attention_heads=2, intermediate_size=16, **names)
        half = [0.5, 0.5, 0.5]
        processor = transformers.ViTImageProcessor(size={"height": 224, "width": 224}, image_mean=half, image_std=half)
    elif kind == "resnet":
        sizes = {"embedding_size": 4, "hidden_sizes": [4, 8], "depths": [1, 1], "layer_type": "basic"}
        config = transformers.ResNetConfig(**sizes, **names)
        processor = transformers.ConvNextImageProcessor(size={"shortest_edge": 64}, crop_pct=0.875)
    else:
        config = transformers.ConvNextConfig(num_stages=2, hidden_sizes=[4, 8], depths=[1, 1], **names)
        processor = transformers.ConvNextImageProcessor(size={"shortest_edge": 48}, crop_pct=0.75, resample=3)
    model = transformers.AutoModelForImageClassification.from_config(config)
    head = model.classifier[-1] if isinstance(model.classifier, torch.nn.Sequential) else model.classifier
    with torch.no_grad():
        # Each label has its own row, whatever its place.
        rows = {name: torch.randn(head.in_features) for name in sorted({*labels, *EMOTIONS})}
        head.weight.copy_(torch.stack([rows[name] for name in labels]))
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder
