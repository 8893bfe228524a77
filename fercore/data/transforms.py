"""What happens to pixels before a model: preprocessing, saved with the weights, and train-time augmentation.

Both work on whole batches. Every image of a batch draws its own random parameters, as torchvision's transforms do one
image at a time; done one by one in Python they would cost 7 to 15 % of a CPU training's time.
"""

from __future__ import annotations

import functools
import math
from dataclasses import asdict, dataclass

import torch
from torch.nn import functional as F
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as TF
from torchvision.transforms.v2.functional._color import _hsv_to_rgb, _rgb_to_hsv

from fercore.emotions import EMOTIONS
from fercore.fields import check, setting

# Mean and standard deviation of the 28,709 Training images scaled to 0..1; the tests measure them again.
TRAINING_MEAN, TRAINING_STD = 0.5077, 0.2551
_LUMA = (0.299, 0.587, 0.114)


@dataclass(frozen=True)
class Preprocess:
    """From uint8 faces to a model's input.

    Attributes
    ----------
    size
        Side of the model's square input in pixels.
    channels
        1, gray; or 3, which are equal where the face is gray.
    mean, std
        Subtracted from and divided into pixels scaled to 0..1: one number, or one a channel.
    """

    size: int = 48
    channels: int = 1
    mean: float | tuple[float, ...] = TRAINING_MEAN
    std: float | tuple[float, ...] = TRAINING_STD

    def __post_init__(self) -> None:
        for name in ("mean", "std"):  # JSON has lists
            if isinstance(value := getattr(self, name), list):
                object.__setattr__(self, name, tuple(value))
        means, stds = (value if isinstance(value, tuple) else (value,) for value in (self.mean, self.std))
        fits = all(len(values) in (1, self.channels) for values in (means, stds))
        sound = all(map(math.isfinite, means)) and all(0 < std < math.inf for std in stds)
        if not (8 <= self.size <= 1024 and self.channels in (1, 3) and fits and sound):
            raise ValueError(
                f"preprocess {asdict(self)}: expected size 8 to 1024, 1 or 3 channels and std above 0; mean and std "
                "are one number, or one a channel"
            )

    def __call__(self, images: torch.Tensor) -> torch.Tensor:
        """uint8 0..255 or float 0..1 images -> float32 (N, channels, size, size), normalised.

        Images are (N, H, W) gray or (N, 3, H, W) in colour; a model of one channel sees colour by its luma.
        """
        pixels = to_unit(images)
        if pixels.ndim == 3:
            pixels = pixels.unsqueeze(1)  # (N, 1, H, W)
        elif self.channels == 1:
            pixels = luma(pixels)
        if pixels.shape[-2:] != (self.size, self.size):
            pixels = TF.resize(pixels, [self.size, self.size], antialias=True)
        if not isinstance(self.mean, tuple) and not isinstance(self.std, tuple):
            return ((pixels - self.mean) / self.std).expand(-1, self.channels, -1, -1)
        mean, std = (_by_channel(value, pixels.device) for value in (self.mean, self.std))
        return (pixels.expand(-1, self.channels, -1, -1) - mean) / std

    def to_dict(self) -> dict:
        return asdict(self)


class _Pixels(Preprocess):
    """Leaves images as they are, at their own size and in their own colours, 0 to 1."""

    def __call__(self, images: torch.Tensor) -> torch.Tensor:
        pixels = to_unit(images)
        return pixels.unsqueeze(1) if pixels.ndim == 3 else pixels


PIXELS = _Pixels(mean=0.0, std=1.0)  # for models that preprocess faces themselves


@dataclass(frozen=True)
class AugmentConfig:
    """Random changes to training images; 0 switches one off. All off is the report's final model.

    Saturation and hue, which are in the report's list (section 1), leave gray images such as FER2013's as they are.
    """

    horizontal_flip: float = setting(0.0, "share of images mirrored", min=0, max=1)
    rotation: float = setting(0.0, "rotation up to this many degrees, both ways", min=0, max=180)
    shift: float = setting(0.0, "shift up to this share of the side, both axes", min=0, max=1)
    scale: float = setting(0.0, "zoom between 1 minus and 1 plus this", min=0, max=0.9)
    brightness: float = setting(0.0, "brightness factor between 1 minus and 1 plus this", min=0, max=1)
    contrast: float = setting(0.0, "contrast factor between 1 minus and 1 plus this", min=0, max=1)
    saturation: float = setting(0.0, "saturation factor, 1 minus to 1 plus this; nothing on gray images", min=0, max=1)
    hue: float = setting(0.0, "hue turn up to this share of the circle; nothing on gray images", min=0, max=0.5)
    erasing: float = setting(0.0, "share of images with a random rectangle erased", min=0, max=1)
    mixup: float = setting(0.0, "alpha of mixup: images and labels are blended in pairs", min=0, max=10)
    cutmix: float = setting(0.0, "alpha of cutmix: a rectangle comes from another image", min=0, max=10)

    def __post_init__(self) -> None:
        check(self)


