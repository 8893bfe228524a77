"""A video with what a model says drawn into it, and its sound: MP4 for any player and browser."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

import numpy as np
import pandas as pd
from PIL import Image, ImageDraw, ImageFont

from fercore.data.decode import UnreadableImage
from fercore.emotions import colors
from fercore.inference.timeline import UNSURE, answers, classes_of, person, smoothing_of, smoothing_words
from fercore.inference.video import Reading, opened, upright

if TYPE_CHECKING:
    import av

MOST_SIDE = 1920  # pixels of the longer side; larger videos are reduced
_CLOCK = Fraction(1, 90_000)  # seconds, as in MPEG: fine enough for the times of any file
_QUALITY = {"crf": "23", "preset": "veryfast"}
_RATE = 48_000  # of the sound
_GROUND, _INK, _DOUBT = "#101010", "#ffffff", "#9e9e9e"


class Shown(NamedTuple):
    """What is drawn for one face.

    Attributes
    ----------
    track
        Its number.
    box
        Left, top, right, bottom in pixels of the video.
    answer
        A class or `UNSURE`.
    probabilities
        float (C,).
    """

    track: int
    box: np.ndarray
    answer: str
    probabilities: np.ndarray


class Overlay:
    """What to draw at any time: each answer while it stands, its box moving on to that of the next look.

    Parameters
    ----------
    table, step
        As `fercore.inference.timeline.answers` takes them.

    Attributes
    ----------
    classes
        Of the table.
    note
        What every frame says below: that answers were averaged over time. Empty where they were not.
    """

    def __init__(self, table: pd.DataFrame, step: float) -> None:
        self.classes, constant = classes_of(table), smoothing_of(table)
        self.note = f"Answers are {smoothing_words(constant)}" if constant else ""
        found = answers(table, step)
        self._tracks = {int(track): _Track(own, self.classes) for track, own in found.groupby("track")}

    def at(self, time: float) -> list[Shown]:
        """The faces at a time in seconds, by track."""
        found = ((track, own.at(time)) for track, own in self._tracks.items())
        return [Shown(track, *shown) for track, shown in found if shown]


class _Track:
    def __init__(self, rows: pd.DataFrame, classes: Sequence[str]) -> None:
        self._times, self._ends = rows["time"].to_numpy(float), rows["end"].to_numpy(float)
        self._boxes = rows[["left", "top", "right", "bottom"]].to_numpy(float)
        self._answers, self._probabilities = rows["answer"].tolist(), rows[list(classes)].to_numpy(float)

    def at(self, time: float) -> tuple[np.ndarray, str, np.ndarray] | None:
        # Times of the table are rounded to a thousandth: a frame just before its own look belongs to it.
        look = int(np.searchsorted(self._times, time + 1e-3, side="right")) - 1
        if look < 0 or time >= self._ends[look]:
            return None
        box = self._boxes[look]
        if look + 1 < len(self._times) and self._times[look + 1] <= self._ends[look]:
            gone = np.clip((time - self._times[look]) / (self._times[look + 1] - self._times[look]), 0, 1)
            box = (1 - gone) * box + gone * self._boxes[look + 1]
        return box, self._answers[look], self._probabilities[look]


def draw(picture: np.ndarray, shown: Sequence[Shown], classes: Sequence[str], note: str = "") -> np.ndarray:
    """A picture uint8 (H, W, 3) with a box, a name and a bar for each class beside each face; the size stays.

    A note stands in the lower left corner.
    """
    if not shown and not note:
        return picture
    image = Image.fromarray(picture)
    pen, size = ImageDraw.Draw(image), max(10, max(picture.shape[:2]) // 55)
    font, line = ImageFont.load_default(size), max(2, size // 6)
    hues = colors(classes)
    for face in shown:
        color = hues.get(face.answer, _DOUBT)
        left, top, right, bottom = (float(edge) for edge in face.box)
        pen.rectangle((left, top, right, bottom), outline=_GROUND, width=line + 2)
        pen.rectangle((left, top, right, bottom), outline=color, width=line)
        _draw_name(pen, font, size, face, color)
        _draw_bars(pen, font, size, face, classes, image.width)
    if note:
        top = image.height - 1.4 * size
        pen.rectangle((0, top, font.getlength(note) + size, image.height), fill=_GROUND)
        pen.text((size / 2, top), note, _INK, font)
    return np.asarray(image)


def _draw_name(pen: ImageDraw.ImageDraw, font: ImageFont.FreeTypeFont, size: int, face: Shown, color: str) -> None:
    doubt = face.answer == UNSURE
    words = f"{person(face.track)}: {face.answer}" + f" {100 * face.probabilities.max():.0f} %" * (not doubt)
    left, top = max(float(face.box[0]), 0.0), max(float(face.box[1]) - 1.5 * size, 0.0)
    pen.rectangle((left, top, left + font.getlength(words) + size, top + 1.4 * size), fill=_GROUND, outline=color)
    pen.text((left + size / 2, top + 0.1 * size), words, _INK, font)


def _draw_bars(
    pen: ImageDraw.ImageDraw,
    font: ImageFont.FreeTypeFont,
    size: int,
    face: Shown,
    classes: Sequence[str],
    width: int,
) -> None:
    """Bars right of the face, or left of it where there is no room."""
    names, bars = max(font.getlength(name) for name in classes) + size, 4 * size
    left = float(face.box[2]) + size / 2
    if left + names + bars > width:
        left = max(float(face.box[0]) - size / 2 - names - bars, 0.0)
    top, high = max(float(face.box[1]), 0.0), 1.2 * size
    pen.rectangle((left, top, left + names + bars, top + high * len(classes)), fill=_GROUND)
    for number, (name, value) in enumerate(zip(classes, face.probabilities, strict=True)):
        y = top + number * high
        pen.text((left + size / 4, y), name, _INK, font)
        long = (bars - size / 4) * float(value)
        pen.rectangle((left + names, y + 0.2 * size, left + names + long, y + size), fill=colors(classes)[name])


def annotate(
    video: Path | BinaryIO, out: BinaryIO, overlay: Overlay, start: float = 0.0, end: float = math.inf
) -> Iterator[float]:
    """Write a video as MP4 (H.264, AAC) with what is said of its faces, frame by frame.

    Every frame keeps its own presentation time, and sound that time; both are counted from `start`. One frame is in
    memory at a time.

    Parameters
    ----------
    video
        As `fercore.inference.video.read_frames` takes it. Where it is damaged, what can be decoded is written.
    out
        A file to write that can be searched.
    overlay
        What to draw.
    start, end
        Seconds of the video that are written.

    Yields
    ------
    float
        The time of each frame that was written, in seconds of the video.

    Raises
    ------
    UnreadableImage
        If there is no frame to write.
    """
    import av

    with opened(video) as source, av.open(out, "w", format="mp4") as target:
        writer = _Writer(source, target, start, end)
        for time, frame in writer.reading.timed(start):
            if time >= end:
                break
            if time >= start:
                shown = _scaled(overlay, time, frame)
                writer.write(time, draw(_fitting(upright(frame)), shown, overlay.classes, overlay.note))
                yield time
        writer.close()


def _scaled(overlay: Overlay, time: float, frame: av.VideoFrame) -> list[Shown]:
    factor = min(1.0, MOST_SIDE / max(frame.width, frame.height))
    return [shown._replace(box=shown.box * factor) for shown in overlay.at(time)]


def _fitting(picture: np.ndarray) -> np.ndarray:
    """At most `MOST_SIDE` pixels a side, and an even number of them, which H.264 asks for."""
    height, width = picture.shape[:2]
    if max(height, width) > MOST_SIDE:
        factor = MOST_SIDE / max(height, width)
        size = max(round(width * factor), 2), max(round(height * factor), 2)
        picture = np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BOX))
    odd = [(0, side % 2) for side in picture.shape[:2]]
    return np.pad(picture, [*odd, (0, 0)], mode="edge") if any(more for _, more in odd) else picture


class _Writer:
    """The pictures and the sound of a new file; both streams begin with the first frame, whose size they need."""

    def __init__(
        self, source: av.container.InputContainer, target: av.container.OutputContainer, start: float, end: float
    ) -> None:
        import av

        self.reading = Reading(source, self._hear)
        self._target, self._start, self._end, self._last = target, start, end, -1
        self._pictures: av.VideoStream | None = None
        self._heard = next(iter(source.streams.audio), None)
        self._sound = target.add_stream("aac", rate=_RATE, layout="stereo") if self._heard else None
        self._resampler = av.AudioResampler("fltp", "stereo", _RATE)
        self._sound_time: int | None = None
        self._waiting: list[av.Packet] = []

    def write(self, time: float, picture: np.ndarray) -> None:
        import av

        if self._pictures is None:
            self._begin(picture)
        frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
        frame.time_base = _CLOCK
        # Two frames of one time would be refused: the later one comes a tick after.
        self._last = frame.pts = max(round((time - self._start) / _CLOCK), self._last + 1)
        self._target.mux(self._pictures.encode(frame))

    def _begin(self, picture: np.ndarray) -> None:
        self._pictures = self._target.add_stream("libx264", rate=30, options=_QUALITY)
        self._pictures.height, self._pictures.width = picture.shape[:2]
        self._pictures.pix_fmt, self._pictures.codec_context.time_base = "yuv420p", _CLOCK
        waiting, self._waiting = self._waiting, []
        for packet in waiting:
            self._hear(packet)

    def _hear(self, packet: av.Packet) -> None:
        import av

        if packet.stream is not self._heard:
            return
        if self._pictures is None:
            if packet.pts is None or float(packet.pts * packet.time_base) - self.reading.begin >= self._start - 1:
                self._waiting.append(packet)  # compressed, and of the moment before the first picture only
            return
        try:
            frames = packet.decode()
        except av.FFmpegError:
            return  # a damaged packet of sound is a moment of silence
        for frame in frames:
            if frame.time is not None and self._start <= frame.time - self.reading.begin < self._end:
                self._encode(self._resampler.resample(frame), frame.time - self.reading.begin)

    def _encode(self, frames: Sequence[av.AudioFrame], time: float) -> None:
        for frame in frames:
            due = round((time - self._start) * _RATE)
            # Samples follow each other without a gap, unless the file has one of more than a tenth of a second.
            if self._sound_time is None or due - self._sound_time > _RATE // 10:
                self._sound_time = due
            frame.pts, frame.time_base = self._sound_time, Fraction(1, _RATE)
            self._sound_time += frame.samples
            self._target.mux(self._sound.encode(frame))

    def close(self) -> None:
        if self._pictures is None:
            raise UnreadableImage("the video has no frame to write")
        self._target.mux(self._pictures.encode(None))
        if self._sound:
            self._encode(self._resampler.resample(None), 0.0)
            self._target.mux(self._sound.encode(None))
