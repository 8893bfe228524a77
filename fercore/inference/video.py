"""Frames of a video and their times, read by FFmpeg through PyAV."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, NamedTuple

import numpy as np

from fercore.data.decode import MAX_PIXELS, UnreadableImage

if TYPE_CHECKING:
    import av

_WHOLE = 0.9  # of its length a video must last to count as undamaged: the lengths in their headers are estimates
_MOST_LOST = 0.1  # of its packets may be undecodable: a recording may begin before its first whole frame
_SLACK = 1e-6  # seconds of rounding
_NEAR = 3.0  # seconds that are decoded sooner than sought
# What browsers play: container as FFmpeg calls it -> its media type, and codings of the pictures, in 8 bits and 4:2:0.
# Source: MDN, "Media container formats" and "Web video codec guide". Theora in Ogg is no longer among them.
_PLAYED = {"mp4": ("video/mp4", {"h264", "vp9", "av1"}), "webm": ("video/webm", {"vp8", "vp9", "av1"})}
_PLAYED_PIXELS = ("yuv420p", "yuvj420p")
_BEFORE = 1.0  # seconds before its start at which a part is sought: places in files are those of decoding


class Clip(NamedTuple):
    """What a video says of itself.

    Attributes
    ----------
    seconds
        Its length; None where it does not say.
    sound
        Whether it has a track of sound.
    media_type
        As what a browser plays it; None where browsers play no such file, or not all of them.
    """

    seconds: float | None
    sound: bool
    media_type: str | None = None


def describe(video: Path | BinaryIO) -> Clip:
    """What a video says of itself; takes and raises what `read_frames` does, without reading any frame."""
    with opened(video) as container:
        coding = pictures_of(container).codec_context
        seconds = (container.duration or 0) / 1e6
        sound = bool(container.streams.audio)
        return Clip(seconds if seconds > 0 else None, sound, _media_type(container.format.name, coding))


def _media_type(forms: str, coding: av.VideoCodecContext) -> str | None:
    known = (_PLAYED[form] for form in forms.split(",") if form in _PLAYED)
    media_type, codings = next(known, (None, set()))
    return media_type if coding.codec.canonical_name in codings and coding.pix_fmt in _PLAYED_PIXELS else None


def read_frames(
    video: Path | BinaryIO, fps: float, start: float = 0.0, end: float = math.inf
) -> Iterator[tuple[float, np.ndarray]]:
    """Time and pixels of frames of a video, upright as its rotation says.

    Parameters
    ----------
    video
        A file, or one in memory, that begins as a video does, see `fercore.inference.sources.kind_of`: FFmpeg also
        opens lists of other files and addresses, which must not get here.
    fps
        Frames taken of each second, above 0; see `fercore.inference.sources.open_pictures`.
    start, end
        Only frames shown from `start` on and before `end`, in seconds.

    Yields
    ------
    (float, numpy.ndarray)
        Presentation time in seconds from the beginning of the file, be it of picture or sound; uint8 (H, W, 3).

    Raises
    ------
    UnreadableImage
        If it holds no pictures, frames that are too large, or is damaged; after its last frame where it ends early.
        Also where no frame lies between `start` and `end`.
    """
    for time, pixels in pass_frames(video, fps, start, end):
        if pixels is not None:
            yield time, pixels


def pass_frames(
    video: Path | BinaryIO, fps: float, start: float = 0.0, end: float = math.inf
) -> Iterator[tuple[float, np.ndarray | None]]:
    """As `read_frames`, with None for each frame that is decoded on the way and not taken: so one can stop there."""
    with opened(video) as container:
        yield from Reading(container).frames(fps, start, end)


@contextlib.contextmanager
def opened(video: Path | BinaryIO) -> Iterator[av.container.InputContainer]:
    """A video as PyAV's container; what FFmpeg says against it meanwhile is raised as `UnreadableImage`."""
    import av

    # Not by its name, which FFmpeg would read as an address.
    with video.open("rb") if isinstance(video, Path) else contextlib.nullcontext(video) as file:
        try:
            with av.open(file, metadata_errors="replace") as container:
                yield container
        except av.FFmpegError as error:
            raise UnreadableImage(f"not a video that FFmpeg can read ({error.strerror})") from error


def upright(frame: av.VideoFrame) -> np.ndarray:
    """Pixels of a frame, uint8 (H, W, 3), turned as its rotation says."""
    turns = round((frame.rotation or 0) / 90)
    return np.ascontiguousarray(np.rot90(frame.to_ndarray(format="rgb24"), turns))


