"""A source of 48x48 gray images as the user's choices want it: for FER2013's tables, which hold pixels and no files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from PIL import Image

from fercore.data.choices import Choices
from fercore.data.records import OnBad, Record, Source


def adapted(source: Source, choices: Choices) -> Source:
    """The source in other classes, size, channels or splits; itself where nothing of that is chosen."""
    if not (options := choices.options()):
        return source
    names = {name: choices.class_of(name) for name in source.classes}
    kept = {own for own in names.values() if own}
    classes = choices.order(kept, seven=kept >= set(source.classes))
    codes = [classes.index(own) if own else None for own in names.values()]
    dropped = {name: 0 for name, own in names.items() if not own}

    def read(on_bad: OnBad) -> Iterator[Record]:
        for record in source.read(on_bad):
            if (code := codes[record.label]) is None:
                dropped[source.classes[record.label]] += 1
                continue
            pixels = _shaped(record.pixels, choices)
            yield replace(record, label=code, split=choices.as_split or record.split, pixels=pixels)

    source.notes.extend(choices.notes())
    changes = {"cut": (), "expected": ()} if choices.as_split else {}
    return replace(
        source,
        read=read,
        split_names=choices.split_names(source.split_names),
        classes=classes,
        size=choices.size,
        channels=choices.channels,
        dropped=dropped,
        options=source.options | options,
        **changes,
    )


def _shaped(pixels: np.ndarray, choices: Choices) -> np.ndarray:
    image = Image.fromarray(pixels)
    if image.size != (choices.size, choices.size):
        image = image.resize((choices.size, choices.size), Image.Resampling.LANCZOS)
    return np.array(image.convert("RGB" if choices.channels == 3 else "L"), dtype=np.uint8)
