"""AffectNet (Mollahosseini, Hasani and Mahoor 2019, http://mohammadmahoor.com/affectnet/): images with annotations.

Class folders with names are read as any other tree; numbered ones only where the user says that they are AffectNet's,
since other data sets number otherwise.
"""

from __future__ import annotations

import io
from importlib.resources.abc import Traversable

import numpy as np

from fercore.data import trees
from fercore.data.choices import Choices
from fercore.data.forms.finding import child
from fercore.data.listing import Listed, Listing
from fercore.data.members import READ_ERRORS, children
from fercore.data.records import Source
from fercore.untrusted import NPY_ERRORS, check_texts

CODES = {
    "0": "neutral",
    "1": "happy",
    "2": "sad",
    "3": "surprise",
    "4": "fear",
    "5": "disgust",
    "6": "angry",
    "7": "contempt",
}
LICENCE = "AffectNet: for non-commercial research only, given out by its authors on request"
NOTE = "number code of AffectNet: " + ", ".join(f"{code} {name}" for code, name in CODES.items())
NO_TEST = (
    "AffectNet's test set is not public: its validation set is kept as val; to measure on it, prepare val_set alone "
    "with --as test"
)
_MOST_BYTES = 4096  # of an annotation
_SPLITS = {"train_set": "train", "val_set": "val"}


def fits(folder: Traversable, _: Choices) -> bool:
    """Whether it, or its train_set or val_set, holds images with annotations."""
    return bool(_parts(folder))


def open_affectnet(folder: Traversable, name: str, container: str, choices: Choices) -> Source:
    """Images with annotations, or numbered class folders."""
    if not (parts := _parts(folder)):
        layout = trees.Layout("AffectNet, images in numbered folders", CODES, (NOTE,), LICENCE, "affectnet")
        return trees.open_tree(folder, name, container, choices, layout)
    listing = Listing(name, choices)
    for inside, split, part in parts:
        annotations = {file.name: file for file in children(child(part, "annotations"))}
        for file in children(child(part, "images")):
            _take(listing, file, f"{inside}images/{file.name}", split, annotations)
    splits = {split for _, split, _ in parts}
    return listing.source_of(
        f"AffectNet, images with annotations in a {container}",
        dataset="affectnet",
        cut=("val",) if splits == {"train"} else (),
        notes=[NOTE, *[NO_TEST] * ("val" in splits and not choices.as_split)],
        licence=LICENCE,
        options=choices.options(),
    )


def _parts(folder: Traversable) -> list[tuple[str, str, Traversable]]:
    """Path, split and folder of each place that holds images with annotations."""
    if _is_part(folder):
        return [("", _SPLITS.get(folder.name.lower(), "train"), folder)]
    found = [entry for entry in children(folder) if entry.name.lower() in _SPLITS and entry.is_dir()]
    return [(f"{part.name}/", _SPLITS[part.name.lower()], part) for part in found if _is_part(part)]


def _is_part(folder: Traversable) -> bool:
    images, annotations = child(folder, "images"), child(folder, "annotations")
    return bool(images and annotations and images.is_dir() and annotations.is_dir())


def _take(listing: Listing, file: Traversable, path: str, split: str, annotations: dict[str, Traversable]) -> None:
    stem = file.name.rpartition(".")[0]
    code, problem = _text(annotations.get(f"{stem}_exp.npy"))
    if code not in CODES:
        received = problem or f"{code[:40]!r}"
        listing.add_bad(f"{path}: annotations/{stem}_exp.npy: {received}, expected a code of AffectNet from 0 to 7")
        return
    if chosen := listing.class_of(CODES[code], path, 1, code):
        listing.add(Listed(file, path, chosen, split))


def _text(file: Traversable | None) -> tuple[str, str]:
    """The text in an npy file, or what is wrong with it."""
    if file is None:
        return "", "no such file"
    try:
        with file.open("rb") as stream:
            data = stream.read(_MOST_BYTES + 1)
        if len(data) > _MOST_BYTES:
            return "", f"more than {_MOST_BYTES:,} bytes"
        content = np.load(io.BytesIO(data), allow_pickle=False)
        if content.dtype.kind == "U":
            check_texts(content)
        return str(content).strip(), ""
    except (*READ_ERRORS, *NPY_ERRORS) as error:
        return "", f"not readable without pickle ({error})"
