"""Where pictures come from: files, folders and videos, one picture in memory at a time."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from fercore.data.decode import MAX_PIXELS, UnreadableImage, decode_rgb

MAX_BYTES = 256 << 20  # a larger picture file is not read
PICTURES = {".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"}
REFUSED = {".avif", ".heic", ".heif"}  # found in folders all the same, so that they are named and not passed over
VIDEOS = {".avi", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".webm", ".wmv"}
_WHOLE = 0.9  # of its length a video must last to count as undamaged: the lengths in their headers are estimates


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
    """

    file: Path
    time: float | None
    pixels: np.ndarray


def find_files(paths: Iterable[Path]) -> Iterator[Path]:
    """Files to look at: those named, whatever they are, and the pictures and videos of folders and their subfolders.

    Files of a folder come by name, then its subfolders by name. Links to folders are not followed.
    """
    for path in paths:
        if not path.is_dir():
            yield path
            continue
        for folder, subfolders, names in os.walk(path):
            subfolders.sort()
            files = (Path(folder, name) for name in sorted(names))
            yield from (file for file in files if file.suffix.lower() in PICTURES | REFUSED | VIDEOS)


def open_pictures(path: Path, fps: float = 1.0) -> Iterator[Picture]:
    """The picture of a file, or frames of a video.

    Parameters
    ----------
    path
        A file; what is a video is told by its name (`VIDEOS`).
    fps
        Frames taken of each second of a video, above 0: the first, and the first one at least 1/fps seconds after the
        one before it is due. A video has no more than it has.

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
    if path.suffix.lower() in VIDEOS:
        yield from _frames(path, fps)
    elif (size := path.stat().st_size) > MAX_BYTES:
        raise UnreadableImage(f"{size:,} bytes, more than the {MAX_BYTES:,} allowed")
    else:
        yield Picture(path, None, decode_rgb(path.read_bytes()))


def _frames(path: Path, fps: float) -> Iterator[Picture]:
    import cv2  # takes its time, and only videos need it

    # Named, since OpenCV would otherwise try other readers, one of which takes "%d" in a name for a list of files.
    video = cv2.VideoCapture(os.fspath(path), cv2.CAP_FFMPEG)
    try:
        rate, count = video.get(cv2.CAP_PROP_FPS), video.get(cv2.CAP_PROP_FRAME_COUNT)
        size = video.get(cv2.CAP_PROP_FRAME_WIDTH) * video.get(cv2.CAP_PROP_FRAME_HEIGHT)
        if not video.isOpened() or not rate > 0:
            raise UnreadableImage("not a video that OpenCV can read")
        if size > MAX_PIXELS:
            raise UnreadableImage(f"frames of {size:,.0f} pixels, more than the {MAX_PIXELS:,} allowed")
        end, taken = 0.0, 0
        while video.grab():
            time = video.get(cv2.CAP_PROP_POS_MSEC) / 1000
            end = time + 1 / rate
            if time * fps < taken - 1e-6:
                continue
            taken = int(time * fps + 1e-6) + 1
            complete, frame = video.retrieve()
            if complete:
                yield Picture(path, time, cv2.cvtColor(frame, cv2.COLOR_BGR2RGB))
    finally:
        video.release()
    if end < _WHOLE * count / rate:
        raise UnreadableImage(f"the video ends after {end:.1f} of {count / rate:.1f} seconds: it is damaged")
