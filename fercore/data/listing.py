"""A list of image files with their classes and splits -> a source: what all forms made of image files share."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.resources.abc import Traversable
from pathlib import PurePosixPath

import numpy as np

from fercore.data.choices import Choices, UnknownClass
from fercore.data.dataset import SPLITS, SUBJECT, DataError
from fercore.data.decode import Note, UnreadableImage, decode_face, largest_value
from fercore.data.depth import WhiteLevel
from fercore.data.members import read_bytes
from fercore.data.records import PLAIN_SPLIT_NAMES, BadRecord, OnBad, Record, Source

TOLD = 20  # notes on single images that are kept


@dataclass(frozen=True)
class Listed:
    """One image file.

    Attributes
    ----------
    file, path
        The file, and where it lies below the root of the source, with "/".
    name
        Its class, as the data set is to name it.
    split
        "train", "val" or "test".
    extra
        Further columns of index.csv.
    box
        The face in it: left, top, right, bottom in pixels; None where the whole picture is one.
    face
        What tells faces of one file apart.
    """

    file: Traversable
    path: str
    name: str
    split: str
    extra: Mapping[str, str] = field(default_factory=dict)
    box: tuple[int, int, int, int] | None = None
    face: str = ""


class Listing:
    """The images of a source while it is looked through.

    Parameters
    ----------
    source
        Name of the source, for messages.
    choices
        How it is to be read.
    """

    def __init__(self, source: str, choices: Choices) -> None:
        self.source, self.choices = source, choices
        self.images: list[Listed] = []
        self.bad: list[BadRecord] = []
        self.classes: dict[str, None] = {}  # as the data set names them, with or without images
        self.dropped: Counter[str] = Counter()
        self._seen: set[str] = set()

    def add_bad(self, message: str, images: int = 1) -> None:
        """Note something that cannot be taken, and how many images are lost by it."""
        self.bad.append(BadRecord(f"{self.source}: {message}", images))

    def class_of(self, name: str, path: str, images: int, code: str = "") -> str | None:
        """The class that `name` stands for; None, and noted, where its images are left out or the name is unknown.

        `code` is what the source writes for it, where that is a number: --map knows the class by both.
        """
        self._seen |= {name.strip().lower(), code}
        try:
            chosen = self.choices.class_of(code if code in self.choices.renamed else name)
        except UnknownClass as error:
            if images:
                self.add_bad(f"{path}: {error}", images)
            return None
        if not chosen:
            self.dropped[name] += images
            return None
        self.classes[chosen] = None
        return chosen

    def add(self, image: Listed) -> None:
        """Take an image, in the split that the choices say."""
        self.images.append(image)

    def source_of(
        self,
        form: str,
        *,
        dataset: str,
        split_names: dict[str, str] = PLAIN_SPLIT_NAMES,
        cut: tuple[str, ...] = (),
        classes: tuple[str, ...] | None = None,
        notes: list[str] | None = None,
        **more: object,
    ) -> Source:
        """All images as a source: its records come sorted by id, which is the path without its ending.

        Parameters
        ----------
        form, dataset, split_names, cut
            See `Source`.
        classes
            Of the data set; by default those found, in the order of the choices.
        notes
            What is to be told of how the source was read.
        more
            Other attributes of the source.
        """
        choices, notes = self.choices, list(notes or [])
        images = self._with_subjects(notes)
        ids = _unique_ids(images, self.source)
        classes = classes or choices.order(self.classes)
        if unused := sorted(set(choices.renamed) - self._seen):
            notes.append(f"--map {unused[0]}: the source has no class of this name")
        listed = sorted(zip(ids, images, strict=True), key=lambda pair: pair[0])
        if choices.as_split:
            cut, more["expected"] = (), ()
            notes += choices.notes()
        return Source(
            form,
            self.source,
            choices.split_names(split_names),
            functools.partial(self._read, listed, classes, notes),
            total=len(images),
            cut=cut,
            classes=classes,
            size=choices.size,
            channels=choices.channels,
            columns=tuple(dict.fromkeys(column for image in images for column in image.extra)),
            dropped=dict(self.dropped),
            notes=notes,
            dataset=dataset,
            **more,
        )

    def _read(
        self, listed: list[tuple[str, Listed]], classes: tuple[str, ...], notes: list[str], on_bad: OnBad
    ) -> Iterator[Record]:
        """The records of images with their ids; what is to be told of their pictures is added to the notes."""
        for error in self.bad:
            on_bad(error)
        codes = {name: code for code, name in enumerate(classes)}
        white, told = self._white(), []
        for id_, image in listed:
            try:
                pixels = self._pixels(image, white, functools.partial(_tell, told, image.path))
            except BadRecord as error:
                on_bad(error)
            else:
                yield Record(id_, codes[image.name], self.choices.as_split or image.split, pixels, image.extra)
        notes.extend([*white.notes, *told[:TOLD]])
        if len(told) > TOLD:
            notes.append(f"... and {len(told) - TOLD:,} more such images")

    def _pixels(self, image: Listed, white: WhiteLevel, note: Note) -> np.ndarray:
        """An image as the data set keeps it; BadRecord where that cannot be made of its file."""
        choices, where = self.choices, f"{self.source}: {image.path}"
        data = read_bytes(image.file, where)
        try:
            if not choices.find_face or image.box is not None:
                return decode_face(data, choices.size, choices.channels, image.box, white=white, note=note)
            pixels = choices.find_face(data, choices.size, choices.channels, note)
        except UnreadableImage as error:
            raise BadRecord(f"{where}: {error}; expected a whole image file") from error
        if pixels is None:
            raise BadRecord(f"{where}: no face is found in it")
        return pixels

    def _white(self) -> WhiteLevel:
        return WhiteLevel(lambda: map(_largest_value, self.images))

    def _with_subjects(self, notes: list[str]) -> list[Listed]:
        """The images, with who is shown where the choices' pattern finds it."""
        pattern = self.choices.subject
        if pattern is None:
            return self.images
        matches = [pattern.search(image.path) for image in self.images]
        if not any(matches):
            raise DataError(f"{self.source}: --subject {pattern.pattern!r} matches no path, such as {self._example()}")
        if missing := matches.count(None):
            notes.append(f"--subject {pattern.pattern}: who is shown is not known of {missing:,} images")
        subjects = ["" if found is None else found[min(1, pattern.groups)] or "" for found in matches]
        return [
            Listed(image.file, image.path, image.name, image.split, image.extra | {SUBJECT: who}, image.box, image.face)
            for image, who in zip(self.images, subjects, strict=True)
        ]

    def _example(self) -> str:
        return repr(self.images[0].path) if self.images else "none: there is no image"


def _largest_value(image: Listed) -> int:
    """As `largest_value`; 0 for a file that cannot be read, which is named when its turn comes."""
    try:
        return largest_value(read_bytes(image.file, image.path))
    except BadRecord:
        return 0


def split_counts(images: list[Listed]) -> dict[str, int]:
    """Images per split."""
    found = Counter(image.split for image in images)
    return {split: found[split] for split in SPLITS}


def _tell(told: list[str], path: str, text: str) -> None:
    told.append(f"{path}: {text}")


def _unique_ids(images: list[Listed], name: str) -> list[str]:
    stems = [str(PurePosixPath(image.path).with_suffix("")) + image.face for image in images]
    times = Counter(stems)
    ids = [image.path + image.face if times[stem] > 1 else stem for image, stem in zip(images, stems, strict=True)]
    if twice := [id_ for id_, n in Counter(ids).items() if n > 1]:
        raise DataError(f"{name}: two images would have the id {twice[0]!r}; rename one of them")
    return ids
