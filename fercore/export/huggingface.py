"""Folders that `AutoModelForImageClassification.from_pretrained` of transformers opens.

A ViT is one of transformers' own and needs no more than its files. Our convolutional networks are not: their folder
holds the source of the networks, copied from this project with its imports made relative, which
`trust_remote_code=True` runs.
"""

from __future__ import annotations

import re
import shutil
from importlib import resources
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save

from fercore.models.hub import import_transformers, is_hub_config
from fercore.models.networks import NETWORKS
from fercore.models.registry import LoadedModel
from fercore.models.vit import processor_config
from fercore.runs import Run, RunError, atomic_write, read_json, write_json

# What the network's file imports, and what that imports, by their names in this project.
SOURCES = (
    "emotions",
    "fields",
    "models.cnn",
    "models.networks",
    "models.plain",
    "models.resnet",
    "models.seresnet",
    "models.settings",
    "export.modeling_fer",
)
_IMPORT = re.compile(r"^from fercore\.(?:\w+\.)*(\w+) import", re.MULTILINE)


def write_folder(run: Run, model: LoadedModel, folder: Path) -> bool:
    """Write the files of a run's model into a folder.

    Returns
    -------
    bool
        Whether opening it takes trust_remote_code=True, because the network is none of transformers' own.

    Raises
    ------
    RunError
        If the network is neither this project's nor of transformers.
    """
    content = read_json(run.path / "config.json")
    if not is_hub_config(content) and content["model_type"] not in NETWORKS:
        raise RunError(
            f"{run.name} is a network of {content['model_type']}, whose source does not come along in such a folder; "
            "export it with --format onnx or torchscript"
        )
    write_json(folder / "preprocessor_config.json", processor_config(model.preprocess))
    if is_hub_config(content):
        for name in ("config.json", "model.safetensors"):
            shutil.copyfile(run.path / name, folder / name)
        return False
    write_json(folder / "config.json", _config(content))
    weights = {f"network.{name}": tensor.contiguous() for name, tensor in model.module.state_dict().items()}
    atomic_write(folder / "model.safetensors", lambda file: file.write(save(weights, metadata={"format": "pt"})))
    for name in SOURCES:
        _copy_source(name, folder)
    return True


def answer(folder: Path, faces: np.ndarray) -> np.ndarray:
    """What a written folder answers by transformers: uint8 faces (N, H, W) or (N, H, W, 3) -> probabilities (N, C)."""
    transformers = import_transformers()
    options = {"local_files_only": True, "trust_remote_code": True}
    model = transformers.AutoModelForImageClassification.from_pretrained(folder, **options).eval()
    processor = transformers.AutoImageProcessor.from_pretrained(folder, local_files_only=True)
    with torch.inference_mode():
        inputs = processor([Image.fromarray(face) for face in faces], return_tensors="pt")
        return model(**inputs).logits.float().softmax(dim=1).numpy()


def _config(content: dict) -> dict:
    names = {"AutoConfig": "FERConfig", "AutoModelForImageClassification": "FERForImageClassification"}
    return {
        "model_type": "fer-workbench",
        "architectures": ["FERForImageClassification"],
        "auto_map": {auto: f"modeling_fer.{name}" for auto, name in names.items()},
        "network": content["model_type"],
        "settings": content["model"],
        "id2label": {str(index): name for index, name in enumerate(content["classes"])},
        "label2id": {name: index for index, name in enumerate(content["classes"])},
        "dtype": "float32",
    }


def _copy_source(name: str, folder: Path) -> None:
    """Copy a file of this project, whose imports of others are made relative: in the folder all lie side by side."""
    *parents, own = name.split(".")
    text = resources.files("fercore").joinpath(*parents, f"{own}.py").read_text("utf-8")
    (folder / f"{own}.py").write_text(_IMPORT.sub(r"from .\1 import", text), "utf-8")
