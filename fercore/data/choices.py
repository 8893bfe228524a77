"""What a user chooses when a data set is prepared: size and colour of the images, names of the classes, splits."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from fercore.data.dataset import SIZES, SPLITS, DataError
from fercore.data.decode import Note
from fercore.emotions import EMOTIONS, KNOWN, canonical, classes_problem

DROP = "drop"  # what --map gives a class to leave out


class UnknownClass(DataError):
    """A class of the source that nothing says what to do with; the message names the flags that do."""


@dataclass(frozen=True)
class Choices:
    """How a source is to be read.

    Attributes
    ----------
    size, channels
        Of the stored images: side in pixels, and 1 for gray or 3 for colour.
    classes
        Names of the classes in the order of their codes; () takes those of the known eight that the source has.
    renamed
        Class of the source, in lower case -> class to take it for, or `DROP`.
    as_split
        Split that all images go to, whatever the source says; "" keeps the source's.
    subject
        Pattern that finds who is shown in an image's path: its first group, or all that matches.
    splits
        For trees of images: "names" lets file-name prefixes restore the official splits of FER2013, "folders" does not.
    find_face, found_by
        What finds and crops the face of a picture file, see `fercore.inference.portraits.largest_face`, and the name of
        its detector; without it the largest centred square of each picture is a face.
    """

    size: int = 48
    channels: int = 1
    classes: tuple[str, ...] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)
    as_split: str = ""
    subject: re.Pattern[str] | None = None
    splits: str = "names"
    find_face: Callable[[bytes, int, int, Note], np.ndarray | None] | None = None
    found_by: str = ""

    def __post_init__(self) -> None:
        if self.size not in SIZES:
            raise DataError(f"--size: received {self.size}, expected {SIZES[0]} to {SIZES[-1]} pixels")
        if self.classes and (problem := classes_problem(list(self.classes))):
            raise DataError(f"--classes: {problem}")
        if self.as_split and self.as_split not in SPLITS:
            raise DataError(f"--as: received {self.as_split!r}, expected one of {', '.join(SPLITS)}")
        for name, target in self.renamed.items():
            if target != DROP and not self._own(target):
                raise DataError(
                    f"--map {name}={target}: expected {DROP} or one of {', '.join(self.classes or KNOWN)}; "
                    "name classes of your own with --classes a,b,..."
                )

    def split_names(self, names: Mapping[str, str]) -> dict[str, str]:
        """What the source calls its splits, but for the one that all images go to."""
        chosen = {self.as_split: f"{self.as_split} (all images)"} if self.as_split else {}
        return dict(names) | chosen

    def notes(self) -> list[str]:
        """What is to be told of the choices."""
        note = f"--as {self.as_split}: all images are {self.as_split} images, whatever the source says"
        return [note] if self.as_split else []

    def options(self) -> dict:
        """What was chosen otherwise than by default, for dataset.json."""
        subject = self.subject.pattern if self.subject else ""
        chosen = {"size": self.size, "channels": self.channels, "classes": list(self.classes)}
        chosen |= {"map": dict(self.renamed), "as": self.as_split, "subject": subject}
        chosen |= {"find_faces": self.found_by}
        return {key: value for key, value in chosen.items() if value not in (48, 1, [], {}, "")}

    def class_of(self, name: str) -> str:
        """The class that one of the source stands for, "" where it is to be left out; UnknownClass says the way on."""
        key = str(name).strip().lower()
        target = self.renamed.get(key, key)
        if target == DROP and key in self.renamed:
            return ""
        if own := self._own(target):
            return own
        raise UnknownClass(
            f"unknown class {str(name)[:60]!r}; expected one of {', '.join(self.classes or KNOWN)}. Take it for one of "
            f"them or leave it out with --map {key[:60]}=angry or --map {key[:60]}={DROP}, or name all classes with "
            "--classes a,b,..."
        )

    def order(self, found: Iterable[str], *, seven: bool = False) -> tuple[str, ...]:
        """The classes of the data set, in order, of those found; `seven` for FER2013, which always has all seven."""
        if self.classes:
            return self.classes
        found = set(found) | set(EMOTIONS if seven else ())
        if len(found) < 2:  # nothing could be told apart: the usual classes, of which most have no images
            found |= set(EMOTIONS)
        return tuple(name for name in KNOWN if name in found)

    def _own(self, name: str) -> str:
        """A name as the data set spells it, "" where it is none of its classes."""
        spelt = {own.lower(): own for own in self.classes or KNOWN}
        return spelt.get(name.strip().lower()) or spelt.get(canonical(name), "")


def parse_map(text: str) -> dict[str, str]:
    """ "anger=angry,contempt=drop" as a mapping in lower case."""
    pairs = [part.partition("=") for part in text.split(",") if part.strip()]
    if wrong := [name for name, equals, target in pairs if not (name.strip() and equals and target.strip())]:
        raise DataError(f"--map: received {wrong[0]!r}, expected pairs such as anger=angry,contempt={DROP}")
    return {name.strip().lower(): target.strip().lower() for name, _, target in pairs}


def parse_classes(text: str) -> tuple[str, ...]:
    """ "happy, sad" as names."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def parse_subject(text: str) -> re.Pattern[str] | None:
    """A pattern, None where it is empty; DataError where it is none."""
    try:
        return re.compile(text) if text else None
    except re.error as error:
        raise DataError(f"--subject: {text!r} is no regular expression ({error})") from error
