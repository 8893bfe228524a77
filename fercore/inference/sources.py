"""Where pictures come from: files, folders and videos, one picture in memory at a time.

What a file is its first bytes tell, whatever its name: a picture named .mp4 is a picture still.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fercore.data.decode import UnreadableImage, read_photo

MAX_BYTES = 256 << 20  # a larger picture file is not read
MOST_NAMED = 20  # skipped files that are named; beyond that they are counted
# Endings under which pictures and videos are saved: a file of a folder that has one is looked at even where its content
# is something else, so that it is named as unreadable and not passed over.
PICTURES = (
    *("jpg", "jpeg", "jpe", "jfif", "mpo", "png", "apng", "bmp", "gif", "tif", "tiff", "webp"),
    *("pbm", "pgm", "ppm", "pnm", "heic", "heif", "avif"),
)
VIDEOS = (
    *("mp4", "m4v", "mov", "qt", "3gp", "3g2", "f4v", "flv", "avi", "mkv", "webm"),
    *("mpeg", "mpg", "ts", "mts", "m2ts", "wmv", "asf", "ogv"),
)
_HEAD = 512  # bytes of a file that tell what it is
_AS_PICTURE = re.compile(
    rb"\xff\xd8\xff|\x89PNG\r\n\x1a\n|GIF8[79]a|II\*\0|MM\0\*|RIFF....WEBP|BM....\0\0\0\0|P[1-6]\s"
    rb"|....ftyp(hei[cxms]|hev[cx]|mif1|msf1|avi[fs])",
    re.DOTALL,
)
_AS_VIDEO = re.compile(
    rb"....ftyp(?!M4A |M4B )|....(moov|mdat)|\0...(wide|free|skip|pnot)|\x1a\x45\xdf\xa3|RIFF....AVI |FLV\x01"
    rb"|\0\0\x01[\xba\xb3]|\x30\x26\xb2\x75\x8e\x66\xcf\x11|OggS|G.{187}G|.{4}G.{191}G",
    re.DOTALL,
)


class Picture(NamedTuple):
    """One picture.

    Attributes
    ----------
    file
        Where it comes from.
    time
        Seconds from the beginning of a video; None for a picture of its own.
    pixels
        uint8 (H, W, 3), red, green, blue.
    scale
        Pixels of the file along a side of a pixel here: 1 unless the picture is so large that it was reduced.
    notes
        What the reader should know, in words.
    """

    file: Path
    time: float | None
    pixels: np.ndarray
    scale: int = 1
    notes: tuple[str, ...] = ()


class Files:
    """Files to look at: those named, whatever they are, and the pictures and videos of folders and their subfolders.

    Files of a folder come by name, then its subfolders by name. Links to folders are not followed. Iterating begins
    anew each time, and fills the account of what was left out.

    Parameters
    ----------
    paths
        Files and folders.

    Attributes
    ----------
    skipped
        How many files and linked folders were left out.
    examples
        The first `MOST_NAMED` of them, path -> why.
    unreadable
        Path of each folder and file that cannot be opened -> what the system says.
    """

    def __init__(self, paths: Iterable[Path]) -> None:
        self._paths = list(paths)
        self.skipped: int = 0
        self.examples: dict[Path, str] = {}
        self.unreadable: dict[Path, str] = {}

    def __iter__(self) -> Iterator[Path]:
        self.skipped, self.examples, self.unreadable = 0, {}, {}
        for path in self._paths:
            if os.path.isdir(path):
                yield from self._of_folder(path)
            else:
                yield path

    def _of_folder(self, path: Path) -> Iterator[Path]:
        for folder, subfolders, names in os.walk(path, onerror=self._cannot_open):
            subfolders.sort()
            for name in subfolders:
                if os.path.islink(linked := os.path.join(folder, name)):
                    self._skip(Path(linked), "a link to a folder, which is not followed")
            for name in sorted(names):
                file = Path(folder, name)
                try:
                    wanted = _named_as_picture_or_video(file) or (file.is_file() and kind_of(file))
                except OSError as error:
                    self._cannot_open(error)
                    continue
                if wanted:
                    yield file
                else:
                    self._skip(file, "neither a picture nor a video")

    def _skip(self, path: Path, why: str) -> None:
        self.skipped += 1
        if len(self.examples) < MOST_NAMED:
            self.examples[path] = why

    def _cannot_open(self, error: OSError) -> None:
        self.unreadable[Path(os.fsdecode(error.filename))] = error.strerror or str(error)


def kind_of(file: Path) -> str | None:
    """Whether a file begins as a "picture" or as a "video" does; None for anything else."""
    with file.open("rb") as opened:
        return kind_of_bytes(opened.read(_HEAD))


def kind_of_bytes(head: bytes) -> str | None:
    """As `kind_of`, of a file's first bytes, or of all."""
    if _AS_PICTURE.match(head):
        return "picture"
    return "video" if _AS_VIDEO.match(head) else None


def open_pictures(path: Path, fps: float = 1.0, start: float = 0.0, end: float = math.inf) -> Iterator[Picture]:
    """The picture of a file, or frames of a video.

    Parameters
    ----------
    path
        A file; its content tells whether it is a picture or a video.
    fps
        Frames taken of each second of a video, above 0: the first, and the first one at least 1/fps seconds after the
        one before it is due. A video has no more than it has.
    start, end
        Only frames of a video shown from `start` on and before `end`, in seconds.

    Yields
    ------
    Picture
        In the order of time.

    Raises
    ------
    UnreadableImage
        If the file is no picture or video, or damaged. A video that ends early raises it after its last frame.
    OSError
        If the file cannot be read.
    """
    if not path.is_file():
        raise UnreadableImage("a special file" if path.exists() else "there is no such file")
    kind, size = kind_of(path), path.stat().st_size
    if kind == "video":
        from fercore.inference.video import read_frames  # brings FFmpeg, which pictures do not need

        yield from (Picture(path, time, pixels) for time, pixels in read_frames(path, fps, start, end))
    elif size > MAX_BYTES:
        raise UnreadableImage(f"{size:,} bytes, more than the {MAX_BYTES:,} allowed")
    elif size and kind is None and _ending(path) in VIDEOS:
        raise UnreadableImage(f"not a video of a known form ({', '.join(VIDEOS)})")
    else:
        yield Picture(path, None, *read_photo(path.read_bytes()))


def _named_as_picture_or_video(file: Path) -> bool:
    return _ending(file) in PICTURES + VIDEOS


def _ending(file: Path) -> str:
    return file.suffix.lower().removeprefix(".")