def to_unit(images: torch.Tensor) -> torch.Tensor:
    """uint8 0..255 -> float32 0..1; floats pass."""
    return images.float() / 255 if images.dtype == torch.uint8 else images


def luma(pixels: torch.Tensor) -> torch.Tensor:
    """Gray levels (N, 1, H, W) of colours (N, 3, H, W), 0..1, by ITU-R BT.601, as PIL makes them."""
    return (pixels * _by_channel(_LUMA, pixels.device)).sum(dim=1, keepdim=True)


def _by_channel(values: float | tuple[float, ...], device: torch.device) -> torch.Tensor:
    """Numbers as (C, 1, 1). Outside of exports they are kept, because each copy of numbers to a GPU waits for it."""
    values = values if isinstance(values, tuple) else (values,)
    exported = torch.compiler.is_compiling() or torch.jit.is_tracing()
    return _made(values, device) if exported else _kept(values, device)


def _made(values: tuple[float, ...], device: torch.device) -> torch.Tensor:
    return torch.tensor(values, device=device)[:, None, None]


@functools.lru_cache(maxsize=16)
def _kept(values: tuple[float, ...], device: torch.device) -> torch.Tensor:
    with torch.inference_mode(False):
        return _made(values, device)


def augment(images: torch.Tensor, config: AugmentConfig, generator: torch.Generator) -> torch.Tensor:
    """Change each image of a batch at random.

    Parameters
    ----------
    images
        uint8 0..255 or float 0..1 tensor (N, H, W) or, in colour, (N, 3, H, W).
    config
        What to change, and how strongly.
    generator
        The only source of randomness: the same one gives the same images. On the device of the images it saves each
        step a wait for the device.

    Returns
    -------
    torch.Tensor
        float32 of the same shape, 0..1. Geometry is one bilinear resampling with mirrored borders; brightness,
        contrast, saturation and hue are those of torchvision's ColorJitter, erasing that of RandomErasing (Zhong et
        al. 2020; 2 to 33 % of the area, sides 0.3 to 3.3), filled with the image's own mean.
    """
    pixels = to_unit(images)
    gray = pixels.ndim == 3
    pixels = _move(pixels.unsqueeze(1) if gray else pixels, config, generator)
    pixels = _relight(pixels, config, generator)
    pixels = _erase(pixels, config.erasing, generator) if config.erasing else pixels
    return pixels.squeeze(1) if gray else pixels


def mix(
    images: torch.Tensor, labels: torch.Tensor, config: AugmentConfig, classes: int = len(EMOTIONS)
) -> tuple[torch.Tensor, torch.Tensor]:
    """Mix each image of a batch with the one before it, and their labels in the same proportion.

    Mixup (Zhang et al. 2018, https://arxiv.org/abs/1710.09412) or cutmix (Yun et al. 2019,
    https://arxiv.org/abs/1905.04899) by torchvision; where both are on, each batch draws one. Their randomness is
    torch's own state, and one proportion serves the whole batch.

    Parameters
    ----------
    images, labels
        float (N, H, W) or (N, 3, H, W), and int64 (N,).
    config
        Its `mixup` and `cutmix` are read.
    classes
        How many there are.

    Returns
    -------
    images, labels
        float of the same shape, and probabilities (N, classes); both unchanged where nothing is mixed.
    """
    ways = [(v2.MixUp, config.mixup), (v2.CutMix, config.cutmix)]
    ways = [way(alpha=alpha, num_classes=classes) for way, alpha in ways if alpha]
    if not ways:
        return images, labels
    gray = images.ndim == 3
    mixed, targets = v2.RandomChoice(ways)(images.unsqueeze(1) if gray else images, labels)
    return mixed.squeeze(1) if gray else mixed, targets


