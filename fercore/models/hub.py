"""Image classifiers in the layout of the Hugging Face hub: any architecture, their own labels and preprocessing.

A folder may be a stranger's, so it is not handed to transformers: `open_folder` reads its JSON and its safetensors and
passes on a checked dictionary and tensors. Nothing in a folder can then name code, another file or the network.
transformers takes seconds to import and is imported only where such a model is opened.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from safetensors.torch import load_file
from torch import nn
from torch.nn.modules.module import register_module_parameter_registration_hook

from fercore.data.transforms import Preprocess, luma
from fercore.emotions import EMOTIONS
from fercore.models.hub_labels import HubError, label_names, map_labels
from fercore.runs import RunError, read_json

# What a config may not decide: where code, weights or kernels come from, and in which precision we compute.
_OURS_TO_DECIDE = {
    "auto_map",
    "custom_pipelines",
    "transformers_weights",
    "fusion_config",
    "distributed_config",
    "attn_implementation",
    "_attn_implementation",
    "_attn_implementation_internal",
    "_name_or_path",
    "name_or_path",
    "dtype",
    "torch_dtype",
    "transformers_version",
    "preprocess",
}
_LARGEST = 1_000_000  # of all numbers in a config: sizes lie far below, and some are counts of things to be made
_LARGEST_SIDE = 1024  # of a model's input in pixels
_SIDE = 48  # of the picture that is shown to a processor to see what it makes of it


class HubClassifier(nn.Module):
    """A classifier of transformers as all our models are: normalised images (N, C, H, W) -> logits of the classes.

    Attributes
    ----------
    model
        The model of transformers, whose logits (N, K) are in its own order.
    others
        Name -> column of what it knows beyond its classes, such as contempt beside the seven. Their logits are left
        out, so that softmax gives the probabilities among the classes; `left_out_mass` measures what that leaves out.
    """

    def __init__(self, model: nn.Module, names: Sequence[str] = EMOTIONS, classes: Sequence[str] = EMOTIONS) -> None:
        super().__init__()
        self.model = model
        self._columns, self.others = map_labels(names, classes)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Normalised images (N, C, H, W) -> logits (N, number of classes)."""
        logits = self.model(pixel_values=images).logits
        return logits if self._columns == list(range(logits.shape[1])) else logits[:, self._columns]


@dataclass(frozen=True)
class HubPreprocess:
    """A processor of transformers as our `Preprocess`: called with faces, it gives a model's input.

    Attributes
    ----------
    processor
        It resizes, crops and normalises as the model's author meant it.
    channels
        1, or 3, which are equal where the face is gray.
    size
        Side of the model's square input in pixels.
    """

    processor: Any
    channels: int
    size: int = field(init=False)

    def __post_init__(self) -> None:
        shape = tuple(self(torch.zeros(1, _SIDE, _SIDE)).shape)
        if len(shape) != 4 or shape[:2] != (1, self.channels) or shape[2] != shape[3]:
            raise HubError(f"its processor makes {shape} of a face, expected (1, {self.channels}, side, side)")
        object.__setattr__(self, "size", shape[2])

    def __call__(self, images: torch.Tensor) -> torch.Tensor:
        """uint8 0..255 or float 0..1 images -> float32 (N, channels, size, size), normalised.

        Images are (N, H, W) gray or (N, 3, H, W) in colour. For uint8 images this is the processor's own output, bit
        for bit. It rounds to whole levels after resizing them; floats are not rounded, so that an explanation can
        differentiate.
        """
        pixels = images if images.dtype == torch.uint8 else images * 255
        if pixels.ndim == 3:
            pixels = pixels.unsqueeze(1).expand(-1, self.channels, -1, -1)  # (N, channels, H, W)
        elif self.channels == 1:
            pixels = luma(pixels).round() if images.dtype == torch.uint8 else luma(pixels)
        made = self.processor(list(pixels), input_data_format="channels_first", return_tensors="pt")
        return made["pixel_values"]

    def to_dict(self) -> dict:
        """For run.json: what it is, and its input."""
        return {"processor": type(self.processor).__name__, "size": self.size, "channels": self.channels}


def is_hub_config(content: dict) -> bool:
    """Whether a config.json is in the hub's layout, which names an architecture of transformers."""
    return "architectures" in content


def open_folder(folder: Path, classes: Sequence[str] = EMOTIONS) -> tuple[HubClassifier, Preprocess | HubPreprocess]:
    """The classifier and its preprocessing from a folder with config.json, model.safetensors and a processor's config.

    It answers `classes`, which are found by name among its labels.

    Raises
    ------
    HubError
        If the folder is no image classifier of these classes, or its files do not belong together.
    """
    content = read_json(folder / "config.json")
    names = label_names(content)
    map_labels(names, classes)  # before the weights, which take long
    try:
        config = _config(content)
        model = HubClassifier(_with_weights(config, content, load_file(folder / "model.safetensors")), names, classes)
        if isinstance(own := content.get("preprocess"), dict):
            return model, Preprocess(**own)
        return model, _open_processor(folder / "preprocessor_config.json", config)
    except (HubError, RunError, OSError):
        raise
    except Exception as error:  # a foreign config can break transformers in any way
        raise HubError(f"transformers cannot open it: {type(error).__name__}: {str(error)[:500]}") from error


