"""images/s of training the report's final CNN: the loop the report would have used, ours, ours compiled, bare compute.

Each loop lives in its own process, since ours changes how the process keeps memory, and they take turns, so that a
noisy neighbour slows all of them alike.
"""

from __future__ import annotations

import argparse
import multiprocessing
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.nn import functional as F
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as TorchDataset
from torchvision import transforms
from tqdm import trange

from fercore.data.dataset import Dataset
from fercore.data.fer2013 import SIZE
from fercore.models.registry import build
from fercore.training.config import load_recipe
from fercore.training.loop import learn, train_epoch
from fercore.training.setup import Fit, setup, uses_bf16

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
IMAGES = 128 * (8 if DEVICE == "cpu" else 400)  # per measurement
_state: dict[str, object] = {}  # what a worker process keeps between its turns


def main(options: argparse.Namespace) -> None:
    rounds = options.rounds or 5
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, spawn) as plain_process, ProcessPoolExecutor(1, spawn) as our_process:
        turns: list[tuple[str, Callable[[], float], ProcessPoolExecutor]] = [
            ("plain", plain, plain_process),
            ("ours", ours, our_process),
            ("compiled", compiled, our_process),
            ("bare", bare, our_process),
        ]
        speeds: dict[str, list[float]] = {name: [] for name, _, _ in turns}
        for turn in trange(rounds + 1, unit="round"):
            for name, measure, process in turns:
                speed = process.submit(measure).result()
                if turn:  # the first round warms up
                    speeds[name].append(speed)
    medians = {name: statistics.median(values) for name, values in speeds.items()}
    words = {
        "plain": "plain loop: fp32, DataLoader over PIL images, Adam",
        "ours": f"ours: {'bf16' if uses_bf16(load_recipe('report-cnn').training) else 'fp32'}, channels_last, batches",
        "compiled": "ours with --compile",
        "bare": "bare compute of ours, tensors in memory",
    }
    device = torch.cuda.get_device_name() if DEVICE == "cuda" else f"CPU, {torch.get_num_threads()} threads"
    print(f"Training report-cnn, {device}, median (lowest to highest) of {rounds}:")
    for name, values in speeds.items():
        print(f"  {words[name]:<55} {medians[name]:6.0f} images/s ({min(values):.0f} to {max(values):.0f})")
    # A round's measurements lie seconds apart and share its noise, so the ratio is taken within each round.
    for name, target in (("plain", "at least 1.8 with AVX512-BF16"), ("bare", "at least 0.9 on a CPU")):
        ratios = [our / other for our, other in zip(speeds["ours"], speeds[name], strict=True)]
        print(f"  ours / {name}: {statistics.median(ratios):.2f} (median of the rounds' ratios; {target})")


class PlainImages(TorchDataset):
    """One PIL image at a time, as torchvision's ImageFolder gives them, without the decoding."""

    def __init__(self, images: np.ndarray, labels: np.ndarray) -> None:
        self.images, self.labels = [Image.fromarray(image) for image in images], labels
        self.transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize([0.5], [0.5])])

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        return self.transform(self.images[index]), int(self.labels[index])


def plain() -> float:
    """One epoch of the textbook loop; images/s."""
    if "plain" not in _state:
        dataset, config = _random_dataset(), load_recipe("report-cnn")
        model = build(config.model_type, config.model).to(DEVICE)
        loader = DataLoader(PlainImages(dataset.images[:IMAGES], dataset.labels), batch_size=128, shuffle=True)
        _state["plain"] = model, loader, torch.optim.Adam(model.parameters())
    model, loader, optimizer = _state["plain"]
    started, losses = time.perf_counter(), 0.0
    model.train()
    for inputs, labels in loader:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(inputs.to(DEVICE)), labels.to(DEVICE))
        loss.backward()
        optimizer.step()
        losses += loss.item()
    return IMAGES / (time.perf_counter() - started)


def ours() -> float:
    """One epoch of `fercore.training.loop`; images/s."""
    fit = _our_fit()
    started = time.perf_counter()
    train_epoch(fit, 0)
    return IMAGES / (time.perf_counter() - started)


def compiled() -> float:
    """One epoch of the same with a compiled network; images/s. The round that warms up compiles."""
    fit = _our_fit(compile=True)
    started = time.perf_counter()
    train_epoch(fit, 0)
    return IMAGES / (time.perf_counter() - started)


def bare() -> float:
    """Forward, backward and step of the same model on one batch that is ready in memory; images/s."""
    fit = _our_fit()
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(fit.batch_size, 1, SIZE, SIZE, generator=generator).to(DEVICE)
    inputs = inputs.to(memory_format=torch.channels_last)
    labels = torch.randint(0, 7, (fit.batch_size,), generator=generator).to(DEVICE)
    fit.wrapped.train()
    started = time.perf_counter()
    for _ in range(fit.steps):
        with fit.accelerator.autocast():
            loss = F.cross_entropy(fit.wrapped(inputs).float(), labels)
        learn(fit, loss)
    loss.item()  # waits for the device
    return IMAGES / (time.perf_counter() - started)


def _our_fit(**changes: bool) -> Fit:
    name = f"ours {changes}"
    if name not in _state:
        _state[name] = setup(load_recipe("report-cnn").override(**changes), _random_dataset())
    return _state[name]


def _random_dataset() -> Dataset:
    """Noise of FER2013's form: speed does not depend on what is in the pictures."""
    generator, n = np.random.default_rng(0), IMAGES + 7
    return Dataset(
        path=Path("random"),
        images=generator.integers(0, 256, (n, SIZE, SIZE), dtype=np.uint8),
        ids=np.arange(n).astype(np.str_),
        labels=np.arange(n) % 7,
        splits=np.array(["train"] * IMAGES + ["val"] * 7),
        info={},
    )