def _uniform(n: int, low: float, high: float, generator: torch.Generator, device: torch.device) -> torch.Tensor:
    return (torch.rand(n, generator=generator, device=generator.device) * (high - low) + low).to(device)


def _move(pixels: torch.Tensor, config: AugmentConfig, generator: torch.Generator) -> torch.Tensor:
    n, channels, height, width = pixels.shape
    if config.horizontal_flip:
        mirrored = _uniform(n, 0, 1, generator, pixels.device) < config.horizontal_flip
        pixels = torch.where(mirrored[:, None, None, None], pixels.flip(-1), pixels)
    if not (config.rotation or config.shift or config.scale):
        return pixels
    angle = _uniform(n, -math.radians(config.rotation), math.radians(config.rotation), generator, pixels.device)
    zoom = _uniform(n, 1 - config.scale, 1 + config.scale, generator, pixels.device)
    # A shift of the whole side is 2 in grid_sample's coordinates, which run from -1 to 1.
    right, down = (_uniform(n, -2 * config.shift, 2 * config.shift, generator, pixels.device) for _ in range(2))
    cos, sin = angle.cos() / zoom, angle.sin() / zoom
    rows = (torch.stack([cos, -sin, right], 1), torch.stack([sin, cos, down], 1))
    matrix = torch.stack(rows, 1)  # (N, 2, 3): where in the source each output pixel looks
    grid = F.affine_grid(matrix, [n, channels, height, width], align_corners=False)
    return F.grid_sample(pixels, grid, padding_mode="reflection", align_corners=False)


def _relight(pixels: torch.Tensor, config: AugmentConfig, generator: torch.Generator) -> torch.Tensor:
    n, device = len(pixels), pixels.device
    if config.brightness:
        factor = _uniform(n, 1 - config.brightness, 1 + config.brightness, generator, device)[:, None, None, None]
        pixels = (pixels * factor).clamp(0, 1)
    if config.contrast:
        factor = _uniform(n, 1 - config.contrast, 1 + config.contrast, generator, device)[:, None, None, None]
        mean = _gray(pixels).mean(dim=(1, 2, 3), keepdim=True)
        pixels = (mean + (pixels - mean) * factor).clamp(0, 1)
    if pixels.shape[1] == 1:
        return pixels
    if config.saturation:
        factor = _uniform(n, 1 - config.saturation, 1 + config.saturation, generator, device)[:, None, None, None]
        gray = luma(pixels)
        pixels = (gray + (pixels - gray) * factor).clamp(0, 1)
    if config.hue:
        pixels = turn_hue(pixels, _uniform(n, -config.hue, config.hue, generator, device))
    return pixels


def turn_hue(pixels: torch.Tensor, turns: torch.Tensor) -> torch.Tensor:
    """torchvision's `adjust_hue` with a turn (N,) for each image of (N, 3, H, W), without asking the device for any.

    The public function takes one turn for all images.
    """
    hsv = _rgb_to_hsv(pixels)
    turned = (hsv[:, :1] + turns[:, None, None, None]).remainder(1.0)
    return _hsv_to_rgb(torch.cat([turned, hsv[:, 1:]], dim=1))


def _gray(pixels: torch.Tensor) -> torch.Tensor:
    return pixels if pixels.shape[1] == 1 else luma(pixels)


def _erase(pixels: torch.Tensor, share: float, generator: torch.Generator) -> torch.Tensor:
    n, _, height, width = pixels.shape
    device = pixels.device
    chosen = _uniform(n, 0, 1, generator, device) < share
    area = _uniform(n, 0.02, 0.33, generator, device) * height * width
    ratio = _uniform(n, math.log(0.3), math.log(3.3), generator, device).exp()
    tall = (area * ratio).sqrt().clamp(1, height)
    wide = (area / ratio).sqrt().clamp(1, width)
    top = _uniform(n, 0, 1, generator, device) * (height - tall)
    left = _uniform(n, 0, 1, generator, device) * (width - wide)
    y = torch.arange(height, device=device)[None, :, None] + 0.5
    x = torch.arange(width, device=device)[None, None, :] + 0.5
    top, tall, left, wide = (value[:, None, None] for value in (top, tall, left, wide))
    hidden = (y >= top) & (y < top + tall) & (x >= left) & (x < left + wide) & chosen[:, None, None]
    return torch.where(hidden[:, None], pixels.mean(dim=(2, 3), keepdim=True), pixels)