@contextlib.contextmanager
def left_out_mass(module: nn.Module) -> Iterator[dict[str, float]]:
    """Measure what a model gives to classes beyond its classes in the passes made inside the `with` block.

    Yields
    ------
    dict
        Name of a class -> mean probability it got, 0 to 1, once the block has ended; empty for a model without any.
    """
    mass: dict[str, float] = {}
    if not getattr(module, "others", None):
        yield mass
        return
    total, images = torch.zeros(len(module.others), dtype=torch.float64), 0

    def add(model: nn.Module, inputs: tuple, output: Any) -> None:
        nonlocal images
        probabilities = output.logits.float().softmax(dim=1)[:, list(module.others.values())]
        total.add_(probabilities.double().sum(dim=0).cpu())
        images += len(probabilities)

    handle = module.model.register_forward_hook(add)
    try:
        yield mass
    finally:
        handle.remove()
    mass.update(zip(module.others, (total / max(images, 1)).tolist(), strict=True))


def import_transformers() -> ModuleType:
    """transformers, imported late because that takes seconds, and without bars for what takes a blink."""
    import transformers

    transformers.utils.logging.disable_progress_bar()
    return transformers


def _config(content: dict) -> Any:
    transformers = import_transformers()
    kind, known = content.get("model_type"), transformers.models.auto.modeling_auto
    # Models of timm are laid out by another package, which follows addresses in their configs.
    if kind not in known.MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING_NAMES or kind == "timm_wrapper":
        raise HubError(f"model_type is {kind!r}, which is no image classifier of transformers")
    if "quantization_config" in content:
        raise HubError("it is quantised; give the model in full or half precision")
    _check_numbers(content, _LARGEST)
    values = _without(content, _OURS_TO_DECIDE)
    return transformers.AutoConfig.for_model(**values)


def _with_weights(config: Any, content: dict, state: dict[str, torch.Tensor]) -> nn.Module:
    """The model with its weights in fp32; HubError where they are not all there or do not fit."""
    transformers = import_transformers()
    made = transformers.MODEL_FOR_IMAGE_CLASSIFICATION_MAPPING[type(config)]
    candidates = made if isinstance(made, tuple) else (made,)
    kind = next((c for c in candidates if [c.__name__] == content.get("architectures")), candidates[0])
    # A tensor may hold what the model keeps in several parameters, as one matrix of queries, keys and values does.
    with torch.device("meta"), _at_most(4 * len(state) + 16):
        blank = kind(config)
    needed, held = (sum(t.numel() for t in tensors) for tensors in (blank.parameters(), state.values()))
    if needed > held:
        raise HubError(f"its config asks for {needed:,} weights, but model.safetensors holds {held:,}")
    settings = {"dtype": torch.float32, "ignore_mismatched_sizes": True, "output_loading_info": True}
    model, found = kind.from_pretrained(None, config=config, state_dict=state, **settings)
    if wrong := [*found["missing_keys"], *found["mismatched_keys"], *found["error_msgs"]]:
        raise HubError(
            f"model.safetensors does not fit its config: {str(wrong[0])[:200]} is missing or of another shape"
        )
    return model


def _open_processor(path: Path, config: Any) -> HubPreprocess:
    content = read_json(path)
    _check_numbers(content, _LARGEST_SIDE)
    if "auto_map" in content:
        raise HubError(f"{path.name} names code of its own, which is never run")
    processor = import_transformers().AutoImageProcessor.from_pretrained(
        str(path), config=config, backend="torchvision", trust_remote_code=False, local_files_only=True
    )
    return HubPreprocess(processor, getattr(config, "num_channels", 3))


@contextlib.contextmanager
def _at_most(parameters: int) -> Iterator[None]:
    """Stop the layout of a model that has more parameters than this, before it fills the memory."""
    thread, count = threading.get_ident(), 0

    def register(module: nn.Module, name: str, parameter: nn.Parameter) -> None:
        nonlocal count
        count += threading.get_ident() == thread  # the hook is every thread's
        if count > parameters:
            raise HubError("its config asks for many more layers than model.safetensors holds")

    handle = register_module_parameter_registration_hook(register)
    try:
        yield
    finally:
        handle.remove()


def _check_numbers(content: Any, largest: float) -> None:
    if isinstance(content, dict | list):
        for item in content.values() if isinstance(content, dict) else content:
            _check_numbers(item, largest)
    elif isinstance(content, int | float) and not -largest <= content <= largest:
        raise HubError(f"received the number {content} in its configuration, expected at most {largest:,}")


def _without(content: Any, keys: set[str]) -> Any:
    """Nested JSON without the entries of some names."""
    if isinstance(content, dict):
        return {name: _without(value, keys) for name, value in content.items() if name not in keys}
    return [_without(item, keys) for item in content] if isinstance(content, list) else content
