"""Grad-CAM and HiResCAM: which places of a convolution's output raise a class."""

from __future__ import annotations

import numpy as np
import torch
from captum.attr import LayerGradCam, LayerGradientXActivation
from torch import nn

from fercore.explain.inputs import face_tensor, model_input, over_seen_part
from fercore.explain.layers import layers
from fercore.models.registry import LoadedModel


def cam_layers(module: nn.Module) -> dict[str, str]:
    """Layers whose feature maps Grad-CAM can weigh: their names as in `layers`, and the modules that put the maps out.

    Convolutions after their activation function, as in the paper; of a ResNet the stem and the residual blocks.
    """
    return {layer.name: layer.response for layer in layers(module) if layer.filters and not layer.rectify}


@torch.inference_mode(False)
def grad_cam(loaded: LoadedModel, image: np.ndarray, target: int, layer: str | None = None) -> np.ndarray:
    """Places of a convolution's output that raise the logit of a class.

    Selvaraju et al. 2017 (https://arxiv.org/abs/1610.02391), by captum: each feature map is weighed with the mean of
    the logit's gradient over it, the sum is rectified and enlarged bilinearly. We leave out their division by the
    maximum, after which the maps of two classes could not be compared.

    Parameters
    ----------
    loaded
        A model with convolutions.
    image
        A square face, uint8 (S, S) or in colour (S, S, 3).
    target
        Number of a class.
    layer
        One of `cam_layers`; without it the last one.

    Returns
    -------
    np.ndarray
        float32 (S, S), 0 and above, in logits; 0 where nothing speaks for the class. It is as coarse as the layer's
        output: 6x6 cells for the last block of the report's CNN.
    """
    inputs, module = _inputs_and_module(loaded, image, layer)
    found = LayerGradCam(loaded.module, module).attribute(inputs, target=target, relu_attributions=True)
    return over_seen_part(loaded, found[0].detach().numpy(), len(image))[0]


@torch.inference_mode(False)
def hires_cam(loaded: LoadedModel, image: np.ndarray, target: int, layer: str | None = None) -> np.ndarray:
    """What each place of a convolution's output adds to the logit of a class.

    HiResCAM, Draelos and Carin 2020 (https://arxiv.org/abs/2011.08891), by captum: feature maps times the logit's
    gradient by them, summed over the maps. Grad-CAM averages the gradient over all places first. Where the layer is
    averaged and then weighed, as in a ResNet, that is the same; behind dense layers, as in the report's CNN, it is not,
    and can leave nothing of a map or show places that add nothing. We do not rectify, so that one sees both signs.

    Parameters
    ----------
    loaded, image, target, layer
        As of `grad_cam`.

    Returns
    -------
    np.ndarray
        float32 (S, S), in logits, enlarged bilinearly; positive speaks for the class. Where nothing but ReLU,
        max-pooling and dense layers follow, the cells, before they are enlarged, sum to the logit but for biases.
    """
    inputs, module = _inputs_and_module(loaded, image, layer)
    found = LayerGradientXActivation(loaded.module, module).attribute(inputs, target=target)  # (1, C, h, w)
    return over_seen_part(loaded, found.sum(dim=1).detach().numpy(), len(image))[0]


def _inputs_and_module(loaded: LoadedModel, image: np.ndarray, layer: str | None) -> tuple[torch.Tensor, nn.Module]:
    """The face as the model takes it, and the module that puts a layer's maps out."""
    names = cam_layers(loaded.module)
    if not names:
        raise ValueError(f"{type(loaded.module).__name__} has no convolution, so there are no feature maps to weigh")
    layer = layer or list(names)[-1]
    if layer not in names:
        raise ValueError(f"received the layer {layer!r}, expected one of {', '.join(names)}")
    return model_input(loaded, face_tensor(image)), loaded.module.get_submodule(names[layer])