class Reading:
    """One pass through a video.

    Parameters
    ----------
    container
        From `opened`.
    other
        Called with each packet that is not of the pictures, in the order of the file.

    Attributes
    ----------
    begin
        Of the file, be it of picture or sound, in its own seconds.
    """

    def __init__(
        self, container: av.container.InputContainer, other: Callable[[av.Packet], None] = lambda packet: None
    ) -> None:
        self._container, self._other = container, other
        self._stream = pictures_of(container)
        self._stream.thread_type = "AUTO"
        self.begin = max(container.start_time or 0, 0) / 1e6
        self._end = 0.0  # of the last packet, of picture or sound
        self._packets, self._lost = 0, 0
        self._time = -math.inf

    def frames(self, fps: float, start: float, end: float) -> Iterator[tuple[float, np.ndarray | None]]:
        """Frames that are due, as `pass_frames` says."""
        due, taken = start * fps, 0
        for time, frame in self.timed(start):
            if time >= end:
                break
            if time * fps < due - _SLACK:
                yield time, None
                continue
            due, taken = int(time * fps + _SLACK) + 1, taken + 1
            yield time, upright(frame)
        else:
            self._check_whole()
        if not taken:
            until = "its end" if end == math.inf else f"{end:g}"
            raise UnreadableImage(f"the video has no frame between second {start:g} and {until}")

    def timed(self, start: float = 0.0) -> Iterator[tuple[float, av.VideoFrame]]:
        """Every frame that can be decoded, with its presentation time in seconds from the beginning of the file.

        Frames long before `start` are passed over without being decoded, where the file can be entered in its middle.
        """
        frames = self._decoded()
        if start > _NEAR and self._seek(start - _BEFORE):
            heard: list[av.Packet] = []
            tell, self._other = self._other, heard.append  # until it is known whether this is the right place
            first = next((found for found in frames if found[1].key_frame), None)
            self._other = tell
            if first and first[1].time is not None and first[0] <= start:
                for packet in heard:
                    tell(packet)
                yield first
            else:  # it led elsewhere, as in files without an index
                frames.close()
                self._packets, self._lost, self._time = 0, 0, -math.inf
                self._seek(0.0)
                frames = self._decoded()
        yield from frames

    def _seek(self, time: float) -> bool:
        """Go to the last key frame before a time; whether the file allows that."""
        import av

        try:
            self._container.seek(round((time + self.begin) / self._stream.time_base), stream=self._stream)
        except av.FFmpegError:
            return False
        return True

    def _decoded(self) -> Iterator[tuple[float, av.VideoFrame]]:
        import av

        for packet in self._packets_of_file():
            try:
                for frame in packet.decode():
                    self._check_size(frame.width, frame.height)
                    yield self._time_of(frame), frame
            except av.FFmpegError:
                self._lost += 1

    def _packets_of_file(self) -> Iterator[av.Packet]:
        """Packets of the pictures; those of sound only tell how long the file lasts."""
        for packet in self._container.demux():
            moment = packet.pts if packet.pts is not None else packet.dts
            if moment is not None and packet.time_base:
                self._end = max(self._end, float((moment + (packet.duration or 0)) * packet.time_base))
            if packet.stream is self._stream:
                self._packets += packet.size > 0
                yield packet
            else:
                self._other(packet)

    def _time_of(self, frame: av.VideoFrame) -> float:
        """Seconds from the beginning; one step after the frame before where the file does not say."""
        if frame.time is not None:
            self._time = frame.time - self.begin
        else:
            rate = float(self._stream.average_rate or 25)
            self._time = max(self._time + 1 / rate, 0.0)
        return self._time

    def _check_size(self, width: int, height: int) -> None:
        if width * height > MAX_PIXELS:
            raise UnreadableImage(f"frames of {width * height:,} pixels, more than the {MAX_PIXELS:,} allowed")

    def _check_whole(self) -> None:
        length = (self._container.duration or 0) / 1e6
        if self._stream.average_rate:  # the end of an .avi is that of the file, however little is left of it
            length = max(length, self._stream.frames / float(self._stream.average_rate))
        if self._end < _WHOLE * length:
            raise UnreadableImage(f"the video ends after {self._end:.1f} of {length:.1f} seconds: it is damaged")
        if self._time == -math.inf:
            raise UnreadableImage("a video without a single readable frame")
        if self._lost > _MOST_LOST * self._packets:
            raise UnreadableImage(f"{self._lost:,} of {self._packets:,} frames cannot be decoded: the video is damaged")


def pictures_of(container: av.container.InputContainer) -> av.VideoStream:
    """The first video stream that is more than the cover of an album."""
    import av

    cover = av.stream.Disposition.attached_pic
    streams = [stream for stream in container.streams.video if not stream.disposition & cover]
    if not streams:
        raise UnreadableImage("it holds no moving pictures, only sound or data")
    context = streams[0].codec_context
    if context is None:
        raise UnreadableImage("a video whose coding FFmpeg does not know")
    if context.width * context.height > MAX_PIXELS:
        size = context.width * context.height
        raise UnreadableImage(f"frames of {size:,} pixels, more than the {MAX_PIXELS:,} allowed")
    return streams[0]
