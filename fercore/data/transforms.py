"""What happens to pixels before a model: preprocessing, saved with the weights, and train-time augmentation.

Both work on whole batches. Every image of a batch draws its own random parameters, as torchvision's transforms do one
image at a time; done one by one in Python they would cost 7 to 15 % of a CPU training's time.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass

import torch
from torch.nn import functional as F
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as TF

from fercore.emotions import EMOTIONS
from fercore.fields import check, setting

# Mean and standard deviation of the 28,709 Training images scaled to 0..1; the tests measure them again.
TRAINING_MEAN, TRAINING_STD = 0.5077, 0.2551


@dataclass(frozen=True)
class Preprocess:
    """From uint8 faces to a model's input.

    Attributes
    ----------
    size
        Side of the model's square input in pixels.
    channels
        1, or 3 equal ones for models that expect colour.
    mean, std
        Subtracted from and divided into pixels scaled to 0..1.
    """

    size: int = 48
    channels: int = 1
    mean: float = TRAINING_MEAN
    std: float = TRAINING_STD

    def __post_init__(self) -> None:
        if not (8 <= self.size <= 1024 and self.channels in (1, 3) and self.std > 0 and math.isfinite(self.mean)):
            raise ValueError(f"preprocess {asdict(self)}: expected size 8 to 1024, 1 or 3 channels and std above 0")

    def __call__(self, images: torch.Tensor) -> torch.Tensor:
        """uint8 0..255 or float 0..1 images (N, H, W) -> float32 (N, channels, size, size), normalised."""
        pixels = to_unit(images).unsqueeze(1)  # (N, 1, H, W)
        if pixels.shape[-2:] != (self.size, self.size):
            pixels = TF.resize(pixels, [self.size, self.size], antialias=True)
        pixels = (pixels - self.mean) / self.std
        return pixels.expand(-1, self.channels, -1, -1)

    def to_dict(self) -> dict:
        return asdict(self)


PIXELS = Preprocess(mean=0.0, std=1.0)  # leaves faces as they are, 0 to 1: for models that preprocess them themselves


@dataclass(frozen=True)
class AugmentConfig:
    """Random changes to training images; 0 switches one off. All off is the report's final model.

    Saturation and hue are in the report's list (section 1), but FER2013 is gray: they leave every pixel as it is.
    """

    horizontal_flip: float = setting(0.0, "share of images mirrored", min=0, max=1)
    rotation: float = setting(0.0, "rotation up to this many degrees, both ways", min=0, max=180)
    shift: float = setting(0.0, "shift up to this share of the side, both axes", min=0, max=1)
    scale: float = setting(0.0, "zoom between 1 minus and 1 plus this", min=0, max=0.9)
    brightness: float = setting(0.0, "brightness factor between 1 minus and 1 plus this", min=0, max=1)
    contrast: float = setting(0.0, "contrast factor between 1 minus and 1 plus this", min=0, max=1)
    saturation: float = setting(0.0, "saturation factor; changes nothing on gray images", min=0, max=1)
    hue: float = setting(0.0, "hue turn; changes nothing on gray images", min=0, max=0.5)
    erasing: float = setting(0.0, "share of images with a random rectangle erased", min=0, max=1)
    mixup: float = setting(0.0, "alpha of mixup: images and labels are blended in pairs", min=0, max=10)
    cutmix: float = setting(0.0, "alpha of cutmix: a rectangle comes from another image", min=0, max=10)

    def __post_init__(self) -> None:
        check(self)


def to_unit(images: torch.Tensor) -> torch.Tensor:
    """uint8 0..255 -> float32 0..1; floats pass."""
    return images.float() / 255 if images.dtype == torch.uint8 else images


def augment(images: torch.Tensor, config: AugmentConfig, generator: torch.Generator) -> torch.Tensor:
    """Change each image of a batch at random.

    Parameters
    ----------
    images
        uint8 0..255 or float 0..1 tensor (N, H, W).
    config
        What to change, and how strongly.
    generator
        CPU random generator, the only source of randomness: the same one gives the same images.

    Returns
    -------
    torch.Tensor
        float32 (N, H, W), 0..1. Geometry is one bilinear resampling with mirrored borders; brightness and contrast are
        those of torchvision's ColorJitter, erasing that of RandomErasing (Zhong et al. 2020; 2 to 33 % of the area,
        sides 0.3 to 3.3), filled with the image's own mean.
    """
    pixels = to_unit(images)
    pixels = _move(pixels, config, generator)
    pixels = _relight(pixels, config, generator)
    return _erase(pixels, config.erasing, generator) if config.erasing else pixels


def mix(images: torch.Tensor, labels: torch.Tensor, config: AugmentConfig) -> tuple[torch.Tensor, torch.Tensor]:
    """Mix each image of a batch with the one before it, and their labels in the same proportion.

    Mixup (Zhang et al. 2018, https://arxiv.org/abs/1710.09412) or cutmix (Yun et al. 2019,
    https://arxiv.org/abs/1905.04899) by torchvision; where both are on, each batch draws one. Their randomness is
    torch's own state, and one proportion serves the whole batch.

    Parameters
    ----------
    images, labels
        float (N, H, W) and int64 (N,).
    config
        Its `mixup` and `cutmix` are read.

    Returns
    -------
    images, labels
        float (N, H, W), and probabilities (N, 7); both unchanged where nothing is mixed.
    """
    ways = [(v2.MixUp, config.mixup), (v2.CutMix, config.cutmix)]
    ways = [way(alpha=alpha, num_classes=len(EMOTIONS)) for way, alpha in ways if alpha]
    if not ways:
        return images, labels
    mixed, targets = v2.RandomChoice(ways)(images.unsqueeze(1), labels)
    return mixed.squeeze(1), targets


def _uniform(n: int, low: float, high: float, generator: torch.Generator, device: torch.device) -> torch.Tensor:
    return (torch.rand(n, generator=generator) * (high - low) + low).to(device)


def _move(pixels: torch.Tensor, config: AugmentConfig, generator: torch.Generator) -> torch.Tensor:
    n, height, width = pixels.shape
    if config.horizontal_flip:
        mirrored = _uniform(n, 0, 1, generator, pixels.device) < config.horizontal_flip
        pixels = torch.where(mirrored[:, None, None], pixels.flip(-1), pixels)
    if not (config.rotation or config.shift or config.scale):
        return pixels
    angle = _uniform(n, -math.radians(config.rotation), math.radians(config.rotation), generator, pixels.device)
    zoom = _uniform(n, 1 - config.scale, 1 + config.scale, generator, pixels.device)
    # A shift of the whole side is 2 in grid_sample's coordinates, which run from -1 to 1.
    right, down = (_uniform(n, -2 * config.shift, 2 * config.shift, generator, pixels.device) for _ in range(2))
    cos, sin = angle.cos() / zoom, angle.sin() / zoom
    rows = (torch.stack([cos, -sin, right], 1), torch.stack([sin, cos, down], 1))
    matrix = torch.stack(rows, 1)  # (N, 2, 3): where in the source each output pixel looks
    grid = F.affine_grid(matrix, [n, 1, height, width], align_corners=False)
    return F.grid_sample(pixels.unsqueeze(1), grid, padding_mode="reflection", align_corners=False).squeeze(1)


def _relight(pixels: torch.Tensor, config: AugmentConfig, generator: torch.Generator) -> torch.Tensor:
    n, device = len(pixels), pixels.device
    if config.brightness:
        factor = _uniform(n, 1 - config.brightness, 1 + config.brightness, generator, device)[:, None, None]
        pixels = (pixels * factor).clamp(0, 1)
    if config.contrast:
        factor = _uniform(n, 1 - config.contrast, 1 + config.contrast, generator, device)[:, None, None]
        mean = pixels.mean(dim=(1, 2), keepdim=True)
        pixels = (mean + (pixels - mean) * factor).clamp(0, 1)
    if config.saturation:
        pixels = TF.adjust_saturation(pixels.unsqueeze(1), 1 + config.saturation).squeeze(1)
    if config.hue:
        pixels = TF.adjust_hue(pixels.unsqueeze(1), config.hue).squeeze(1)
    return pixels


def _erase(pixels: torch.Tensor, share: float, generator: torch.Generator) -> torch.Tensor:
    n, height, width = pixels.shape
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
    return torch.where(hidden, pixels.mean(dim=(1, 2), keepdim=True), pixels)
