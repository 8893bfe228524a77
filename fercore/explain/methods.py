"""All heat maps by name: what each suits, what its numbers mean, and how it is computed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fercore.explain import attention, cam, gradients, occlusion
from fercore.models.registry import LoadedModel


@dataclass(frozen=True)
class Method:
    """One way to say which places of a face matter.

    Attributes
    ----------
    name, paper
        What it is called, and where it comes from.
    unit
        Of a map's values, in words that follow a number.
    signed
        Whether values may be negative, which speaks against the class; else they are 0 and above.
    by_class
        Whether the map depends on the class that is asked about.
    meaning
        What a value says, as a sentence for users.
    compute
        (model, face, class, part, layer) -> the part's float32 (S, S); the parts of a map add up to it.
    parts
        In how many parts a slow map is computed.
    attention_only
        Whether it reads attention, which only transformers have.
    has_layers
        Whether it reads one layer, which can be chosen.
    """

    name: str
    paper: str
    unit: str
    signed: bool
    by_class: bool
    meaning: str
    compute: Callable[[LoadedModel, np.ndarray, int, int, str | None], np.ndarray]
    parts: int = 1
    attention_only: bool = False
    has_layers: bool = False


def _hires_cam(loaded: LoadedModel, image: np.ndarray, target: int, part: int, layer: str | None) -> np.ndarray:
    reads_tokens = attention.attention_names(loaded.module)
    return (attention.token_hires_cam if reads_tokens else cam.hires_cam)(loaded, image, target, layer)


def _grad_cam(loaded: LoadedModel, image: np.ndarray, target: int, part: int, layer: str | None) -> np.ndarray:
    reads_tokens = attention.attention_names(loaded.module)
    return (attention.token_cam if reads_tokens else cam.grad_cam)(loaded, image, target, layer)


def _occlusion(loaded: LoadedModel, image: np.ndarray, target: int, part: int, layer: str | None) -> np.ndarray:
    return occlusion.occlusion(loaded, image, target, part)


def _gradients(loaded: LoadedModel, image: np.ndarray, target: int, part: int, layer: str | None) -> np.ndarray:
    return gradients.integrated_gradients(loaded, image, target, part)


def _relevance(loaded: LoadedModel, image: np.ndarray, target: int, part: int, layer: str | None) -> np.ndarray:
    return attention.attention_relevance(loaded, image, target)


def _rollout(loaded: LoadedModel, image: np.ndarray, target: int, part: int, layer: str | None) -> np.ndarray:
    return attention.attention_rollout(loaded, image)


METHODS = {
    "hires-cam": Method(
        "HiResCAM",
        "Draelos and Carin 2020, https://arxiv.org/abs/2011.08891",
        unit="logits",
        signed=True,
        by_class=True,
        meaning="What each place of the last feature maps (of a transformer: of the tokens before its last attention) "
        "adds to the class's logit (blue) or takes from it (orange). It is coarse: a few cells, smoothly enlarged.",
        compute=_hires_cam,
        has_layers=True,
    ),
    "grad-cam": Method(
        "Grad-CAM",
        "Selvaraju et al. 2017, https://arxiv.org/abs/1610.02391",
        unit="logits",
        signed=False,
        by_class=True,
        meaning="As HiResCAM, but each feature map is weighed as a whole, by its mean gradient, and what speaks "
        "against the class is left out. Where dense layers tell places apart, as in the report's CNN, the mean "
        "gradient can miss what counts, and the map can be empty.",
        compute=_grad_cam,
        has_layers=True,
    ),
    "occlusion": Method(
        "Occlusion",
        "Zeiler and Fergus 2014, https://arxiv.org/abs/1311.2901",
        unit="of probability",
        signed=True,
        by_class=True,
        meaning="The probability that is lost when a gray window, a sixth of the picture wide and high, hides the "
        "place. Blue: hiding it costs probability. Orange: hiding it helps.",
        compute=_occlusion,
        parts=occlusion.PARTS,
    ),
    "integrated-gradients": Method(
        "Integrated gradients",
        "Sundararajan et al. 2017, https://arxiv.org/abs/1703.01365",
        unit="logits",
        signed=True,
        by_class=True,
        meaning="What each pixel adds to the class's logit (blue) or takes from it (orange), compared with a picture "
        "that is all the mean gray of FER2013. All pixels together make the whole difference between the two.",
        compute=_gradients,
        parts=gradients.PARTS,
    ),
    "relevance": Method(
        "Attention relevance",
        "Chefer et al. 2021, https://arxiv.org/abs/2103.15679",
        unit="of relevance",
        signed=False,
        by_class=True,
        meaning="Attention of all layers, each weighed by how much more of it would raise the class.",
        compute=_relevance,
        attention_only=True,
    ),
    "rollout": Method(
        "Attention rollout",
        "Abnar and Zuidema 2020, https://arxiv.org/abs/2005.00928",
        unit="of all attention",
        signed=False,
        by_class=False,
        meaning="Where the classifying token's information comes from through all layers. It is the same for every "
        "class: it says where the model looks, not what it makes of it.",
        compute=_rollout,
        attention_only=True,
    ),
}


def unsuited(loaded: LoadedModel, method: str) -> str | None:
    """Why a method cannot explain a model, in words; None where it can."""
    if METHODS[method].attention_only and not attention.attention_names(loaded.module):
        return "it reads the attention of a ViT, and this model is none"
    if METHODS[method].has_layers and not method_layers(loaded, method):
        return "it reads feature maps or tokens, and this model has neither"
    return None


def method_layers(loaded: LoadedModel, method: str) -> list[str]:
    """Names of the layers that a method can look at, the usual one last; none where there is nothing to choose."""
    if not METHODS[method].has_layers:
        return []
    return list(attention.token_layers(loaded.module) or cam.cam_layers(loaded.module))


def heat_map_part(
    loaded: LoadedModel, image: np.ndarray, method: str, target: int, part: int, layer: str | None = None
) -> np.ndarray:
    """One of `METHODS[method].parts` parts of `heat_map`, for pages that show progress."""
    if why := unsuited(loaded, method):
        raise ValueError(f"{METHODS[method].name} does not suit this model: {why}")
    return METHODS[method].compute(loaded, image, target, part, layer)


def heat_map(loaded: LoadedModel, image: np.ndarray, method: str, target: int, layer: str | None = None) -> np.ndarray:
    """Which places of a face matter for a class.

    Parameters
    ----------
    loaded
        The model.
    image
        A square face, uint8 (S, S), 0 black to 255 white, or in colour (S, S, 3).
    method
        A key of `METHODS`, which says what the values mean, their unit and sign.
    target
        Number of a class.
    layer
        One of `method_layers`; without it the last one.

    Returns
    -------
    np.ndarray
        float32 (S, S).

    Raises
    ------
    ValueError
        If the method does not suit the model, or there is no such layer.
    """
    parts = range(METHODS[method].parts)
    return sum(heat_map_part(loaded, image, method, target, part, layer) for part in parts)
