"""The layers of a model that people name: where each is read, and which convolution's filters belong to it."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn
from torchvision.models import ResNet

from fercore.models.cnn import ACTIVATIONS
from fercore.models.ensemble import Ensemble
from fercore.models.hub import HubClassifier
from fercore.models.seresnet import Block, SEResNet

_ACTIVATIONS = tuple(ACTIVATIONS.values())
_ADDED = "after the shortcut is added and ReLU"
_SIGNED = "as it leaves the layer, with its sign"


@dataclass(frozen=True)
class Layer:
    """A layer to look at.

    Attributes
    ----------
    name
        What people call it: "convolution 1", "dense 2", "output". Unique in a model, and the same for every run of one
        architecture.
    response
        Name of the module whose output is the layer's response.
    read
        Where that is, in words that follow "read": "after ReLU".
    rectify
        Whether the ReLU that follows has no module of its own and must be applied to the response.
    filters
        Name of its convolution; None where it has none.
    """

    name: str
    response: str
    read: str
    rectify: bool = False
    filters: str | None = None


def layers(model: nn.Module) -> list[Layer]:
    """The layers of a model in the order of the pass.

    A convolution or dense layer is read after the activation function that follows it: what the next layer sees, but
    for pooling. Residual networks have their convolutions and their output (the 1x1 convolutions of shortcuts and of
    channel attention are left out); transformers their patch embedding, which is a convolution too, their blocks and
    their output; an ensemble its output alone; any other model its convolutions and dense layers, the last of which is
    called the output.
    """
    if isinstance(model, Ensemble):
        return [Layer("output", "", "before softmax")]
    if isinstance(model, HubClassifier):
        return _hub_layers(model)
    if isinstance(model, ResNet):
        return _resnet_layers(model)
    if isinstance(model, SEResNet):
        return _seresnet_layers(model)
    return _chained_layers(model)


def find_layer(model: nn.Module, name: str) -> Layer:
    """The layer of a name; ValueError names those there are."""
    known = {layer.name: layer for layer in layers(model)}
    if name not in known:
        raise ValueError(f"received the layer {name!r}, expected one of {', '.join(known)}")
    return known[name]


def _chained_layers(model: nn.Module) -> list[Layer]:
    modules = dict(model.named_modules())
    names = [name for name, module in modules.items() if isinstance(module, nn.Conv2d | nn.Linear)]
    last = next((name for name in reversed(names) if isinstance(modules[name], nn.Linear)), None)
    found, numbers = [], {"convolution": 0, "dense": 0}
    for name in names:
        response, read = _activation_after(name, modules)
        if name == last:
            found.append(Layer("output", response, "before softmax" if response == name else read))
            continue
        kind = "convolution" if isinstance(modules[name], nn.Conv2d) else "dense"
        numbers[kind] += 1
        filters = name if kind == "convolution" else None
        found.append(Layer(f"{kind} {numbers[kind]}", response, read, filters=filters))
    return found


def _activation_after(name: str, modules: dict[str, nn.Module]) -> tuple[str, str]:
    """The activation function that follows a layer in the same sequence, else the layer itself."""
    parent, _, own = name.rpartition(".")
    if isinstance(modules[parent], nn.Sequential):
        siblings = list(modules[parent].named_children())
        start = [key for key, _ in siblings].index(own) + 1
        for key, sibling in siblings[start:]:
            if isinstance(sibling, nn.Conv2d | nn.Linear):
                break
            if isinstance(sibling, _ACTIVATIONS):
                return f"{parent}.{key}" if parent else key, f"after {type(sibling).__name__}"
    return name, _SIGNED


def _resnet_layers(model: ResNet) -> list[Layer]:
    places = [("conv1", "relu", "after ReLU", False)]
    for stage in ("layer1", "layer2", "layer3", "layer4"):
        for number, block in enumerate(getattr(model, stage)):
            prefix = f"{stage}.{number}"
            *inner, last = [name for name, _ in block.named_children() if name.startswith("conv")]
            # A block's ReLU is called several times, so inside it is batch norm's output that is read, and rectified.
            places += [(f"{prefix}.{name}", f"{prefix}.bn{name[4:]}", "after ReLU", True) for name in inner]
            places.append((f"{prefix}.{last}", prefix, _ADDED, False))
    return [*_numbered(places), Layer("output", "fc", "before softmax")]


def _seresnet_layers(model: SEResNet) -> list[Layer]:
    places = [(f"stem.{number}.0", f"stem.{number}.2", "after ReLU", False) for number in range(len(model.stem))]
    for name, module in model.named_modules():
        if isinstance(module, Block):
            places.append((f"{name}.branch.0.0", f"{name}.branch.0.2", "after ReLU", False))
            places.append((f"{name}.branch.1.0", name, _ADDED, False))
    return [*_numbered(places), Layer("output", "output", "before softmax")]


def _numbered(places: list[tuple[str, str, str, bool]]) -> list[Layer]:
    """Convolutions from their module, response, where that is read, and whether it is to be rectified."""
    return [
        Layer(f"convolution {number}", response, read, rectify, filters)
        for number, (filters, response, read, rectify) in enumerate(places, 1)
    ]


def _hub_layers(model: HubClassifier) -> list[Layer]:
    modules = dict(model.named_modules())
    first = [name for name, module in modules.items() if isinstance(module, nn.Conv2d)][:1]
    starts = [Layer(_name_of_first(modules[name]), name, _SIGNED, filters=name) for name in first]
    # The blocks are the longest list of modules, the outermost where several are as long.
    lists = {name: len(module) for name, module in modules.items() if isinstance(module, nn.ModuleList)}
    name = max(lists, key=lists.get, default=None)
    blocks = [
        Layer(f"block {number + 1}", f"{name}.{number}", "as it leaves the block, with its sign")
        for number in range(lists.get(name, 0))
    ]
    return [*starts, *blocks, Layer("output", "", "before softmax")]


def _name_of_first(convolution: nn.Conv2d) -> str:
    """Patches do not overlap."""
    return "patch embedding" if convolution.stride == convolution.kernel_size else "convolution 1"
