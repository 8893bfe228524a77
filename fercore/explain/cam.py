"""Grad-CAM: which places of a convolution's output raise a class."""

from __future__ import annotations

import numpy as np
import torch
from captum.attr import LayerAttribution, LayerGradCam
from torch import nn

from fercore.explain.inputs import face_tensor
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
        uint8 (48, 48).
    target
        Class 0 to 6.
    layer
        One of `cam_layers`; without it the last one.

    Returns
    -------
    np.ndarray
        float32 (48, 48), 0 and above, in logits; 0 where nothing speaks for the class. It is as coarse as the layer's
        output: 6x6 cells for the last block of the report's CNN.
    """
    names = cam_layers(loaded.module)
    if not names:
        raise ValueError(f"{type(loaded.module).__name__} has no convolution, so there are no feature maps to weigh")
    layer = layer or list(names)[-1]
    if layer not in names:
        raise ValueError(f"received the layer {layer!r}, expected one of {', '.join(names)}")
    inputs = loaded.preprocess(face_tensor(image)[:, 0])
    method = LayerGradCam(loaded.module, loaded.module.get_submodule(names[layer]))
    coarse = method.attribute(inputs, target=target, relu_attributions=True)  # (1, 1, h, w)
    return LayerAttribution.interpolate(coarse.detach(), image.shape, "bilinear")[0, 0].float().numpy()
