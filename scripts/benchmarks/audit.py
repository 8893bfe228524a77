"""Seconds to find the copies among N, 2N and 4N images: the cost should grow about as their number.

N is the data set. What is added are faces that nobody has seen: the upper half of one and the lower half of another, so
that their hashes are as varied as those of real faces, and copies stay rare. Growth is told in processor time, since
other work on the machine slows the clock.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np

from fercore.charts.style import count, duration
from fercore.data.audit.groups import picture_numbers
from fercore.data.audit.similarity import near_pairs
from fercore.data.dataset import open_dataset
from fercore.data.fer2013 import SIZE

TIMES = (1, 2, 4)
LIMITS = {"exact": 60, "near": 300}  # seconds at N


def main(options: argparse.Namespace) -> None:
    images = np.asarray(open_dataset(options.data).images)
    print(f"Copies among images of {options.data}; at N, exact ones within {LIMITS['exact']} s and near ones within")
    print(f"{LIMITS['near']} s wanted. In brackets: processor time, and how many times that of half as many images.")
    spent: dict[str, float] = {}
    for times in TIMES:
        all_images = enlarged(images, times)
        print(f"  {times}N = {count(len(all_images))} images", flush=True)
        _, first = measured("exact", picture_numbers, all_images, spent)
        all_images = all_images[first]
        pairs = measured("near", near_pairs, all_images, spent)
        print(f"    {count(len(first))} different pictures, {count(len(pairs))} near pairs", flush=True)


def enlarged(images: np.ndarray, times: int, seed: int = 0) -> np.ndarray:
    """The images (N, 48, 48) and (times - 1) * N made of two halves of random ones, uint8 (times * N, 48, 48)."""
    generator, n = np.random.default_rng(seed), len(images)
    upper, lower = generator.integers(0, n, (2, (times - 1) * n))
    made = images[upper]
    made[:, SIZE // 2 :] = images[lower, SIZE // 2 :]
    return np.concatenate([images, made])


def measured(what: str, work: Callable[[np.ndarray], object], images: np.ndarray, spent: dict[str, float]) -> object:
    """What `work` makes of the images; prints its seconds, and keeps its processor time in `spent`."""
    started, processor = time.perf_counter(), time.process_time()
    result = work(images)
    seconds, used = time.perf_counter() - started, time.process_time() - processor
    growth = f", {used / spent[what]:.1f} times" if what in spent else ""
    print(f"    {what:<6}{duration(seconds):>12} ({duration(used)}{growth})", flush=True)
    spent[what] = used
    return result
