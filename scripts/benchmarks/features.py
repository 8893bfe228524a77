"""Seconds until every convolution's channels are computed and drawn for one face of each emotion."""

from __future__ import annotations

import argparse

import numpy as np

from benchmarks.timing import timed
from fercore.charts.features import face_grid, filter_tiles, map_tiles
from fercore.charts.grids import png
from fercore.emotions import EMOTIONS
from fercore.explain.features import activations, filters
from fercore.explain.layers import Layer, layers
from fercore.models.registry import LoadedModel, load
from fercore.runs import RunError, open_run

RUN = "reference-report-cnn"
LIMIT = 1.0  # seconds, median
SHOWN = 12  # channels on a page of the dashboard


def main(options: argparse.Namespace) -> None:
    run = open_run(options.runs / RUN)
    loaded, faces = load(run), run.average_faces()
    if faces is None:
        raise RunError(f"{run.path} holds no average faces; train it again")
    rounds = options.rounds or 5
    convolutions = [layer for layer in layers(loaded.module) if layer.filters]
    names = tuple(layer.name for layer in convolutions)
    activations(loaded, faces, names)  # the first pass of a process also prepares torch's kernels
    maps, computing = timed(lambda: activations(loaded, faces, names), rounds)
    pictures, drawing = timed(
        lambda: [_picture(loaded, layer, faces, maps[layer.name][:, :SHOWN]) for layer in convolutions], rounds
    )
    channels = sum(own.shape[1] for own in maps.values())
    print(f"{RUN}: {len(names)} convolutions, {channels:,} channels, {len(faces)} emotions; medians of {rounds}")
    print(f"  compute all activations        {computing:.3f} s; at most {LIMIT} s wanted")
    print(f"  draw a page of each layer      {drawing:.3f} s, {sum(map(len, pictures)) / 1e3:.0f} kB in all")


def _picture(loaded: LoadedModel, layer: Layer, faces: np.ndarray, maps: np.ndarray) -> bytes:
    labels = [str(channel) for channel in range(maps.shape[1])]
    tiles = filter_tiles(filters(loaded, layer.name))[: maps.shape[1]]
    return png(face_grid(faces, map_tiles(maps), tiles, labels, EMOTIONS))
